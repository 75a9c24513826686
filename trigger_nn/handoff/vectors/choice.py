"""Which events go into pattern files, where not all fit: some of every group, at least half of them real."""

from collections.abc import Sequence

import numpy as np

from trigger_nn.handoff.vectors.cases import spread
from trigger_nn.handoff.vectors.values import REAL, Group


def chosen_events(groups: Sequence[Group], events: int, room: int) -> tuple[int, ...]:
    """At most `room` numbers of `events` events, rising: all if they fit, else real ones at least half, if there are.

    The other half goes to the other groups in equal parts, small ones in full; within a group at even distances.
    """
    if events <= room or not groups:
        return tuple(spread(events, room).tolist())
    real = [group for group in groups if group.name == REAL]
    others = [group for group in groups if group.name != REAL]
    counts = [sum(group.count for group in kind) for kind in (real, others)]
    kept = min(counts[0], max(room - room // 2, room - counts[1]))
    return tuple(sorted([*_spread(real, kept), *_spread(others, room - kept)]))


def _spread(groups: Sequence[Group], room: int) -> list[int]:
    """Numbers of `room` events, as many of each group as there are, the smallest first to be served."""
    chosen: list[int] = []
    for left, group in zip(range(len(groups), 0, -1), sorted(groups, key=lambda group: group.count), strict=True):
        share = -(-(room - len(chosen)) // left)
        chosen += (group.first + np.asarray(spread(group.count, share))).tolist()
    return chosen
