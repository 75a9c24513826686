"""Bring all sides of a decision certificate to the same events, from a recipe's run or from files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import column_for, mantissas_for
from trigger_nn.events.storage.dataset import Events, Sample
from trigger_nn.events.turning import original
from trigger_nn.program.fixed import from_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import BeamSpec, StudySpec
from trigger_nn.studies.certificate.certify import certificate_of
from trigger_nn.studies.certificate.decisions import SideScores
from trigger_nn.studies.certificate.onsets import Inside
from trigger_nn.studies.certificate.values import EMULATOR, QKERAS, Certificate
from trigger_nn.studies.menu.normalisation import normalised
from trigger_nn.studies.menu.values import Scored
from trigger_nn.workflow.asking import Roles, roles_of
from trigger_nn.workflow.machine import crossings_of
from trigger_nn.workflow.sides import KerasSide, ProgramSide, Progress

FLOAT, SECOND = "float Keras", "second program"


@dataclass(frozen=True)
class Others:
    """What the emulator is held against; Keras models as objects, None what is not there."""

    float_model: Any = None
    quantized: Any = None
    second: Program | None = None


@dataclass(frozen=True)
class Gathered:
    """All sides' scores of the same events, with what else a certificate says of them."""

    program: Program
    sides: SideScores
    inside: Inside
    what: Mapping[str, str]
    events_per_second: float
    normalisation: str

    def certificate(self, rates_khz: Sequence[float] = ()) -> Certificate:
        """At these rates of one signal's trigger alone, by default those of a study; classes take none.

        Raises:
            EventsError: the scores or the events can't tell.
        """
        targets = [khz * 1e3 for khz in rates_khz or StudySpec().rates_khz]
        found = certificate_of(self.program, self.sides, targets, self.events_per_second, self.what, self.inside)
        return replace(found, normalisation=self.normalisation)


def certified(
    program: Program, sample: Sample, others: Others, roles: Roles | None = None, rates_khz: Sequence[float] = (),
    **options: Any,
) -> Certificate:  # fmt: skip
    """Hold the emulator of `program` against `others`: `gathered`, with its options, and judged at `rates_khz`."""
    return gathered(program, sample, others, roles, **options).certificate(rates_khz)


def gathered(
    program: Program, sample: Sample, others: Others, roles: Roles | None = None, *, beam: BeamSpec | None = None,
    split: str = "test", limit: int | None = None, progress: Progress | None = None,
) -> Gathered:  # fmt: skip
    """Run the emulator of `program` and `others` on the events of `split`, the first `limit` if given.

    `roles` say which process each output is for; without them the program's own recipe does. `beam` gives events their
    rates where they bring none.

    Raises:
        EventsError: the events do not fit the program, the sides do not belong together, or nothing says what the
            outputs are for.
    """
    report, roles = progress or (lambda *_: None), roles or roles_of(program)
    sides, events, port = _sides(program, others), _taken(sample, split, limit), program.inputs[0]
    _check(program, roles)
    roles.check(sample.processes)
    name = column_for(sample, program)
    mantissas = mantissas_for(events[name], sample.column(name), port)
    scores = {side: one.scores(mantissas, report, f"events through {side}") for side, one in sides.items()}
    ours = ProgramSide.of(program, program)
    scored = _scored(sample, events, roles, scores[EMULATOR], program)
    if roles.classes:
        rates, told = np.zeros(len(events), np.float32), ""
    else:
        rates, told = _rates(_for_all(scored, sample.splits[split]), beam, roles.backgrounds, sample.splits[split])
    layers = {side: partial(_layers, one, mantissas) for side, one in sides.items() if side != EMULATOR}
    return Gathered(
        program, _compared(scored, roles, scores, rates), Inside(program, {port.name: mantissas}, layers, (FLOAT,)),
        {side: one.what for side, one in sides.items()}, ours.speed(mantissas), told,
    )  # fmt: skip


def _taken(sample: Sample, split: str, limit: int | None) -> Events:
    if split not in sample.splits:
        raise EventsError(f"The events have no split {split!r}; they have: {', '.join(sample.splits)}.")
    if not len(sample.splits[split]) or limit == 0:
        raise EventsError(f"There are no events of split {split!r} to compare on; take some.")
    return sample.splits[split].take(slice(limit))


def _sides(program: Program, others: Others) -> dict[str, KerasSide | ProgramSide]:
    """By name, in the order in which a network becomes firmware."""
    sides: dict[str, KerasSide | ProgramSide] = {}
    if others.float_model is not None:
        sides[FLOAT] = KerasSide.of(FLOAT, others.float_model, program, quantized=False)
    if others.quantized is not None:
        sides[QKERAS] = KerasSide.of(QKERAS, others.quantized, program, quantized=True)
    sides[EMULATOR] = ProgramSide.of(program, program)
    if others.second is not None:
        sides[SECOND] = ProgramSide.of(others.second, program)
    return sides


def _check(program: Program, roles: Roles) -> None:
    port = program.outputs[0]
    if int(np.prod(port.shape)) != len(roles.outputs):
        raise EventsError(
            f"Program {program.name!r} has an output of shape {port.shape}, not one number for each of "
            f"{', '.join(roles.outputs)}; name what its outputs are for, in their order."
        )


def _layers(side: KerasSide | ProgramSide, mantissas: np.ndarray, which: np.ndarray) -> Mapping[str, np.ndarray]:
    return side.layers(mantissas[which])


def _scored(sample: Sample, events: Events, roles: Roles, scores: np.ndarray, program: Program) -> Scored:
    """The events as studies know them."""
    kind, copied = program.outputs[0].type, original(sample.columns)
    return Scored(
        sample.processes, events.process, events.rate, events.weight, from_float(scores, kind), roles.outputs, kind,
        {}, {}, events[copied] if copied else None, crossings_of(sample.provenance),
    )  # fmt: skip


def _for_all(scored: Scored, whole: Events) -> Scored:
    """Events that stand for `whole`, of which they are the first: of each process for as much rate."""
    count = len(scored.processes)
    wanted, taken = (np.bincount(one.process, one.rate.astype(np.float64), count) for one in (whole, scored))
    factor = np.divide(wanted, taken, out=np.ones(count), where=taken > 0)
    return replace(scored, rate=(scored.rate * factor[scored.process]).astype(np.float32))


def _rates(
    scored: Scored, beam: BeamSpec | None, backgrounds: tuple[str, ...], whole: Events
) -> tuple[np.ndarray, str]:
    """Hz that each event stands for, and how it got that."""
    found, told = normalised(scored, beam, backgrounds)
    fewer = f" The first {len(scored):,} of {len(whole):,} events stand for all." if len(scored) < len(whole) else ""
    return found.rate, told + fewer


def _compared(scored: Scored, roles: Roles, scores: Mapping[str, np.ndarray], rates: np.ndarray) -> SideScores:
    kinds = {name: scored.select(name) for name in roles.outputs}
    background = None if roles.classes else scored.select(*roles.backgrounds)
    lsb = 2.0**-scored.type.fraction
    return SideScores(
        scores, roles.outputs, kinds, background, rates, lsb, scored.source, scored.weight,
        (scored.type.minimum - 1) * lsb,
    )  # fmt: skip
