"""The objects of a conventional trigger, from the same towers as the images: jets, their sum, missing momentum.

These feed the cut-based trigger that a network is compared with. Integer counts of a tower in, integers out; the mean
of pile-up, `pedestals`, is given in 1/256 count a tower, one for each eta ring.
"""

import numpy as np

from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.integers import integer_length

HALF_WIDTH = 3  # towers on either side of the seed: a 7 x 7 window, 0.7 x 0.61 with towers of 0.1 x 0.087
SIDE = 2 * HALF_WIDTH + 1
SEED = 4.0  # GeV in the seed tower
PEDESTAL_BITS = 8
_ANGLE_BITS = 12


def measured_pedestals(towers: np.ndarray) -> np.ndarray:
    """Mean of a tower in each ring of pile-up-only crossings (n, eta, phi), in 1/256 count."""
    return np.rint(towers.mean(axis=(0, 2)) * 2**PEDESTAL_BITS).astype(np.int64)


def jet_candidates(towers: np.ndarray, pedestals: np.ndarray, seed: int, minimum: int) -> np.ndarray:
    """Sliding-window jets: sums of 7 x 7 towers around local maxima, pile-up subtracted, wrapped in phi.

    Args:
        towers: counts, (n, eta, phi).
        pedestals: one a ring.
        seed: least counts of the central tower.
        minimum: least counts of the jet.

    Returns:
        Momentum in counts at the towers where a jet is centred, 0 elsewhere; (n, eta, phi), int64.
    """
    wrapped = np.pad(towers.astype(np.int64), ((0, 0), (HALF_WIDTH, HALF_WIDTH), (0, 0)))
    wrapped = np.pad(wrapped, ((0, 0), (0, 0), (HALF_WIDTH, HALF_WIDTH)), mode="wrap")
    background = np.convolve(pedestals, np.ones(SIDE, np.int64), mode="same") * SIDE >> PEDESTAL_BITS
    momentum = window_sums(wrapped, SIDE, SIDE) - background[:, None]
    return np.where(_is_seed(towers, wrapped, seed) & (momentum >= minimum), momentum, 0)


def window_sums(padded: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Sums of all windows of `rows` x `columns` of the last two axes, by differences of running sums."""
    total = padded.cumsum(axis=-2)
    total = np.concatenate([np.zeros_like(total[..., :1, :]), total], axis=-2)
    total = total[..., rows:, :] - total[..., :-rows, :]
    total = total.cumsum(axis=-1)
    total = np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)
    return total[..., columns:] - total[..., :-columns]


def hardest(momentum: np.ndarray, count: int) -> np.ndarray:
    """The `count` largest entries of each event, falling, zero-padded; (n, ...) -> (n, count)."""
    flat = momentum.reshape(len(momentum), -1)
    top = min(count, flat.shape[1])
    largest = -np.sort(-np.partition(flat, flat.shape[1] - top, axis=1)[:, -top:], axis=1)
    return np.pad(largest, ((0, 0), (0, count - top)))


def scalar_sum(momentum: np.ndarray, grid: TowerGrid, eta_max: float) -> np.ndarray:
    """Sum of all jets within |eta| < `eta_max`, (n,)."""
    return momentum[:, np.abs(grid.eta_centres()) < eta_max].sum(axis=(1, 2))


def missing_momentum(towers: np.ndarray) -> np.ndarray:
    """Magnitude of the vector sum of towers, in counts, truncated; (n, eta, phi) -> (n,).

    Pile-up needs no subtraction: its mean is the same all around and cancels.
    """
    columns = towers.shape[2]
    phi = (np.arange(columns) + 0.5) * (2 * np.pi / columns) - np.pi
    sums = towers.sum(axis=1, dtype=np.int64)
    components = [sums @ np.rint(f(phi) * 2**_ANGLE_BITS).astype(np.int64) for f in (np.cos, np.sin)]
    return integer_length(*components) >> _ANGLE_BITS


def _is_seed(image: np.ndarray, padded: np.ndarray, seed: int) -> np.ndarray:
    """A seed is the largest tower of its window; of equal ones the first in eta, then phi, order wins."""
    before = np.zeros((SIDE, SIDE), bool)
    before.ravel()[: SIDE * SIDE // 2] = True
    # Few towers reach the seed's threshold, so only those are looked at.
    event, row, column = np.nonzero(image >= seed)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))[event, row, column]
    own = image[event, row, column][:, None, None]
    best = ((windows < own) | ((windows == own) & ~before)).reshape(-1, SIDE * SIDE)
    best[:, SIDE * SIDE // 2] = True  # itself
    found = np.zeros(image.shape, bool)
    found[event, row, column] = best.all(axis=1)
    return found
