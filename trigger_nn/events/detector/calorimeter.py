"""The calorimeter: what each particle leaves in the electromagnetic and in the hadronic section of its tower.

Not modelled: showers that spread over towers, dead material, dead channels.
"""

import numpy as np

from trigger_nn.events.detector.grid import ELECTROMAGNETIC, HADRONIC, SECTIONS
from trigger_nn.events.detector.parameters import CalorimeterSpec, DetectorSpec, Resolution

SHOWERING = (11, 22)
MUON = 13


def transverse_energy(
    carried: np.ndarray, eta: np.ndarray, kind: np.ndarray, charge: np.ndarray, spec: DetectorSpec, seed: int
) -> np.ndarray:
    """Transverse energy (GeV) that is read in each section, shape (2, particles).

    Args:
        carried: energies of the particles, GeV.
        eta: where they meet the calorimeter.
        kind: |PDG code|.
        charge: in e.
        spec: the detector.
        seed: of the draws.
    """
    energy = _left(carried, kind, charge, spec, seed)
    if spec.has("smearing"):
        energy = _smeared(energy, np.abs(eta) > spec.calorimeter.forward_eta, spec.calorimeter, seed)
    return energy / np.cosh(eta)


def _left(energy: np.ndarray, kind: np.ndarray, charge: np.ndarray, spec: DetectorSpec, seed: int) -> np.ndarray:
    """Mean energy left in each section, before resolution."""
    rng = np.random.default_rng((seed, 1))
    share = rng.uniform(0, 2 * spec.calorimeter.electromagnetic_share, len(energy))
    showers, muon = np.isin(kind, SHOWERING), kind == MUON
    share = np.where(showers, 1.0, share)
    total = np.where(
        showers | (not spec.has("response")), energy, energy * hadron_response(energy, charge, spec.calorimeter)
    )
    sections = np.stack([total * share, total * (1 - share)])
    minimum_ionising = (spec.muons.electromagnetic, spec.muons.hadronic) if spec.has("muons") else (0.0, 0.0)
    left = np.minimum(np.array(minimum_ionising)[:, None], energy / SECTIONS)
    return np.where(muon, left, sections)


def hadron_response(energy: np.ndarray, charge: np.ndarray, calorimeter: CalorimeterSpec) -> np.ndarray:
    """Mean response to hadrons of `energy` (GeV), 1 at the reference energy of charged ones."""

    def power_law(value: np.ndarray, scale: np.ndarray) -> np.ndarray:
        ratio = np.maximum(value / scale, 1.0)  # below the scale nothing cascades: the hadron ionises
        return 1 - (1 - calorimeter.non_compensation) * ratio ** (calorimeter.power - 1)

    scale = np.where(charge != 0, calorimeter.charged_scale, calorimeter.neutral_scale)
    calibrated = power_law(np.array(calorimeter.reference), np.array(calorimeter.charged_scale))
    return power_law(energy, scale) / calibrated


def _smeared(energy: np.ndarray, forward: np.ndarray, calorimeter: CalorimeterSpec, seed: int) -> np.ndarray:
    """What is measured: drawn from gamma distributions, never negative and, of soft particles too, right on average."""
    rng = np.random.default_rng((seed, 2))
    central = (calorimeter.electromagnetic, calorimeter.hadronic)
    beyond = (calorimeter.forward_electromagnetic, calorimeter.forward_hadronic)
    measured = np.zeros(energy.shape)
    for s in (ELECTROMAGNETIC, HADRONIC):
        sigma = np.where(forward, width(energy[s], beyond[s]), width(energy[s], central[s]))
        some = sigma > 0
        shape = np.where(some, (energy[s] / np.where(some, sigma, 1.0)) ** 2, 1.0)
        drawn = rng.standard_gamma(shape) * energy[s] / shape
        measured[s] = np.where(some, drawn, energy[s])
    return measured


def width(energy: np.ndarray, resolution: Resolution) -> np.ndarray:
    """Standard deviation (GeV) of what is measured of `energy` (GeV); 0 where there is none."""
    variance = resolution.stochastic**2 * energy + resolution.noise**2 + (resolution.constant * energy) ** 2
    return np.where(energy > 0, np.sqrt(variance), 0.0)
