"""Program -> nodes: the program's own meaning (`program.semantics`) replayed over a domain that writes down each step.

Nothing about any operation is said here a second time, so every operation that has a meaning has machine code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Kind, Node, ordered
from trigger_nn.passes.intervals import Interval, Intervals
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, round_off
from trigger_nn.program.integers import Integers
from trigger_nn.program.semantics.domain import Step


@dataclass(frozen=True)
class Traced:
    """A node, and the proven bounds of each of its elements."""

    node: Node
    interval: Interval


class Tracer:
    """Writes down what `program.semantics` does."""

    def __init__(self) -> None:
        """Bounds are proven on the way, by the domain of intervals."""
        self._bounds = Intervals()

    def given(self, name: str, shape: tuple[int, ...], interval: Interval) -> Traced:
        """A tensor from outside."""
        return Traced(nodes.Given(name, shape=shape, **_hull(interval)), interval)

    def constant(self, mantissa: np.ndarray) -> Traced:
        """The same for every event."""
        interval = self._bounds.constant(mantissa)
        return Traced(nodes.Fixed(mantissa, shape=mantissa.shape, **_hull(interval)), interval)

    def gather(self, value: Traced, index: np.ndarray, fill: int) -> Traced:
        """Elements by flat index."""
        return _gathered(value.node, index, fill, self._bounds.gather(value.interval, index, fill))

    def concatenate(self, values: list[Traced], axis: int) -> Traced:
        """Join along `axis`, events being axis 0."""
        interval = self._bounds.concatenate([v.interval for v in values], axis)
        shape = interval.low.shape[1:]
        cuts = np.cumsum([v.node.shape[axis - 1] for v in values])[:-1]
        places = np.split(np.arange(int(np.prod(shape))).reshape(shape), cuts, axis - 1)
        parts = tuple(v.node for v in values)
        return Traced(nodes.Join(parts, tuple(p.ravel() for p in places), shape=shape, **_hull(interval)), interval)

    def add(self, left: Traced, right: Traced) -> Traced:
        """Exact sum."""
        if _is_zero(right.node) and _covers(left, right):
            return left
        if _is_zero(left.node) and _covers(right, left):
            return right
        return _binary(Kind.ADD, left, right, self._bounds.add(left.interval, right.interval))

    def subtract(self, left: Traced, right: Traced) -> Traced:
        """Exact difference."""
        return _binary(Kind.SUBTRACT, left, right, self._bounds.subtract(left.interval, right.interval))

    def multiply(self, left: Traced, right: Traced) -> Traced:
        """Exact product."""
        return _binary(Kind.MULTIPLY, left, right, self._bounds.multiply(left.interval, right.interval))

    def maximum(self, left: Traced, right: Traced) -> Traced:
        """The larger."""
        interval = self._bounds.maximum(left.interval, right.interval)
        peak = _peak(left.node, right.node, interval)
        return Traced(peak, interval) if peak else _extreme(Kind.MAXIMUM, left, right, interval)

    def minimum(self, left: Traced, right: Traced) -> Traced:
        """The smaller."""
        return _extreme(Kind.MINIMUM, left, right, self._bounds.minimum(left.interval, right.interval))

    def select(self, value: Traced, threshold: np.ndarray, reached: Traced, below: Traced) -> Traced:
        """`reached` where value >= threshold, `below` elsewhere."""
        interval = self._bounds.select(value.interval, threshold, reached.interval, below.interval)
        limits = nodes.Fixed(threshold, shape=threshold.shape, low=int(threshold.min()), high=int(threshold.max()))
        if value.interval.bounds[0] >= limits.high and _covers(reached, value):
            return Traced(reached.node, interval)
        shape = np.broadcast_shapes(value.node.shape, threshold.shape, reached.node.shape, below.node.shape)
        chosen = nodes.Select(value.node, limits, reached.node, below.node, shape=shape, **_hull(interval))
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
        if isinstance(value.node, nodes.Fixed):
            return self.constant(interval.low[0])
        return Traced(nodes.Left(value.node, bits, shape=value.node.shape, **_hull(interval)), interval)

    def divide(self, value: Traced, by: np.ndarray) -> Traced:
        """Quotient truncated towards zero."""
        if np.all(by == 1):
            return value
        interval = self._bounds.divide(value.interval, by)
        divisor = nodes.Fixed(by, shape=by.shape, low=int(by.min()), high=int(by.max()))
        shape = np.broadcast_shapes(value.node.shape, by.shape)
        return Traced(nodes.Divide(value.node, divisor, shape=shape, **_hull(interval)), interval)

    def dot(self, value: Traced, weights: np.ndarray) -> Traced:
        """Exact sum over the last axis of value times weights."""
        interval = self._bounds.dot(value.interval, weights)
        shape = (*value.node.shape[:-1], weights.shape[1])
        return Traced(nodes.Dot(value.node, weights, shape=shape, **_hull(interval)), interval)

    def cast(self, value: Traced, fraction: int, target: Fixed) -> Traced:
        """Round, then treat the overflow; nothing where the bounds say that nothing happens."""
        interval = self._bounds.cast(value.interval, fraction, target)
        if isinstance(value.node, nodes.Fixed):
            return self.constant(Integers().cast(value.interval.low, fraction, target)[0])
        drop = fraction - target.fraction
        rounded = self._rounded(value, drop, target.rounding)
        low, high = rounded.interval.bounds
        if low >= target.lowest and high <= target.maximum:
            return Traced(rounded.node, interval)
        return Traced(_overflown(rounded.node, target, interval), interval)

    def lookup(self, index: Traced, table: np.ndarray) -> Traced:
        """Table entries."""
        interval = self._bounds.lookup(index.interval, table)
        return Traced(nodes.Lookup(index.node, table, shape=index.node.shape, **_hull(interval)), interval)

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
        if any(index.shape[-1] != 1 for _, index in gathered):
            return self._unrolled(step, start, gathered, constants)
        read = [*gathered, *((self.constant(c), np.arange(c.size).reshape(c.shape)) for c in constants)]
        parts = [_part(number, value, index) for number, (value, index) in enumerate(read)]
        total, result = self._settled(step, start, parts)
        inner = (total.node, *(part.node for part in parts))
        sequences = tuple((value.node, index) for value, index in read)
        node = nodes.Fold(start.node, result.node, inner, sequences, shape=total.node.shape, **_hull(total.interval))
        return Traced(_wrapped_once(node, len(constants[0])) or node, total.interval)

    def _settled(self, step: Step[Traced], start: Traced, parts: list[Traced]) -> tuple[Traced, Traced]:
        """The running total with bounds that a step does not leave, and the step's result."""
        result = step(start, parts)
        bounds = _flat(_together(start.interval, result.interval), 16)
        for _ in range(8):  # they grow to what the step's last cast allows
            result = step(_running(bounds), parts)
            wider = _together(start.interval, result.interval)
            tight = _flat(wider, 0)
            total = _running(tight)
            result = step(total, parts)
            if _within(_together(start.interval, result.interval), tight):
                return total, result
            bounds = _flat(_together(bounds, wider), 16)
        raise Unbounded("its running sum has no bounds")

    def _unrolled(
        self,
        step: Step[Traced],
        start: Traced,
        gathered: Sequence[tuple[Traced, np.ndarray]],
        constants: Sequence[np.ndarray],
    ) -> Traced:
        total = start
        for turn in range(len(constants[0])):
            parts = [self.gather(value, index[turn], 0) for value, index in gathered]
            total = step(total, [*parts, *(self.constant(values[turn]) for values in constants)])
        return total

    def _rounded(self, value: Traced, drop: int, rounding: Rounding) -> Traced:
        if drop <= 0:
            return self.shift(value, -drop)
        low, high = (round_off(bound, drop, rounding) for bound in (value.interval.low, value.interval.high))
        interval = Interval(low, high, max(value.interval.zeros - drop, 0))
        floored = value.interval.zeros >= drop or (rounding is Rounding.TRN_ZERO and value.interval.bounds[0] >= 0)
        mode = Rounding.TRN if floored else rounding
        return Traced(nodes.Round(value.node, drop, mode, False, shape=value.node.shape, **_hull(interval)), interval)


class Unbounded(Exception):  # noqa: N818
    """A running total whose bounds do not settle."""


def _hull(interval: Interval) -> dict[str, int]:
    low, high = interval.bounds
    return {"low": low, "high": high}


def _is_zero(node: Node) -> bool:
    return isinstance(node, nodes.Fixed) and node.low == node.high == 0


def _covers(one: Traced, other: Traced) -> bool:
    """Whether `one` has the shape that both have together."""
    return np.broadcast_shapes(one.node.shape, other.node.shape) == one.node.shape


def _gathered(source: Node, index: np.ndarray, fill: int, interval: Interval) -> Traced:
    padded = bool(np.any(index < 0))
    if not padded and index.shape == source.shape and np.array_equal(index.ravel(), np.arange(index.size)):
        return Traced(source, interval)
    if isinstance(source, nodes.Fixed):
        flat = np.append(source.values.ravel(), fill)
        return Traced(nodes.Fixed(flat[index], shape=index.shape, **_hull(interval)), interval)
    if isinstance(source, nodes.Gather) and (source.fill == fill or not padded or not np.any(source.index < 0)):
        inner = np.append(source.index.ravel(), -1)[index]
        return Traced(
            nodes.Gather(source.source, inner, fill if padded else source.fill, shape=index.shape, **_hull(interval)),
            interval,
        )
    return Traced(nodes.Gather(source, index, fill, shape=index.shape, **_hull(interval)), interval)


def _binary(kind: Kind, left: Traced, right: Traced, interval: Interval) -> Traced:
    shape = np.broadcast_shapes(left.node.shape, right.node.shape)
    if isinstance(left.node, nodes.Fixed) and isinstance(right.node, nodes.Fixed):
        values = interval.low[0]
        return Traced(nodes.Fixed(values, shape=values.shape, **_hull(interval)), interval)
    return Traced(nodes.Binary(kind, left.node, right.node, shape=shape, **_hull(interval)), interval)


def _extreme(kind: Kind, left: Traced, right: Traced, interval: Interval) -> Traced:
    """Without the side that never wins."""
    (low0, high0), (low1, high1) = left.interval.bounds, right.interval.bounds
    wins = (low0 >= high1, low1 >= high0) if kind is Kind.MAXIMUM else (high0 <= low1, high1 <= low0)
    if wins[0] and _covers(left, right):
        return Traced(left.node, interval)
    if wins[1] and _covers(right, left):
        return Traced(right.node, interval)
    return _binary(kind, left, right, interval)


def _peak(left: Node, right: Node, interval: Interval) -> Node | None:
    """Both as one `Peak`, where they are elements of one tensor at different places, as in pooling."""
    if not isinstance(right, nodes.Gather) or np.any(right.index < 0):
        return None
    indices: tuple[np.ndarray, ...]
    if isinstance(left, nodes.Gather) and not np.any(left.index < 0):
        source, indices = left.source, (left.index, right.index)
    elif isinstance(left, nodes.Peak):
        source, indices = left.source, (*left.indices, right.index)
    else:
        return None
    if source is not right.source or indices[0].shape != right.index.shape:
        return None
    return nodes.Peak(source, indices, shape=right.shape, **_hull(interval))


def _overflown(node: Node, target: Fixed, interval: Interval) -> Node:
    shape, hull = node.shape, _hull(interval)
    match target.overflow:
        case Overflow.WRAP:
            return nodes.Wrap(node, target.width, target.signed, shape=shape, **hull)
        case Overflow.SAT_ZERO:
            return nodes.ZeroOutside(node, target.minimum, target.maximum, shape=shape, **hull)
        case Overflow.SAT | Overflow.SAT_SYM:
            return _limited(node, target.lowest, target.maximum)


def _limited(node: Node, least: int, most: int) -> Node:
    shape = node.shape
    if node.low < least:
        low = nodes.Fixed(_number(least), shape=(1,), low=least, high=least)
        node = nodes.Binary(Kind.MAXIMUM, node, low, shape=shape, low=least, high=max(node.high, least))
    if node.high > most:
        high = nodes.Fixed(_number(most), shape=(1,), low=most, high=most)
        node = nodes.Binary(Kind.MINIMUM, node, high, shape=shape, low=min(node.low, most), high=most)
    return node


def _number(number: int) -> np.ndarray:
    return np.array([number], object if number.bit_length() > 62 else np.int64)


def _wrapped_once(fold: nodes.Fold, turns: int) -> Node | None:
    """A total that wraps at every turn, wrapped after the last one instead; None if 32 bits don't hold it till then."""
    step, total = fold.step, fold.inner[0]
    if not isinstance(step, nodes.Wrap) or not isinstance(step.source, nodes.Binary):
        return None
    added, term = step.source, step.source.right
    if added.kind is not Kind.ADD or added.left is not total or total in ordered([term]):
        return None
    while isinstance(term, nodes.Wrap) and term.width >= step.width:
        term = term.source
    low, high = (end + turns * more for end, more in ((fold.start.low, term.low), (fold.start.high, term.high)))
    low, high = min(low, fold.start.low), max(high, fold.start.high)
    if low < -(1 << 31) or high >= 1 << 31:
        return None
    running = nodes.Running(-1, shape=total.shape, low=low, high=high)
    once = nodes.Binary(Kind.ADD, running, term, shape=added.shape, low=low, high=high)
    whole = replace(fold, step=once, inner=(running, *fold.inner[1:]), low=low, high=high)
    return replace(step, source=whole, shape=fold.shape, low=fold.low, high=fold.high)


def _part(number: int, value: Traced, index: np.ndarray) -> Traced:
    """One turn's elements of a sequence: any of them, padding included."""
    low, high = value.interval.bounds
    if np.any(index < 0):
        low, high = min(low, 0), max(high, 0)
    interval = _everywhere(index.shape[1:], low, high, value.interval.zeros)
    return Traced(nodes.Running(number, shape=index.shape[1:], low=low, high=high), interval)


def _running(interval: Interval) -> Traced:
    """The total between turns."""
    return Traced(nodes.Running(-1, shape=interval.low.shape[1:], **_hull(interval)), interval)


def _together(one: Interval, other: Interval) -> Interval:
    low, high = np.minimum(one.low, other.low), np.maximum(one.high, other.high)
    return Interval(low, high, min(one.zeros, other.zeros))


def _within(one: Interval, other: Interval) -> bool:
    (low, high), (least, most) = one.bounds, other.bounds
    return least <= low and high <= most and one.low.shape == other.low.shape and one.zeros >= other.zeros


def _flat(interval: Interval, more: int) -> Interval:
    """The same bounds for every element, and 2^more times as far, so that they settle soon."""
    low, high = interval.bounds
    return _everywhere(interval.low.shape[1:], min(low, 0) << more, max(high, 0) << more, 0)


def _everywhere(shape: tuple[int, ...], low: int, high: int, zeros: int) -> Interval:
    kind = object if max(low.bit_length(), high.bit_length()) > 62 else np.int64
    return Interval(np.full((1, *shape), low, kind), np.full((1, *shape), high, kind), zeros)
