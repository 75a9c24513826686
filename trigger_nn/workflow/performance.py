"""What the networks of a design do on its test sample, in the few figures that a bundle states."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.events.storage.dataset import Sample
from trigger_nn.handoff.design import Threshold
from trigger_nn.handoff.facts import Performance
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.classes import ClassComparison, compare_classifiers
from trigger_nn.studies.comparison import Row, SignalComparison, compare_triggers

EMULATOR = "emulator"


@dataclass(frozen=True)
class Figures:
    """Thresholds with the rates they stand for, figures of merit, and what the sample could not tell.

    `all_decide`: every threshold is decided in firmware, not those of one rate.
    """

    thresholds: tuple[Threshold, ...] = ()
    performance: tuple[Performance, ...] = ()
    limits: tuple[str, ...] = ()
    all_decide: bool = False


def figures_of(program: Program, sample: Sample, recipe: ModelRecipe, scores: Mapping[str, np.ndarray]) -> Figures:
    """From scores of the test split by network, "emulator" among them, numbers (events, outputs)."""
    if recipe.events.classes:
        return Figures(performance=_class_rows(compare_classifiers(sample, recipe, scores)))
    comparisons = compare_triggers(sample, recipe, scores)
    scale = 2.0 ** program.outputs[0].type.fraction
    emulated = [(i, c, row) for i, c in enumerate(comparisons) for row in c.rows if row.trigger == EMULATOR]
    thresholds = tuple(
        Threshold(c.signal, i, row.target, round(row.point.threshold * scale), row.efficiency.value)
        for i, c, row in emulated
    )
    performance = tuple(row for c in comparisons for row in _signal_rows(c, int(sample.select("test", c.signal).sum())))
    return Figures(thresholds, performance, tuple(_limit(c, row) for _, c, row in emulated if not row.resolved))


def _signal_rows(comparison: SignalComparison, events: int) -> list[Performance]:
    found = {(row.trigger, row.target): row.efficiency.value for row in comparison.rows}
    return [
        Performance(
            f"efficiency for {comparison.signal} at {target / 1e3:g} kHz",
            found.get(("float", target)), found.get(("QKeras", target)), found[EMULATOR, target], events,
        )
        for trigger, target in found
        if trigger == EMULATOR
    ]  # fmt: skip


def _limit(comparison: SignalComparison, row: Row) -> str:
    return (
        f"The rate of {row.target / 1e3:g} kHz for {comparison.signal} rests on {row.point.effective:.0f} effective "
        "background events, which do not resolve it."
    )


def _class_rows(comparison: ClassComparison) -> tuple[Performance, ...]:
    networks = {network.network: network for network in comparison.networks}
    events = int(networks[EMULATOR].confusion.sum())
    accuracy = {name: network.accuracy.value for name, network in networks.items()}
    area = {name: network.area for name, network in networks.items()}
    return tuple(
        Performance(measure, found.get("float"), found.get("QKeras"), found[EMULATOR], events)
        for measure, found in (("accuracy", accuracy), ("mean area under the ROC curves", area))
    )
