"""Where the command line comes together: its verbs, what holds for all of them, and how errors are told."""

import copy
import inspect
import signal
import sys
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.models import ParameterInfo

from trigger_nn.cli.certify import certify
from trigger_nn.cli.check import check
from trigger_nn.cli.compare import compare
from trigger_nn.cli.doctor import doctor
from trigger_nn.cli.emulate import emulate
from trigger_nn.cli.estimate import estimate
from trigger_nn.cli.events import app as events_app
from trigger_nn.cli.handoff import app as handoff_app
from trigger_nn.cli.lint import app as lint_app
from trigger_nn.cli.programs import app as programs_app
from trigger_nn.cli.rtl import app as rtl_app
from trigger_nn.cli.scan import scan
from trigger_nn.cli.steps import app as steps_app
from trigger_nn.cli.store import app as store_app
from trigger_nn.cli.stream import app as stream_app
from trigger_nn.cli.study import study
from trigger_nn.cli.tradeoffs import app as tradeoffs_app
from trigger_nn.errors import TriggerNNError
from trigger_nn.terminal import hush, notes, uncolour
from trigger_nn.version import __version__

CODES = (
    "Results go to stdout, progress and errors to stderr. Exit codes: 0 all is well; 1 an error, told in one sentence, "
    "or the answer is no (what is compared differs, a bound or a limit is broken); 2 the command is not understood; 3 "
    "not all could be looked at (verify); 130 interrupted. Colour only on a terminal, never if NO_COLOR is set."
)
QUIET = "leave out progress and what is being done; results that are asked for, and errors, stay"
NO_COLOUR = "no colour and no other escape sequence, as if NO_COLOR were set"

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, epilog=CODES,
    help="Compile, emulate and hand over neural networks for the Level-1 trigger.",
)  # fmt: skip
app.add_typer(steps_app)
app.add_typer(programs_app)
app.command()(check)
app.command()(emulate)
app.command()(estimate)
app.add_typer(lint_app)
app.add_typer(stream_app)
app.add_typer(tradeoffs_app)
app.command()(scan)
app.add_typer(rtl_app)
app.add_typer(handoff_app)
app.command()(study)
app.command()(compare)
app.command()(certify)
app.command()(doctor)
app.add_typer(events_app, name="events")
app.add_typer(store_app, name="store")


def _told(version: bool) -> None:
    if version:
        typer.echo(f"trigger-nn {__version__}")
        raise typer.Exit


def _hushed(quiet: bool) -> None:
    if quiet:
        hush()


def _uncoloured(no_color: bool) -> None:
    if no_color:
        uncolour()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="print the version and stop", callback=_told, is_eager=True)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET, callback=_hushed)] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help=NO_COLOUR, callback=_uncoloured)] = False,
) -> None:
    """Compile, emulate and hand over neural networks for the Level-1 trigger."""


def command() -> Any:
    """The whole command line, in which --quiet and --no-color may also stand after the verb."""
    _leave_files_to_readers(app)
    made = typer.main.get_command(app)
    anywhere = [copy.copy(option) for option in made.params if option.name in ("quiet", "no_color")]
    for option in anywhere:
        option.expose_value = False  # its callback does it all; the verb's function does not know it
    for verb in _verbs(made):
        verb.params.extend(anywhere)
    return made


def _leave_files_to_readers(group: typer.Typer) -> None:
    """Whoever opens a file says that it can't be read, in one sentence and with code 1; typer would with its usage."""
    for verb in group.registered_commands:
        for parameter in inspect.signature(verb.callback or _told).parameters.values():
            for info in getattr(parameter.annotation, "__metadata__", ()):
                if isinstance(info, ParameterInfo):
                    info.readable = False
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            _leave_files_to_readers(inner.typer_instance)


def _verbs(group: Any) -> list[Any]:
    """Those of a group and of the groups in it."""
    return [verb for one in group.commands.values() for verb in (_verbs(one) if hasattr(one, "commands") else [one])]


class _Interrupted(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, which typer would turn into a bare `Aborted.`, nor an Exception."""


def _interrupt(*_: object) -> None:
    raise _Interrupted


def main() -> None:
    """Run the command line; an error a user can mend is one sentence and exit code 1, an interrupt is 130."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        command()(standalone_mode=True)
    except TriggerNNError as error:
        _stop(str(error), 1)
    except _Interrupted:
        sentence = "nothing half-written is left; repeat the command to go on from the last finished step"
        _stop(sentence, 130, "interrupted")
    except OSError as error:
        _stop(f"{error.filename or 'a file'}: {error.strerror or error}; mend that and repeat the command", 1)


def _stop(sentence: str, code: int, head: str = "error") -> None:
    notes.quiet = False
    notes.print(Text(head, "bold red"), Text(f": {sentence}"), sep="")
    sys.exit(code)


if __name__ == "__main__":
    main()
