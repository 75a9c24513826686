"""ROC curves and the areas below them, exactly: of equal scores half counts as ordered rightly.

The area's interval: the variance of DeLong, DeLong and Clarke-Pearson (Biometrics 44 (1988) 837), with weights, and
with copies summed by simulated event first, as Obuchowski (Biometrics 53 (1997) 567); symmetric in log(A / (1 - A)).
Of an area of 0 or 1, whose variance vanishes, it is the interval of Clopper and Pearson for as many events as the
smaller side effectively has.
"""

import numpy as np
from scipy.special import expit, logit, ndtri

from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.curves import POINTS, logarithm, spread
from trigger_nn.studies.menu.spectrum import Population, Spectrum
from trigger_nn.studies.menu.values import Roc
from trigger_nn.studies.rates import Efficiency

ROUNDING = 1e-12  # an area as near to 0 or 1 as this is either, but for rounding


def roc(signal: str, wanted: Population, background: str, others: Population) -> Roc:
    """`wanted`, of which `signal` is the name, told from `others`, of which `background` is the name."""
    ours, theirs = wanted.spectrum, others.spectrum
    thresholds = np.append(np.union1d(ours.values, theirs.values)[::-1], min(ours.values[0], theirs.values[0]) - 1)
    efficiency, mistag = _above(ours, thresholds), _above(theirs, thresholds)
    chosen = spread(POINTS, efficiency + mistag, logarithm(mistag))
    events = int(ours.total.events), int(theirs.total.events)
    return Roc(signal, background, efficiency[chosen], mistag[chosen], area(wanted, others), events)


def _above(spectrum: Spectrum, thresholds: np.ndarray) -> np.ndarray:
    """Share of the weight whose score is above each of `thresholds`."""
    return spectrum.weight_above(thresholds) / spectrum.total.weight


def _not_below(spectrum: Spectrum, scores: np.ndarray) -> np.ndarray:
    """Share of the weight above each of `scores`, and half of what is at it."""
    return (_above(spectrum, scores) + _above(spectrum, scores - 1)) / 2


def area(wanted: Population, others: Population) -> Efficiency:
    """The probability that an event of `wanted` has the larger score, with its interval of 68 % confidence."""
    ours, theirs = wanted.spectrum, others.spectrum
    placed, passed = 1 - _not_below(theirs, ours.values), _not_below(ours, theirs.values)
    value = min(max(float(ours.each.weight @ placed / ours.total.weight), 0.0), 1.0)
    variance = sum(_variance(side, shares - value) for side, shares in ((wanted, placed), (others, passed)))
    if variance > 0 and value * (1 - value) > ROUNDING:
        reach = ndtri(1 - intervals.TAIL) * np.sqrt(variance) / (value * (1 - value))
        return Efficiency(value, float(expit(logit(value) - reach)), float(expit(logit(value) + reach)))
    fewest = min(float(intervals.effective_count(side.spectrum.total)) for side in (wanted, others))
    low, high = intervals.binomial_interval(value, fewest)
    return Efficiency(value, float(low), float(high))


def _variance(side: Population, residuals: np.ndarray) -> float:
    """Of the weighted mean of `residuals`, one for each distinct score of a side, between its simulated events."""
    total = side.spectrum.total
    effective = float(intervals.effective_count(total))
    bessel = effective / (effective - 1) if effective > 1 else 1.0
    return bessel * side.scatter(residuals) / float(total.weight) ** 2
