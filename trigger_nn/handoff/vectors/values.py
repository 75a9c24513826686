"""Vectors as values: events in named groups, with what must come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

REAL = "real events"
RANDOM = "random over the whole range of the ports"
SPARSE = "random, mostly zero"
DRAWN = (RANDOM, SPARSE, REAL)  # all other groups are corner cases


@dataclass(frozen=True)
class Group:
    """Events `first` to `first + count - 1`, and what they are for."""

    name: str
    first: int
    count: int


@dataclass(frozen=True)
class BlockVectors:
    """Mantissas that go into a block and that must come out, (events, *shape) by port."""

    inputs: Mapping[str, np.ndarray]
    expected: Mapping[str, np.ndarray]
    groups: tuple[Group, ...]

    @property
    def events(self) -> int:
        """How many there are."""
        return len(next(iter(self.inputs.values())))

    @property
    def corners(self) -> int:
        """How many events, from the first, are corner cases."""
        return sum(group.count for group in self.groups if group.name not in DRAWN)


@dataclass(frozen=True)
class Vectors:
    """Vectors of the whole design; of the network alone, if a builder stands in front of it (else None).

    `layers` are mantissas of every layer by name, (events, *shape), where asked for: of the events of the network alone
    if it has vectors of its own, else of the design's.
    """

    design: BlockVectors
    network: BlockVectors | None = None
    layers: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def innermost(self) -> BlockVectors:
        """The vectors whose inputs are the network's."""
        return self.network or self.design
