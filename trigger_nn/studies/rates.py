"""From scores to trigger decisions: thresholds at a rate, efficiencies with intervals, curves."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from trigger_nn.errors import EventsError

CONFIDENCE = 0.68


@dataclass(frozen=True)
class Efficiency:
    """Passed events over all, with the Clopper-Pearson interval of 68 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class WorkingPoint:
    """A threshold and what it does: an event passes when its score is above `threshold`.

    `rate` in Hz is what the background that passes stands for; `events` is the number of simulated background events
    behind it, `effective` the number of equal weights that would be as precise.
    """

    threshold: float
    rate: float
    events: int
    effective: float


@dataclass(frozen=True)
class Curve:
    """Rate (Hz) against signal efficiency, from tight to loose."""

    rate: np.ndarray
    efficiency: np.ndarray


def efficiency(passed: np.ndarray) -> Efficiency:
    """Efficiency of unweighted events, `passed` a boolean each.

    Raises:
        EventsError: there is no event.
    """
    if not len(passed):
        raise EventsError("There is no signal event in the test sample; make one with more.")
    interval = binomtest(int(passed.sum()), len(passed)).proportion_ci(CONFIDENCE, method="exact")
    return Efficiency(float(passed.mean()), float(interval.low), float(interval.high))


def working_point(scores: np.ndarray, rates: np.ndarray, target: float) -> WorkingPoint:
    """The loosest threshold whose rate does not exceed `target` (Hz); ties pass or fail together.

    Args:
        scores: of the background events.
        rates: Hz that each stands for.
        target: Hz.

    Raises:
        EventsError: there is no background event.
    """
    if not len(scores):
        raise EventsError(
            "There is no background event in the sample; make one with more, or name others as background."
        )
    values = np.unique(-scores)
    order = np.argsort(-scores, kind="stable")
    cumulative = np.cumsum(rates[order])
    ends = np.searchsorted(-scores[order], values, side="right")
    below = np.flatnonzero(cumulative[ends - 1] <= target)
    count = int(ends[below[-1]]) if len(below) else 0
    threshold = float(scores[order[count]]) if count < len(scores) else float(scores.min() - 1)
    return at_threshold(scores, rates, threshold)


def at_threshold(scores: np.ndarray, rates: np.ndarray, threshold: float) -> WorkingPoint:
    """What passes at `threshold`: its rate, and the background events behind it."""
    passing = rates[scores > threshold]
    total, squares = float(passing.sum()), float((passing**2).sum())
    return WorkingPoint(threshold, total, len(passing), total**2 / squares if squares else 0.0)


def curve(scores: np.ndarray, rates: np.ndarray, signal: np.ndarray) -> Curve:
    """Rate against efficiency at every threshold that the background has."""
    order = np.argsort(-scores, kind="stable")
    thresholds = scores[order]
    above = np.searchsorted(np.sort(signal), thresholds, side="right")
    return Curve(np.cumsum(rates[order]) - rates[order], 1 - above / len(signal))
