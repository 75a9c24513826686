"""What a domain of values must be able to do, for the operations to have a meaning in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from trigger_nn.program.fixed import Fixed

V = TypeVar("V")


@dataclass(frozen=True)
class Operand(Generic[V]):
    """An input of an operation: its mantissas, their type, their shape without events."""

    value: V
    type: Fixed
    shape: tuple[int, ...]


class Domain(Protocol[V]):
    """Arithmetic on mantissas. Every array has events on its first axis; constants broadcast."""

    def constant(self, mantissa: np.ndarray) -> V:
        """The same constant for every event."""

    def gather(self, value: V, index: np.ndarray, fill: int) -> V:
        """Elements of each event's flattened values, in the shape of `index`; index -1 gives `fill`."""

    def concatenate(self, values: list[V], axis: int) -> V:
        """Join along `axis`, events being axis 0."""

    def add(self, left: V, right: V) -> V:
        """Exact sum."""

    def subtract(self, left: V, right: V) -> V:
        """Exact difference."""

    def multiply(self, left: V, right: V) -> V:
        """Exact product."""

    def maximum(self, left: V, right: V) -> V:
        """The larger."""

    def minimum(self, left: V, right: V) -> V:
        """The smaller."""

    def select(self, value: V, threshold: np.ndarray, reached: V, below: V) -> V:
        """`reached` where value >= threshold (integers, broadcast over events), `below` elsewhere."""

    def sum(self, value: V) -> V:
        """Exact sum over the last axis, which goes."""

    def shift(self, value: V, bits: int) -> V:
        """Exact value * 2^bits, bits not negative."""

    def divide(self, value: V, by: np.ndarray) -> V:
        """Quotient truncated towards zero, `by` positive."""

    def dot(self, value: V, weights: np.ndarray) -> V:
        """Exact sum over the last axis of value times weights (in, out)."""

    def cast(self, value: V, fraction: int, target: Fixed) -> V:
        """Cast mantissas with `fraction` bits behind the point to `target`."""

    def lookup(self, index: V, table: np.ndarray) -> V:
        """Table entries; every index is in range."""

    def one_hot_maximum(self, value: V) -> V:
        """1 at the first largest element of the last axis, 0 elsewhere."""


Step = Callable[[V, Sequence[V]], V]


@runtime_checkable
class Folding(Protocol[V]):
    """A domain that repeats a step without going through all its turns."""

    def fold(
        self, step: Step[V], start: V, gathered: Sequence[tuple[V, np.ndarray]], constants: Sequence[np.ndarray]
    ) -> V:
        """See the function `fold`."""


def fold(
    domain: Domain[V],
    step: Step[V],
    start: V,
    gathered: Sequence[tuple[V, np.ndarray]],
    constants: Sequence[np.ndarray],
) -> V:
    """`start`, replaced turn after turn by `step` of itself and this turn's parts.

    The parts of a turn are elements of each `gathered` value at the turn's flat indices, (turns, ...), -1 being 0, and
    the turn's row of each of the `constants`, (turns, ...). Every step yields values of one shape and type.
    """
    if isinstance(domain, Folding):
        return domain.fold(step, start, gathered, constants)
    return unrolled(domain, step, start, gathered, constants)


def unrolled(
    domain: Domain[V],
    step: Step[V],
    start: V,
    gathered: Sequence[tuple[V, np.ndarray]],
    constants: Sequence[np.ndarray],
) -> V:
    """What `fold` means, turn after turn."""
    total = start
    for turn in range(len(constants[0])):
        parts = [domain.gather(value, index[turn], 0) for value, index in gathered]
        total = step(total, [*parts, *(domain.constant(values[turn]) for values in constants)])
    return total
