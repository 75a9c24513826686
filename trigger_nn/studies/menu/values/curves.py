"""Curves and bins: rate and efficiency against thresholds, backgrounds, offline quantities and pile-up."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.studies.menu.values.points import Rate
from trigger_nn.studies.rates import Efficiency


@dataclass(frozen=True)
class RateCurve:
    """Rate against integer threshold, of some hundred thresholds, with efficiency; arrays of equal length.

    thresholds: mantissas, rising. rate, low, high: Hz. efficiency, efficiency_low, efficiency_high: of the signal.
    resolved: bool, whether the events tell the rate, as of a working point, here and at every looser threshold.
    """

    signal: str
    lsb: float
    thresholds: np.ndarray
    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    efficiency: np.ndarray
    efficiency_low: np.ndarray
    efficiency_high: np.ndarray
    resolved: np.ndarray


@dataclass(frozen=True)
class Roc:
    """Signal efficiency against the share of background that passes (by rate), and the area with its interval.

    signal: what is told from `background`: all background by rate, one of its processes, or of classes all others.
    """

    signal: str
    background: str
    efficiency: np.ndarray
    mistag: np.ndarray
    area: Efficiency
    events: tuple[int, int]


@dataclass(frozen=True)
class Outside:
    """Events beyond the first or the last edge of bins, and their efficiency, None where no event is."""

    events: int = 0
    efficiency: Efficiency | None = None


@dataclass(frozen=True)
class TurnOn:
    """Efficiency in bins of an offline quantity, at one threshold.

    edges: in `unit`, bins + 1. bins: the efficiency of each, None where no event is. events: number of each bin. below,
    above: what is in no bin. The last bin holds its upper edge where no event lies above that.
    """

    signal: str
    trigger: str
    process: str
    target: float
    column: str
    unit: str
    edges: np.ndarray
    bins: tuple[Efficiency | None, ...]
    events: tuple[int, ...]
    below: Outside = Outside()
    above: Outside = Outside()


@dataclass(frozen=True)
class PileUpRow:
    """Crossings with `low` <= collisions < `high`: their rate, the share of them that fires, the signal's efficiency.

    fired is None without background there, efficiency without signal.
    """

    low: float
    high: float
    crossings: Rate
    fired: Efficiency | None
    efficiency: Efficiency | None


@dataclass(frozen=True)
class PileUp:
    """One signal's trigger at the threshold of one requested rate, in bins of pile-up.

    below, above: the crossings in no bin, None if there are none.
    """

    signal: str
    target: float
    column: str
    rows: tuple[PileUpRow, ...]
    below: PileUpRow | None = None
    above: PileUpRow | None = None


@dataclass(frozen=True)
class Density:
    """How scores of one process are distributed: `counts` of weights in bins of mantissas, `edges` bins + 1."""

    output: str
    process: str
    edges: np.ndarray
    counts: np.ndarray
    variances: np.ndarray
