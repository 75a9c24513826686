"""The tables of a decision certificate: whether float, quantized and emulated network decide alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trigger_nn.studies.rates import Efficiency

Interval = tuple[float, float, float]  # value, lower and upper end of its 68 % interval

EMULATOR, QKERAS = "emulator", "QKeras"  # names of sides that others are held against

# How decisions are compared: each side at its own threshold for the same rate; all at the emulator's threshold;
# or, without thresholds, by which output is largest.
Basis = Literal["same rate", "same threshold", "largest output"]


@dataclass(frozen=True)
class Side:
    """One implementation: float Keras, QKeras, the emulator, another program; `what` says which, with its digest."""

    name: str
    what: str


@dataclass(frozen=True)
class Flips:
    """Decisions of one output that differ between two sides, over events of one kind.

    kind: `background` or the signal's name; of classes, where an output passes if it is the largest, the class and
    `other classes`. gained: pass at `second` alone; lost: at `first` alone. gained_ppm, lost_ppm: per million simulated
    events of the kind, with 68 % interval. gained_hz, lost_hz: rate (value, low, high), None where events stand for
    none. change: of the efficiency or of the rate as a share, second less first, with its interval from the flips
    (value, low, high), in percent points of efficiency (by generator weights) or percent of the rate at `first`, NaN
    where that is 0; at the same rate with what other background events would do to both thresholds, and None of the
    background, whose rate is the same by construction. limit_ppm: what these events would rule out if none flipped,
    one-sided, 95 %.
    """

    output: str
    first: str
    second: str
    basis: Basis
    target: float
    kind: str
    events: int
    gained: int
    lost: int
    gained_ppm: Interval
    lost_ppm: Interval
    gained_hz: Interval | None
    lost_hz: Interval | None
    change: Interval | None
    limit_ppm: float = math.nan


@dataclass(frozen=True)
class Onset:
    """Where flips of `side` against the emulator begin: of `looked_at` flipped events, how many at each layer.

    looked_at: the first of all `flipped` events. layers: in the order in which the program computes them, before them
    `threshold`, where the emulator's own score, held against the side's threshold, gives the side's decision already.
    """

    output: str
    side: str
    basis: Basis
    target: float
    looked_at: int
    flipped: int
    layers: Mapping[str, int]


@dataclass(frozen=True)
class Residuals:
    """Scores of a side less the emulator's, in least significant bits: a histogram, largest and root mean square.

    edges: bins + 1, in least significant bits; counts: events.
    """

    output: str
    side: str
    edges: np.ndarray
    counts: np.ndarray
    largest: float
    rms: float
    equal: Efficiency


@dataclass(frozen=True)
class Need:
    """Events that resolve `precision` of a requested rate, and how long the emulator needs for them.

    effective: background events (equal weights) behind the rate now; of `events` background events emulated. needed:
    background events of the same mixture for which the rate's statistical error is `precision` of it, and
    needed_range, from the 68 % interval of the effective events; both and `seconds` None if the rate is not resolved.
    zero_bias: unweighted crossings for the same. seconds, zero_bias_seconds: at `events_per_second`, measured here.
    """

    output: str
    target: float
    precision: float
    events: int
    effective: float
    needed: float | None
    zero_bias: float
    events_per_second: float
    seconds: float | None
    zero_bias_seconds: float
    needed_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Alike:
    """Events of all kinds that two sides decide differently at any output and any rate, on one basis.

    ppm: those per million simulated events, with 68 % interval. equal_scores: events whose every score is the same.
    limit_ppm: what these events would rule out if none differed, one-sided, 95 %.
    """

    first: str
    second: str
    basis: Basis
    events: int
    differing: int
    ppm: Interval
    equal_scores: int
    limit_ppm: float = math.nan


@dataclass(frozen=True)
class Certificate:
    """All sides on the same events. thresholds: by (side, output, target in Hz), as numbers of the score.

    alike: pair by pair, whatever the output and rate. lsb: of the emulator's score. events_per_second: the emulator's,
    measured here. normalisation: how background events got their rates, in a sentence. loosest: a threshold that is
    not above it always accepts; None if no type says it.
    """

    program: str
    digest: str
    events: int
    sides: tuple[Side, ...]
    thresholds: Mapping[tuple[str, str, float], float]
    flips: tuple[Flips, ...]
    onsets: tuple[Onset, ...]
    residuals: tuple[Residuals, ...]
    needs: tuple[Need, ...]
    alike: tuple[Alike, ...] = ()
    lsb: float = 1.0
    events_per_second: float = 0.0
    normalisation: str = ""
    loosest: float | None = None

    @property
    def exact(self) -> bool:
        """Whether QKeras and the emulator decide every event alike."""
        pair = {QKERAS, EMULATOR}
        flips = [flip.gained + flip.lost for flip in self.flips if {flip.first, flip.second} == pair]
        events = [alike.differing for alike in self.alike if {alike.first, alike.second} == pair]
        return bool(flips) and not any(flips) and not any(events)
