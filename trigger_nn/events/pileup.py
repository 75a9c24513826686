"""Pile-up: Poisson overlay of inelastic collisions from a library onto hard collisions.

The library is split into training, validation and test parts *before* anything is overlaid: each of its collisions
is used many times, so a shared one would leak its jets from one split into another.
"""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector import Deposits


@dataclass(frozen=True)
class Crossing:
    """Tower energies (GeV) of bunch crossings, and how many pile-up collisions in each were hard."""

    energy: np.ndarray
    hard_pileup: np.ndarray


def overlay(
    hard: Deposits | None, library: Deposits, events: int, mean: float, hard_above: float, towers: int, seed: int
) -> Crossing:
    """Sum Poisson(`mean`) collisions of `library`, and collision i of `hard` if given, into crossing i.

    `hard_above` (GeV) is the pTHat over which a pile-up collision counts as hard. Returns energy of shape
    (events, towers), float32, and hard_pileup of shape (events,).
    """
    rng = np.random.default_rng(seed)
    energy = np.zeros((events, towers), np.float32)
    hard_pileup = np.zeros(events, np.int64)
    for event in range(events):
        chosen = rng.integers(0, len(library), rng.poisson(mean))
        rows = _rows(library.offsets, chosen)
        energy[event] = np.bincount(library.tower[rows], library.energy[rows], towers)
        hard_pileup[event] = np.count_nonzero(library.pt_hat[chosen] > hard_above)
        if hard is not None:
            own = slice(hard.offsets[event], hard.offsets[event + 1])
            energy[event] += np.bincount(hard.tower[own], hard.energy[own], towers)
    return Crossing(energy, hard_pileup)


def _rows(offsets: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Rows of all chosen collisions, one run after the other, without a Python loop over collisions."""
    starts, lengths = offsets[chosen], offsets[chosen + 1] - offsets[chosen]
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
