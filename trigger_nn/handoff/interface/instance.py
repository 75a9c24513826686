"""An instantiation of the block in Verilog and in VHDL, to copy into a design."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from trigger_nn.handoff.interface.description import Direction, Interface, PortDescription, RtlPorts
from trigger_nn.handoff.interface.words import VHDL
from trigger_nn.rendering import templates

BUSES = ("data", "address")  # roles that are vectors in VHDL, even of one bit
ROLES = {"address": "address of the word that is asked for", "enable": "high with an address that counts"}


@dataclass(frozen=True)
class Wire:
    """A port of the generated top module, by its name in either language; `bus`: a vector, even of one bit."""

    verilog: str
    vhdl: str
    direction: Direction
    width: int
    bus: bool
    told: str


def instance_files(interface: Interface) -> dict[str, bytes]:
    """`interface.v` and `interface.vhd` of the block that `interface` describes."""
    environment = templates("trigger_nn.handoff.interface")
    values = {"i": interface, "wires": wires_of(interface), "vhdl": vhdl_name}
    names = ("interface.v", "interface.vhd")
    return {name: environment.get_template(f"{name}.j2").render(values).encode() for name in names}


def wires_of(interface: Interface) -> tuple[Wire, ...]:
    """Every port of the top module once: clock, reset and handshake, then inputs, then outputs."""
    control = [Wire(c.name, c.name, c.direction, 1, False, c.told) for c in interface.control]
    return (*control, *(wire for port in interface.ports for wire in _wires(port)))


def vhdl_name(name: str) -> str:
    """`name`, between backslashes where VHDL would not take it else (an extended identifier)."""
    plain = re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name) and name.lower() not in VHDL
    return name if plain else f"\\{name}\\"


def _wires(port: PortDescription) -> Iterator[Wire]:
    for group in port.rtl.ports:
        for index, name in enumerate(group.names):
            told = " ".join(_told(port, group, index).split())
            yield Wire(name, vhdl_name(name), group.direction, group.width, group.role in BUSES, told)


def _told(port: PortDescription, group: RtlPorts, index: int) -> str:
    """What the wire is, in a line."""
    match port.rtl.layout, group.role:
        case "elements", "data":
            element = port.elements[index]
            count = f"one count {_quantity(element.lsb, element.unit)}, {_kind(port)}"
            return f"{element.name}, {'a bit' if port.width == 1 else count}"
        case "packed", "data":
            return f"{port.size} x {port.width} bits, element 0 lowest, {_kind(port)}; hold until ap_ready"
        case "packed", "valid":
            return f"{port.name} is there; hold until ap_ready"
        case "elements", "valid":
            return f"{port.elements[index].name} is right in this cycle"
        case "memory", "data":
            return f"the word asked for, a cycle later: elements of {port.width} bits, the first lowest, {_kind(port)}"
        case "stream", "data":
            which = f"element {index} of a beat" if len(group.names) > 1 else f"a beat of {port.shape[-1]}"
            return (
                f"{which}, {8 * ceil(port.width / 8)} bits each, of which the lowest {port.width} count, {_kind(port)}"
            )
        case _:
            return ROLES.get(group.role, f"{group.role} of {port.name}")


def _quantity(lsb: float, unit: str) -> str:
    return f"{lsb:.10g}" if unit == "1" else f"{lsb:.10g} {unit}"


def _kind(port: PortDescription) -> str:
    return "two's complement" if port.signed else "unsigned"
