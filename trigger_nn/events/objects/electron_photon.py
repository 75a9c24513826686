"""e/gamma candidates: narrow, isolated clusters of electromagnetic energy. Integer counts of a tower throughout."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector.grid import ELECTROMAGNETIC, HADRONIC
from trigger_nn.events.objects.trigger import window_sums

ETA_HALF, PHI_HALF = 1, 2  # the cluster: 3 x 5 towers, long in phi, where the field spreads bremsstrahlung
ISOLATION_HALF = 4  # its surroundings: 9 x 9 towers


@dataclass(frozen=True)
class Clusters:
    """The hardest clusters of each event, falling in momentum, zero-padded: counts, ring and column; (n, count)."""

    momentum: np.ndarray
    row: np.ndarray
    column: np.ndarray


def clusters(towers: np.ndarray, minimum: int, count: int) -> Clusters:
    """e/gamma candidates of `towers` (n, 2, eta, phi): local maxima with little hadronic energy, and isolated.

    A candidate has at least `minimum` counts, at most an eighth as much hadronic energy behind it, and at most half
    as much electromagnetic energy around it.
    """
    electromagnetic, hadronic = towers[:, ELECTROMAGNETIC], towers[:, HADRONIC]
    momentum = _sums(electromagnetic, ETA_HALF, PHI_HALF)
    behind = _sums(hadronic, ETA_HALF, PHI_HALF)
    around = _sums(electromagnetic, ISOLATION_HALF, ISOLATION_HALF) - momentum
    found = _largest_nearby(electromagnetic) & (momentum >= minimum)
    found &= (8 * behind <= momentum) & (2 * around <= momentum)
    flat = np.where(found, momentum, 0).reshape(len(towers), -1)
    order = np.argsort(-flat, axis=1, kind="stable")[:, :count]
    best = np.take_along_axis(flat, order, axis=1)
    row, column = np.divmod(order, electromagnetic.shape[2])
    return Clusters(best, np.where(best > 0, row, 0), np.where(best > 0, column, 0))


def _sums(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return window_sums(_wrapped(image, rows, columns), 2 * rows + 1, 2 * columns + 1)


def _wrapped(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    padded = np.pad(image.astype(np.int64), ((0, 0), (rows, rows), (0, 0)))
    return np.pad(padded, ((0, 0), (0, 0), (columns, columns)), mode="wrap")


def _largest_nearby(image: np.ndarray) -> np.ndarray:
    """Largest of its own cluster; of equal towers the first in eta, then phi, order wins."""
    padded = _wrapped(image, ETA_HALF, PHI_HALF)
    best = image > 0
    for row in range(2 * ETA_HALF + 1):
        for column in range(2 * PHI_HALF + 1):
            other = padded[:, row : row + image.shape[1], column : column + image.shape[2]]
            if (row, column) < (ETA_HALF, PHI_HALF):
                best &= image > other
            elif (row, column) > (ETA_HALF, PHI_HALF):
                best &= image >= other
    return best
