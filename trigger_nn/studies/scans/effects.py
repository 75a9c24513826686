"""What effects cost that were switched one by one: efficiencies with and without, and their difference."""

from collections.abc import Collection, Mapping, Sequence
from math import hypot, sqrt

import numpy as np

from trigger_nn.studies.scans.values import Effect, Interval, Trial


def effects_of(
    without: Mapping[str, Sequence[Trial]], whole: Interval | None, metric: str, off: Collection[str] = ()
) -> tuple[Effect, ...]:
    """One row an effect of which a trial is done; none if there is no reference.

    Args:
        without: trials by effect, differing in the seed of their training alone.
        whole: of the reference, which has all effects.
        metric: `efficiency`, or `accuracy` of a classifier.
        off: the effects that are stages of the detector switched off.
    """
    if whole is None:
        return ()
    found = {name: combined(trials, metric) for name, trials in without.items()}
    return tuple(Effect(name, own, _less(whole, own), name in off) for name, own in found.items() if own is not None)


def combined(trials: Sequence[Trial], metric: str) -> Interval | None:
    """Mean over trainings, with its interval of 68 %; None if none is done.

    Added in quadrature: that of the trials (all trainings see the same events, so their number does not lessen it), and
    the standard error of the mean over trainings.
    """
    done = [trial.metrics for trial in trials if trial.state == "done"]
    if not done:
        return None
    values = np.array([metrics[metric] for metrics in done])
    spread = float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    mean = float(values.mean())
    down = float(np.mean([metrics[metric] - metrics[f"{metric}_low"] for metrics in done]))
    up = float(np.mean([metrics[f"{metric}_high"] - metrics[metric] for metrics in done]))
    return mean, max(0.0, mean - hypot(down, spread)), min(1.0, mean + hypot(up, spread))


def with_threshold(own: Interval, at_lower: float, at_higher: float) -> Interval:
    """An efficiency with the interval that its threshold's error widens, added in quadrature on each side.

    Args:
        own: the efficiency with its binomial interval.
        at_lower: at the rate less its statistical error, which is that of the threshold.
        at_higher: at the rate plus it.
    """
    value, low, high = own
    return (
        value,
        max(0.0, value - hypot(value - low, value - at_lower)),
        min(1.0, value + hypot(high - value, at_higher - value)),
    )


def _less(whole: Interval, own: Interval) -> Interval:
    """`whole` less `own`, with the interval of independent ones (R. Newcombe, Stat. Med. 17 (1998) 873, method 10)."""
    change = whole[0] - own[0]
    low = change - hypot(whole[0] - whole[1], own[2] - own[0])
    return change, low, change + hypot(whole[2] - whole[0], own[0] - own[1])
