"""Mantissas as bits and back: two's complement, element 0 lowest, port after port, in words of 64 bits."""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from trigger_nn.program.program import Port

WORD = 64  # bits of a word on a link


def identifier(name: str) -> str:
    """A port's or layer's name as files and C++ bear it."""
    return re.sub(r"\W", "_", name)


def elements(port: Port) -> int:
    """Values of one event."""
    return math.prod(port.shape)


def size(ports: Sequence[Port]) -> int:
    """Bits of one event of all `ports`."""
    return sum(elements(port) * port.type.width for port in ports)


def digits(bits: int) -> int:
    """Hexadecimal digits that hold so many bits."""
    return -(-bits // 4)


def carrier(port: Port) -> type:
    """Dtype of a port's mantissas: int64, or Python integers where those are too wide for it."""
    return np.int64 if port.type.width < 63 else object


def carried(port: Port, mantissas: np.ndarray) -> np.ndarray:
    """Mantissas as (events, elements), of the port's dtype."""
    return np.asarray(mantissas).astype(carrier(port)).reshape(len(mantissas), elements(port))


def to_bits(port: Port, mantissas: np.ndarray) -> np.ndarray:
    """Bits of (events, *shape) as uint8 (events, elements * width), the lowest bit first."""
    flat, width = carried(port, mantissas), port.type.width
    bits = np.empty((*flat.shape, width), np.uint8)
    for place in range(width):
        bits[..., place] = (flat >> place) & 1
    return bits.reshape(len(flat), -1)


def from_bits(port: Port, bits: np.ndarray) -> np.ndarray:
    """Mantissas (events, *shape) from what `to_bits` gives."""
    width, kind = port.type.width, carrier(port)
    each = bits.reshape(len(bits), elements(port), width)
    flat = np.zeros(each.shape[:2], kind)
    for place in range(width):
        weight = 1 << place
        sign = -1 if port.type.signed and place == width - 1 else 1
        flat = flat + each[..., place].astype(kind) * (sign * weight)
    return flat.reshape(len(bits), *port.shape)


def pack(ports: Sequence[Port], mantissas: Mapping[str, np.ndarray]) -> np.ndarray:
    """Bits of all ports one after the other, uint8 (events, bits)."""
    return np.concatenate([to_bits(port, mantissas[port.name]) for port in ports], axis=1)


def unpack(ports: Sequence[Port], bits: np.ndarray) -> dict[str, np.ndarray]:
    """Mantissas by port from what `pack` gives; bits beyond are left out."""
    found, first = {}, 0
    for port in ports:
        last = first + elements(port) * port.type.width
        found[port.name] = from_bits(port, bits[:, first:last])
        first = last
    return found


def to_words(bits: np.ndarray, words: int) -> np.ndarray:
    """`words` words an event, uint64 (events, words); what is left over is 0."""
    padded = np.zeros((len(bits), words * WORD), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def from_words(words: np.ndarray) -> np.ndarray:
    """Bits, uint8 (events, 64 * words), of uint64 (events, words)."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little")
