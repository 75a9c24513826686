"""Program -> nodes: the program's own meaning (`program.semantics`) replayed over a domain that writes down each step.

Nothing about any operation is said here a second time, so every operation that has a meaning has machine code.
"""

from collections.abc import Sequence

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.folds import Unbounded, flat, part, running, together, within, wrapped_once
from trigger_nn.engines.native.steps.making import (
    Traced,
    binary,
    covers,
    extreme,
    gathered,
    hull,
    is_zero,
    overflown,
    peak,
)
from trigger_nn.engines.native.steps.nodes import Kind
from trigger_nn.passes.intervals import Interval, Intervals
from trigger_nn.program.fixed import Fixed, Rounding, round_off
from trigger_nn.program.integers import Integers
from trigger_nn.program.semantics.domain import Step, unrolled


class Tracer:
    """Writes down what `program.semantics` does."""

    def __init__(self) -> None:
        """Bounds are proven on the way, by the domain of intervals."""
        self._bounds = Intervals()

    def given(self, name: str, shape: tuple[int, ...], interval: Interval) -> Traced:
        """A tensor from outside."""
        return Traced(nodes.Given(name, shape=shape, **hull(interval)), interval)

    def constant(self, mantissa: np.ndarray) -> Traced:
        """The same for every event."""
        interval = self._bounds.constant(mantissa)
        return Traced(nodes.Constant(mantissa, shape=mantissa.shape, **hull(interval)), interval)

    def gather(self, value: Traced, index: np.ndarray, fill: int) -> Traced:
        """Elements by flat index."""
        return gathered(value.node, index, fill, self._bounds.gather(value.interval, index, fill))

    def concatenate(self, values: list[Traced], axis: int) -> Traced:
        """Join along `axis`, events being axis 0."""
        interval = self._bounds.concatenate([v.interval for v in values], axis)
        shape = interval.low.shape[1:]
        cuts = np.cumsum([v.node.shape[axis - 1] for v in values])[:-1]
        places = np.split(np.arange(int(np.prod(shape))).reshape(shape), cuts, axis - 1)
        parts = tuple(v.node for v in values)
        return Traced(nodes.Join(parts, tuple(p.ravel() for p in places), shape=shape, **hull(interval)), interval)

    def add(self, left: Traced, right: Traced) -> Traced:
        """Exact sum."""
        if is_zero(right.node) and covers(left, right):
            return left
        if is_zero(left.node) and covers(right, left):
            return right
        return binary(Kind.ADD, left, right, self._bounds.add(left.interval, right.interval))

    def subtract(self, left: Traced, right: Traced) -> Traced:
        """Exact difference."""
        return binary(Kind.SUBTRACT, left, right, self._bounds.subtract(left.interval, right.interval))

    def multiply(self, left: Traced, right: Traced) -> Traced:
        """Exact product."""
        return binary(Kind.MULTIPLY, left, right, self._bounds.multiply(left.interval, right.interval))

    def maximum(self, left: Traced, right: Traced) -> Traced:
        """The larger."""
        interval = self._bounds.maximum(left.interval, right.interval)
        pooled = peak(left.node, right.node, interval)
        return Traced(pooled, interval) if pooled else extreme(Kind.MAXIMUM, left, right, interval)

    def minimum(self, left: Traced, right: Traced) -> Traced:
        """The smaller."""
        return extreme(Kind.MINIMUM, left, right, self._bounds.minimum(left.interval, right.interval))

    def select(self, value: Traced, threshold: np.ndarray, reached: Traced, below: Traced) -> Traced:
        """`reached` where value >= threshold, `below` elsewhere."""
        interval = self._bounds.select(value.interval, threshold, reached.interval, below.interval)
        limits = nodes.Constant(threshold, shape=threshold.shape, low=int(threshold.min()), high=int(threshold.max()))
        if value.interval.bounds[0] >= limits.high and covers(reached, value):
            return Traced(reached.node, interval)
        shape = np.broadcast_shapes(value.node.shape, threshold.shape, reached.node.shape, below.node.shape)
        chosen = nodes.Select(value.node, limits, reached.node, below.node, shape=shape, **hull(interval))
        return Traced(chosen, interval)

    def sum(self, value: Traced) -> Traced:
        """Exact sum over the last axis, term by term."""
        index = np.arange(value.node.size).reshape(value.node.shape)
        total = self.gather(value, index[..., 0], 0)
        for k in range(1, value.node.shape[-1]):
            total = self.add(total, self.gather(value, index[..., k], 0))
        return total

    def shift(self, value: Traced, bits: int) -> Traced:
        """Exact value * 2^bits."""
        if not bits:
            return value
        interval = self._bounds.shift(value.interval, bits)
        if isinstance(value.node, nodes.Constant):
            return self.constant(interval.low[0])
        return Traced(nodes.Left(value.node, bits, shape=value.node.shape, **hull(interval)), interval)

    def divide(self, value: Traced, by: np.ndarray) -> Traced:
        """Quotient truncated towards zero."""
        if np.all(by == 1):
            return value
        interval = self._bounds.divide(value.interval, by)
        divisor = nodes.Constant(by, shape=by.shape, low=int(by.min()), high=int(by.max()))
        shape = np.broadcast_shapes(value.node.shape, by.shape)
        return Traced(nodes.Divide(value.node, divisor, shape=shape, **hull(interval)), interval)

    def dot(self, value: Traced, weights: np.ndarray) -> Traced:
        """Exact sum over the last axis of value times weights."""
        interval = self._bounds.dot(value.interval, weights)
        if isinstance(value.node, nodes.Constant):
            return self.constant(interval.low[0])
        shape = (*value.node.shape[:-1], weights.shape[1])
        return Traced(nodes.Dot(value.node, weights, shape=shape, **hull(interval)), interval)

    def cast(self, value: Traced, fraction: int, target: Fixed) -> Traced:
        """Round, then treat the overflow; nothing where the bounds say that nothing happens."""
        interval = self._bounds.cast(value.interval, fraction, target)
        if isinstance(value.node, nodes.Constant):
            return self.constant(Integers().cast(value.interval.low, fraction, target)[0])
        drop = fraction - target.fraction
        rounded = self._rounded(value, drop, target.rounding)
        low, high = rounded.interval.bounds
        if low >= target.lowest and high <= target.maximum:
            return Traced(rounded.node, interval)
        return Traced(overflown(rounded.node, target, interval), interval)

    def lookup(self, index: Traced, table: np.ndarray) -> Traced:
        """Table entries."""
        interval = self._bounds.lookup(index.interval, table)
        return Traced(nodes.Lookup(index.node, table, shape=index.node.shape, **hull(interval)), interval)

    def one_hot_maximum(self, value: Traced) -> Traced:
        """1 at the first largest element of the last axis: there the largest is reached, and was not before."""
        index = np.arange(value.node.size).reshape(value.node.shape)
        elements = [self.gather(value, index[..., i : i + 1], 0) for i in range(value.node.shape[-1])]
        largest = elements[0]
        for element in elements[1:]:
            largest = self.maximum(largest, element)
        one, zero = (self.constant(np.array([number])) for number in (1, 0))
        before, marks = zero, []
        for element in elements:
            reached = self.select(self.subtract(element, largest), np.zeros(1, np.int64), one, zero)
            marks.append(self.subtract(self.maximum(before, reached), before))
            before = self.maximum(before, reached)
        return self.concatenate(marks, len(value.node.shape))

    def fold(
        self,
        step: Step[Traced],
        start: Traced,
        gathered: Sequence[tuple[Traced, np.ndarray]],
        constants: Sequence[np.ndarray],
    ) -> Traced:
        """One node for all turns, where the outputs of a position read the same elements; else turn after turn."""
        if any(index.shape[-1] != 1 or isinstance(value.node, nodes.Constant) for value, index in gathered):
            return unrolled(self, step, start, gathered, constants)
        read = [*gathered, *((self.constant(c), np.arange(c.size).reshape(c.shape)) for c in constants)]
        parts = [part(number, value, index) for number, (value, index) in enumerate(read)]
        total, result = self._settled(step, start, parts)
        inner = (total.node, *(part.node for part in parts))
        sequences = tuple((value.node, index) for value, index in read)
        node = nodes.Fold(start.node, result.node, inner, sequences, shape=total.node.shape, **hull(total.interval))
        return Traced(wrapped_once(node, len(constants[0])) or node, total.interval)

    def _settled(self, step: Step[Traced], start: Traced, parts: list[Traced]) -> tuple[Traced, Traced]:
        """The running total with bounds that a step does not leave, and the step's result."""
        result = step(start, parts)
        bounds = flat(together(start.interval, result.interval), 16)
        for _ in range(8):  # they grow to what the step's last cast allows
            result = step(running(bounds), parts)
            wider = together(start.interval, result.interval)
            tight = flat(wider, 0)
            total = running(tight)
            result = step(total, parts)
            if within(together(start.interval, result.interval), tight):
                return total, result
            bounds = flat(together(bounds, wider), 16)
        raise Unbounded("its running sum has no bounds")

    def _rounded(self, value: Traced, drop: int, rounding: Rounding) -> Traced:
        if drop <= 0:
            return self.shift(value, -drop)
        low, high = (round_off(bound, drop, rounding) for bound in (value.interval.low, value.interval.high))
        interval = Interval(low, high, max(value.interval.zeros - drop, 0))
        floored = value.interval.zeros >= drop or (rounding is Rounding.TRN_ZERO and value.interval.bounds[0] >= 0)
        mode = Rounding.TRN if floored else rounding
        return Traced(nodes.Round(value.node, drop, mode, False, shape=value.node.shape, **hull(interval)), interval)
