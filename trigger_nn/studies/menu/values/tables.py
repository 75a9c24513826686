"""A trigger beside a menu and beside others, all about a signal or a classifier, and the whole study."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.studies.menu.values.curves import Density, PileUp, RateCurve, Roc, TurnOn
from trigger_nn.studies.menu.values.points import Coarseness, EfficiencyRow, Rate, WorkingRow
from trigger_nn.studies.rates import Efficiency


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
class Together:
    """The triggers of all signals beside each other, each at the same requested rate `target` (Hz).

    rate: of crossings that any of them accepts; shared: that several accept. alone: the sum of their own rates, Hz.
    """

    target: float
    rate: Rate
    shared: Rate
    alone: float


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
