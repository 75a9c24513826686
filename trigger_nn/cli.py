"""The command line: its verbs are in the modules `cli_*`, which alone print; here they come together."""

import signal
import sys

import typer
from rich.console import Console

from trigger_nn.cli_check import check
from trigger_nn.cli_compare import compare
from trigger_nn.cli_emulate import emulate
from trigger_nn.cli_estimate import estimate
from trigger_nn.cli_events import app as events_app
from trigger_nn.cli_handoff import app as handoff_app
from trigger_nn.cli_lint import app as lint_app
from trigger_nn.cli_programs import app as programs_app
from trigger_nn.cli_rtl import app as rtl_app
from trigger_nn.cli_steps import app as steps_app
from trigger_nn.cli_store import app as store_app
from trigger_nn.cli_stream import app as stream_app
from trigger_nn.cli_tradeoffs import app as tradeoffs_app
from trigger_nn.errors import TriggerNNError

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
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
app.add_typer(rtl_app)
app.add_typer(handoff_app)
app.command()(compare)
app.add_typer(events_app, name="events")
app.add_typer(store_app, name="store")


class _Interrupted(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, which typer would turn into a bare `Aborted.`, nor an Exception."""


def _interrupt(*_: object) -> None:
    raise _Interrupted


def main() -> None:
    """Run the command line; an error a user can mend is one sentence and exit code 1, an interrupt is 130."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        app(standalone_mode=True)
    except TriggerNNError as error:
        _stop(f"error: {error}", 1)
    except _Interrupted:
        _stop("interrupted: nothing half-written is left; repeat the command to go on from the last finished step", 130)
    except OSError as error:
        _stop(f"error: {error.filename or 'a file'}: {error.strerror or error}; mend that and repeat the command", 1)


def _stop(sentence: str, code: int) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence)
    sys.exit(code)


if __name__ == "__main__":
    main()
