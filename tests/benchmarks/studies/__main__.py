"""Make large samples, study them, print seconds by stage, memory and size of the page beside their limits."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.studies import samples
from tests.benchmarks.studies.programs import MODELS, compiled

MEMORY_GB, PAGE_MB = 2.0, 5.0
STATED = 10_000_000  # events that the limits are for


@dataclass(frozen=True)
class Case:
    """A network, how its sample is made, and the seconds that its study of ten million events may take."""

    name: str
    sample: Callable[[Path, int], Path]
    seconds: float


CASES = {case.name: case for case in (Case("jet_tagger", samples.jets, 60), Case("event_image", samples.images, 600))}


def main() -> None:
    """Run what is asked for; exit code 1 if a limit is broken."""
    options = _options()
    console, broken = Console(width=150, highlight=False), False
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name in options.networks:
            console.print(f"{name}: compiling, making {options.events:,} events")
            found = _studied(CASES[name], Path(folder), options.events, options.threads)
            console.print(_table(CASES[name], found))
            broken |= _broken(CASES[name], found)
    raise SystemExit(broken)


def _studied(case: Case, folder: Path, events: int, threads: int) -> dict[str, Any]:
    """What the child says."""
    program, sample = compiled(case.name, folder), case.sample(folder, events)
    recipe, out = MODELS / case.name / "recipe.toml", folder / "out" / case.name
    command = [sys.executable, "-m", "tests.benchmarks.studies.child", threads, program, sample, recipe, out]
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _limits(case: Case, found: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    """What was measured, and its limit: of time in proportion to the events."""
    share = found["events"] / STATED
    rows = [(f"{stage} (s)", seconds, None) for stage, seconds in found["seconds"].items() if stage != "in all"]
    return [
        *rows, ("in all (s)", found["seconds"]["in all"], case.seconds * max(share, 0.1)),
        ("memory (GB)", found["memory_gb"], MEMORY_GB), ("page (MB)", found["page_mb"], PAGE_MB),
    ]  # fmt: skip


def _table(case: Case, found: dict[str, Any]) -> Table:
    table = Table("", "measured", "limit", title=f"{case.name}, {found['events']:,} events", title_justify="left")
    for what, value, limit in _limits(case, found):
        table.add_row(what, f"{value:.2f}", "" if limit is None else f"{limit:g}")
    if found["causes"]:
        table.add_row("scores resolve the rates asked for", ", ".join(found["causes"]), "")
    return table


def _broken(case: Case, found: dict[str, Any]) -> bool:
    return any(limit is not None and value > limit for _, value, limit in _limits(case, found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.studies", description=__doc__)
    parser.add_argument("--events", type=int, default=STATED, help="of each network")
    parser.add_argument("--networks", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of the emulator")
    parser.add_argument("--folder", type=Path, default=None, help="where the samples are made; the system's own if not")
    return parser.parse_args()


if __name__ == "__main__":
    main()
