"""What a rule sees: the program, what hls4ml is told, the device, the pace of events, and what is known of streams."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import floor, prod

from trigger_nn.hardware.lint.findings import Finding, Key
from trigger_nn.hardware.parts import Device, device_of
from trigger_nn.program.operations import Operation, Reshape
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HardwareSpec, LayerSpec

TOLERANCE = 1e-9  # of a quotient of two times in ns, which binary fractions don't hold exactly


@dataclass(frozen=True)
class StreamFacts:
    """One FIFO of an io_stream design, as a model of its traffic sees it; depths in packets.

    `needed` is the depth that lets events flow at full pace, `deadlock` says that with the depth `given` they stop.
    """

    name: str
    layer: str
    needed: int
    given: int
    deadlock: bool = False


@dataclass(frozen=True)
class Streams:
    """An io_stream design, as a model of its traffic sees it: FIFOs, and the pace that they allow when deep enough.

    `interval` is in clock cycles from one event to the next, set by the layer `bottleneck`.
    """

    fifos: tuple[StreamFacts, ...]
    interval: int
    bottleneck: str


@dataclass(frozen=True)
class Context:
    """A design to be checked; `spacing` is the time from one event to the next, in ns.

    `da4ml` says whether hls4ml's distributed arithmetic can be written on this machine.
    """

    program: Program
    hardware: HardwareSpec
    spacing: float
    streams: Streams | None = None
    da4ml: bool = field(default=True)

    @cached_property
    def device(self) -> Device:
        """The device of the part."""
        return device_of(self.hardware.part)

    @property
    def is_stream(self) -> bool:
        """Whether tensors pass through FIFOs, packet by packet."""
        return self.hardware.io_type == "io_stream"

    @property
    def is_vitis(self) -> bool:
        """Whether the C++ is for Vitis HLS, not for Vivado HLS."""
        return self.hardware.backend == "Vitis"

    @property
    def cycles(self) -> int:
        """Whole clock cycles between two events."""
        return floor(self.spacing / self.hardware.clock_period + TOLERANCE)

    def asked(self, layer: str) -> LayerSpec:
        """What the recipe tells the layer of an operation alone."""
        return self.hardware.layers.get(stem(layer), LayerSpec())

    def tensors(self) -> Iterator[Port]:
        """Every tensor that the C++ declares, inputs first: a Reshape only renames one."""
        yield from self.program.inputs
        for operation in self.program.operations:
            if not isinstance(operation, Reshape):
                yield Port(operation.name, operation.shape, operation.type)

    def type_key(self, name: str) -> Key:
        """What sets the type of tensor `name`."""
        return Key.INPUT if name in {port.name for port in self.program.inputs} else Key.RESULT

    def first_steps(self) -> Iterator[Operation]:
        """The operations; of a layer that is repeated for time steps, only the last step's, which bears its name."""
        return (operation for operation in self.program.operations if not is_step(operation.name))


def stem(name: str) -> str:
    """The layer that an operation belongs to: a step of a repeated layer, or one direction of a bidirectional one."""
    return name.split("/")[0]


def is_step(name: str) -> bool:
    """Whether an operation is a step of a repeated layer other than the last, which bears the layer's name."""
    return re.search(r"/step\d+$", name) is not None


def elements(shape: tuple[int, ...]) -> int:
    """Values of one event."""
    return prod(shape)


def packets(shape: tuple[int, ...]) -> int:
    """Packets of a stream: hls4ml packs the last axis."""
    return prod(shape[:-1])


Findings = Iterator[Finding]
