"""What effects cost that were switched one by one: efficiencies with and without, and their difference."""

from collections.abc import Mapping, Sequence
from math import hypot, sqrt

import numpy as np

from trigger_nn.studies.scans.values import Effect, Trial

Interval = tuple[float, float, float]  # value, low, high


def effects_of(without: Mapping[str, Sequence[Trial]], reference: Sequence[Trial], metric: str) -> tuple[Effect, ...]:
    """One row an effect of which a trial is done; none if no trial of the reference is.

    Args:
        without: trials by effect, differing in the seed of their training alone.
        reference: those with all effects.
        metric: `efficiency`, or `accuracy` of a classifier.
    """
    whole = combined(reference, metric)
    if whole is None:
        return ()
    found = {name: combined(trials, metric) for name, trials in without.items()}
    return tuple(Effect(name, own, _less(whole, own)) for name, own in found.items() if own is not None)


def combined(trials: Sequence[Trial], metric: str) -> Interval | None:
    """Mean over trainings, with its interval of 68 %; None if none is done.

    Added in quadrature: the test events' own (all trainings see the same ones, so their number does not lessen it), the
    threshold's, whose rate rests on few events, and the standard error of the mean over trainings.
    """
    done = [trial.metrics for trial in trials if trial.state == "done"]
    if not done:
        return None
    values = np.array([metrics[metric] for metrics in done])
    spread = float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    mean = float(values.mean())
    down = np.mean([_reach(metrics, metric, f"{metric}_low", f"{metric}_at_lower_rate") for metrics in done])
    up = np.mean([_reach(metrics, metric, f"{metric}_high", f"{metric}_at_higher_rate") for metrics in done])
    return mean, max(0.0, mean - hypot(float(down), spread)), min(1.0, mean + hypot(float(up), spread))


def _reach(metrics: Mapping[str, float], metric: str, *ends: str) -> float:
    """Distance from the value to its ends, in quadrature; those that are not there count nothing."""
    return hypot(*(metrics.get(end, metrics[metric]) - metrics[metric] for end in ends))


def _less(whole: Interval, own: Interval) -> Interval:
    """`whole` less `own`, with the interval of independent ones (R. Newcombe, Stat. Med. 17 (1998) 873, method 10)."""
    change = whole[0] - own[0]
    low = change - hypot(whole[0] - whole[1], own[2] - own[0])
    return change, low, change + hypot(whole[2] - whole[0], own[0] - own[1])
