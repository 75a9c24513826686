"""Pile-up: Poisson overlay of inelastic collisions from a library onto hard collisions, in time and out of time.

The library is split into training, validation and test parts *before* anything is overlaid: each of its collisions
is used many times, so a shared one would leak its jets from one split into another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector.simulate import TRACK_ARRAYS, Collisions, Tracks
from trigger_nn.events.flat import event_of, picked

FARTHEST = 2**20  # crossings: makes every offset a seed
BEAM_SPOT = 45.0  # mm: spread of collisions along the beam


@dataclass(frozen=True)
class Overlaid:
    """Bunch crossings before the front end.

    energy: transverse energy (GeV) in channels, (n, channels), leakage of neighbouring crossings included. tracks: in
    time, z0 (mm) counted from the hard collision, or without one from the collision with the largest sum of track
    pT^2; None if left out. pileup: pile-up collisions in time, (n,). hard_pileup: those over the threshold in pTHat,
    (n,). around: energies of the crossings at each offset asked for (0 among them), (n, offsets, channels), or None.
    """

    energy: np.ndarray
    tracks: Tracks | None
    pileup: np.ndarray
    hard_pileup: np.ndarray
    around: np.ndarray | None


@dataclass(frozen=True)
class Beam:
    """Pile-up of a machine: mean in time, and crossings whose energy leaks in: offset (crossings) -> share of energy.

    `hard_above` (GeV) is the pTHat over which a pile-up collision counts as hard. With `hard_share`, the share of such
    collisions as cross sections tell it, crossings have none of them in time: what stitching wants of zero bias.
    """

    mean: float
    leakage: Mapping[int, float]
    hard_above: float
    hard_share: float | None = None


def overlay(
    hard: Collisions | None,
    library: Collisions | None,
    events: int,
    beam: Beam,
    channels: int,
    seed: int,
    around: tuple[int, ...] = (),
    with_tracks: bool = True,
) -> Overlaid:
    """Sum Poisson(`beam.mean`) collisions of `library`, and collision i of `hard` if given, into crossing i.

    `around` are the offsets of crossings whose energies are kept for waveforms; 0 is the crossing itself. Tracks can
    be left out where nobody looks at them. Energies, each neighbour and tracks have random numbers of their own, so
    that asking for one does not change the others.
    """
    rng, vertices = (np.random.default_rng((seed, stream)) for stream in range(2))
    offsets = sorted({*beam.leakage, *(offset for offset in around if offset)})
    others = {offset: np.random.default_rng((seed, 2, offset + FARTHEST)) for offset in offsets}
    energy = np.zeros((events, channels))
    kept = np.zeros((events, len(around), channels)) if around else None
    pileup, hard_pileup = np.zeros(events, np.int64), np.zeros(events, np.int64)
    tracks: list[_Found] = []
    for event in range(events):
        chosen = _choice(library, beam, rng) if library is not None else np.zeros(0, int)
        if library is not None:
            energy[event] = _sum(library, chosen, channels)
            pileup[event] = len(chosen)
            hard_pileup[event] = np.count_nonzero(library.pt_hat[chosen] > beam.hard_above)
        if hard is not None:
            energy[event] += _sum(hard, np.array([event]), channels)
        if with_tracks:
            tracks.append(_tracks(hard, library, event, chosen, vertices))
        neighbours = {offset: _neighbour(library, beam, channels, others[offset]) for offset in offsets}
        if kept is not None:
            for place, offset in enumerate(around):
                kept[event, place] = neighbours[offset] if offset else energy[event]
        for offset, share in beam.leakage.items():
            energy[event] += share * neighbours[offset]
    return Overlaid(np.maximum(energy, 0.0), _joined(tracks) if with_tracks else None, pileup, hard_pileup, kept)


def _sum(library: Collisions, chosen: np.ndarray, channels: int) -> np.ndarray:
    """Energies of the chosen collisions, (channels,)."""
    _, rows = picked(library.offsets, chosen)
    return np.bincount(library.channel[rows], library.energy[rows], channels)


def _neighbour(library: Collisions | None, beam: Beam, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Energies of another crossing, pile-up alone, (channels,)."""
    if library is None:
        return np.zeros(channels)
    return _sum(library, rng.integers(0, len(library), rng.poisson(beam.mean)), channels)


def _choice(library: Collisions, beam: Beam, rng: np.random.Generator) -> np.ndarray:
    """Collisions of one crossing, in time."""
    if beam.hard_share is None:
        return rng.integers(0, len(library), rng.poisson(beam.mean))
    soft = np.flatnonzero(library.pt_hat <= beam.hard_above)
    return soft[rng.integers(0, len(soft), rng.poisson(beam.mean * (1 - beam.hard_share)))]


def chosen_of(library: Collisions, which: np.ndarray) -> Collisions:
    """The collisions at the indices `which`."""
    offsets, rows = picked(library.offsets, which)
    track_offsets, track_rows = picked(library.tracks.offsets, which)
    tracks = Tracks(track_offsets, **{name: getattr(library.tracks, name)[track_rows] for name in TRACK_ARRAYS})
    return Collisions(
        offsets, library.channel[rows], library.energy[rows], tracks, library.pt_hat[which], library.weight[which]
    )


# --- tracks ----------------------------------------------------------------------------------------------------

_Found = dict[str, np.ndarray]
_TYPES = {"tower": np.int64, "muon": np.bool_}


def _tracks(
    hard: Collisions | None, library: Collisions | None, event: int, chosen: np.ndarray, rng: np.random.Generator
) -> _Found:
    """Tracks of one crossing, z0 counted from its primary vertex."""
    parts = [_shifted(hard.tracks, np.array([event]), np.zeros(1))] if hard is not None else []
    if library is not None:
        vertices = rng.normal(0.0, BEAM_SPOT, len(chosen))
        if hard is None and len(chosen):
            vertices -= vertices[_primary(library.tracks, chosen)]
        elif hard is not None:
            vertices -= rng.normal(0.0, BEAM_SPOT)  # where the hard collision was
        parts.append(_shifted(library.tracks, chosen, vertices))
    parts = parts or [{name: np.zeros(0, _TYPES.get(name, np.float64)) for name in TRACK_ARRAYS}]
    return {name: np.concatenate([part[name] for part in parts]) for name in TRACK_ARRAYS}


def _shifted(tracks: Tracks, chosen: np.ndarray, vertices: np.ndarray) -> _Found:
    offsets, rows = picked(tracks.offsets, chosen)
    found = {name: getattr(tracks, name)[rows] for name in TRACK_ARRAYS}
    return found | {"z0": found["z0"] + np.repeat(vertices, np.diff(offsets))}


def _primary(tracks: Tracks, chosen: np.ndarray) -> int:
    """Which of the chosen collisions has the largest sum of squared track momenta."""
    offsets, rows = picked(tracks.offsets, chosen)
    return int(np.argmax(np.bincount(event_of(offsets), tracks.pt[rows] ** 2, len(chosen))))


def _joined(parts: list[_Found]) -> Tracks:
    offsets = np.cumsum([0, *(len(part["pt"]) for part in parts)])
    return Tracks(offsets, **{name: np.concatenate([part[name] for part in parts]) for name in TRACK_ARRAYS})
