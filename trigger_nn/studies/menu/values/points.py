"""What a study is asked of, and its working points: events with scores, rates, integer thresholds."""

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
