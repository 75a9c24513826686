"""Other ways to make a network fast, on the tagger without its softmax: python -m tests.benchmarks.emulation.ways.

One thread, the same events (int16) for all, scores of int16 (ours also of int64, its default), contenders in turns.
Writes ways.json beside results.json.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from tests.benchmarks.emulation import by_hand, events, machine
from tests.benchmarks.emulation.exactness import compare, reference
from tests.benchmarks.emulation.fresh import run_fresh
from tests.benchmarks.emulation.measure import QUICK, Effort, in_turns
from tests.benchmarks.emulation.ours import emulator
from tests.benchmarks.emulation.results import WayFacts
from trigger_nn.program.operations import Softmax
from trigger_nn.program.program import Program

EVENTS, EVENTS_QUICK = 500_000, 100_000
CHECKED = 20_000  # events that the reference engine scores; all others are held against the first way's


@dataclass(frozen=True)
class Way:
    """How a program becomes a function of events; `modules` and `packages` are what it imports and needs installed."""

    make: Callable[[Program], by_hand.Score]
    modules: tuple[str, ...]
    packages: tuple[str, ...]


def _ours(program: Program, narrow: bool) -> by_hand.Score:
    own, port = emulator(program, threads=1, narrow=narrow), program.inputs[0].name
    return lambda mantissas: own.predict_mantissas({port: mantissas})


_LLVM, _NUMBA = ("numpy", "llvmlite"), ("numpy", "llvmlite", "numba")
WAYS: Mapping[str, Way] = {
    "numpy float32, whole batch": Way(by_hand.in_numpy, ("numpy",), ("numpy",)),
    "numpy float32, 4,096 events": Way(by_hand.in_blocks, ("numpy",), ("numpy",)),
    "numba float32 loops": Way(partial(by_hand.in_numba, kind=np.float32), ("numpy", "numba"), _NUMBA),
    "numba int32 loops": Way(partial(by_hand.in_numba, kind=np.int32), ("numpy", "numba"), _NUMBA),
    "trigger_nn": Way(partial(_ours, narrow=False), ("numpy", "llvmlite.binding"), _LLVM),
    "trigger_nn, narrow scores": Way(partial(_ours, narrow=True), ("numpy", "llvmlite.binding"), _LLVM),
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.emulation.ways", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds, fewer events")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for ways.json")
    options = parser.parse_args()
    count, effort = (EVENTS_QUICK, QUICK) if options.quick else (EVENTS, Effort())
    rows = measure(without_softmax(_tagger()), count, effort, 1 if options.quick else 3)
    content = {"machine": machine.facts(), "rounds": str(effort), "events": count, "checked": min(CHECKED, count)}
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "ways.json"
    path.write_text(json.dumps(content | {"ways": [asdict(row) for row in rows]}, indent=1) + "\n")
    Console(width=150).print(_table(rows, f"The tagger without softmax, one thread, {effort}"), f"wrote {path}")


def measure(program: Program, count: int, effort: Effort, repeats: int) -> list[WayFacts]:
    """One row for each way, those that are not installed without numbers.

    Raises:
        Differs: a way's scores are not the reference engine's.
    """
    able = {name: way for name, way in WAYS.items() if all(find_spec(package) for package in way.packages)}
    given = events.mantissas(program, count)
    values = given[program.inputs[0].name].astype(np.int16)
    starts = {name: _start(name, way, program, repeats) for name, way in able.items()}
    with threadpool_limits(1):
        scores = {name: way.make(program) for name, way in able.items()}
        _check(program, values, scores)
        best = in_turns({name: partial(score, values) for name, score in scores.items()}, effort)
    return [_facts(name, way, count, best.get(name), starts.get(name)) for name, way in WAYS.items()]


def _facts(name: str, way: Way, count: int, seconds: float | None, start: tuple[float, float] | None) -> WayFacts:
    imports, first = start or (None, None)
    return WayFacts(name, count, seconds, imports, first, _megabytes(way.packages), _named(way))


def without_softmax(program: Program) -> Program:
    """All of the program but a softmax at its end."""
    *before, last = program.operations
    assert isinstance(last, Softmax)
    return replace(program, operations=tuple(before), output_names=(before[-1].name,))


def first_score(name: str, program: Program) -> None:
    """Make what a way needs and score one event; for a fresh process."""
    WAYS[name].make(program)(np.zeros((1, *program.inputs[0].shape), np.int16))


def _tagger() -> Program:
    from tests.benchmarks.emulation.networks import build  # TensorFlow: not for the fresh processes

    program: Program = build("tagger").compile().program
    return program


def _check(program: Program, values: np.ndarray, scores: Mapping[str, by_hand.Score]) -> None:
    port, output = program.inputs[0].name, program.output_names[0]
    expected = reference(program, {port: values[:CHECKED]})[output]
    first = next(iter(scores.values()))(values)
    for name, score in scores.items():
        found = score(values)
        compare(name, found[:CHECKED], expected)
        compare(f"{name} against {next(iter(scores))}", found, first)


def _start(name: str, way: Way, program: Program, repeats: int) -> tuple[float, float]:
    """Median seconds in fresh processes: of importing the libraries, and from the program to the first score."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        found = [run_fresh("way", path, name, *way.modules) for _ in range(repeats)]
    imports, first = (float(np.median([one[key] for one in found])) for key in ("imports", "first"))
    return imports, first


def _megabytes(packages: tuple[str, ...]) -> float | None:
    """Bytes on disk of installed packages, in MB, without Python's own caches; None if one is missing."""
    try:
        return sum(sum(_file_sizes(package)) for package in packages) / 1e6
    except PackageNotFoundError:
        return None


def _file_sizes(package: str) -> Iterator[int]:
    for file in distribution(package).files or ():
        path = Path(str(file.locate()))
        if path.suffix != ".pyc" and path.exists():
            yield path.stat().st_size


def _named(way: Way) -> str:
    found = [f"{package} {version(package) if find_spec(package) else 'missing'}" for package in way.packages]
    return ", ".join(found)


def _table(rows: list[WayFacts], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("way", "events/s", "imports, s", "program to first score, s", "on disk, MB", "packages"):
        table.add_column(column, justify="left" if column in ("way", "packages") else "right")
    for row in rows:
        numbers = [
            f"{row.per_second:,.0f}" if row.per_second else "not installed",
            *("-" if value is None else f"{value:.3f}" for value in (row.imports, row.first)),
            "-" if row.megabytes is None else f"{row.megabytes:.0f}",
        ]
        table.add_row(row.name, *numbers, row.packages)
    return table


if __name__ == "__main__":
    main()
