"""How fast events come by a board's links, and how fast one instance of the design takes them."""

from dataclasses import dataclass
from math import ceil

from trigger_nn.handoff.design import Design
from trigger_nn.hardware.estimate import estimate

SLACK = 1e-9  # of a quotient: 25 ns over 25 ns is one instance, however both were computed


@dataclass(frozen=True)
class Pace:
    """The links' clock in MHz, frames from one event to the next, and the estimated initiation interval in ns."""

    link_mhz: float
    event_spacing: int
    interval: float

    @property
    def spacing(self) -> float:
        """From the start of an event to that of the next, in ns."""
        return self.event_spacing * 1000 / self.link_mhz

    @property
    def instances(self) -> int:
        """How many must take events in turn."""
        return max(1, ceil(self.interval / self.spacing - SLACK))

    @property
    def single_spacing(self) -> int:
        """Frames from one event to the next that a single instance takes."""
        return max(1, ceil(self.interval * self.link_mhz / 1000 - SLACK))


def interval_of(design: Design) -> float:
    """The estimated initiation interval in ns: the network's, or the builder's where that is longer.

    Raises:
        RecipeError: the clock period leaves no time for one adder.
    """
    hardware = design.hardware
    clocks = [estimate(design.program, hardware.clock_period, hardware.part).interval]
    pipeline = design.builder.facts().get("pipeline", {}) if design.builder else {}
    if "clocks_per_event" in pipeline:
        clocks.append(int(pipeline["clocks_per_event"]))
    return max(clocks) * hardware.clock_period
