"""Trigger towers: a grid regular in eta and in phi, with an electromagnetic and a hadronic section."""

from dataclasses import dataclass

import numpy as np

ELECTROMAGNETIC, HADRONIC = 0, 1
SECTIONS = 2


@dataclass(frozen=True)
class TowerGrid:
    """Towers regular in eta over |eta| < `eta_max` and in phi over (-pi, pi]; a channel is a section of a tower."""

    eta_bins: int = 100
    phi_bins: int = 72
    eta_max: float = 5.0

    @property
    def towers(self) -> int:
        """Number of towers."""
        return self.eta_bins * self.phi_bins

    @property
    def channels(self) -> int:
        """Number of channels: all electromagnetic ones, then all hadronic ones."""
        return SECTIONS * self.towers

    def eta_centres(self) -> np.ndarray:
        """Centre of each eta ring, shape (eta_bins,)."""
        return (np.arange(self.eta_bins) + 0.5) * (2 * self.eta_max / self.eta_bins) - self.eta_max

    def phi_centres(self) -> np.ndarray:
        """Centre of each phi column in rad, shape (phi_bins,)."""
        return (np.arange(self.phi_bins) + 0.5) * (2 * np.pi / self.phi_bins) - np.pi

    def index(self, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """Flat tower number of each (eta, phi); eta outside the grid counts to its outermost ring, phi is wrapped."""
        row = np.floor((eta + self.eta_max) * (self.eta_bins / (2 * self.eta_max))).astype(np.int64)
        column = np.floor((phi + np.pi) * (self.phi_bins / (2 * np.pi))).astype(np.int64) % self.phi_bins
        return np.clip(row, 0, self.eta_bins - 1) * self.phi_bins + column
