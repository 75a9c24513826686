"""Particle-flow-like candidates: tracks of the primary vertex, and what the calorimeter saw beyond all tracks.

A simple algorithm of the trigger's kind, tower by tower, in integers: charged candidates are tracks within a window in
z0; the momentum of *all* tracks that meet a tower, pile-up included, is taken off its energy; what is left is a photon
as far as it is electromagnetic, and a neutral hadron otherwise.
"""

import numpy as np

from trigger_nn.events.detector.grid import ELECTROMAGNETIC, HADRONIC, TowerGrid
from trigger_nn.events.detector.simulate import Tracks
from trigger_nn.events.integers import wrapped
from trigger_nn.events.records import Candidates, Kind
from trigger_nn.events.units import Units

VERTEX_WINDOW = 5.0  # mm: tracks farther from the primary vertex are pile-up's
LEAST_NEUTRAL = 1.0  # GeV: smaller excesses are noise
CONSTANT = 20  # a hadron is measured to 100 % / sqrt(E) (+) 1/20: a smaller excess is a fluctuation of the tracks' own
TRACK_SHARE = 4  # an excess is electromagnetic beyond 1/4 of the tracks' momentum: what hadrons leave there
WIDEST = 0.5  # an electron leaves at least this share of its momentum in the electromagnetic section


def candidates(
    towers: np.ndarray, tracks: Tracks, grid: TowerGrid, tower_lsb: float, units: Units, muon_deposit: float = 2.0
) -> Candidates:
    """Candidates of crossings, each event's charged ones first, then photons, then neutral hadrons.

    Args:
        towers: counts (n, 2, eta, phi) of `tower_lsb` GeV, a multiple or a part of a candidate's count.
        tracks: of the same crossings.
        grid: the towers.
        tower_lsb: GeV.
        units: what a count of a candidate is worth.
        muon_deposit: GeV of energy that is taken off where a muon passes.
    """
    event = np.repeat(np.arange(len(towers)), np.diff(tracks.offsets))
    pt = np.clip(np.floor(tracks.pt / units.candidate_lsb), 0, 2**units.candidate_bits - 1).astype(np.int64)
    flat = np.floor(towers.reshape(len(towers), 2, -1) * (tower_lsb / units.candidate_lsb)).astype(np.int64)
    pointing = event * grid.towers + tracks.tower
    deposit = np.ceil(muon_deposit / np.cosh(tracks.eta) / units.candidate_lsb).astype(np.int64)
    off = np.where(tracks.muon, np.minimum(pt, deposit), pt)
    taken = np.bincount(pointing, off, len(towers) * grid.towers).astype(np.int64)
    charged = _charged(tracks, pt, event, flat, pointing, units)
    neutral = _neutral(flat, taken.reshape(len(towers), -1), grid, units)
    return _by_event([charged, *neutral], len(towers))


_Rows = tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray
]  # event, pt, eta, phi, kind, charge


def _charged(
    tracks: Tracks, pt: np.ndarray, event: np.ndarray, flat: np.ndarray, pointing: np.ndarray, units: Units
) -> _Rows:
    electromagnetic = flat[:, ELECTROMAGNETIC].ravel()[pointing]
    hadronic = flat[:, HADRONIC].ravel()[pointing]
    electron = (electromagnetic >= WIDEST * pt) & (10 * hadronic <= electromagnetic)
    kind = np.where(electron, Kind.ELECTRON, Kind.CHARGED_HADRON)
    kind = np.where(tracks.muon, Kind.MUON, kind)
    own = (np.abs(tracks.z0) < VERTEX_WINDOW) & (pt > 0)
    angles = (_steps(tracks.eta, units), wrapped(_steps(tracks.phi, units), units.phi_steps))
    return tuple(a[own] for a in (event, pt, *angles, kind, tracks.charge.astype(np.int64)))


def _neutral(flat: np.ndarray, taken: np.ndarray, grid: TowerGrid, units: Units) -> list[_Rows]:
    total = flat.sum(axis=1)
    excess = np.maximum(total - taken, 0)
    excess[(excess * units.candidate_lsb < LEAST_NEUTRAL) | _fluctuation(excess, taken, units)] = 0
    photon = np.minimum(excess, np.maximum(flat[:, ELECTROMAGNETIC] - taken // TRACK_SHARE, 0))
    eta, phi = _steps(grid.eta_centres(), units), wrapped(_steps(grid.phi_centres(), units), units.phi_steps)
    rows: list[_Rows] = []
    for pt, kind in ((photon, Kind.PHOTON), (excess - photon, Kind.NEUTRAL_HADRON)):
        event, tower = np.nonzero(pt)
        ring, column = np.divmod(tower, grid.phi_bins)
        same = np.ones(len(event), np.int64)
        momentum = np.minimum(pt[event, tower], 2**units.candidate_bits - 1)
        rows.append((event, momentum, eta[ring], phi[column], int(kind) * same, 0 * same))
    return rows


def _fluctuation(excess: np.ndarray, taken: np.ndarray, units: Units) -> np.ndarray:
    """Whether an excess is within one standard deviation of what the tracks' hadrons may leave, in integers.

    excess^2 <= taken + (taken / CONSTANT)^2 in GeV, times CONSTANT^2, in counts of `count` / 1024 GeV.
    """
    count = max(round(1024 * units.candidate_lsb), 1)
    return (CONSTANT * excess) ** 2 * count <= CONSTANT**2 * 1024 * taken + taken**2 * count


def _steps(angle: np.ndarray, units: Units) -> np.ndarray:
    return np.rint(angle / units.angle).astype(np.int64)


def _by_event(parts: list[_Rows], events: int) -> Candidates:
    event, *arrays = (np.concatenate([part[i] for part in parts]) for i in range(6))
    order = np.argsort(event, kind="stable")
    offsets = np.searchsorted(event[order], np.arange(events + 1))
    return Candidates(offsets, *(array[order] for array in arrays))
