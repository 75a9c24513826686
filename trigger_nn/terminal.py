"""The terminal: one console, and a progress bar that is also readable in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

# Names of layers and files may hold [brackets] and :colons:, so nothing that is printed is read as rich's markup.
console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
if not console.is_terminal:
    console.width = 140  # a log has no width; tables should not be folded to 80 columns


MINUTE = 60.0  # seconds


class _Speed(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        """The column's text."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed and speed >= 1 else "")


class Bar:
    """A progress bar on a terminal; a line every tenth, or minute, elsewhere. Called as progress(what, done, total)."""

    def __init__(self) -> None:
        columns = (
            TextColumn("    {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
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
        if not console.is_terminal:
            tenth, now = 10 * done // max(total, 1), time.monotonic()
            if tenth != self._tenths.get(what) or now - self._told[what] > MINUTE:
                self._tenths[what], self._told[what] = tenth, now
                console.print(f"    {what} {done}/{total}{self._pace(what, done, total)}")
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
    errors, began, told = Console(stderr=True, highlight=False, markup=False, emoji=False), time.monotonic(), 0.0
    with errors.status(what) as status:

        def tell(at: str) -> None:
            nonlocal told
            seconds = time.monotonic() - began
            sentence = f"{what}, {seconds:.0f} s: {at}"
            status.update(sentence)
            if not errors.is_terminal and seconds - told > MINUTE:
                told = seconds
                errors.print(sentence)

        yield tell
