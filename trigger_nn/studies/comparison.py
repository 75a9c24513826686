"""Float and quantized network, emulator and cut-based trigger beside each other, in the terms of a trigger menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.cuts import CutTrigger, tune
from trigger_nn.studies.rates import Curve, Efficiency, WorkingPoint, at_threshold, curve, efficiency, working_point

SPLIT = "test"
MINIMUM_EVENTS = 10


@dataclass(frozen=True)
class Row:
    """One trigger at one rate: where its threshold is, and how much of the signal passes.

    `resolved` is False when fewer than ten (effective) background events stand behind the rate.
    """

    trigger: str
    target: float
    point: WorkingPoint
    efficiency: Efficiency

    @property
    def resolved(self) -> bool:
        """Whether the sample resolves this rate."""
        return self.point.effective >= MINIMUM_EVENTS


@dataclass(frozen=True)
class Flips:
    """Decisions that differ between two triggers at the same rate, over the test events of one kind."""

    first: str
    second: str
    target: float
    kind: str
    events: int
    gained: int
    lost: int


@dataclass(frozen=True)
class SignalComparison:
    """Everything about one signal."""

    signal: str
    rows: tuple[Row, ...]
    curves: Mapping[str, Curve]
    flips: tuple[Flips, ...]
    tuned: Mapping[float, CutTrigger]
    fixed_cut: Row


def compare_triggers(
    sample: Sample, recipe: ModelRecipe, scores: Mapping[str, np.ndarray]
) -> tuple[SignalComparison, ...]:
    """Compare networks' `scores` by name, each (test events, signals), and the cut-based trigger.

    Raises:
        EventsError: scores and events differ in number, or the sample lacks signal or background.
    """
    events = sample.splits[SPLIT]
    for name, values in scores.items():
        if len(values) != len(events):
            raise EventsError(f"{name} has {len(values)} scores for {len(events)} test events; emulate them again.")
    return tuple(
        _compare(sample, recipe, signal, {name: values[:, i] for name, values in scores.items()})
        for i, signal in enumerate(recipe.events.signals)
    )


def _compare(sample: Sample, recipe: ModelRecipe, signal: str, scores: dict[str, np.ndarray]) -> SignalComparison:
    events = sample.splits[SPLIT]
    background, wanted = sample.select(SPLIT, *recipe.events.backgrounds), sample.select(SPLIT, signal)
    rates = events.rate[background].astype(np.float64)
    hottest = events[recipe.events.view].reshape(len(events), -1).max(axis=1).astype(np.float64)
    targets = [khz * 1e3 for khz in recipe.study.rates_khz]
    tuned = {rate: tune(sample, "train", signal, recipe.events.backgrounds, rate) for rate in targets}
    rows, curves = [], {}
    for name, values in (*scores.items(), ("hottest cell", hottest)):
        rows += [_row(name, target, values, background, wanted, rates) for target in targets]
        curves[name] = curve(values[background], rates, values[wanted])
    for target in targets:
        values = tuned[target].score(events, sample.lsb("jet_pt"))
        rows.append(_row("cuts, tuned", target, values, background, wanted, rates))
    middle = tuned[targets[len(targets) // 2]].score(events, sample.lsb("jet_pt"))
    curves["cuts, tuned"] = curve(middle[background], rates, middle[wanted])
    flips = [f for target in targets for f in _flips(scores, target, background, wanted, rates)]
    fixed = _fixed(CutTrigger().score(events, sample.lsb("jet_pt")), background, wanted, rates)
    return SignalComparison(signal, tuple(rows), curves, tuple(flips), tuned, fixed)


def _row(
    name: str, target: float, values: np.ndarray, background: np.ndarray, wanted: np.ndarray, rates: np.ndarray
) -> Row:
    point = working_point(values[background], rates, target)
    return Row(name, target, point, efficiency(values[wanted] > point.threshold))


def _fixed(values: np.ndarray, background: np.ndarray, wanted: np.ndarray, rates: np.ndarray) -> Row:
    """The cut-based trigger with its published thresholds, at whatever rate they give."""
    point = at_threshold(values[background], rates, 1.0)
    return Row("cuts, as published", point.rate, point, efficiency(values[wanted] > point.threshold))


def _flips(
    scores: dict[str, np.ndarray], target: float, background: np.ndarray, wanted: np.ndarray, rates: np.ndarray
) -> list[Flips]:
    """Neighbouring pairs: float to quantized, quantized to emulator."""
    names = list(scores)
    passed = {n: v > working_point(v[background], rates, target).threshold for n, v in scores.items()}
    found = []
    for first, second in pairwise(names):
        for kind, mask in (("signal", wanted), ("background", background)):
            before, after = passed[first][mask], passed[second][mask]
            gained, lost = int((~before & after).sum()), int((before & ~after).sum())
            found.append(Flips(first, second, target, kind, int(mask.sum()), gained, lost))
    return found
