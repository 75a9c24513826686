"""The top module: one bus a port and valid bits, around the core that alkaid writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from trigger_nn.hardware.rtl.alkaid import Core, Place
from trigger_nn.hardware.rtl.block import Language, bus_width
from trigger_nn.program.program import Port
from trigger_nn.rendering import templates


@dataclass(frozen=True)
class _Bus:
    name: str
    bits: int
    what: str


@dataclass(frozen=True)
class _In:
    """Bits of a bus that the core takes: all those that it looks at."""

    bus: str
    start: int
    bits: int
    to: int


@dataclass(frozen=True)
class _Part:
    """Bits high to low of a bus, as VHDL has them."""

    high: int
    low: int
    value: str


@dataclass(frozen=True)
class _Out:
    """An element of an output bus: zeros below, the core's bits, their sign (or zeros) above; or a `constant`."""

    bus: str
    start: int
    width: int
    place: Place
    at: int
    constant: int | None

    @property
    def literal(self) -> str:
        """The bits of the constant."""
        return f"{(self.constant or 0) & ((1 << self.width) - 1):0{self.width}b}"

    @property
    def above(self) -> int:
        """Bits of the element above those of the core."""
        return self.width - self.place.width - self.place.zeros

    @property
    def verilog(self) -> str:
        """The element as a literal or a concatenation."""
        if self.constant is not None:
            return f"{self.width}'b{self.literal}"
        top = self.at + self.place.width - 1
        parts = []
        if self.above:
            parts.append(f"{{{self.above}{{core_outputs[{top}]}}}}" if self._extended else f"{self.above}'b0")
        if self.place.width:
            parts.append(f"core_outputs[{top}:{self.at}]")
        if self.place.zeros:
            parts.append(f"{self.place.zeros}'b0")
        return f"{{{', '.join(parts)}}}"

    @cached_property
    def vhdl(self) -> tuple[_Part, ...]:
        """The element part by part."""
        if self.constant is not None:
            return (_Part(self.start + self.width - 1, self.start, f'"{self.literal}"'),)
        top, zeros, middle = self.at + self.place.width - 1, self.place.zeros, self.place.zeros + self.place.width
        sign = f"(others => core_outputs({top}))" if self._extended else "(others => '0')"
        wanted = (
            (self.width, middle, sign),
            (middle, zeros, f"core_outputs({top} downto {self.at})"),
            (zeros, 0, "(others => '0')"),
        )
        return tuple(_Part(self.start + high - 1, self.start + low, value) for high, low, value in wanted if high > low)

    @property
    def _extended(self) -> bool:
        return self.place.signed and self.place.width > 0


def top(
    name: str, language: Language, core: Core, inputs: Sequence[Port], outputs: Sequence[Port], summary: str
) -> str:
    """The text of module `name`."""
    template = templates("trigger_nn.hardware.rtl").get_template(f"top.{'v' if language == 'verilog' else 'vhd'}.j2")
    taken, given = _starts(core.inputs), _starts(core.outputs)
    return template.render(
        name=name, summary=summary, latency=core.latency, core=core.name,
        inputs=[_bus(port) for port in inputs], outputs=[_bus(port) for port in outputs],
        core_inputs=taken[-1] if core.needed else 0, core_outputs=given[-1] if core.needed else 0,
        wires_in=[
            _In(bus, start + place.zeros, place.width, at)
            for (bus, start, _), place, at in zip(_elements(inputs), core.inputs, taken, strict=False)
            if place.width and core.needed
        ],
        wires_out=[
            _Out(bus, start, width, place, at, constant)
            for (bus, start, width), place, at, constant in zip(
                _elements(outputs), core.outputs, given, core.constants, strict=False
            )
        ],
    )  # fmt: skip


def _bus(port: Port) -> _Bus:
    return _Bus(port.name, bus_width(port), f"{int(np.prod(port.shape))} x {port.type}")


def _elements(ports: Sequence[Port]) -> list[tuple[str, int, int]]:
    """(bus, lowest bit, width) of every element."""
    return [
        (port.name, place * port.type.width, port.type.width)
        for port in ports
        for place in range(int(np.prod(port.shape)))
    ]


def _starts(places: Sequence[Place]) -> list[int]:
    """Lowest bit of each value in the core's bus, and the width of all."""
    return list(accumulate((place.width for place in places), initial=0))
