"""Curves over all thresholds: rate and efficiency of a trigger, of a few hundred thresholds spread over both."""

import numpy as np

from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.values import RateCurve

POINTS = 400


def rate_curve(output: Discriminant) -> RateCurve:
    """Rate and efficiency against threshold, from one that all events pass to one that none does."""
    rates, wanted = output.background.spectrum, output.wanted.spectrum
    thresholds = np.append(output.loosest, output.values)
    hertz, kept = rates.above(thresholds).weight, wanted.above(thresholds).weight
    chosen = thresholds[spread(POINTS, logarithm(hertz), kept)]
    passing, found = rates.above(chosen), wanted.above(chosen)
    low, high = intervals.rate_interval(passing, rates.total)
    efficiency_low, efficiency_high = intervals.share_interval(found, wanted.total)
    share = found.weight / wanted.total.weight
    told = [intervals.rate(passing[i], rates.total) for i in range(len(chosen))]
    resolved = np.logical_and.accumulate([intervals.resolved(found, found.value) for found in told])
    return RateCurve(
        output.signal, output.lsb, chosen, passing.weight, low, high, share, efficiency_low, efficiency_high, resolved
    )  # fmt: skip


def spread(count: int, *measures: np.ndarray) -> np.ndarray:
    """At most `count` places, rising, first and last among them, about evenly spaced in each of `measures`.

    Args:
        count: of places; all places if there are no more.
        measures: (n,), each never rising or never falling.
    """
    total = len(measures[0])
    if total <= count:
        return np.arange(total)
    places = []
    for measure in measures:
        rising = measure if measure[-1] >= measure[0] else -measure
        places.append(np.searchsorted(rising, np.linspace(rising[0], rising[-1], count // len(measures) - 1)))
    return np.unique(np.minimum(np.concatenate([*places, [0, total - 1]]), total - 1))


def logarithm(measure: np.ndarray) -> np.ndarray:
    """Of a measure that is not negative; zero counts half of its smallest other value."""
    positive = measure[measure > 0]
    return np.log(np.maximum(measure, positive.min() / 2 if len(positive) else 1.0))
