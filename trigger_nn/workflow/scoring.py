"""Events through the emulator into narrow arrays: integer scores, and what a study looks at beside them.

Images and features pass by block after block, so that tens of millions of events fit into memory.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from filecmp import cmp
from itertools import combinations, groupby
from operator import attrgetter
from pathlib import Path

import numpy as np

from trigger_nn.engines.emulator import Engine
from trigger_nn.errors import EventsError
from trigger_nn.program.program import Port, Program
from trigger_nn.studies.menu.values import Scored
from trigger_nn.workflow.beside import Given, Kept, collected, given
from trigger_nn.workflow.emulate import DEFAULT_ENGINE, block_size, engine_named, run_sources
from trigger_nn.workflow.reading import Reading, Source
from trigger_nn.workflow.scores import score_type

Progress = Callable[[str, int, int], None]


def scored(
    program: Program, paths: Sequence[Path], reading: Reading, columns: Iterable[str], outputs: Sequence[str], *,
    processes: Mapping[str, Sequence[Path]] | None = None, engine: str = DEFAULT_ENGINE, threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Scored, float]:  # fmt: skip
    """The events of `paths` with the scores of the program's output, and the seconds that reading and emulating took.

    Args:
        program: with one output port.
        paths: of events, as `workflow.emulate` takes them.
        reading: how they are read.
        columns: names of those to keep.
        outputs: what each element of the output is for, signals or classes.
        processes: further paths by the name of the process that all of their events are; plain numbers need one.
        engine: native or reference.
        threads: of the native engine, all cores if None.
        progress: called as progress(what, done, total).

    Raises:
        EventsError: a file is missing, damaged or does not fit the program, has no processes, or lacks a column.
        ToolNotFound: the library that reads a file is not installed.
    """
    parts, port = opened(program, paths, reading, processes), output_port(program)
    kept = collected(parts, tuple(dict.fromkeys(columns)))
    scores, seconds = emulated(program, parts, engine_named(engine, threads), block_size(program, engine), progress)
    return joined(kept, scores, outputs, port), seconds


def joined(kept: Kept, scores: np.ndarray, outputs: Sequence[str], port: Port) -> Scored:
    """What was kept of events, and their scores from `port`, whose elements are for `outputs`.

    Raises:
        EventsError: it has another number of elements.
    """
    if len(outputs) != scores.shape[1]:
        named = ", ".join(outputs) or "none"
        raise EventsError(
            f"Output {port.name!r} has {scores.shape[1]} elements, but {len(outputs)} signals or classes are named "
            f"({named}); name one for each, in their order."
        )
    return Scored(
        kept.processes, kept.process, kept.rate, kept.weight, scores, tuple(outputs), port.type, kept.columns,
        kept.meanings, kept.source, kept.crossings, kept.averaged,
    )  # fmt: skip


def opened(
    program: Program, paths: Sequence[Path], reading: Reading, processes: Mapping[str, Sequence[Path]] | None = None
) -> tuple[Given, ...]:
    """The events of `paths`, then those of `processes`; headers are read, no events.

    Raises:
        EventsError: as `scored`, but for columns; or there is nothing to read, or a file is given twice.
    """
    named = [(path, name) for name, several in (processes or {}).items() for path in several]
    wanted = [*((path, "") for path in paths), *named]
    if not wanted:
        raise EventsError("There are no events to study; give files of events, or --process NAME=FILE.")
    parts = tuple(given(program, path, reading, name) for path, name in wanted)
    _check_once([source for part in parts for source in part.sources if source.events])
    return parts


def _check_once(sources: Sequence[Source]) -> None:
    """Refuse events that would count twice: one file given twice, or a copy of it."""
    size = attrgetter("size")
    for _, alike in groupby(sorted(sources, key=size), size):
        for one, other in combinations(alike, 2):
            if _same(one.path, other.path):
                raise EventsError(
                    f"{one.path} and {other.path} are the same file, whose events would count twice; give it once."
                )


def _same(one: Path, other: Path) -> bool:
    return one.samefile(other) or cmp(one, other, shallow=False)


def available(parts: Sequence[Given]) -> frozenset[str]:
    """Names of the columns that all of `parts` have."""
    return frozenset.intersection(*(frozenset(part.description.columns) for part in parts))


def output_port(program: Program) -> Port:
    """The one output of a program.

    Raises:
        EventsError: there are several.
    """
    if len(program.outputs) != 1:
        names = ", ".join(port.name for port in program.outputs)
        raise EventsError(
            f"Program {program.name!r} has several outputs ({names}), and a study is of one; choose it: --output NAME."
        )
    return program.outputs[0]


def emulated(
    program: Program, parts: Sequence[Given], engine: Engine, block: int, progress: Progress | None = None
) -> tuple[np.ndarray, float]:
    """Mantissas of the program's output, (events, elements), an element's own behind each other; and the seconds taken.

    Raises:
        EventsError: as `scored`.
    """
    port, sources = output_port(program), tuple(source for part in parts for source in part.sources)
    events, elements = sum(part.events for part in parts), int(np.prod(port.shape, dtype=np.int64))
    scores = np.empty((events, elements), score_type(port), order="F")
    began = time.monotonic()
    for found in run_sources(program, sources, engine, block):
        end = found.first + len(found)
        scores[found.first : end] = found.scores[port.name].reshape(len(found), elements)
        if progress:
            progress("events emulated", end, events)
    return scores, time.monotonic() - began
