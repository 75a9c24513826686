"""Ports of a block as C++: identifiers, types, and the pragmas that make wires of them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Builder
from trigger_nn.handoff.hls.network import WIRES, Argument, Layout, Network
from trigger_nn.program.program import Port

# What Vivado HLS and Vitis HLS will make one word of, or wires of (config_array_partition -maximum_size 4096).
LARGEST_COUNT, LARGEST_WORD = 4096, 65536

# Macros and globals of the headers that come along, and what the block's own control is called in RTL.
TAKEN = (
    "assert", "BUFSIZ", "EOF", "errno", "HUGE_VAL", "INFINITY", "main", "NAN", "NULL", "std", "stderr", "stdin",
    "stdout", "ap_clk", "ap_continue", "ap_done", "ap_idle", "ap_ready", "ap_rst", "ap_rst_n", "ap_start",
)  # fmt: skip
_KEYWORD = re.compile(
    """alignas|alignof|and|and_eq|asm|auto|bitand|bitor|bool|break|case|catch|char|char16_t|char32_t|class|compl|const
    |const_cast|constexpr|continue|decltype|default|delete|do|double|dynamic_cast|else|enum|explicit|export|extern|false
    |float|for|friend|goto|if|inline|int|long|mutable|namespace|new|noexcept|not|not_eq|nullptr|operator|or|or_eq
    |private|protected|public|register|reinterpret_cast|return|short|signed|sizeof|static|static_assert|static_cast
    |struct|switch|template|this|thread_local|throw|true|try|typedef|typeid|typename|union|unsigned|using|virtual|void
    |volatile|wchar_t|while|xor|xor_eq""",
    re.VERBOSE,
)


def _taken(identifier: str) -> bool:
    return identifier in TAKEN or _KEYWORD.fullmatch(identifier) is not None


@dataclass(frozen=True)
class CppPort:
    """A port of a block: its identifier, elements of one event, bits of an element, and the C++ type of an element.

    `beat` is the type of what a stream carries, None of an array. `pragmas` are the lines that stand in the top.
    """

    name: str
    size: int
    width: int
    type: str
    beat: str | None
    pragmas: tuple[str, ...]


def identifiers(ports: Iterable[Port]) -> tuple[str, ...]:
    """What `ports` of one block are called in C++.

    Raises:
        HandoffError: two would have the same name, or one a name that C++ can't take.
    """
    names = [(port.name, re.sub(r"\W", "_", port.name)) for port in ports]
    counts = Counter(identifier for _, identifier in names)
    for name, identifier in names:
        if counts[identifier] > 1:
            raise HandoffError(
                f"Port {name!r} is called {identifier} in C++, as another port is; rename one of the layers."
            )
        if not re.fullmatch(r"[A-Za-z_]\w*", identifier, re.ASCII) or _taken(identifier):
            raise HandoffError(f"Port {name!r} can't be the name of a C++ argument; rename the layer.")
    return tuple(identifier for _, identifier in names)


def network_ports(ports: Sequence[Port], names: Sequence[str], network: Network, space: str) -> tuple[CppPort, ...]:
    """Ports that are the arguments of `network`, whose types are in the namespace `space`.

    Raises:
        HandoffError: the network has other arguments.
    """
    if len(ports) != len(network.arguments):
        raise HandoffError(
            f"The HLS project's network has {len(network.arguments)} arguments, the program {len(ports)} "
            "ports; make both of the same model."
        )
    matched = zip(ports, names, network.arguments, strict=True)
    return tuple(_network_port(port, name, argument, space, network.protocol) for port, name, argument in matched)


def _network_port(port: Port, name: str, argument: Argument, space: str, protocol: str) -> CppPort:
    size, kind = prod(port.shape), f"{space}::{argument.type}"
    if argument.size not in (None, size):
        raise HandoffError(
            f"Port {port.name!r} has {size} elements in the program and {argument.size} in the HLS project; make both "
            "of the same model."
        )
    layout = (argument.layout.pragma(name),) if argument.layout else ()
    pragmas = (*layout, f"#pragma HLS INTERFACE {protocol} port={name}")
    if argument.size is None:
        return CppPort(name, size, port.type.width, f"{name}_beat::value_type", kind, pragmas)
    return CppPort(name, size, port.type.width, kind, None, pragmas)


def raw_port(port: Port, name: str, builder: Builder | None = None) -> CppPort:
    """A port of raw integers in front of `builder`: one wide word as hls4ml's inputs are, or a memory of `words`."""
    size, width, count = prod(port.shape), port.type.width, words(port, builder)
    kind = f"{'ap_int' if port.type.signed else 'ap_uint'}<{width}>"
    if count == 1:
        layout, protocol = [Layout("ARRAY_RESHAPE", "complete dim=0")], "ap_vld"
    else:
        each = size // count
        layout, protocol = [Layout("ARRAY_RESHAPE", f"cyclic factor={each} dim=1")] if each > 1 else [], "ap_memory"
    pragmas = (*(one.pragma(name) for one in layout), f"#pragma HLS INTERFACE {protocol} port={name}")
    return CppPort(name, size, width, kind, None, pragmas)


def words(port: Port, builder: Builder | None) -> int:
    """How many words `builder` reads an event of `port` in, as its facts say.

    Without a word on that it is one, or where that would be too large one for each step of the port's first axis.
    """
    size = prod(port.shape)
    fits = size <= LARGEST_COUNT and size * port.type.width <= LARGEST_WORD
    interface = builder.facts().get("interface", {}) if builder else {}
    return int(interface.get(port.name, {}).get("words", 1 if fits else port.shape[0]))


def decision_port(port: Port, name: str) -> CppPort:
    """The port of decision bits: a wire each, as hls4ml's outputs."""
    pragmas = (WIRES.pragma(name), f"#pragma HLS INTERFACE ap_vld port={name}")
    return CppPort(name, prod(port.shape), 1, "ap_uint<1>", None, pragmas)
