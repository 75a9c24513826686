"""Tracks and muons: which charged particles are found, and how well they are measured."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector.calorimeter import MUON
from trigger_nn.events.detector.parameters import DetectorSpec


@dataclass(frozen=True)
class Measured:
    """Charged particles as the tracker and the muon system see them; `index` are their rows among the particles.

    pT in GeV, angles in rad at the vertex, `z0` in mm from the collision's own vertex.
    """

    index: np.ndarray
    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    z0: np.ndarray
    muon: np.ndarray


def measure(
    pt: np.ndarray,
    eta: np.ndarray,
    phi: np.ndarray,
    kind: np.ndarray,
    charge: np.ndarray,
    spec: DetectorSpec,
    seed: int,
) -> Measured:
    """Find and measure tracks; all arrays one entry a particle, `kind` is |PDG code|."""
    muon = kind == MUON
    found = (charge != 0) & _accepted(pt, eta, muon, spec) & _efficient(muon, spec, seed)
    index = np.flatnonzero(found)
    rng = np.random.default_rng((seed, 4))
    draws = rng.standard_normal((4, len(pt)))[:, index]
    pt, eta, phi, muon = pt[index], eta[index], phi[index], muon[index]
    relative = np.where(
        muon,
        spec.muons.resolution if spec.has("muons") else 0.0,
        np.hypot(spec.tracker.constant, spec.tracker.slope * pt) if spec.has("tracking_resolution") else 0.0,
    )
    angle, z0 = (spec.tracker.angle, spec.tracker.z0) if spec.has("tracking_resolution") else (0.0, 0.0)
    # Curvature, 1/pT, is what is measured; its error must not turn a stiff track around.
    measured = pt / np.maximum(1 + relative * draws[0], 0.2)
    return Measured(index, measured, eta + angle * draws[1], phi + angle * draws[2], z0 * draws[3], muon)


def _accepted(pt: np.ndarray, eta: np.ndarray, muon: np.ndarray, spec: DetectorSpec) -> np.ndarray:
    if not spec.has("acceptance"):
        return np.abs(eta) < spec.towers.eta_max
    track = (np.abs(eta) < spec.tracker.eta_max) & (pt > spec.tracker.minimum)
    return np.where(muon, (np.abs(eta) < spec.muons.eta_max) & (pt > spec.muons.minimum), track)


def _efficient(muon: np.ndarray, spec: DetectorSpec, seed: int) -> np.ndarray:
    draw = np.random.default_rng((seed, 3)).random(len(muon))
    track = spec.tracker.efficiency if spec.has("tracking_efficiency") else 1.0
    own = spec.muons.efficiency if spec.has("muons") else 1.0
    return draw < np.where(muon, own, track)
