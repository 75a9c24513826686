"""A toy calorimeter: particles in, transverse energy per trigger tower out.

What is modelled, in this order: invisible particles are dropped; the solenoid bends charged particles in phi up to
the calorimeter face and keeps the softest from reaching it; muons leave a minimum-ionising deposit; electrons and
photons, and hadrons, are smeared with a stochastic and a constant term. What is not: showers that spread over
towers, magnetic bending in eta, dead material, non-linear hadron response, electronics noise, out-of-time pile-up.
"""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.pythia import Particles

INVISIBLE = (12, 14, 16)
ELECTROMAGNETIC = (11, 22)
MUON = 13


@dataclass(frozen=True)
class TowerGrid:
    """Trigger towers, regular in eta over |eta| < `eta_max` and in phi over (-pi, pi]."""

    eta_bins: int = 100
    phi_bins: int = 72
    eta_max: float = 5.0

    @property
    def towers(self) -> int:
        """Number of towers."""
        return self.eta_bins * self.phi_bins

    def eta_centres(self) -> np.ndarray:
        """Centre of each eta ring, shape (eta_bins,)."""
        return (np.arange(self.eta_bins) + 0.5) * (2 * self.eta_max / self.eta_bins) - self.eta_max

    def phi_centres(self) -> np.ndarray:
        """Centre of each phi column in rad, shape (phi_bins,)."""
        return (np.arange(self.phi_bins) + 0.5) * (2 * np.pi / self.phi_bins) - np.pi

    def index(self, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """Flat tower number of each (eta, phi); eta must lie inside the grid, phi is wrapped."""
        row = ((eta + self.eta_max) * (self.eta_bins / (2 * self.eta_max))).astype(np.int64)
        column = np.floor((phi + np.pi) * (self.phi_bins / (2 * np.pi))).astype(np.int64) % self.phi_bins
        return np.clip(row, 0, self.eta_bins - 1) * self.phi_bins + column


@dataclass(frozen=True)
class Calorimeter:
    """Parameters of the toy calorimeter; the magnet is that of CMS, the resolutions are round numbers of its kind."""

    grid: TowerGrid = TowerGrid()
    field: float = 3.8  # tesla
    radius: float = 1.29  # metres, to the barrel face
    half_length: float = 3.2  # metres, to the endcap face
    electromagnetic: tuple[float, float] = (0.10, 0.01)  # stochastic (sqrt(GeV)), constant
    hadronic: tuple[float, float] = (1.00, 0.05)
    forward_hadronic: tuple[float, float] = (2.00, 0.10)
    forward_eta: float = 3.0
    muon_deposit: float = 2.0  # GeV of energy


@dataclass(frozen=True)
class Deposits:
    """Transverse energy (GeV) in towers, sparse: rows `offsets[i]:offsets[i + 1]` belong to collision i."""

    offsets: np.ndarray
    tower: np.ndarray
    energy: np.ndarray
    pt_hat: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        """Number of collisions."""
        return len(self.weight)


def deposits(particles: Particles, calorimeter: Calorimeter, rng: np.random.Generator) -> Deposits:
    """Pass `particles` through `calorimeter`; several particles in a tower give several rows."""
    kind = np.abs(particles.pdg_id)
    phi, reaches = _bend(particles, calorimeter)
    seen = reaches & ~np.isin(kind, INVISIBLE) & (np.abs(particles.eta) < calorimeter.grid.eta_max)
    energy = _smear(particles.pt[seen], particles.eta[seen], kind[seen], calorimeter, rng)
    counts = np.concatenate([[0], np.cumsum(seen)])
    return Deposits(
        offsets=counts[particles.offsets],
        tower=calorimeter.grid.index(particles.eta[seen], phi[seen]).astype(np.int32),
        energy=energy.astype(np.float32),
        pt_hat=particles.pt_hat,
        weight=particles.weight,
    )


def _bend(particles: Particles, calorimeter: Calorimeter) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth at the calorimeter face, and whether the particle gets there.

    A particle of pT (GeV) and charge q turns on a circle of radius pT / (0.3 |q| B) metres; at transverse distance
    r its azimuth has changed by asin(r / (2 radius)).
    """
    slope = np.maximum(np.abs(np.sinh(particles.eta)), 1e-6)
    distance = np.minimum(calorimeter.radius, calorimeter.half_length / slope)
    sine = 0.3 * calorimeter.field * distance * particles.charge / (2 * particles.pt)
    reaches = np.abs(sine) < 1
    return particles.phi - np.arcsin(np.where(reaches, sine, 0.0)), reaches


def _smear(
    pt: np.ndarray, eta: np.ndarray, kind: np.ndarray, calorimeter: Calorimeter, rng: np.random.Generator
) -> np.ndarray:
    """Measured transverse energy: a Gaussian of width (stochastic / sqrt(E)) (+) constant, never negative."""
    lever = np.cosh(eta)
    true = np.where(kind == MUON, np.minimum(pt, calorimeter.muon_deposit / lever), pt)
    forward = np.abs(eta) > calorimeter.forward_eta
    terms = np.where(forward[:, None], calorimeter.forward_hadronic, calorimeter.hadronic)
    terms = np.where(np.isin(kind, ELECTROMAGNETIC)[:, None], calorimeter.electromagnetic, terms)
    resolution = np.hypot(terms[:, 0] / np.sqrt(np.maximum(true * lever, 1e-6)), terms[:, 1])
    return np.maximum(true * (1 + resolution * rng.standard_normal(len(true))), 0.0)
