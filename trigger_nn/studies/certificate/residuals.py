"""Scores of a side less the emulator's, in least significant bits of the emulator's score."""

import math
from collections.abc import Iterator

import numpy as np

from trigger_nn.studies.certificate.decisions import SideScores
from trigger_nn.studies.certificate.intervals import share
from trigger_nn.studies.certificate.values import EMULATOR, Residuals
from trigger_nn.studies.rates import Efficiency

BINS = 101  # at most, odd: equal scores lie in the middle of one


def residuals_of(sides: SideScores) -> Iterator[Residuals]:
    """Every other side and every output, over the events of all kinds; scores as they are, never scaled."""
    mask = sides.looked_at
    ours = sides.scores[EMULATOR][mask]
    for side, values in sides.scores.items():
        if side != EMULATOR:
            difference = (values[mask].astype(np.float64) - ours) / sides.lsb
            for i, output in enumerate(sides.outputs):
                same = np.zeros(len(sides), bool)
                same[mask] = difference[:, i] == 0
                yield _residuals(output, side, difference[:, i], Efficiency(*share(same, sides.group(mask))))


def _residuals(output: str, side: str, difference: np.ndarray, equal: Efficiency) -> Residuals:
    """Copies are counted as events in the histogram, one of scores; they add no precision to `equal`."""
    largest = float(np.abs(difference).max())
    edges = _edges(largest)
    counts, _ = np.histogram(difference, edges)
    rms = float(np.sqrt(np.mean(difference**2)))
    return Residuals(output, side, edges, counts, largest, rms, equal)


def _edges(largest: float) -> np.ndarray:
    """Bins about 0 that hold all, each as few whole least significant bits wide as keeps their number low."""
    width = max(math.ceil(2 * largest / BINS), 1)
    beside = max(math.ceil(largest / width - 0.5), 1)
    return (np.arange(-beside, beside + 2) - 0.5) * width
