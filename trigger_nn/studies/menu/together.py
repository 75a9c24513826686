"""The triggers of all signals as one menu: what any of them accepts, and what several accept."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.groups import Group, named, passing, total
from trigger_nn.studies.menu.values import Scored, SignalStudy, Together


def together(
    scored: Scored, groups: Mapping[str, Group], backgrounds: tuple[str, ...], studies: Sequence[SignalStudy]
) -> Iterator[Together]:
    """At each requested rate; nothing of a single signal, whose working points say it. Output i is of `studies[i]`."""
    chosen = named(groups, backgrounds, "background")
    everything = total(chosen)
    for rows in zip(*(study.at_rate for study in studies), strict=True) if len(studies) > 1 else ():
        fired = np.zeros(len(scored), np.uint8)
        for number, row in enumerate(rows):
            fired += scored.scores[:, number] > row.threshold.mantissa
        rate, shared = (intervals.rate(passing(chosen, fired >= least), everything) for least in (1, 2))
        yield Together(rows[0].target, rate, shared, sum(row.threshold.rate.value for row in rows))
