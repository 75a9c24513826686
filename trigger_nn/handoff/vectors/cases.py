"""Corner cases and random events of a block's input ports, as flat arrays: (events, elements of all ports)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trigger_nn.handoff.vectors.bits import carried, carrier, elements
from trigger_nn.program.program import Port

MOST_HOT = 64  # elements that are tried alone
MOST_POWERS = 64  # powers of two that are tried


@dataclass(frozen=True)
class Space:
    """All that can come in by `ports`, the elements of all ports in one row."""

    ports: tuple[Port, ...]

    @property
    def kind(self) -> type:
        """What flat events are made of: int64, or Python integers if one port needs them."""
        return object if any(carrier(port) is object for port in self.ports) else np.int64

    @cached_property
    def low(self) -> np.ndarray:
        """The smallest mantissa of each element that a cast yields."""
        return self._each([port.type.lowest for port in self.ports])

    @cached_property
    def high(self) -> np.ndarray:
        """The largest mantissa of each element."""
        return self._each([port.type.maximum for port in self.ports])

    @cached_property
    def parity(self) -> np.ndarray:
        """0 and 1 as on a checkerboard of each port's shape."""
        return np.concatenate([np.indices(port.shape).sum(axis=0).reshape(-1) % 2 for port in self.ports])

    @property
    def size(self) -> int:
        """Elements of an event."""
        return len(self.low)

    @property
    def zeros(self) -> np.ndarray:
        """One event of zeros."""
        return np.zeros((1, self.size), np.int64).astype(self.kind)

    def clip(self, events: np.ndarray) -> np.ndarray:
        """Events with what is out of range at the range's end."""
        return np.minimum(np.maximum(events, self.low), self.high)

    def split(self, events: np.ndarray) -> dict[str, np.ndarray]:
        """Mantissas (events, *shape) by port."""
        found: dict[str, np.ndarray] = {}
        first = 0
        for port in self.ports:
            part = events[:, first : first + elements(port)]
            found[port.name] = part.astype(carrier(port)).reshape(len(events), *port.shape)
            first += elements(port)
        return found

    def join(self, mantissas: Mapping[str, np.ndarray]) -> np.ndarray:
        """Flat events from mantissas by port."""
        return np.concatenate([carried(p, mantissas[p.name]).astype(self.kind) for p in self.ports], axis=1)

    def _each(self, ends: Sequence[int]) -> np.ndarray:
        counts = [elements(port) for port in self.ports]
        return np.array([end for end, count in zip(ends, counts, strict=True) for _ in range(count)], self.kind)


Cases = list[tuple[str, np.ndarray]]


def corner_cases(space: Space) -> Cases:
    """The ends of the ports' ranges, alone and together, by group."""
    low, high, zeros = space.low, space.high, space.zeros
    order, board = np.arange(space.size) % 2 == 0, space.parity == 0
    ones = space.clip(np.stack([zeros[0] + 1, zeros[0] - 1]))
    hot = spread(space.size, MOST_HOT)
    return [
        ("all zero", zeros),
        ("all at the minimum, all at the maximum", np.stack([low, high])),
        ("minimum and maximum in turn", _both(order, low, high)),
        ("minimum and maximum as on a checkerboard", _both(board, low, high)),
        ("maximum and zero as on a checkerboard", _both(board, zeros[0], high)),
        ("one least significant bit up and down, everywhere", ones),
        ("one element at the maximum", _hot(space, hot, high)),
        ("one element at the minimum", _hot(space, hot, low)),
        ("all at and around powers of two", _powers(space)),
    ]


def random_cases(space: Space, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` events, every mantissa of every element as likely."""
    if space.kind is np.int64:
        return rng.integers(space.low, space.high, (count, space.size), np.int64, endpoint=True)
    spans = [int(high) - int(low) + 1 for low, high in zip(space.low, space.high, strict=True)]
    rows = [[_below(span, rng) for span in spans] for _ in range(count)]
    return np.array(rows, object).reshape(count, space.size) + space.low


def sparse_cases(space: Space, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` events of which one element in eight, or at least one, is not zero."""
    events, kept = random_cases(space, count, rng), max(1, space.size // 8)
    places = rng.permuted(np.tile(np.arange(space.size), (count, 1)), axis=1)
    return np.where(places < kept, events, space.zeros)


def distinct(cases: Cases) -> Cases:
    """The same groups, every event in the first that has it, no group without any."""
    seen: set[tuple[int, ...]] = set()
    kept: Cases = []
    for name, events in cases:
        new = []
        for number, row in enumerate(map(tuple, events.tolist())):
            if row not in seen:
                seen.add(row)
                new.append(number)
        if new:
            kept.append((name, events[new]))
    return kept


def spread(count: int, most: int) -> np.ndarray:
    """At most `most` of the numbers below `count`, the first and the last among them, at even distances."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _both(where: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack([np.where(where, left, right), np.where(where, right, left)])


def _hot(space: Space, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    events = np.repeat(space.zeros, len(places), axis=0)
    events[np.arange(len(places)), places] = values[places]
    return events


def _powers(space: Space) -> np.ndarray:
    """2^k - 1, 2^k, 2^k + 1 and their negatives in every element, as far as its range goes."""
    widest = max(port.type.width for port in space.ports)
    sizes = [(1 << int(k)) + step for k in spread(widest, MOST_POWERS) for step in (-1, 0, 1)]
    rows = [[sign * size] * space.size for sign in (1, -1) for size in sizes]
    return space.clip(np.array(rows, object)).astype(space.kind)


def _below(span: int, rng: np.random.Generator) -> int:
    """A random integer below `span`, of any size."""
    octets = math.ceil(span.bit_length() / 8) + 8  # so many more that none is likelier by more than 2^-64
    return int.from_bytes(rng.bytes(octets), "little") % span
