"""A network's trigger beside a menu of cuts: what it alone accepts, what both take, what each line accepts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from trigger_nn.recipe.study import SeedSpec
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.columns import between, picked
from trigger_nn.studies.menu.groups import Group, named, passing, total
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.values import Overlap, Rate, Scored, SeedRow, WorkingRow
from trigger_nn.studies.rates import Efficiency


@dataclass(frozen=True)
class Menu:
    """An existing menu on the events of a study: which of them it accepts, (n,) bool, and its lines."""

    accepted: np.ndarray
    seeds: tuple[SeedRow, ...]
    groups: Mapping[str, Group]
    backgrounds: tuple[str, ...]

    def rate(self, passed: np.ndarray) -> Rate:
        """Of the background of which `passed`, a boolean for each event of the study, is true."""
        groups = named(self.groups, self.backgrounds, "background")
        return intervals.rate(passing(groups, passed), total(groups))

    def kept(self, signal: str, passed: np.ndarray) -> Efficiency:
        """Share of a signal of which `passed` is true."""
        (group,) = named(self.groups, (signal,), "signal")
        return intervals.share(group.passing(passed), group.total)


def menu_of(
    scored: Scored, groups: Mapping[str, Group], seeds: Sequence[SeedSpec], signals: Sequence[str],
    backgrounds: tuple[str, ...],
) -> Menu:  # fmt: skip
    """The menu of `seeds`, at least one, with the rate that each takes and takes alone.

    Raises:
        EventsError: a column that a cut names is missing.
    """
    fired = [fires(scored, seed) for seed in seeds]
    lines = np.sum(fired, axis=0, dtype=np.uint16)
    menu = Menu(np.asarray(lines > 0), (), groups, backgrounds)
    rows = [
        SeedRow(seed.name, menu.rate(own), menu.rate(own & (lines == 1)), {s: menu.kept(s, own) for s in signals})
        for seed, own in zip(seeds, fired, strict=True)
    ]
    return Menu(menu.accepted, tuple(rows), groups, backgrounds)


def fires(scored: Scored, seed: SeedSpec) -> np.ndarray:
    """Which events pass all cuts of `seed`; bool (n,)."""
    cuts = (between(*picked(scored, cut.column, cut.rank), cut.above, cut.below) for cut in seed.all)
    return reduce(np.logical_and, cuts)


def overlap(menu: Menu, output: Discriminant, row: WorkingRow) -> Overlap:
    """One signal's trigger at the threshold of `row` beside the menu."""
    fired = output.scores > row.threshold.mantissa
    return Overlap(
        output.signal,
        row.target,
        before=menu.rate(menu.accepted),
        after=menu.rate(menu.accepted | fired),
        pure=menu.rate(fired & ~menu.accepted),
        shared=menu.rate(fired & menu.accepted),
        seeds=menu.seeds,
        signal_before=menu.kept(output.signal, menu.accepted),
        signal_after=menu.kept(output.signal, menu.accepted | fired),
        network=row.threshold.rate,
        signal_network=row.efficiency,
    )
