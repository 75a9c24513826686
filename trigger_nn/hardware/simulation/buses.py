"""Mantissas by port <-> one row of int64 words an event or cycle, as the driver takes and gives them.

A word holds an element's two's complement, sign-extended where the port is signed; words follow the elements, in C
order of each port's shape, port after port. Words are equal where mantissas are.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import EventsError, ToolFailed
from trigger_nn.program.program import Port

WIDEST = 64  # bits of an element that a word carries


def elements(port: Port) -> int:
    """Values of one event."""
    return math.prod(port.shape)


@dataclass(frozen=True)
class Place:
    """A word of a row: element `element` (an index into the port's shape) of `port`."""

    port: Port
    element: tuple[int, ...]


def place(ports: Sequence[Port], word: int) -> Place:
    """What word number `word` of a row is."""
    for port in ports:
        if word < elements(port):
            return Place(port, tuple(int(i) for i in np.unravel_index(word, port.shape)) if port.shape else ())
        word -= elements(port)
    raise IndexError(word)


def refuse_wide(ports: Sequence[Port], block: str) -> None:
    """Refuse elements that no word carries.

    Raises:
        ToolFailed: a port's elements have more than `WIDEST` bits.
    """
    for port in ports:
        if port.type.width > WIDEST:
            raise ToolFailed(
                f"Port {port.name} of block {block} has elements of {port.type.width} bits, and the simulation carries "
                f"{WIDEST} at most; give the port a narrower type."
            )


def widths(ports: Sequence[Port]) -> np.ndarray:
    """Bits of each word's element, uint8."""
    return np.concatenate([np.full(elements(port), port.type.width, np.uint8) for port in ports])


def signs(ports: Sequence[Port]) -> np.ndarray:
    """1 for each word whose element is signed, uint8."""
    return np.concatenate([np.full(elements(port), port.type.signed, np.uint8) for port in ports])


def to_words(ports: Sequence[Port], mantissas: Mapping[str, np.ndarray], what: str = "input") -> np.ndarray:
    """Rows, int64 (events, words), of mantissas (events, *shape) by port; `what` names them in messages.

    Raises:
        EventsError: a port is missing, of another shape, out of its type's range, no integers, or not all ports have
            as many events.
    """
    columns = [_column(port, mantissas, what) for port in ports]
    counts = {port.name: len(column) for port, column in zip(ports, columns, strict=True)}
    if len(set(counts.values())) != 1:
        raise EventsError(f"The {what} ports have different numbers of events, {counts}; give as many for each.")
    return np.ascontiguousarray(np.concatenate(columns, axis=1))


def from_words(ports: Sequence[Port], words: np.ndarray) -> dict[str, np.ndarray]:
    """Mantissas (rows, *shape) by port: int64, or Python integers for unsigned elements of 64 bits."""
    found, first = {}, 0
    for port in ports:
        column = words[:, first : first + elements(port)]
        found[port.name] = mantissa(port, column).reshape(len(words), *port.shape)
        first += elements(port)
    return found


def mantissa(port: Port, words: np.ndarray) -> np.ndarray:
    """The mantissas that words of `port` stand for."""
    if port.type.maximum <= np.iinfo(np.int64).max:
        return words
    return words.astype(object) & port.type.maximum


def _column(port: Port, mantissas: Mapping[str, np.ndarray], what: str) -> np.ndarray:
    if port.name not in mantissas:
        raise EventsError(f"The {what} port {port.name!r} is not among {sorted(mantissas)}; give its mantissas too.")
    values = np.asarray(mantissas[port.name])
    if values.dtype.kind not in "iuO" or values.shape[1:] != port.shape:
        raise EventsError(
            f"The {what} port {port.name!r} takes integers of shape (events, *{port.shape}), found {values.dtype} of "
            f"shape {values.shape}; give mantissas as the program's port has them."
        )
    values = values.reshape(len(values), elements(port))
    if values.size and not port.type.minimum <= int(values.min()) <= int(values.max()) <= port.type.maximum:
        raise EventsError(
            f"The {what} port {port.name!r} of type {port.type} holds mantissas from {port.type.minimum} to "
            f"{port.type.maximum}, found {values.min()} to {values.max()}; quantize the events first."
        )
    return _wrapped(values)


def _wrapped(values: np.ndarray) -> np.ndarray:
    """Integers modulo 2^64, as int64."""
    if values.dtype == object:
        values = (values & ((1 << 64) - 1)).astype(np.uint64)
    return values.astype(np.int64)  # numpy wraps uint64, and extends the sign of what is narrower
