"""The terminal: one console, and a progress bar that is also readable in a log."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal:
    console.width = 140  # a log has no width; tables should not be folded to 80 columns


class Bar:
    """A progress bar on a terminal; a line every tenth elsewhere. Called as progress(what, done, total)."""

    def __init__(self) -> None:
        columns = (
            TextColumn("    {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __enter__(self) -> Callable[[str, int, int], None]:
        self._progress.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _update(self, what: str, done: int, total: int) -> None:
        if not console.is_terminal:
            tenth = 10 * done // max(total, 1)
            if tenth != self._tenths.get(what):
                self._tenths[what] = tenth
                console.print(f"    {what} {done}/{total}")
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done)
