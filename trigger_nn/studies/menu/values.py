"""What a study of rates and efficiencies is asked of, and what it answers: frozen tables, no computing.

Rates are in Hz, intervals of 68 % confidence. An event passes a threshold when its integer score is above it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.events.quantities import Column
from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.rates import Efficiency


@dataclass(frozen=True)
class Scored:
    """Events with their integer scores; images and the like are gone, so tens of millions of events fit into memory.

    processes: names. process: (n,) uint8, index into them. rate: (n,) float32, Hz that an event stands for, 0 where it
    stands for none (signals). weight: (n,) float32, the generator's. scores: (n, outputs), mantissas of `type`, in
    narrow integers. outputs: what each output is for, a signal or a class. columns: by name (n, *shape) counts of the
    quantities that cuts, turn-on curves and pile-up look at; `meanings` says what a count is worth. source: (n,), the
    number of the simulated event that an event is a copy of (turned or mirrored), None if each is its own; copies are
    not independent, and intervals know it. crossings: Hz of all crossings that the rates are a part of, None if nothing
    says it. averaged: processes whose rates are the mean of several samples'.
    """

    processes: tuple[str, ...]
    process: np.ndarray
    rate: np.ndarray
    weight: np.ndarray
    scores: np.ndarray
    outputs: tuple[str, ...]
    type: Fixed
    columns: Mapping[str, np.ndarray]
    meanings: Mapping[str, Column]
    source: np.ndarray | None = None
    crossings: float | None = None
    averaged: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of events."""
        return len(self.process)

    def select(self, *processes: str) -> np.ndarray:
        """Mask of the events of `processes`."""
        return np.isin(self.process, [self.processes.index(name) for name in processes])


@dataclass(frozen=True)
class Rate:
    """A rate in Hz with its interval, the simulated events behind it, and how many equal weights are as precise.

    unseen: Hz, the largest upper limit of events of about one weight of which none passes; 0 if there are none such.
    """

    value: float
    low: float
    high: float
    events: int
    effective: float
    unseen: float = 0.0


@dataclass(frozen=True)
class Threshold:
    """An integer threshold and the plateau of thresholds that decide alike.

    mantissa: events with a score above it pass; the smallest of its plateau. lsb: what one count of the score is worth.
    plateau: first and last integer that decide alike on these events, the range of the score's type at most.
    rate: of what passes. ties: background events at the next score down, `mantissa`, which would pass together if the
    threshold were lowered by one; tied_rate (Hz): what they would add. ceiling: background events at the type's largest
    value, where scores saturate. always: every event passes; `mantissa` is then one below the type's range.
    """

    mantissa: int
    lsb: float
    plateau: tuple[int, int]
    rate: Rate
    ties: int
    tied_rate: float
    ceiling: int
    always: bool = False

    @property
    def told(self) -> str:
        """The integer, or `always accept` where a comparison would need one that the type does not hold."""
        return "always accept" if self.always else str(self.mantissa)

    @property
    def score(self) -> float:
        """The threshold as a number."""
        return self.mantissa * self.lsb


@dataclass(frozen=True)
class WorkingRow:
    """One signal's trigger at a requested rate (Hz).

    efficiency: of the signal, with its binomial interval. band: the efficiency at the thresholds to which the rate's
    own statistical uncertainty could move it, (low, high). resolved: at least ten effective background events pass,
    and the rate is more than twice what heavier events, of which none passes, could still add.
    """

    signal: str
    trigger: str
    target: float
    threshold: Threshold
    efficiency: Efficiency
    band: tuple[float, float]
    resolved: bool


@dataclass(frozen=True)
class EfficiencyRow:
    """One signal's trigger at a requested efficiency: the tightest threshold that reaches it, and its rate."""

    signal: str
    target: float
    threshold: Threshold
    efficiency: Efficiency
    rate: Rate


@dataclass(frozen=True)
class Coarseness:
    """Whether the least significant bit of a score resolves a rate.

    missed: the requested rate less the highest that thresholds allow, in Hz; allowed: what the tolerance permits.
    cause: `fine`; `step` (too many events share one score); `ceiling` (scores saturate below the threshold wanted);
    `floor` (they saturate at the other end, above it); `events` (too few events to tell); `all` (the rate is not below
    that of all background, so everything passes). statement: one or two sentences. tried: the finer scores that were
    computed to mend it, in order; mended: the first that does, None if none did or none was needed.
    """

    signal: str
    target: float
    missed: float
    allowed: float
    cause: str
    statement: str
    tried: tuple["FinerScore", ...] = ()
    mended: "FinerScore | None" = None


@dataclass(frozen=True)
class FinerScore:
    """The same network with its output in a wider type, emulated again on the same events."""

    type: Fixed
    threshold: Threshold
    efficiency: Efficiency
    missed: float


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
class SeedRow:
    """A line of the menu: its rate, what it alone accepts, and the share of each signal that it keeps."""

    name: str
    rate: Rate
    pure: Rate
    efficiency: Mapping[str, Efficiency]


@dataclass(frozen=True)
class Overlap:
    """A network's trigger beside an existing menu, at one requested rate.

    before: rate of the menu alone. after: with the network. pure: what the network alone accepts; shared: what the menu
    takes as well. seeds: each line beside all others, the network not among them. signal_before, signal_after: share
    of the signal that the menu keeps without and with it. network, signal_network: rate and share of the network's
    trigger whatever the menu does.
    """

    signal: str
    target: float
    before: Rate
    after: Rate
    pure: Rate
    shared: Rate
    seeds: tuple[SeedRow, ...]
    signal_before: Efficiency
    signal_after: Efficiency
    network: Rate
    signal_network: Efficiency


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
class SignalStudy:
    """All about one signal."""

    signal: str
    events: int
    background_events: int
    at_rate: tuple[WorkingRow, ...]
    at_efficiency: tuple[EfficiencyRow, ...]
    coarseness: tuple[Coarseness, ...]
    curve: RateCurve
    rocs: tuple[Roc, ...]
    turn_ons: tuple[TurnOn, ...]
    overlaps: tuple[Overlap, ...]
    pileup: tuple[PileUp, ...]


@dataclass(frozen=True)
class ClassStudy:
    """A classifier, whose largest output decides: how often it is right, each class against all others.

    confusion[i, j]: events of class i taken for j. ties: share of events with several largest outputs, of which the
    first decides. balanced: mean over the classes of the share that is right, whatever their numbers of events.
    """

    classes: tuple[str, ...]
    events: int
    accuracy: Efficiency
    rocs: tuple[Roc, ...]
    confusion: np.ndarray
    ties: Efficiency
    balanced: float


@dataclass(frozen=True)
class Density:
    """How scores of one process are distributed: `counts` of weights in bins of mantissas, `edges` bins + 1."""

    output: str
    process: str
    edges: np.ndarray
    counts: np.ndarray
    variances: np.ndarray


@dataclass(frozen=True)
class Together:
    """The triggers of all signals beside each other, each at the same requested rate `target` (Hz).

    rate: of crossings that any of them accepts; shared: that several accept. alone: the sum of their own rates, Hz.
    """

    target: float
    rate: Rate
    shared: Rate
    alone: float


@dataclass(frozen=True)
class MenuStudy:
    """The whole study of one program on one set of events.

    total: Hz of all background together. seconds: of emulating `events` events. normalisation: how events got their
    rates, in a sentence. together: the signals' triggers as one, at each requested rate; none of a single signal.
    """

    program: str
    digest: str
    events: int
    processes: Mapping[str, int]
    total: float
    normalisation: str
    signals: tuple[SignalStudy, ...]
    classes: ClassStudy | None
    densities: tuple[Density, ...]
    seconds: float
    together: tuple[Together, ...] = ()
