"""The terminal: what was asked for goes to stdout, all else to stderr; progress that a log can hold too; JSON."""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="print JSON, and that alone, on stdout")]
LOG_WIDTH = 140  # a log has no width; tables should not be folded to 80 columns


def _console(stderr: bool, plain: bool = False) -> Console:
    """A console that writes no escape sequence if it is `plain`, NO_COLOR is set, or nobody looks at it.

    Names of layers and files may hold [brackets] and :colons:, so nothing that is printed is read as rich's markup.
    """
    plain = plain or bool(os.environ.get("NO_COLOR"))
    made = Console(
        stderr=stderr, force_terminal=False if plain else None, highlight=False, soft_wrap=True, markup=False,
        emoji=False,
    )  # fmt: skip
    if not made.file.isatty():
        made.width = LOG_WIDTH
    return made


console = _console(stderr=False)  # what was asked for
notes = _console(stderr=True)  # progress, and what is being done: left out by --quiet


def hush() -> None:
    """Leave out all but what was asked for, and errors."""
    notes.quiet = True


def uncolour() -> None:
    """Write no escape sequence from now on, whatever the terminal can do."""
    for stderr, each in ((False, console), (True, notes)):
        vars(each).update(vars(_console(stderr, plain=True)) | {"quiet": each.quiet})


def print_json(value: Any) -> None:
    """Print `value` as JSON: tuples as lists, paths as text, what is infinite or no number as the text inf or nan.

    Never coloured, so that a script can read it whatever FORCE_COLOR says.
    """
    typer.echo(json.dumps(finite(value), indent=1, allow_nan=False, default=os.fspath))


def finite(value: Any) -> Any:
    """`value` for JSON, which knows neither infinity nor NaN: as text, wherever they stand in it."""
    if isinstance(value, Mapping):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


MINUTE = 60.0  # seconds


class _Speed(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        """The column's text."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed and speed >= 1 else "")


class Bar:
    """Progress on stderr: a bar on a terminal, elsewhere a line every tenth, or minute; nothing if quiet.

    Called as progress(what, done, total).
    """

    def __init__(self) -> None:
        columns = (
            TextColumn("    {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._live = notes.is_terminal and not notes.quiet
        # What is printed meanwhile goes above the bar; not if stdout is a file or a pipe, for it belongs there.
        self._progress = Progress(
            *columns, console=notes, transient=True, disable=not self._live, redirect_stdout=sys.stdout.isatty()
        )
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}
        self._told: dict[str, float] = {}
        self._started: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Callable[[str, int, int], None]:
        self._progress.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _update(self, what: str, done: int, total: int) -> None:
        if not self._live:
            tenth, now = 10 * done // max(total, 1), time.monotonic()
            if tenth != self._tenths.get(what) or now - self._told[what] > MINUTE:
                self._tenths[what], self._told[what] = tenth, now
                notes.print(f"    {what} {done}/{total}{self._pace(what, done, total)}")
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, completed=done)
        self._progress.update(self._tasks[what], completed=done)

    def _pace(self, what: str, done: int, total: int) -> str:
        """Steps a second since the first report, and time left; nothing in the first report and the last."""
        now = time.monotonic()
        began, first = self._started.setdefault(what, (now, done))
        speed = (done - first) / (now - began) if now > began else 0.0
        return f", {speed:,.0f}/s, {(total - done) / speed:,.0f} s left" if speed >= 1 and done < total else ""


@contextmanager
def telling(what: str) -> Iterator[Callable[[str], None]]:
    """Tells what a tool is at: on a terminal in one line that changes, elsewhere a line a minute; to stderr."""
    began, told = time.monotonic(), 0.0
    with notes.status(what) as status:

        def tell(at: str) -> None:
            nonlocal told
            seconds = time.monotonic() - began
            sentence = f"{what}, {seconds:.0f} s: {at}"
            status.update(sentence)
            if not notes.is_terminal and seconds - told > MINUTE:
                told = seconds
                notes.print(sentence)

        yield tell
