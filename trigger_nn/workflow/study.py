"""A whole study: events through the emulator, rates and efficiencies, the page that says it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.passes.refine import finest, refined
from trigger_nn.program.fixed import Fixed, requantize
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import StudySpec
from trigger_nn.studies.menu.normalisation import normalised
from trigger_nn.studies.menu.study import study_of
from trigger_nn.studies.menu.values import MenuStudy
from trigger_nn.workflow.asking import Roles, answerable, roles_of, wanted_columns
from trigger_nn.workflow.beside import Given, collected
from trigger_nn.workflow.emulate import DEFAULT_ENGINE, block_size, engine_named
from trigger_nn.workflow.machine import PILEUP, Library, library_of, library_told, pileup_warning
from trigger_nn.workflow.reading import Reading
from trigger_nn.workflow.scores import score_type
from trigger_nn.workflow.scoring import Progress, available, emulated, joined, opened, output_port
from trigger_nn.workflow.suspicion import suspicious

BLOCK = 2**18  # scores that are cast at once
UNWEIGHTED = "Classes are compared event by event, whatever rate an event stands for."
CHOSEN = (
    "Thresholds are chosen on the events on which their rates are told, which makes a rate low by about as much as one "
    "event at the threshold stands for."
)

Finer = Callable[[int, Fixed], np.ndarray]


@dataclass(frozen=True)
class Studied:
    """A study, what was asked, of which events, and sentences on what was left out of it, and on what looks wrong.

    type: of the scores. originals: how many events those studied are copies of, None if each is its own.
    """

    study: MenuStudy
    spec: StudySpec
    roles: Roles
    type: Fixed
    parts: tuple[Given, ...]
    left_out: tuple[str, ...]
    originals: int | None = None
    warnings: tuple[str, ...] = ()


def study(
    program: Program, paths: Sequence[Path], spec: StudySpec, *, roles: Roles | None = None,
    reading: Reading | None = None, processes: Mapping[str, Sequence[Path]] | None = None, output: str = "",
    strict: bool = True, engine: str = DEFAULT_ENGINE, threads: int | None = None, progress: Progress | None = None,
) -> Studied:  # fmt: skip
    """Emulate the events of `paths` (and `processes`, as `workflow.scoring.scored`) and answer `spec`.

    Args:
        program: whose scores decide.
        paths: of events.
        spec: what is asked.
        roles: what each output is for; None for what the program records.
        reading: how events are read; None for the test split.
        processes: further paths, by the process that all of their events are.
        output: name of the output port, of a program with several.
        strict: refuse what the events lack a column for, instead of leaving it out.
        engine: native or reference.
        threads: of the native engine, all cores if None.
        progress: called as progress(what, done, total).

    Raises:
        EventsError: events are missing, damaged, do not fit the program, or lack a process or column that is asked for.
        RecipeError: what the program records is no longer valid.
        ToolNotFound: a library that reads a file is not installed.
    """
    roles, chosen = roles or roles_of(program), _with_output(program, output)
    parts = opened(chosen, paths, reading or Reading(), processes)
    asked, left_out = (spec, ()) if strict else answerable(spec, available(parts))
    kept, port = collected(parts, _columns(asked, parts)), output_port(chosen)
    roles.check(kept.processes)
    warnings = suspicious(parts)
    runner, block = engine_named(engine, threads), block_size(chosen, engine)
    scores, seconds = emulated(chosen, parts, runner, block, progress)
    events, told = joined(kept, scores, roles.outputs, port), UNWEIGHTED
    del kept, scores
    if roles.signals:
        events, told = normalised(events, asked.beam, roles.backgrounds)
        libraries = _libraries(parts)
        stated = tuple(own.mean for own in libraries)
        told = " ".join([told, *library_told(events, roles.backgrounds, libraries), CHOSEN])
        warnings += pileup_warning(events, asked.beam, roles.backgrounds, stated)
    found = study_of(
        events, asked, roles.signals, roles.backgrounds, program=program.name, digest=program.digest,
        normalisation=told, seconds=seconds,
        finer=_finer(chosen, port, lambda finest_of: emulated(finest_of, parts, runner, block, progress)[0]),
        progress=progress,
    )  # fmt: skip
    return Studied(found, asked, roles, port.type, parts, left_out, _originals(events.source), warnings)


def _columns(asked: StudySpec, parts: Sequence[Given]) -> tuple[str, ...]:
    """What is looked at, and with a beam the pile-up of the events, where they have it."""
    counts = {PILEUP} & available(parts) if asked.beam else set()
    return tuple(dict.fromkeys([*wanted_columns(asked), *counts]))


def _libraries(parts: Sequence[Given]) -> tuple[Library, ...]:
    """Those that the pile-up of `parts` was drawn from."""
    ends = accumulate(part.events for part in parts)
    found = [
        library_of(part.description.provenance, part.reading.split, slice(end - part.events, end))
        for part, end in zip(parts, ends, strict=True)
    ]
    return tuple(library for library in found if library)


def _originals(source: np.ndarray | None) -> int | None:
    return None if source is None else int(np.count_nonzero(np.bincount(source)))


def _with_output(program: Program, output: str) -> Program:
    """The same with that output alone."""
    if not output:
        return program
    if output not in program.output_names:
        raise EventsError(
            f"Program {program.name!r} has no output {output!r}; choose one of {', '.join(program.output_names)}."
        )
    return replace(program, output_names=(output,))


def _finer(program: Program, port: Port, run: Callable[[Program], np.ndarray]) -> Finer:
    """Scores of the same events in a wider type of the output.

    They are emulated once, with all bits there are, when the first is asked for: cast to any type between, these are
    what the program refined to that type computes.
    """

    @cache
    def widest() -> tuple[np.ndarray, Fixed]:
        kind = finest(program, port.name)
        return run(refined(program, port.name, kind)), kind

    def finer(number: int, kind: Fixed) -> np.ndarray:
        refined(program, port.name, kind)  # refuses a type that nothing would fill
        scores, wide = widest()
        return _cast(scores[:, number], wide, replace(port, type=kind))

    return finer


def _cast(scores: np.ndarray, kind: Fixed, port: Port) -> np.ndarray:
    """Mantissas of type `kind` as those of the port's, in the narrowest integers; a block at a time."""
    made = np.empty(len(scores), score_type(port))
    for first in range(0, len(scores), BLOCK):
        rows = slice(first, first + BLOCK)
        made[rows] = requantize(scores[rows], kind.fraction, port.type)
    return made
