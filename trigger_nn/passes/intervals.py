"""The domain of intervals: for every element the smallest and largest integer it can be, whatever the event.

Bounds are exact integers (int64 while that holds them, Python integers beyond), so nothing overflows. They are sound,
and exact for one layer: bounds of a sum of products assume that its inputs vary independently. Beside its bounds a
tensor knows how many low bits of all its values are zero, whatever the event: bits that need not be kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow, clamp, headroom, round_off, widen
from trigger_nn.program.integers import Integers

ALL = 1 << 16  # zero bits of a tensor that is nothing but zeros


@dataclass(frozen=True)
class Interval:
    """Bounds, element by element: arrays of one shape, with a first axis of length 1 in place of events.

    Every value is a multiple of 2^zeros.
    """

    low: np.ndarray
    high: np.ndarray
    zeros: int = 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest low and the largest high."""
        return int(self.low.min()), int(self.high.max())


def full_range(kind: Fixed, shape: tuple[int, ...]) -> Interval:
    """Every value of a type."""
    carrier = np.int64 if kind.width < 63 else object
    return Interval(np.full((1, *shape), kind.minimum, carrier), np.full((1, *shape), kind.maximum, carrier))


class Intervals:
    """Interval arithmetic for `trigger_nn.program.semantics`."""

    def __init__(self) -> None:
        """Bounds are computed by exact integers."""
        self._exact = Integers()

    def constant(self, mantissa: np.ndarray) -> Interval:
        """A single value."""
        return Interval(mantissa[None], mantissa[None], trailing_zeros(mantissa))

    def gather(self, value: Interval, index: np.ndarray, fill: int) -> Interval:
        """Elements by flat index; -1 gives `fill`."""
        low, high = (self._exact.gather(bound, index, fill) for bound in (value.low, value.high))
        padded = bool(np.any(index < 0))
        return Interval(low, high, min(value.zeros, trailing_zeros(np.array([fill]))) if padded else value.zeros)

    def concatenate(self, values: list[Interval], axis: int) -> Interval:
        """Join along `axis`."""
        low, high = (np.concatenate([getattr(v, side) for v in values], axis) for side in ("low", "high"))
        return Interval(low, high, min(v.zeros for v in values))

    def add(self, left: Interval, right: Interval) -> Interval:
        """Sum of bounds."""
        add = self._exact.add
        return Interval(add(left.low, right.low), add(left.high, right.high), min(left.zeros, right.zeros))

    def subtract(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the difference, as if independent."""
        subtract = self._exact.subtract
        return Interval(subtract(left.low, right.high), subtract(left.high, right.low), min(left.zeros, right.zeros))

    def multiply(self, left: Interval, right: Interval) -> Interval:
        """The extremes are among the four products of bounds."""
        corners = [self._exact.multiply(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
        return Interval(np.minimum.reduce(corners), np.maximum.reduce(corners), left.zeros + right.zeros)

    def maximum(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the larger."""
        low, high = np.maximum(left.low, right.low), np.maximum(left.high, right.high)
        return Interval(low, high, min(left.zeros, right.zeros))

    def minimum(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the smaller."""
        low, high = np.minimum(left.low, right.low), np.minimum(left.high, right.high)
        return Interval(low, high, min(left.zeros, right.zeros))

    def select(self, value: Interval, threshold: np.ndarray, reached: Interval, below: Interval) -> Interval:
        """One branch where the bounds decide, both where they don't."""
        always, never = value.low >= threshold[None], value.high < threshold[None]
        low = np.where(always, reached.low, np.where(never, below.low, np.minimum(reached.low, below.low)))
        high = np.where(always, reached.high, np.where(never, below.high, np.maximum(reached.high, below.high)))
        return Interval(low, high, min(reached.zeros, below.zeros))

    def sum(self, value: Interval) -> Interval:
        """Sum of bounds over the last axis."""
        return Interval(self._exact.sum(value.low), self._exact.sum(value.high), value.zeros)

    def shift(self, value: Interval, bits: int) -> Interval:
        """Scale both bounds."""
        return Interval(
            self._exact.shift(value.low, bits), self._exact.shift(value.high, bits), min(value.zeros + bits, ALL)
        )

    def divide(self, value: Interval, by: np.ndarray) -> Interval:
        """Truncating division is monotone."""
        return Interval(self._exact.divide(value.low, by), self._exact.divide(value.high, by))

    def dot(self, value: Interval, weights: np.ndarray) -> Interval:
        """A positive weight takes a bound to the same bound, a negative one to the other."""
        positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
        dot, add = self._exact.dot, self._exact.add
        low = add(dot(value.low, positive), dot(value.high, negative))
        high = add(dot(value.high, positive), dot(value.low, negative))
        return Interval(low, high, min(value.zeros + trailing_zeros(weights), ALL))

    def cast(self, value: Interval, fraction: int, target: Fixed) -> Interval:
        """Rounding and saturation are monotone; what wraps, or may be zeroed, can be anything (or zero)."""
        drop = fraction - target.fraction
        low, high = (
            round_off(widen(bound, headroom(fraction, target)), drop, target.rounding)
            for bound in (value.low, value.high)
        )
        inside = (low >= target.lowest) & (high <= target.maximum)
        zeros = min(max(value.zeros - drop, 0), ALL) if np.all(inside) else 0
        match target.overflow:
            case Overflow.WRAP:
                return Interval(np.where(inside, low, target.minimum), np.where(inside, high, target.maximum), zeros)
            case Overflow.SAT_ZERO:
                limit = target.modes(target.rounding, Overflow.SAT)
                low, high = clamp(low, limit), clamp(high, limit)
                low, high = np.where(inside, low, np.minimum(low, 0)), np.where(inside, high, np.maximum(high, 0))
                return Interval(low, high, zeros)
            case Overflow.SAT | Overflow.SAT_SYM:
                return Interval(clamp(low, target), clamp(high, target), zeros)

    def lookup(self, index: Interval, table: np.ndarray) -> Interval:
        """Extremes of the table between the bounds of the index."""
        pairs = np.stack([index.low.ravel(), index.high.ravel()]).astype(np.int64)
        kinds, places = np.unique(pairs, axis=1, return_inverse=True)
        slices = [table[low : high + 1] for low, high in kinds.T.tolist()]
        low, high = (np.array([int(pick(part)) for part in slices])[places.ravel()] for pick in (np.min, np.max))
        shape = index.low.shape
        return Interval(low.reshape(shape), high.reshape(shape), trailing_zeros(table))

    def one_hot_maximum(self, value: Interval) -> Interval:
        """Anything between 0 and 1."""
        return Interval(np.zeros(value.low.shape, np.int64), np.ones(value.low.shape, np.int64))


def trailing_zeros(mantissa: np.ndarray) -> int:
    """Low bits that are zero in all of `mantissa`."""
    together = int(np.bitwise_or.reduce(mantissa.ravel())) if mantissa.size else 0
    return (together & -together).bit_length() - 1 if together else ALL


def hull(intervals: Iterable[Interval]) -> tuple[int, int]:
    """The smallest and the largest bound of several."""
    bounds = [interval.bounds for interval in intervals]
    return min(low for low, _ in bounds), max(high for _, high in bounds)
