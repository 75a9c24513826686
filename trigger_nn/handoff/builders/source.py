"""C++ headers from templates, and the pieces that all builders share."""

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from trigger_nn.engines.checks import check_ranges, check_shapes
from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.rendering import templates

MOST_REGISTERS = 4096  # elements that an array may be taken apart into; Vivado and Vitis HLS
_NAMESPACE = re.compile(r"[A-Za-z_]\w*(::[A-Za-z_]\w*)*")


def raw_port(name: str, shape: tuple[int, ...], bits: int, signed: bool = False) -> Port:
    """A port of raw integers."""
    return Port(name, shape, Fixed(signed, bits, bits), whole=True)


def checked(ports: Sequence[Port], inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Mantissas of `ports` in order, int64.

    Raises:
        EventsError: one is missing, of another shape, or has a value that its type can't hold.
    """
    check_shapes(Program("raw", tuple(ports), (), ()), inputs)
    for port in ports:
        check_ranges(port, inputs[port.name])
    return [np.asarray(inputs[port.name], np.int64) for port in ports]


def check_registers(shape: Sequence[int], program: str) -> None:
    """An image is kept in registers while it is filled.

    Raises:
        UnsupportedLayerError: it has more elements than HLS takes an array apart into.
    """
    if prod(shape) > MOST_REGISTERS:
        raise UnsupportedLayerError(
            f"The input of program {program!r} has {' x '.join(map(str, shape))} = {prod(shape)} elements, more than "
            f"the {MOST_REGISTERS} registers that HLS takes an array apart into; choose fewer and larger bins, or hand "
            "over the network alone."
        )


def render(template: str, namespace: str, ports: Sequence[Port], output: Port, **values: Any) -> str:
    """The header of a builder: `template` with `values`.

    Raises:
        HandoffError: `namespace` is none that C++ takes.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise HandoffError(f"{namespace!r} is no namespace of C++; use letters, digits, _ and ::.")
    environment = templates(
        "trigger_nn.handoff.builders", cpp=cpp_list, size=lambda port: prod(port.shape), integer=integer_type
    )
    return environment.get_template(template).render(
        guard=re.sub(r"\W+", "_", namespace).upper() + "_BUILD_H_",
        namespaces=namespace.split("::"), ports=ports, output=output, **values,
    )  # fmt: skip


def integer_type(kind: Fixed) -> str:
    """The C++ type of a port's mantissa: `ap_uint<8>`."""
    return f"ap_{'' if kind.signed else 'u'}int<{kind.width}>"


def cpp_list(values: Any) -> str:
    """Integers, truth values or lists of them as C++ initialises an array."""
    if isinstance(values, list | tuple):
        return "{" + ", ".join(map(cpp_list, values)) + "}"
    return str(int(values))


def unsigned_bits(largest: int) -> int:
    """Width of an unsigned integer that holds 0 to `largest`."""
    return max(largest.bit_length(), 1)


def signed_bits(low: int, high: int) -> int:
    """Width of a signed integer that holds `low` to `high`."""
    return max((high if high >= 0 else ~high).bit_length(), (low if low >= 0 else ~low).bit_length()) + 1


def word_interface(port: Port, words: int) -> dict[str, Any]:
    """Advice for the block's top: the port read in `words` words, one a clock, in order and once."""
    each = prod(port.shape) // words
    reshape = [f"#pragma HLS ARRAY_RESHAPE variable={port.name} cyclic factor={each} dim=1"] if each > 1 else []
    return {
        "protocol": "ap_memory",
        "words": words,
        "elements_per_word": each,
        "word_bits": each * port.type.width,
        "order": "word 0 first, each read once; in a word the first element holds the least significant bits",
        "pragmas": [*reshape, f"#pragma HLS INTERFACE ap_memory port={port.name}"],
    }


def register_interface(port: Port) -> dict[str, Any]:
    """Advice for the block's top: the port there as a whole, all bits side by side."""
    return {
        "protocol": "ap_none",
        "words": 1,
        "elements_per_word": prod(port.shape),
        "word_bits": prod(port.shape) * port.type.width,
        "order": "the first element holds the least significant bits",
        "pragmas": [f"#pragma HLS ARRAY_RESHAPE variable={port.name} complete dim=0"],
    }


def dataflow(clocks: int) -> dict[str, Any]:
    """Advice for the function that calls `build` and the network, `clocks` being those of the builder's loop."""
    return {
        "clocks_per_event": clocks,
        "top": "#pragma HLS DATAFLOW",
        "note": "Call build and the network as two processes of a DATAFLOW region, with the network's input between "
        "them as an array that is taken apart completely. Under PIPELINE the builder's loop would be unrolled and all "
        "words would be asked for at once. The next event can follow after clocks_per_event clocks and the few that "
        "the loop needs to fill and to empty.",
    }
