"""What an estimate says, as values: each figure with the interval in which 9 of 10 designs should lie."""

from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from trigger_nn.hardware.parts import Device

BUNCH_CROSSING = 25.0  # ns
TOLERANCE = 1e-4  # relative: clock periods are given with a few decimals, 4.1667 ns for 240 MHz
Road = Literal["hls", "rtl"]
Resource = Literal["lut", "ff", "dsp", "bram"]
RESOURCES: tuple[Resource, ...] = ("lut", "ff", "dsp", "bram")


def whole(number: float) -> int:
    """Rounded up; what exceeds an integer by less than a millionth is that integer, on every machine."""
    return ceil(round(number, 6))


@dataclass(frozen=True)
class Figure:
    """A number, and the ends of its 90 % interval."""

    value: float
    low: float
    high: float

    def __add__(self, other: "Figure") -> "Figure":
        """The sum; intervals add up, as the errors of two layers come from the same constants."""
        return Figure(self.value + other.value, self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Accuracy:
    """How far measured designs were from the estimate: factors (low, high) of each resource, cycles added.

    `basis` says in a sentence what that rests on.
    """

    basis: str
    lut: tuple[float, float]
    ff: tuple[float, float]
    dsp: tuple[float, float]
    bram: tuple[float, float]
    cycles: tuple[float, float]


UNKNOWN = Accuracy("Nothing is known of the error.", (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (0.0, 0.0))


@dataclass(frozen=True)
class LayerEstimate:
    """One layer: clock cycles from input to output, cycles between events, LUTs, flip-flops, DSPs, block RAMs.

    `dsp_range` are the fewest and the most DSP slices, where the rule of the synthesis tool is not known for sure.
    """

    layer: str
    kind: str
    latency: int
    interval: int
    lut: int
    ff: int
    dsp: int
    bram: int
    dsp_range: tuple[int, int] | None = None


@dataclass(frozen=True)
class Estimate:
    """The whole design at `clock_period` ns on `device`, by `road`: hls4ml's C++ through Vitis HLS, or our own RTL."""

    device: Device
    clock_period: float
    layers: tuple[LayerEstimate, ...]
    unmodelled: tuple[str, ...] = ()  # layers of which the road has no hardware model; what is counted is too little
    road: Road = "hls"
    accuracy: Accuracy = field(default=UNKNOWN)
    overlap: int = 0  # cycles in which layers work at the same time, counted once too often in their sum
    notes: tuple[str, ...] = ()  # sentences on what hls4ml builds in place of what was asked for

    @property
    def cycles(self) -> int:
        """Clock cycles from input to output."""
        return sum(layer.latency for layer in self.layers) - self.overlap

    @property
    def latency(self) -> float:
        """Latency in ns."""
        return self.cycles * self.clock_period

    @property
    def bunch_crossings(self) -> int:
        """Latency in bunch crossings of 25 ns, rounded up."""
        return ceil(self.latency / BUNCH_CROSSING * (1 - TOLERANCE))

    @property
    def interval(self) -> int:
        """Clock cycles between two events that one instance can take."""
        return max((layer.interval for layer in self.layers), default=1)

    @property
    def instances(self) -> int:
        """Instances, or time multiplexing, needed to take an event every bunch crossing."""
        return ceil(self.interval * self.clock_period / BUNCH_CROSSING * (1 - TOLERANCE))

    def total(self, resource: str) -> int:
        """Sum over layers of 'lut', 'ff', 'dsp' or 'bram'."""
        return sum(getattr(layer, resource) for layer in self.layers)

    def share(self, resource: str) -> float:
        """That sum as a fraction of the device."""
        return float(self.total(resource) / getattr(self.device, resource))

    def share_of_slr(self, resource: str) -> float:
        """That sum as a fraction of one super logic region, of which the device has `device.slrs` alike."""
        return self.share(resource) * self.device.slrs

    def figure(self, resource: Resource) -> Figure:
        """The sum over layers of a resource, with its interval."""
        return sum((self.layer_figure(layer, resource) for layer in self.layers), Figure(0, 0, 0))

    def layer_figure(self, layer: LayerEstimate, resource: Resource) -> Figure:
        """One layer's share of a resource; its interval is that of whole designs, so rather too narrow."""
        value: int = getattr(layer, resource)
        if resource == "dsp" and layer.dsp_range is not None:
            return Figure(value, *layer.dsp_range)
        low, high = getattr(self.accuracy, resource)
        return Figure(value, value * low, value * high)

    @property
    def cycles_figure(self) -> Figure:
        """The latency in clock cycles, with its interval."""
        low, high = self.accuracy.cycles
        return Figure(self.cycles, max(self.cycles + low, min(self.cycles, 1)), self.cycles + high)
