"""The domain of intervals: for every element the smallest and largest integer it can be, whatever the event.

Bounds are Python integers, so nothing overflows. They are sound, and exact for one layer: bounds of a sum of
products assume that its inputs vary independently.
"""

from dataclasses import dataclass

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow, clamp, round_off


@dataclass(frozen=True)
class Interval:
    """Bounds, element by element; object arrays of one shape, with a first axis of length 1 in place of events."""

    low: np.ndarray
    high: np.ndarray

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest low and the largest high."""
        return int(self.low.min()), int(self.high.max())


def full_range(kind: Fixed, shape: tuple[int, ...]) -> Interval:
    """Every value of a type."""
    return Interval(np.full((1, *shape), kind.minimum, object), np.full((1, *shape), kind.maximum, object))


class Intervals:
    """Interval arithmetic for `trigger_nn.program.semantics`."""

    def constant(self, mantissa: np.ndarray) -> Interval:
        """A single value."""
        exact = mantissa[None].astype(object)
        return Interval(exact, exact)

    def gather(self, value: Interval, index: np.ndarray, fill: int) -> Interval:
        """Elements by flat index; -1 gives `fill`."""
        low, high = (np.append(bound.ravel(), fill).astype(object)[index][None] for bound in (value.low, value.high))
        return Interval(low, high)

    def concatenate(self, values: list[Interval], axis: int) -> Interval:
        """Join along `axis`."""
        return Interval(*(np.concatenate([getattr(v, side) for v in values], axis) for side in ("low", "high")))

    def add(self, left: Interval, right: Interval) -> Interval:
        """Sum of bounds."""
        return Interval(left.low + right.low, left.high + right.high)

    def subtract(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the difference, as if independent."""
        return Interval(left.low - right.high, left.high - right.low)

    def multiply(self, left: Interval, right: Interval) -> Interval:
        """The extremes are among the four products of bounds."""
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        return Interval(_least(corners), _greatest(corners))

    def maximum(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the larger."""
        return Interval(np.maximum(left.low, right.low), np.maximum(left.high, right.high))

    def minimum(self, left: Interval, right: Interval) -> Interval:
        """Bounds of the smaller."""
        return Interval(np.minimum(left.low, right.low), np.minimum(left.high, right.high))

    def select(self, value: Interval, threshold: np.ndarray, reached: Interval, below: Interval) -> Interval:
        """One branch where the bounds decide, both where they don't."""
        always, never = value.low >= threshold[None], value.high < threshold[None]
        low = np.where(always, reached.low, np.where(never, below.low, np.minimum(reached.low, below.low)))
        high = np.where(always, reached.high, np.where(never, below.high, np.maximum(reached.high, below.high)))
        return Interval(low, high)

    def sum(self, value: Interval) -> Interval:
        """Sum of bounds over the last axis."""
        return Interval(value.low.sum(axis=-1), value.high.sum(axis=-1))

    def shift(self, value: Interval, bits: int) -> Interval:
        """Scale both bounds."""
        return Interval(value.low * (1 << bits), value.high * (1 << bits))

    def divide(self, value: Interval, by: np.ndarray) -> Interval:
        """Truncating division is monotone."""
        return Interval(*(np.where(b < 0, -(-b // by), b // by) for b in (value.low, value.high)))

    def dot(self, value: Interval, weights: np.ndarray) -> Interval:
        """A positive weight takes a bound to the same bound, a negative one to the other."""
        positive, negative = np.maximum(weights, 0).astype(object), np.minimum(weights, 0).astype(object)
        low = value.low @ positive + value.high @ negative
        return Interval(low, value.high @ positive + value.low @ negative)

    def cast(self, value: Interval, fraction: int, target: Fixed) -> Interval:
        """Rounding and saturation are monotone; what wraps, or may be zeroed, can be anything (or zero)."""
        low, high = (round_off(b, fraction - target.fraction, target.rounding) for b in (value.low, value.high))
        inside = (low >= target.minimum) & (high <= target.maximum)
        match target.overflow:
            case Overflow.WRAP:
                outside = (target.minimum, target.maximum)
                return Interval(np.where(inside, low, outside[0]), np.where(inside, high, outside[1]))
            case Overflow.SAT_ZERO:
                limit = target.modes(target.rounding, Overflow.SAT)
                low, high = clamp(low, limit).astype(object), clamp(high, limit).astype(object)
                return Interval(np.where(inside, low, np.minimum(low, 0)), np.where(inside, high, np.maximum(high, 0)))
            case Overflow.SAT | Overflow.SAT_SYM:
                return Interval(clamp(low, target).astype(object), clamp(high, target).astype(object))

    def lookup(self, index: Interval, table: np.ndarray) -> Interval:
        """Extremes of the table between the bounds of the index."""
        pairs = zip(index.low.ravel().tolist(), index.high.ravel().tolist(), strict=True)
        slices = [table[low : high + 1] for low, high in pairs]
        low = np.array([int(part.min()) for part in slices], object).reshape(index.low.shape)
        return Interval(low, np.array([int(part.max()) for part in slices], object).reshape(index.low.shape))

    def one_hot_maximum(self, value: Interval) -> Interval:
        """Anything between 0 and 1."""
        return Interval(np.zeros_like(value.low), np.ones_like(value.low))


def _least(values: list[np.ndarray]) -> np.ndarray:
    return np.minimum.reduce(values)


def _greatest(values: list[np.ndarray]) -> np.ndarray:
    return np.maximum.reduce(values)
