"""The objects of a conventional trigger, from the same towers as the image: jets, their sum, missing momentum.

These feed the cut-based trigger that a network is compared with. All values are integer counts of one LSB.
"""

import numpy as np

from trigger_nn.events.detector import TowerGrid

JETS = 8
JET_HALF_WIDTH = 3  # towers on either side of the seed: a 7 x 7 window, 0.7 x 0.61
SEED = 8  # counts in the seed tower
JET_THRESHOLD = 60  # counts: 30 GeV


def jets(towers: np.ndarray, pedestal: np.ndarray, grid: TowerGrid) -> np.ndarray:
    """Sliding-window jets: sums of 7 x 7 towers around local maxima, pile-up pedestal subtracted.

    Args: `towers` counts, (events, towers); `pedestal` mean counts of a tower in each eta ring, (eta_bins,).
    Returns: transverse momenta in counts, (events, 8), falling, 0 where there is no further jet over 30 GeV.
    """
    image = towers.reshape(-1, grid.eta_bins, grid.phi_bins)
    wrapped = np.pad(image, ((0, 0), (JET_HALF_WIDTH, JET_HALF_WIDTH), (0, 0)))
    wrapped = np.pad(wrapped, ((0, 0), (0, 0), (JET_HALF_WIDTH, JET_HALF_WIDTH)), mode="wrap")
    sums = _windows(wrapped).sum(axis=(-2, -1))
    background = _ring_sums(pedestal) * (2 * JET_HALF_WIDTH + 1)
    momentum = sums - np.rint(background).astype(sums.dtype)[:, None]
    candidate = np.where(_is_seed(image, wrapped) & (momentum >= JET_THRESHOLD), momentum, 0)
    flat = candidate.reshape(len(image), -1)
    return -np.sort(-flat, axis=1)[:, :JETS]


def missing_momentum(cells: np.ndarray, pedestal: np.ndarray) -> np.ndarray:
    """Magnitude of the vector sum of pedestal-subtracted cells, in counts, truncated; shape (events,)."""
    columns = cells.shape[2]
    phi = (np.arange(columns) + 0.5) * (2 * np.pi / columns) - np.pi
    signed = (cells - pedestal[:, None]).sum(axis=1)
    return np.hypot(signed @ np.cos(phi), signed @ np.sin(phi)).astype(np.int32)


def _windows(padded: np.ndarray) -> np.ndarray:
    side = 2 * JET_HALF_WIDTH + 1
    return np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))


def _is_seed(image: np.ndarray, padded: np.ndarray) -> np.ndarray:
    """A seed is the largest tower of its window; of equal ones the first in eta, then phi, order wins."""
    windows = _windows(padded)
    side = 2 * JET_HALF_WIDTH + 1
    before = np.zeros((side, side), bool)
    before.ravel()[: side * side // 2] = True
    beaten = np.zeros(image.shape, bool)
    for row in range(side):
        for column in range(side):
            if (row, column) != (JET_HALF_WIDTH, JET_HALF_WIDTH):
                other = windows[..., row, column]
                beaten |= (other >= image) if before[row, column] else (other > image)
    return (image >= SEED) & ~beaten


def _ring_sums(pedestal: np.ndarray) -> np.ndarray:
    side = 2 * JET_HALF_WIDTH + 1
    return np.convolve(pedestal, np.ones(side), mode="same")
