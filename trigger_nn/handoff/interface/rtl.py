"""Ports as the HLS tools make them of the top's pragmas: names, widths, handshakes.

hls4ml 1.3.0 reshapes an input completely into one word and partitions an output completely into its elements
(`backends/vivado/passes/transform_types.py`), both with `ap_vld`; streams are `axis` (`writer/vivado_writer.py`).
Vivado HLS adds `_V` to the name of an argument of AMD's types, Vitis HLS does not. Block protocol, streams, reset and
memories: AMD UG1399, "Block-Level Control Protocols", "Structs on the Interface", "Controlling the Reset Behavior",
"Port-Level Protocols for Vivado IP Flow", "Port-Level I/O Wire Handshakes".
"""

from collections.abc import Iterable
from math import prod
from typing import Literal

from trigger_nn.handoff.design import Design
from trigger_nn.handoff.hls.ports import raw_port
from trigger_nn.handoff.interface.description import Direction, Rtl, RtlPorts
from trigger_nn.handoff.interface.words import rtl_name
from trigger_nn.program.program import Port

PROTOCOL = "ap_ctrl_hs"


def rtl_of(port: Port, identifier: str, direction: Direction, design: Design) -> Rtl:
    """How `port` of the block looks in RTL."""
    suffix = "_V" if design.hardware.backend == "Vivado" else ""
    if design.streams:
        return _stream(port, identifier, direction, suffix)
    if direction == "out":
        return _elements(port, identifier, suffix)
    written = raw_port(port, identifier, design.builder).pragmas if design.builder else ()
    if any("ap_memory" in pragma for pragma in written):
        return _memory(port, rtl_name(identifier + suffix), written)
    return _packed(port, identifier, suffix)


def _packed(port: Port, identifier: str, suffix: str) -> Rtl:
    name, bits = rtl_name(identifier + suffix), prod(port.shape) * port.type.width
    return Rtl(
        layout="packed",
        beats=1,
        pragmas=_pragmas(identifier, "ARRAY_RESHAPE"),
        told=f"one word of {bits} bits, element 0 in the lowest; hold it, with its valid signal high, until ap_ready",
        ports=(_ports("data", "in", [name], bits), _ports("valid", "in", [f"{name}_ap_vld"])),
    )


def _elements(port: Port, identifier: str, suffix: str) -> Rtl:
    names, width = [f"{identifier}_{i}{suffix}" for i in range(prod(port.shape))], port.type.width
    return Rtl(
        layout="elements",
        beats=1,
        pragmas=_pragmas(identifier, "ARRAY_PARTITION"),
        told="one port an element; it holds in the cycle in which its valid signal is high",
        ports=(_ports("data", "out", names, width), _ports("valid", "out", [f"{name}_ap_vld" for name in names])),
    )


def _stream(port: Port, identifier: str, direction: Direction, suffix: str) -> Rtl:
    """A beat is the last axis. Vitis HLS keeps its elements in one word, Vivado HLS makes a stream of each."""
    slot, elements = 8 * -(-port.type.width // 8), port.shape[-1]
    apart = [f"{identifier}_V_data_{i}_V" for i in range(elements)]
    names, width = (apart, slot) if suffix else ([rtl_name(identifier)], slot * elements)
    held = "a stream for each of them" if suffix else f"the one at i from bit {slot} * i"
    back: Direction = "out" if direction == "in" else "in"
    return Rtl(
        layout="stream",
        beats=prod(port.shape[:-1]),
        pragmas=(f"#pragma HLS INTERFACE axis port={identifier}",),
        told=f"AXI4-Stream; a beat holds the {elements} elements of the last axis, each in whole bytes: {held}",
        ports=(
            _ports("data", direction, [f"{name}_TDATA" for name in names], width),
            _ports("valid", direction, [f"{name}_TVALID" for name in names]),
            _ports("ready", back, [f"{name}_TREADY" for name in names]),
        ),
    )


def _memory(port: Port, name: str, pragmas: tuple[str, ...]) -> Rtl:
    words, each = port.shape[0], prod(port.shape[1:])
    return Rtl(
        layout="memory",
        beats=words,
        pragmas=pragmas,
        told=f"a memory of {words} words outside the block, {each} elements a word, the first in the lowest bits; the "
        "block gives the address, the word is there one cycle later",
        ports=(
            _ports("address", "out", [f"{name}_address0"], max(words - 1, 1).bit_length()),
            _ports("enable", "out", [f"{name}_ce0"]),
            _ports("data", "in", [f"{name}_q0"], each * port.type.width),
        ),
    )


def _ports(
    role: Literal["data", "valid", "ready", "address", "enable"],
    direction: Direction,
    names: Iterable[str],
    width: int = 1,
) -> RtlPorts:
    return RtlPorts(role=role, direction=direction, width=width, names=tuple(names))


def _pragmas(identifier: str, directive: str) -> tuple[str, str]:
    layout = f"#pragma HLS {directive} variable={identifier} complete dim=0"
    return layout, f"#pragma HLS INTERFACE ap_vld port={identifier}"
