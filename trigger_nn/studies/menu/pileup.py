"""Rate and efficiency of a trigger against the number of collisions in the crossing."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf

from trigger_nn.recipe.study import PileUpSpec
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.columns import binned, picked
from trigger_nn.studies.menu.groups import Group, named, passing, total
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.turn_on import split
from trigger_nn.studies.menu.values import PileUp, PileUpRow, Scored, WorkingRow

Bins = Sequence[tuple[Sequence[Group], Sequence[Group]]]


def pileups(
    scored: Scored, groups: Mapping[str, Group], output: Discriminant, backgrounds: tuple[str, ...],
    rows: Sequence[WorkingRow], spec: PileUpSpec,
) -> tuple[PileUp, ...]:  # fmt: skip
    """At each threshold of `rows`, in the bins of `spec`.

    Raises:
        EventsError: the column is missing.
    """
    places = binned(*picked(scored, spec.column), spec.edges)
    bins = len(spec.edges) - 1
    sides = [
        list(zip(*(split(group, places, bins) for group in named(groups, names, "process")), strict=True))
        for names in (backgrounds, (output.signal,))
    ]
    parts = list(zip(*sides, strict=True))
    return tuple(_pileup(output, row, parts, spec) for row in rows)


def _pileup(output: Discriminant, row: WorkingRow, parts: Bins, spec: PileUpSpec) -> PileUp:
    below, *rows, above = _rows(output, row, parts, (-inf, *spec.edges, inf))
    beyond = (each if each.crossings.events or each.efficiency else None for each in (below, above))
    return PileUp(output.signal, row.target, spec.column, tuple(rows), *beyond)


def _rows(output: Discriminant, row: WorkingRow, parts: Bins, edges: Sequence[float]) -> Iterator[PileUpRow]:
    fired = output.scores > row.threshold.mantissa
    everything = output.background.spectrum.total
    for (low, high), (background, signal) in zip(pairwise(edges), parts, strict=True):
        shares = [
            intervals.share(passing(side, fired), total(side)) if total(side).weight > 0 else None
            for side in (background, signal)
        ]
        yield PileUpRow(low, high, intervals.rate(total(background), everything), shares[0], shares[1])
