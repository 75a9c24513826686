"""A netlist that Yosys wrote as JSON: the cells of the top module and how many there are of each kind."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Pins = Mapping[str, tuple[int, ...]]
ZERO, ONE, ANY = -1, -2, -3  # a pin bound to a constant has one of these for its net
CONSTANTS = {"0": ZERO, "1": ONE}


@dataclass(frozen=True)
class Cell:
    """One cell: its kind, its nets by pin (negative for constants), its parameters as numbers."""

    kind: str
    inputs: Pins
    outputs: Pins
    parameters: Mapping[str, int]

    @property
    def reads(self) -> tuple[int, ...]:
        """All nets that enter it."""
        return tuple(net for nets in self.inputs.values() for net in nets if net >= 0)


@dataclass(frozen=True)
class Netlist:
    """A flat design: its cells, and the nets of its ports."""

    cells: tuple[Cell, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many cells there are of each kind."""
        return Counter(cell.kind for cell in self.cells)


def read_netlist(path: Path, top: str) -> Netlist:
    """The module `top` of the file that `write_json` wrote (its format is in Yosys' `help write_json`)."""
    module = json.loads(path.read_bytes())["modules"][top]
    return Netlist(
        tuple(_cell(cell) for cell in module["cells"].values()),
        _ports(module, "input"),
        _ports(module, "output"),
    )


def _ports(module: Mapping[str, Any], direction: str) -> tuple[int, ...]:
    ports = [port for port in module["ports"].values() if port["direction"] == direction]
    return tuple(net for port in ports for net in _nets(port["bits"]) if net >= 0)


def _cell(cell: Mapping[str, Any]) -> Cell:
    pins = {pin: _nets(bits) for pin, bits in cell["connections"].items()}
    directions = cell["port_directions"]
    inputs = {pin: nets for pin, nets in pins.items() if directions[pin] == "input"}
    outputs = {pin: nets for pin, nets in pins.items() if directions[pin] == "output"}
    numbers = {name: value for name, value in cell["parameters"].items() if set(value) <= {"0", "1"} and value}
    return Cell(cell["type"], inputs, outputs, {name: int(value, 2) for name, value in numbers.items()})


def _nets(bits: list[Any]) -> tuple[int, ...]:
    return tuple(bit if isinstance(bit, int) else CONSTANTS.get(bit, ANY) for bit in bits)


def carry8(netlist: Netlist) -> int:
    """CARRY8 that the carry chains take: a chain of n CARRY4 takes n / 2, rounded up.

    A chain is what CO[3] to CI connects; UltraScale+ has CARRY8 alone (AMD UG574).
    """
    carries = [cell for cell in netlist.cells if cell.kind == "CARRY4"]
    tops = {cell.outputs["CO"][3]: i for i, cell in enumerate(carries) if cell.outputs["CO"][3] >= 0}
    below = {i: tops.get(cell.inputs["CI"][0]) for i, cell in enumerate(carries)}
    continued = {i for i in below.values() if i is not None}
    return sum((_length(i, below) + 1) // 2 for i in below if i not in continued)


def _length(last: int, below: Mapping[int, int | None]) -> int:
    """CARRY4 from `last`, where a chain ends, to its start."""
    count, cell = 1, below[last]
    while cell is not None:
        count, cell = count + 1, below[cell]
    return count
