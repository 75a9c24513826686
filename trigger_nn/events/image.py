"""From tower energies to what the hardware sees: integer towers, and the eta-phi image of the whole event.

Integers in, integers out, after the one quantization at the front end: the same arithmetic could be firmware.
"""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector import TowerGrid


@dataclass(frozen=True)
class ImageGrid:
    """The image: blocks of towers, with a pile-up pedestal per eta ring subtracted, clipped to `bits` bits.

    One count is `lsb` GeV of transverse energy. Cell (i, j) covers eta from -eta_max + i * (2 eta_max / eta_bins) and
    phi from -pi + j * (2 pi / phi_bins).
    """

    eta_bins: int = 20
    phi_bins: int = 12
    lsb: float = 0.5
    bits: int = 10
    tower_bits: int = 8


def quantize_towers(energy: np.ndarray, image: ImageGrid) -> np.ndarray:
    """Towers in counts: truncated to the LSB (so energies under one LSB are suppressed), saturating. int32."""
    return np.minimum(energy / image.lsb, 2**image.tower_bits - 1).astype(np.int32)


def sum_cells(towers: np.ndarray, grid: TowerGrid, image: ImageGrid) -> np.ndarray:
    """Add blocks of towers into cells: (events, towers) -> (events, eta_bins, phi_bins), counts."""
    block = (-1, image.eta_bins, grid.eta_bins // image.eta_bins, image.phi_bins, grid.phi_bins // image.phi_bins)
    return towers.reshape(block).sum(axis=(2, 4))


def pedestals(cells: np.ndarray) -> np.ndarray:
    """Mean counts per cell of each eta ring over pile-up-only crossings, rounded: what the subtraction takes away."""
    return np.rint(cells.mean(axis=(0, 2))).astype(np.int32)


def subtract(cells: np.ndarray, pedestal: np.ndarray, image: ImageGrid) -> np.ndarray:
    """The image: cells minus pedestal, clipped to 0 and to the largest count. uint16."""
    return np.clip(cells - pedestal[:, None], 0, 2**image.bits - 1).astype(np.uint16)
