"""Integers of many events at once, behind the front end: what views are made from.

Lists of differing length are flat arrays with offsets: rows `offsets[i]:offsets[i + 1]` belong to event i.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from trigger_nn.events.flat import event_of


class Kind(IntEnum):
    """What a particle-flow-like candidate is; 0 is the padding behind the last one."""

    NONE = 0
    CHARGED_HADRON = 1
    ELECTRON = 2
    MUON = 3
    PHOTON = 4
    NEUTRAL_HADRON = 5


@dataclass(frozen=True)
class Candidates:
    """Particle-flow-like candidates of `len(offsets) - 1` events, in counts: pT, eta, phi, `Kind`, charge (e)."""

    offsets: np.ndarray
    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    kind: np.ndarray
    charge: np.ndarray

    def __len__(self) -> int:
        """Number of events."""
        return len(self.offsets) - 1

    def event(self) -> np.ndarray:
        """Event number of each candidate."""
        return event_of(self.offsets)


@dataclass(frozen=True)
class Padded:
    """The `pt.shape[1]` candidates of highest pT of each event, falling in pT (ties in their old order), zero-padded.

    All arrays (events, count), int64; places without a candidate hold zeros everywhere, `Kind.NONE` among them.
    """

    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    kind: np.ndarray
    charge: np.ndarray


def padded(candidates: Candidates, count: int) -> Padded:
    """The `count` hardest candidates of each event."""
    event = candidates.event()
    order = np.lexsort((-candidates.pt, event))  # stable: equal pT keeps its order
    place = np.arange(len(order)) - candidates.offsets[:-1][event]  # sorted by event, so the old event numbers hold
    keep = place < count
    rows, columns = event[keep], place[keep]

    def fill(values: np.ndarray) -> np.ndarray:
        table = np.zeros((len(candidates), count), np.int64)
        table[rows, columns] = values[order][keep]
        return table

    return Padded(*(fill(getattr(candidates, name)) for name in ("pt", "eta", "phi", "kind", "charge")))


def longest(candidates: Candidates) -> int:
    """Number of candidates of the fullest event, at least 1."""
    return max(int(np.diff(candidates.offsets).max(initial=0)), 1)


@dataclass(frozen=True)
class Jets:
    """Jets, one row each, in counts; their constituents' eta and phi are relative to the jet's axis (phi wrapped)."""

    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    constituents: Candidates
    event: np.ndarray

    def __len__(self) -> int:
        """Number of jets."""
        return len(self.pt)


@dataclass(frozen=True)
class Crossings:
    """Bunch crossings in counts: towers (n, 2, eta, phi), electromagnetic then hadronic; candidates; pulses; truth.

    Candidates, ADC `samples` (n, samples) of the hottest tower and its energy in time, `pulse_energy` (n,) in counts
    of a tower, are None unless a view needs them; so are the collisions in time, `pileup` (n,), and the towers that the
    hard collision alone leaves, `hard_towers`. int64.
    """

    towers: np.ndarray
    candidates: Candidates | None = None
    samples: np.ndarray | None = None
    pulse_energy: np.ndarray | None = None
    pileup: np.ndarray | None = None
    hard_towers: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of crossings."""
        return len(self.towers)
