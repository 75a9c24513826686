"""Intervals of 68 % confidence for rates and efficiencies of weighted events, some of them copies of each other.

Rates: Garwood's central Poisson interval (Biometrika 28 (1936) 437) of the effective count n = (sum W)^2 / sum W^2,
scaled by sum W^2 / sum W (Bohm and Zech, NIM A 748 (2014) 1). W is the weight that passes of one simulated event, with
all of its copies, so copies add no precision.

Efficiencies: the interval of Clopper and Pearson (Biometrika 26 (1934) 404) with the effective number of events
n = p (1 - p) / V of Korn and Graubard (Survey Methodology 24 (1998) 193), V the variance of the ratio of passing to all
weight between simulated events: sum (X - p W)^2 / (sum W)^2, at least what it were if copies were independent. Of equal
weights without copies n is their number. Where all or none pass, V says nothing, and n = (sum W)^2 / sum W^2.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaincinv

from trigger_nn.errors import EventsError
from trigger_nn.studies.menu.sums import Sums
from trigger_nn.studies.menu.values import Rate
from trigger_nn.studies.rates import CONFIDENCE, Efficiency

TAIL = (1 - CONFIDENCE) / 2


def poisson_interval(effective: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Garwood's interval (low, high) of the mean for counts, which need not be whole."""
    count = np.asarray(effective, np.float64)
    low = np.where(count > 0, gammaincinv(np.where(count > 0, count, 1.0), TAIL), 0.0)
    return low, gammaincinv(count + 1, 1 - TAIL)


def binomial_interval(value: ArrayLike, effective: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The interval (low, high) of Clopper and Pearson for the share `value` of `effective` events, not always whole."""
    share, count = np.asarray(value, np.float64), np.asarray(effective, np.float64)
    passed, failed = share * count, (1 - share) * count
    with np.errstate(invalid="ignore"):
        low = np.where(passed > 0, betaincinv(passed, failed + 1, TAIL), 0.0)
        high = np.where(failed > 0, betaincinv(passed + 1, failed, 1 - TAIL), 1.0)
    return low, high


def effective_count(sums: Sums) -> np.ndarray:
    """How many independent events of equal weight would be as precise; 0 for none."""
    return np.divide(sums.weight**2, sums.squares, out=np.zeros(np.shape(sums.weight)), where=sums.squares > 0)


def effective_events(passing: Sums, total: Sums) -> np.ndarray:
    """How many independent events of equal weight would tell the share that passes as precisely."""
    value = passing.weight / total.weight
    clustered = passing.squares - 2 * value * passing.cross + value**2 * total.squares
    scatter = np.maximum(clustered, passing.alone * (1 - 2 * value) + value**2 * total.alone)
    told = (value > 0) & (value < 1) & (scatter > 0)
    spread = value * (1 - value) * total.weight**2
    unseen = np.full(np.shape(value), effective_count(total))
    return np.divide(spread, scatter, out=unseen, where=told)


def rate_interval(passing: Sums, total: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Interval (low, high) of rates in Hz, which are the weights of `passing` of the events of `total`.

    Where nothing passes one event is taken to stand for what events of `total` stand for on average, by rate.
    """
    unit = total.squares / total.weight if total.weight else 0.0
    scale = np.divide(
        passing.squares, passing.weight, out=np.full(np.shape(passing.weight), unit), where=passing.squares > 0
    )
    low, high = poisson_interval(effective_count(passing))
    return low * scale, high * scale


def share_interval(passing: Sums, total: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Interval (low, high) of the share of the weight of `total` that passes."""
    return binomial_interval(passing.weight / total.weight, effective_events(passing, total))


def rate(passing: Sums, total: Sums) -> Rate:
    """The rate of what passes, with its interval."""
    low, high = rate_interval(passing, total)
    return Rate(
        float(passing.weight), float(low), float(high), int(passing.events), float(effective_count(passing))
    )  # fmt: skip


def share(passing: Sums, total: Sums) -> Efficiency:
    """The share of the weight that passes, with its interval.

    Raises:
        EventsError: `total` has no weight.
    """
    if not total.weight > 0:
        raise EventsError("An efficiency was asked for of events that have no weight; give events that have some.")
    low, high = share_interval(passing, total)
    return Efficiency(float(passing.weight / total.weight), float(low), float(high))
