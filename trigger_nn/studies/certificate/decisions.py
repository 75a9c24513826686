"""What each side decides: thresholds at a rate and at the emulator's threshold, or the largest output."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.studies.certificate import refits
from trigger_nn.studies.certificate.values import EMULATOR, Basis
from trigger_nn.studies.divergence import Decision
from trigger_nn.studies.menu.groups import Group
from trigger_nn.studies.menu.sums import numbered
from trigger_nn.studies.rates import working_point

BACKGROUND, OTHERS = "background", "other classes"
LARGEST = Decision()


@dataclass(frozen=True)
class SideScores:
    """All sides' scores of the same events.

    scores: by side, in their order, the emulator among them; numbers (n, outputs). outputs: what each is for, a signal
    or a class. kinds: (n,) masks of the events of each. background: (n,) mask, None of classes, whose largest output
    decides. rates: (n,) Hz that an event stands for. lsb: of the emulator's scores. source: (n,) number of the
    simulated event that an event is a copy of, None if each is its own. weights: (n,) the generator's, by which
    efficiencies of signals count, None if all are 1. loosest: the threshold where all background passes, which every
    score of the emulator is above; None if no type says it.
    """

    scores: Mapping[str, np.ndarray]
    outputs: tuple[str, ...]
    kinds: Mapping[str, np.ndarray]
    background: np.ndarray | None
    rates: np.ndarray
    lsb: float
    source: np.ndarray | None = None
    weights: np.ndarray | None = None
    loosest: float | None = None

    def __len__(self) -> int:
        """Number of events."""
        return len(self.rates)

    @property
    def looked_at(self) -> np.ndarray:
        """Mask of the events of any kind."""
        masks = [*self.kinds.values()] if self.background is None else [*self.kinds.values(), self.background]
        return np.asarray(np.logical_or.reduce(masks))

    def kinds_of(self, output: str) -> dict[str, np.ndarray]:
        """The events over which decisions of `output` are counted: its own, and what it is told from."""
        own = self.kinds[output]
        if self.background is None:
            return {output: own, OTHERS: self.looked_at & ~own}
        return {BACKGROUND: self.background, output: own}

    def group(self, mask: np.ndarray, weights: np.ndarray | None = None) -> Group:
        """The events of a mask, of `weights`, one each, or each counting once."""
        where = np.flatnonzero(mask)
        counts = np.ones(len(where), np.float32) if weights is None else np.asarray(weights, np.float32)
        return Group("", where, counts, None if self.source is None else numbered(self.source[where]))

    def counts(self, mask: np.ndarray) -> np.ndarray:
        """What each event of a mask counts in an efficiency; all alike if those have no weight at all."""
        if self.weights is None or not self.weights[mask].any():
            return np.ones(int(mask.sum()), np.float32)
        return np.asarray(self.weights[mask], np.float32)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Sides that are compared: neighbours, and each with the emulator."""
        names = tuple(self.scores)
        place = names.index(EMULATOR)
        with_emulator = [(name, EMULATOR) for name in names[:place]] + [(EMULATOR, name) for name in names[place + 1 :]]
        return tuple(dict.fromkeys([*pairwise(names), *with_emulator]))


@dataclass(frozen=True)
class Judgement:
    """What every side decides by one output on one basis: (n,) masks by side; thresholds if there are any.

    target: Hz, 0 without thresholds. element: number of the output. moved: by side, (replicas,) the efficiency of the
    output's signal at thresholds that other background events would have given; of the basis `same rate`.
    """

    output: str
    element: int
    basis: Basis
    target: float
    passed: Mapping[str, np.ndarray]
    thresholds: Mapping[str, float]
    moved: Mapping[str, np.ndarray] = field(default_factory=dict)


def checked(sides: SideScores) -> SideScores:
    """`sides` if there is something to compare, on events that can tell.

    Raises:
        EventsError: there is one side only, scores are missing or not finite, or there are no events of a kind.
    """
    if len(sides.scores) < 2:
        raise EventsError(
            "There is nothing to compare the emulator with; give a float or quantized model, or a second program."
        )
    for name, values in sides.scores.items():
        if values.shape != (len(sides), len(sides.outputs)):
            raise EventsError(
                f"{name} has scores of shape {values.shape} for {len(sides)} events and outputs "
                f"{', '.join(sides.outputs)}; give one number for each."
            )
        if not np.all(np.isfinite(values)):
            event, element = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
            raise EventsError(
                f"{name} gives {values[event, element]} for {sides.outputs[element]} in event {event}, which no "
                "threshold can judge; mend that model."
            )
    for output in sides.outputs:
        for kind, mask in sides.kinds_of(output).items():
            if not mask.any():
                raise EventsError(f"There is no event of {kind} among these {len(sides)}; take more events.")
    return sides


def judgements(sides: SideScores, targets: Sequence[float]) -> Iterator[Judgement]:
    """Each output on every basis, at each of `targets` (Hz), of which classes know none.

    Raises:
        EventsError: background events stand for no rate.
    """
    if sides.background is None:
        largest = {name: LARGEST(values) for name, values in sides.scores.items()}
        for i, output in enumerate(sides.outputs):
            yield Judgement(output, i, "largest output", 0.0, {name: one[:, i] for name, one in largest.items()}, {})
        return
    if not sides.rates[sides.background].any():
        raise EventsError("The background events stand for no rate; give study.beam, or events with rates.")
    for i, output in enumerate(sides.outputs):
        columns = {name: values[:, i] for name, values in sides.scores.items()}
        moved = _moved(sides, output, columns, targets)
        for number, target in enumerate(targets):
            own = {name: _threshold(sides, column, target) for name, column in columns.items()}
            refitted = {name: shares[:, number] for name, shares in moved.items()}
            yield replace(_judged(output, i, "same rate", target, columns, own), moved=refitted)
            yield _judged(output, i, "same threshold", target, columns, dict.fromkeys(columns, own[EMULATOR]))


def _threshold(sides: SideScores, column: np.ndarray, target: float) -> float:
    scores = column[sides.background]
    found = working_point(scores, sides.rates[sides.background].astype(np.float64), target).threshold
    if sides.loosest is None or found >= scores.min():
        return found
    return min(sides.loosest, float(column.min()) - 1)


def _moved(
    sides: SideScores, output: str, columns: Mapping[str, np.ndarray], targets: Sequence[float]
) -> dict[str, np.ndarray]:
    """By side, (replicas, targets): the efficiency of `output` at thresholds refitted to replicas of the background."""
    background, own = np.asarray(sides.background), sides.kinds[output]
    source = None if sides.source is None else sides.source[background]
    found = refits.thresholds(
        {name: column[background] for name, column in columns.items()}, sides.rates[background], source, targets
    )  # fmt: skip
    weights = sides.counts(own)
    return {name: refits.efficiencies(columns[name][own], weights, cuts) for name, cuts in found.items()}


def _judged(
    output: str,
    element: int,
    basis: Basis,
    target: float,
    columns: Mapping[str, np.ndarray],
    thresholds: Mapping[str, float],
) -> Judgement:
    passed = {name: column > thresholds[name] for name, column in columns.items()}
    return Judgement(output, element, basis, target, passed, thresholds)
