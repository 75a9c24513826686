"""Intervals of 68 % confidence for rates and efficiencies of weighted events, some of them copies of each other.

Rates: Garwood's central Poisson interval (Biometrika 28 (1936) 437) of the effective count n = (sum W)^2 / sum W^2,
scaled by sum W^2 / sum W (Bohm and Zech, NIM A 748 (2014) 1). W is the weight that passes of one simulated event, with
all of its copies, so copies add no precision.

That holds of events that are about as heavy, of which nothing else tells how heavy those are that might have passed.
So events are told apart by process and weight into strata (`Group.bands`), each with its own interval; a stratum of
which nothing passes has the upper limit of Garwood, 1.83 times what one of its events stands for. The ends of all are
added in quadrature about the sum (Zou and Donner, Stat. Med. 27 (2008) 1693). Of one stratum it is Garwood's.

Efficiencies: the interval of Clopper and Pearson (Biometrika 26 (1934) 404) with the effective number of events
n = p (1 - p) / V of Korn and Graubard (Survey Methodology 24 (1998) 193), V the variance of the ratio of passing to all
weight between simulated events: sum (X - p W)^2 / (sum W)^2, at least what it were if copies were independent. Of equal
weights without copies n is their number. Where all or none pass, V says nothing, and n = (sum W)^2 / sum W^2.
Strata are put together as those of rates are, each times its share of all weight, and with how these shares vary.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaincinv, ndtri

from trigger_nn.errors import EventsError
from trigger_nn.studies.comparison import MINIMUM_EVENTS
from trigger_nn.studies.menu.sums import Sums
from trigger_nn.studies.menu.values import Rate
from trigger_nn.studies.rates import CONFIDENCE, Efficiency

TAIL = (1 - CONFIDENCE) / 2
BEYOND = 2.0  # a rate is resolved from as many times what unseen heavy events could add


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


def _pairs(passing: Sums, total: Sums) -> Iterator[tuple[Sums, Sums]]:
    """(passing, all) of every stratum; one that has nothing at all among `passing` has sums of 0 there."""
    nothing = Sums(*(np.zeros_like(values) for values in passing.fields))
    for stratum, whole in {**passing.strata, **total.strata}.items():
        yield passing.strata.get(stratum, nothing), whole


def _unit(total: Sums) -> np.ndarray:
    """What events stand for on average by weight, each with its copies; 0 without events."""
    return np.divide(total.squares, total.weight, out=np.zeros(np.shape(total.weight)), where=total.squares > 0)


def rate_interval(passing: Sums, total: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Interval (low, high) of rates in Hz, which are the weights of `passing` of the events of `total`.

    Where nothing of a stratum passes an event stands for what events of it stand for on average, by rate.
    """
    down, up = np.zeros(np.shape(passing.weight)), np.zeros(np.shape(passing.weight))
    for part, whole in _pairs(passing, total):
        scale = np.where(part.squares > 0, _unit(part), _unit(whole))
        low, high = poisson_interval(effective_count(part))
        down += (part.weight - low * scale) ** 2
        up += (high * scale - part.weight) ** 2
    return np.maximum(passing.weight - np.sqrt(down), 0.0), passing.weight + np.sqrt(up)


def unseen(passing: Sums, total: Sums) -> float:
    """The largest upper limit (Hz) of a stratum of which nothing passes, 0 if something of all does."""
    limits = [-np.log(TAIL) * _unit(whole) for part, whole in _pairs(passing, total) if not part.squares > 0]
    return float(max(limits, default=0.0))


def resolved(found: Rate, target: float) -> bool:
    """Whether a rate at the requested `target` (Hz) can be told.

    At least ten effective events are behind it, and it is more than twice what any stratum, of which none passes, could
    still add.
    """
    return found.effective >= MINIMUM_EVENTS and target > BEYOND * found.unseen


def share_interval(passing: Sums, total: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Interval (low, high) of the share of the weight of `total` that passes."""
    value = passing.weight / total.weight
    pairs = [(part, whole) for part, whole in _pairs(passing, total) if np.all(whole.weight > 0)]
    if len(pairs) < 2:
        return binomial_interval(value, effective_events(passing, total))
    down, up = np.zeros(np.shape(value)), np.zeros(np.shape(value))
    for part, whole in pairs:
        own, among = part.weight / whole.weight, whole.weight / total.weight
        low, high = binomial_interval(own, effective_events(part, whole))
        between = ndtri(1 - TAIL) ** 2 * (own - value) ** 2 * whole.squares / total.weight**2
        down += (among * (own - low)) ** 2 + between
        up += (among * (high - own)) ** 2 + between
    return np.maximum(value - np.sqrt(down), 0.0), np.minimum(value + np.sqrt(up), 1.0)


def rate(passing: Sums, total: Sums) -> Rate:
    """The rate of what passes, with its interval."""
    low, high = rate_interval(passing, total)
    return Rate(
        float(passing.weight), float(low), float(high), int(passing.events), float(effective_count(passing)),
        unseen(passing, total),
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
