"""Intervals of 68 % for what flips: shares of events, rates, and what is gained less what is lost.

Nothing flipped has an interval, too. All are central, so its upper end is passed with a probability of 16 %; what the
events rule out is told with 95 % instead. Events and rates are those of `studies.menu.intervals`, to which copies add
no precision, and where heavy events of which none flips have their part.
"""

import math

import numpy as np

from trigger_nn.studies.certificate.values import Interval
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.groups import Group

RULED_OUT = 0.95  # confidence of what is said of nothing, one-sided


def share(flipped: np.ndarray, group: Group) -> Interval:
    """The share of the group's weight that is `flipped`, a boolean for each event of the study."""
    found = intervals.share(group.passing(flipped), group.total)
    return found.value, found.low, found.high


def rate(flipped: np.ndarray, group: Group) -> Interval:
    """Hz that the `flipped` events of a group stand for, whose weights are Hz."""
    found = intervals.rate(group.passing(flipped), group.total)
    return found.value, found.low, found.high


def gain(gained: Interval, lost: Interval) -> Interval:
    """What is gained less what is lost, both of the same events, with an interval from theirs.

    Each end takes the nearer ends of both in quadrature (Zou and Donner, Stat. Med. 27 (2008) 1693): for large counts
    the square root of gained + lost, and not empty if nothing flips. A flip is one or the other, never both, which
    correlates the two by no more than their shares of all events; that is left out.
    """
    value = gained[0] - lost[0]
    down = math.hypot(gained[0] - gained[1], lost[2] - lost[0])
    up = math.hypot(gained[2] - gained[0], lost[0] - lost[1])
    return value, value - down, value + up


def widened(interval: Interval, replicas: np.ndarray) -> Interval:
    """`interval` with what else the value varies by, of which `replicas` (n,) are a bootstrap; both in quadrature."""
    value, low, high = interval
    below, above = np.quantile(replicas, (intervals.TAIL, 1 - intervals.TAIL))
    down, up = math.hypot(value - low, max(value - below, 0)), math.hypot(high - value, max(above - value, 0))
    return value, value - down, value + up


def ruled_out(group: Group) -> float:
    """The share of which a group shows nothing, at most, if nothing is seen: one-sided, with 95 % confidence."""
    return float(1 - (1 - RULED_OUT) ** (1 / intervals.effective_count(group.total)))


def scaled(interval: Interval, factor: float) -> Interval:
    """Value and both ends times `factor`."""
    return interval[0] * factor, interval[1] * factor, interval[2] * factor
