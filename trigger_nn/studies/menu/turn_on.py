"""Turn-on curves: the efficiency of a trigger in bins of a quantity that is measured better offline."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from trigger_nn.recipe.study import TurnOnSpec
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.columns import BELOW, binned, picked
from trigger_nn.studies.menu.groups import Group, named
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.values import Outside, Scored, TurnOn, WorkingRow
from trigger_nn.studies.rates import Efficiency


def turn_ons(
    scored: Scored, groups: Mapping[str, Group], output: Discriminant, rows: Sequence[WorkingRow],
    specs: Sequence[TurnOnSpec],
) -> Iterator[TurnOn]:  # fmt: skip
    """Of every quantity, process and threshold.

    Raises:
        EventsError: a column or process is missing.
    """
    for spec in specs:
        if spec.signals and output.signal not in spec.signals:
            continue
        counts, quantity = picked(scored, spec.column, spec.rank)
        places = binned(counts, quantity, spec.edges)
        name = spec.column if scored.columns[spec.column].ndim == 1 else f"{spec.column} {spec.rank}"
        for group in named(groups, spec.processes or (output.signal,), "process"):
            parts = split(group, places, len(spec.edges) - 1)
            for row in rows:
                below, *bins, above = (Outside(len(part), _fired(part, output, row)) for part in parts)
                yield TurnOn(
                    output.signal, row.trigger, group.name, row.target, name, quantity.unit, np.array(spec.edges),
                    tuple(each.efficiency for each in bins), tuple(each.events for each in bins), below, above,
                )  # fmt: skip


def split(group: Group, places: np.ndarray, bins: int) -> tuple[Group, ...]:
    """The events of `group` below all `bins`, in each, and above all, bins + 2 in all.

    `places` (n,) is the bin of every event of the study, as `binned` gives it.
    """
    own = places[group.where]
    return tuple(group.part(own == place) for place in range(BELOW, bins + 1))


def _fired(part: Group, output: Discriminant, row: WorkingRow) -> Efficiency | None:
    if not part.total.weight > 0:
        return None
    return intervals.share(part.passing(output.scores > row.threshold.mantissa), part.total)
