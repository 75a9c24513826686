"""docs/speed.md from measurements: python -m tests.benchmarks.emulation.document results.json ways.json."""

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.benchmarks.emulation import breakdown, sections
from tests.benchmarks.emulation.results import Results, WayFacts

PAGE = Path(__file__).parents[3] / "docs" / "speed.md"
INTRODUCTION = """\
How many events a second the emulator scores, beside hls4ml's own C++, alkaid, Keras and a float32 matrix product, and
how soon it is ready. This page is written by a program from what `make bench` measured; the numbers are those of one
run on one machine. "k", "M" and "G" are thousands, millions and billions.
"""
EXACT = """\
Before anything is timed, every layer of the first events is compared with the reference engine, on one thread and on
all, and so are hls4ml's scores and alkaid's. One bit that differs stops the run. "Zero weights" stands here because
most networks have random weights, and an engine might gain by leaving zeros out.
"""
RATES = """\
Each contender is given as many events in a call as it scores in the time of one measurement. "trigger_nn" takes
integers and gives 64-bit integers; "narrow scores" gives the narrowest integers that hold them, as `trigger-nn emulate`
writes them; "floats in and out" casts float32 events and gives float64 scores.
"""
GOALS = 'What counts as reached is the speed with 64-bit scores, in the column "measured".\n'
RATIOS = """\
Our events a second divided by another's, on as many threads, or on one where the other has no more (hls4ml predict).
Integers in, 64-bit integers out unless it says narrow scores.
"""
SHARES = """\
Multiply-adds a second of the network (weights that are zero count as well) beside those of numpy's product of two
2048 x 2048 float32 matrices, measured in turns. More than 100 % is possible, as small integers take less room in a
register than float32. All else that a network does, such as rounding and softmax tables, counts as nothing here.
"""
STARTS = """\
In fresh processes: importing the package, loading the program's file, and the first score of one event, for which the
machine code is made. The whole process includes Python's own start. Then the same in a process that has scored another
network before, and once more when the code is known (`Program.load` and the emulator's first call). At last single
events in an emulator that is warm, from Python, median and 99 % quantile.
"""
BATCHES = "Events a second by how many events one call is given.\n"
MEMORY = """\
Peak resident memory of a process that scores so many events in one call, before the call (the events are there) and
after it.
"""
THREADS = "Events a second on 1, 2 ... threads, 64-bit scores.\n"
SIZES = "Two families of random networks; w is the number of units of each hidden layer, s the side of the image.\n"
WAYS = """\
The machine code is made by LLVM, through llvmlite. Other ways that need no compiler on the machine were measured on
the tagger without its softmax ({events:,} events of 16-bit integers in one call, one thread, {rounds}).
numpy multiplies matrices in float32, which is exact here as all sums stay below 2^24, then scales, rounds and clips.
numba compiles plain loops over blocks of 64 events, without fastmath, as one writes them first. Every way's scores
equal the reference engine's on {checked:,} events, and each other's on all. "Imports" (of the packages
named) and "program to first score" were measured in fresh processes; "on disk" is what those packages take, without
h5py and others that reading a program needs in any case.
"""
LIMITS = """\
Every generated loop was run by itself, again and again, on one block of events (one register of 8-bit values), one
thread. Its data then lies in the nearest caches, so the sum is what a block takes at best. "A block in the run" is the
time in the table of events a second: what it has beyond the sum is moving events and scores from and to main memory,
and calling. Shares are of the sum.
"""
PARTS = """\
"conv1 to pool1" is one loop for all layers from the one to the other. "dot8" and "dot16" are dot products of four 8-bit
or two 16-bit pairs in one instruction (VNNI, or pmaddwd), "tiles" the matrix instructions of AMX, "f32" a fused
multiply-add of floats; "pack for" puts neighbours side by side, in groups, for them.
"""
REPEAT = """\
<!-- not run: an hour -->

    make bench                                                  # results.json and plots, in build/bench
    .venv/bin/python -m tests.benchmarks.emulation.ways         # ways.json
    .venv/bin/python -m tests.benchmarks.emulation.document build/bench/results.json build/bench/ways.json

The first writes plots of most tables here as PNGs beside results.json. `--networks`, `--peers` and `--quick` of
`python -m tests.benchmarks.emulation` measure less. Nothing else should run meanwhile: two programs on two cores that
share caches slow each other. The machine's load before the run was {load}.
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.emulation.document", description=__doc__)
    parser.add_argument("results", type=Path, help="results.json of python -m tests.benchmarks.emulation")
    parser.add_argument("ways", type=Path, help="ways.json of python -m tests.benchmarks.emulation.ways")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write (docs/speed.md)")
    options = parser.parse_args()
    for path in (options.results, options.ways):
        if not path.exists():
            parser.error(f"There is no {path}; make it first, as the last section of docs/speed.md says.")
    text = page(Results.load(options.results), json.loads(options.ways.read_text()))
    options.out.write_text(text)


def page(results: Results, ways: Mapping[str, Any]) -> str:
    """The whole document; sections without data are left out."""
    parts = [f"# Speed of the emulator\n\n{INTRODUCTION}"]
    parts += [f"## {title}\n\n{text}" for title, text in _sections(results, ways) if text]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _sections(results: Results, ways: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "What was measured, and how", _joined(_method(results), EXACT, sections.networks(results))
    yield "What we set out to reach", _with(GOALS, sections.reached(results))
    yield "Events a second", _with(RATES, _rates(results))
    yield "Times as many events as others", _joined(_with(RATIOS, sections.ratios(results)), sections.absent(results))
    yield "Against a float32 matrix product", _with(SHARES, sections.shares(results))
    yield "From a file to a score", _with(STARTS, sections.starts(results))
    yield "Events in a call", _with(BATCHES, sections.batches(results))
    yield "Memory", _with(MEMORY, sections.memory(results))
    yield "Threads", _with(THREADS, sections.threads(results))
    yield "Size of the network", _with(SIZES, sections.sizes(results))
    yield "Other ways to the same numbers", _ways(ways)
    yield (
        "What limits each network",
        _joined(_with(LIMITS, breakdown.shares(results)), _with(PARTS, breakdown.parts(results))),
    )
    yield "How to repeat it", REPEAT.format(load=results.machine["load before"])


def _method(results: Results) -> str:
    machine: Mapping[str, Any] = results.machine
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines = [
        f"* processor: {machine['cpu']} (family, model, stepping {'/'.join(machine['family, model, stepping'])}), "
        f"{machine['cores']} cores, {', '.join(machine['flags'])}; code made for `{machine['target']}`",
        f"* memory: {machine['memory'] / 1e9:.1f} GB; system: {machine['system']}; Python {machine['python']}",
        f"* float32 product: {machine['blas']}; hls4ml's C++ by g++ {machine['g++']}",
        f"* versions: {versions}",
        *(f"* {name}: {text}" for name, text in results.method.items()),
    ]
    return "\n".join(lines) + "\n\nAll contenders score the same events in the same process.\n"


def _rates(results: Results) -> str:
    tables = [(sections.named(threads), sections.rates(results, threads)) for threads in sections.counts(results)]
    return "\n".join(f"On {name}:\n\n{table}" for name, table in tables)


def _ways(content: Mapping[str, Any]) -> str:
    rows = [WayFacts(**{one.name: row[one.name] for one in fields(WayFacts)}) for row in content["ways"]]
    told = WAYS.format(**{key: content[key] for key in ("events", "rounds", "checked")})
    return _joined(textwrap.fill(told, 120), sections.ways(rows))


def _with(text: str, table: str) -> str:
    """A table below its text; nothing without a table."""
    return f"{text}\n{table}" if table else ""


def _joined(*texts: str) -> str:
    return "\n".join(text.rstrip("\n") + "\n" for text in texts if text)


if __name__ == "__main__":
    main()
