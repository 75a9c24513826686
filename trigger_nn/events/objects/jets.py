"""Reconstructed jets of the candidates: FastJet's anti-kt, and the observables an analysis would look at.

The one importer of FastJet. Clustering and observables are in floats, as they would be offline; the jets that come out
are in counts again, and so are their constituents, whose integers are never touched.
"""

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from trigger_nn.errors import ToolNotFound
from trigger_nn.events.flat import picked
from trigger_nn.events.integers import wrapped
from trigger_nn.events.objects import substructure
from trigger_nn.events.records import Candidates, Jets, longest, padded
from trigger_nn.events.units import Units

MARGIN = 1e-6  # of a count: the sum over px and py of one particle need not give its pT to the last bit


def cluster(
    candidates: Candidates, units: Units, radius: float, minimum: float, count: int, eta_max: float = 10.0
) -> Jets:
    """The `count` hardest anti-kt jets of each event over `minimum` GeV of pT and within |eta| < `eta_max`.

    Candidates are massless; those without pT are left out. Jets follow the order of events and fall in pT inside one;
    their pT is truncated to counts, eta (pseudorapidity) and phi are rounded, phi from -phi_steps / 2 up to
    phi_steps / 2 - 1. Constituents keep their old order.

    Raises:
        ToolNotFound: FastJet or awkward is not installed.
    """
    used = _select(candidates, candidates.pt > 0)
    vectors = _vectors(used, units)
    momenta, event, offsets, members = _anti_kt(vectors, used.offsets, radius, minimum)
    pt, eta, phi = _coordinates(momenta)
    keep = (pt - minimum > MARGIN * units.candidate_lsb) & (np.abs(eta) < eta_max)
    order = _hardest(np.where(keep, pt, -1.0), eta, event, count)
    axes = (
        np.floor(pt[order] / units.candidate_lsb + MARGIN).astype(np.int64),
        np.rint(eta[order] / units.angle).astype(np.int64),
        wrapped(np.rint(phi[order] / units.angle).astype(np.int64), units.phi_steps),
    )
    chosen, rows = picked(offsets, order)
    return Jets(*axes, _relative(used, chosen, members[rows], axes, units), event[order])


def observables(jets: Jets, units: Units, radius: float) -> dict[str, np.ndarray]:
    """What substructure analyses use, (jets,) float64 each; 0 where there are too few constituents.

    `mass` (GeV, of all constituents), `softdrop_mass` (GeV; Cambridge/Aachen, beta = 0, zcut = 0.1), `tau21` and
    `tau32` (ratios of N-subjettiness, beta = 1, axes of one pass from exclusive kt), `c2` and `d2` (beta = 1).

    Raises:
        ToolNotFound: FastJet or awkward is not installed.
    """
    owner = jets.constituents.event()
    vectors = _vectors(jets.constituents, units, jets.eta[owner], jets.phi[owner])
    total = np.stack([np.bincount(owner, column, len(jets)) for column in vectors.T], axis=-1)
    softdrop, tau = _groomed(vectors, jets.constituents.offsets, radius)
    table = padded(jets.constituents, longest(jets.constituents))
    places = table.pt.astype(float), table.eta * units.angle, table.phi * units.angle
    e2, e3 = substructure.e2(*places, beta=1), substructure.e3(*places, beta=1)
    ratio = substructure.ratio
    return {
        "mass": substructure.mass(total),
        "softdrop_mass": softdrop,
        "tau21": ratio(tau[:, 1], tau[:, 0]),
        "tau32": ratio(tau[:, 2], tau[:, 1]),
        "c2": ratio(e3, e2**2),
        "d2": ratio(e3, e2**3),
    }


# --- FastJet ---------------------------------------------------------------------------------------------------


@cache
def _fastjet() -> tuple[ModuleType, ModuleType]:
    """FastJet, its banner turned off, and awkward."""
    try:
        import awkward  # the arrays FastJet takes

        fastjet: Any = import_module("fastjet")  # ships no types
    except ImportError:
        raise ToolNotFound("Jets need FastJet and awkward; install them with: pip install 'trigger_nn[sim]'.") from None
    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)
    return fastjet, awkward


def _sequence(vectors: np.ndarray, offsets: np.ndarray, algorithm: str, radius: float) -> Any:
    fastjet, ak = _fastjet()
    columns = [ak.contents.NumpyArray(np.ascontiguousarray(column)) for column in vectors.T]
    record = ak.contents.RecordArray(columns, ["px", "py", "pz", "E"], parameters={"__record__": "Momentum4D"})
    events = ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(offsets), record))
    return fastjet.ClusterSequence(events, fastjet.JetDefinition(getattr(fastjet, algorithm), radius))


def _anti_kt(
    vectors: np.ndarray, offsets: np.ndarray, radius: float, minimum: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Jets' four-vectors (jets, 4) and events; offsets into, and places in `vectors` of, their constituents."""
    if not len(vectors):
        none = np.zeros(0, np.int64)
        return np.zeros((0, 4)), none, np.zeros(1, np.int64), none
    sequence, ak = _sequence(vectors, offsets, "antikt_algorithm", radius), _fastjet()[1]
    found, members = sequence.inclusive_jets(minimum), sequence.constituent_index(minimum)
    flat = ak.flatten(found)
    momenta = np.stack([ak.to_numpy(flat[name]) for name in ("px", "py", "pz", "E")], axis=-1)
    event = np.repeat(np.arange(len(offsets) - 1), ak.to_numpy(ak.num(found)))
    sizes = ak.to_numpy(ak.flatten(ak.num(members, axis=2))).astype(np.int64)
    places = ak.to_numpy(ak.flatten(members, axis=None)).astype(np.int64)
    return momenta, event, _offsets(sizes), places + np.repeat(offsets[event], sizes)


def _groomed(vectors: np.ndarray, offsets: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Soft-drop mass (jets,) and tau of 1, 2, 3 axes (jets, 3); FastJet can't take a jet of nothing, which gets 0."""
    full = np.diff(offsets) > 0
    masses, tau = np.zeros(len(full)), np.zeros((len(full), 3))
    if not full.any():
        return masses, tau
    # a radius that all constituents fit into, or the sequence would have more than one jet to groom
    sequence = _sequence(vectors, _offsets(np.diff(offsets)[full]), "cambridge_algorithm", 100.0)
    groomed = sequence.exclusive_jets_softdrop_grooming(1, beta=0.0, symmetry_cut=0.1, R0=radius)
    masses[full] = np.maximum(groomed.msoftdrop.to_numpy(), 0)  # FastJet's sign is that of a negative square
    tau[full] = sequence.njettiness("NormalizedMeasure", "OnePass_KT_Axes", [1, 2, 3], 1.0, radius).to_numpy()
    return masses, tau


# --- arrays ----------------------------------------------------------------------------------------------------


def _vectors(candidates: Candidates, units: Units, eta: int | np.ndarray = 0, phi: int | np.ndarray = 0) -> np.ndarray:
    """Massless four-vectors (n, 4) in GeV of candidates whose angles are relative to `eta`, `phi` counts."""
    return substructure.four_vectors(
        candidates.pt * units.candidate_lsb, (candidates.eta + eta) * units.angle, (candidates.phi + phi) * units.angle
    )


def _coordinates(momenta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    px, py, pz = momenta[:, 0], momenta[:, 1], momenta[:, 2]
    pt = np.hypot(px, py)
    return pt, np.arcsinh(pz / np.where(pt > 0, pt, 1)), np.arctan2(py, px)


def _hardest(pt: np.ndarray, eta: np.ndarray, event: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` largest of each event, falling; negative ones never."""
    order = np.lexsort((eta, -np.round(pt, 6), event))  # without the last bits, so equal jets are equal: by eta then
    starts = np.searchsorted(event, event)  # events come in order, so this holds for the sorted jets too
    place = np.arange(len(order)) - starts
    return order[(place < count) & (pt[order] >= 0)]


def _relative(
    candidates: Candidates, offsets: np.ndarray, rows: np.ndarray, axes: tuple[np.ndarray, ...], units: Units
) -> Candidates:
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    rows = rows[np.lexsort((rows, owner))]  # the candidates' own order
    eta = candidates.eta[rows] - axes[1][owner]
    phi = wrapped(candidates.phi[rows] - axes[2][owner], units.phi_steps)
    return Candidates(offsets, candidates.pt[rows], eta, phi, candidates.kind[rows], candidates.charge[rows])


def _select(candidates: Candidates, keep: np.ndarray) -> Candidates:
    sizes = np.bincount(candidates.event()[keep], minlength=len(candidates))
    fields = (candidates.pt, candidates.eta, candidates.phi, candidates.kind, candidates.charge)
    return Candidates(_offsets(sizes), *(field[keep] for field in fields))


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
