"""The domain of costs: a program's own meaning (`program.semantics`) replayed, counting what an unrolled design needs.

Nothing about any operation is said here a second time, so every operation that has a meaning has a cost, whether or
not RTL can be had of it.
"""

from functools import reduce

import numpy as np

from trigger_nn.hardware.estimate import delays
from trigger_nn.hardware.estimate.digits import csd_digits, unshared
from trigger_nn.hardware.estimate.ledger import Ledger
from trigger_nn.hardware.estimate.signals import Signal, exceeded
from trigger_nn.hardware.estimate.tables import table_luts
from trigger_nn.hardware.estimate.widths import bits, dsp_slices
from trigger_nn.hardware.estimate.work import Bill
from trigger_nn.passes.intervals import Interval, Intervals
from trigger_nn.program.fixed import Fixed, Rounding

NEVER = -1e9  # a time before all others


class Costs:
    """Counts for `trigger_nn.program.semantics`, into `ledger`."""

    def __init__(self, ledger: Ledger) -> None:
        """Bounds are proven on the way, by the domain of intervals."""
        self._ledger = ledger
        self._bounds = Intervals()

    def given(self, interval: Interval) -> Signal:
        """An input, there at time 0."""
        time = np.zeros(interval.low.shape)
        return self._new(interval, time, np.zeros(time.shape))

    def constant(self, mantissa: np.ndarray) -> Signal:
        """Needs nothing."""
        shape = (1, *mantissa.shape)
        interval = self._bounds.constant(mantissa)
        return Signal(interval, np.full(shape, -1), np.zeros(shape), np.zeros(shape))

    def gather(self, value: Signal, index: np.ndarray, fill: int) -> Signal:
        """Wires."""
        pick = self._bounds.gather
        parts = ((value.number, -1), (value.time, 0), (value.shared, 0))
        moved = [pick(Interval(part, part), index, empty).low for part, empty in parts]
        return Signal(pick(value.interval, index, fill), *moved)

    def concatenate(self, values: list[Signal], axis: int) -> Signal:
        """Wires."""
        interval = self._bounds.concatenate([v.interval for v in values], axis)
        names = ("number", "time", "shared")
        return Signal(interval, *(np.concatenate([getattr(v, name) for v in values], axis) for name in names))

    def add(self, left: Signal, right: Signal) -> Signal:
        """An adder each; less where one side is known."""
        return self._added(left, right, self._bounds.add(left.interval, right.interval))

    def subtract(self, left: Signal, right: Signal) -> Signal:
        """An adder each; less where one side is known."""
        return self._added(left, right, self._bounds.subtract(left.interval, right.interval))

    def multiply(self, left: Signal, right: Signal) -> Signal:
        """A multiplier each; shifted additions where one side is known."""
        interval = self._bounds.multiply(left.interval, right.interval)
        a, b, free = np.broadcast_arrays(left.width, right.width, ~(left.known | right.known))
        digits = csd_digits(np.where(left.known, left.interval.low, np.where(right.known, right.interval.low, 1)))
        adders = np.where(free, 0, np.maximum(digits - 1, 0))
        chain = delays.adder(a + b) * np.ceil(np.log2(np.maximum(digits, 1)))
        result = self._after([left, right], interval, np.where(free, delays.multiplier(a, b), chain))
        signed = np.stack(np.broadcast_arrays(left.interval.low < 0, right.interval.low < 0, free)[:2])
        slices = dsp_slices(a, b, signed, bits(interval.low, interval.high))
        spent = adders * (a + b)
        self._ledger.spend(
            result.number,
            Bill(
                adders=adders, adder_bits=spent, lonely_bits=spent, product_bits=free * a * b, dsp=free * slices
            ),
        )  # fmt: skip
        return result

    def maximum(self, left: Signal, right: Signal) -> Signal:
        """A comparison and a choice each, where the bounds don't decide."""
        return self._extreme(left, right, self._bounds.maximum(left.interval, right.interval))

    def minimum(self, left: Signal, right: Signal) -> Signal:
        """A comparison and a choice each, where the bounds don't decide."""
        return self._extreme(left, right, self._bounds.minimum(left.interval, right.interval))

    def select(self, value: Signal, threshold: np.ndarray, reached: Signal, below: Signal) -> Signal:
        """A comparison with a known number, unless that is 0, and a choice each."""
        interval = self._bounds.select(value.interval, threshold, reached.interval, below.interval)
        limit = np.broadcast_to(threshold[None], interval.low.shape)
        unsure = (value.interval.low < limit) & (value.interval.high >= limit)
        result = self._after([value, reached, below], interval, np.where(unsure, delays.CHOICE, 0.0))
        compared = np.where(unsure & (limit != 0), value.width, 0)
        self._ledger.spend(result.number, Bill(constant_bits=compared, select_bits=np.where(unsure, result.width, 0)))
        return result

    def sum(self, value: Signal) -> Signal:
        """A tree of adders over the last axis, with nothing to share."""
        interval = self._bounds.sum(value.interval)
        ones = np.ones((value.time.shape[-1], 1), np.int64)
        column = Interval(interval.low[..., None], interval.high[..., None], interval.zeros)
        total = self._summed(value, ones, column, 1.0)
        return Signal(interval, total.number[..., 0], total.time[..., 0], total.shared[..., 0])

    def shift(self, value: Signal, bits: int) -> Signal:
        """Wires."""
        return Signal(self._bounds.shift(value.interval, bits), value.number, value.time, value.shared)

    def divide(self, value: Signal, by: np.ndarray) -> Signal:
        """A rounding where the divisor is a power of two, else a product with its reciprocal to as many bits as x has.

        Truncated towards zero, so that the sign is taken off and put back where there is one. Of a long constant one
        signed digit in three is set.
        """
        interval = self._bounds.divide(value.interval, by)
        divisor = np.broadcast_to(by[None], interval.low.shape)
        signed = np.where((value.interval.low < 0) & (divisor > 1), value.width, 0)
        odd = ((divisor & (divisor - 1)) != 0) & ~value.known
        adders, wide = np.where(odd, np.maximum(value.width // 3, 1), 0), 2 * value.width
        levels = np.ceil(np.log2(adders + 1))
        delay = np.where(signed > 0, delays.adder(value.width), 0.0) + levels * delays.adder(wide)
        result = self._after([value], interval, delay)
        self._ledger.spend(
            result.number,
            Bill(
                adders=adders, adder_bits=adders * wide, lonely_bits=adders * wide, round_bits=signed,
                select_bits=odd * signed,
            ),
        )  # fmt: skip
        return result

    def dot(self, value: Signal, weights: np.ndarray) -> Signal:
        """Shifted additions that share subexpressions."""
        return self._summed(value, csd_digits(weights), self._bounds.dot(value.interval, weights), unshared(weights))

    def cast(self, value: Signal, fraction: int, target: Fixed) -> Signal:
        """An addition where rounding needs one, comparisons where bounds exceed what a saturating type holds."""
        interval = self._bounds.cast(value.interval, fraction, target)
        drop = fraction - target.fraction
        rest = np.maximum(value.width - max(drop - value.interval.zeros, 0), 0)
        rounds = ~value.known & (drop > value.interval.zeros) & (target.rounding is not Rounding.TRN)
        known_offset = target.rounding is Rounding.RND
        sides = np.where(value.known, 0, exceeded(value.interval, drop, target))
        added = np.where(rounds & (not known_offset), delays.adder(rest + 1), 0.0)
        result = self._after([value], interval, added + sides * delays.CHOICE)
        spent = np.where(rounds, rest, 0)
        self._ledger.spend(
            result.number,
            Bill(
                constant_bits=spent if known_offset else 0, round_bits=0 if known_offset else spent,
                clip_bits=sides * result.width,
            ),
        )  # fmt: skip
        return result

    def lookup(self, index: Signal, table: np.ndarray) -> Signal:
        """A table each, of the entries that its index can reach."""
        result = self._after([index], self._bounds.lookup(index.interval, table), delays.table(index.width))
        pairs = np.stack([index.interval.low.ravel(), index.interval.high.ravel()]).astype(np.int64)
        kinds, places = np.unique(pairs, axis=1, return_inverse=True)
        parts = [table[low : high + 1] for low, high in kinds.T.tolist()]
        luts = np.array([table_luts(part, low) for part, low in zip(parts, kinds[0].tolist(), strict=True)])
        size = np.array([len(part) * int(bits(part.min(), part.max())) for part in parts])
        shape = index.time.shape
        luts, size = (each[places.ravel()].reshape(shape) for each in (luts, size))
        self._ledger.spend(result.number, Bill(table_luts=luts, table_bits=size, lookups=1))
        return result

    def one_hot_maximum(self, value: Signal) -> Signal:
        """The largest, found one after the other; then where it is reached first."""
        interval = self._bounds.one_hot_maximum(value.interval)
        count, wide = value.time.shape[-1], value.width
        step = delays.adder(float(wide.max())) + delays.CHOICE
        delay = step * count + (delays.START + delays.CHOICE) * (count - 1)
        last = tuple(np.broadcast_to(x.max(axis=-1, keepdims=True), x.shape) for x in (value.time, value.shared))
        result = self._new(interval, last[0] + delay, last[1])
        self._ledger.need(result.number, value.number, result.time, np.ones((count, count), np.int64))
        self._ledger.spend(result.number, Bill(select_bits=2 * wide, sum_bits=2 * wide, clip_bits=1))
        return result

    def _summed(self, value: Signal, counts: np.ndarray, interval: Interval, lonely: float) -> Signal:
        """Sums over the last axis of `value`, each element entering a sum as often as `counts` (in, out) says."""
        width = value.width
        terms = (width > 0).astype(np.float64) @ counts
        mean = (width @ counts) / np.maximum(terms, 1)
        step = float(delays.adder(float((mean + bits(interval.low, interval.high)).mean()) / 2))
        early = np.where(width > 0, value.time, NEVER)
        time = np.where(terms > 0, delays.tree(early, counts * 1.0, step), 0.0)
        before = np.max(np.where(width > 0, value.shared, 0.0), axis=-1, keepdims=True)
        passed = before + (1 - lonely) * step * np.ceil(np.log2(np.maximum(terms, 1)))
        result = self._new(interval, time, passed)
        first = np.maximum(early.max(axis=-1, keepdims=True), 0) + step
        self._ledger.need(result.number, value.number, first, counts != 0)
        adders = np.maximum(terms - 1, 0)
        spent = adders * mean
        self._ledger.spend(result.number, Bill(adders=adders, adder_bits=spent, lonely_bits=lonely * spent))
        self._inside(result, terms, mean, step)
        return result

    def _inside(self, result: Signal, terms: np.ndarray, mean: np.ndarray, step: float) -> None:
        """The sums that are alive inside adder trees: half as many after each level, a bit wider."""
        levels = np.ceil(np.log2(np.maximum(terms, 1)))
        for level in range(1, int(levels.max(initial=0))):
            alive = np.where(level < levels, terms / 2**level * (mean + level), 0.0)
            self._ledger.within(result.number, result.time - (levels - level) * step, step, alive)

    def _added(self, left: Signal, right: Signal, interval: Interval) -> Signal:
        one = left.known | right.known
        number = np.where(left.known, left.interval.low, right.interval.low)
        delay = np.where(one, 0.0, delays.adder(np.maximum(left.width, right.width)))
        total = self._after([left, right], interval, delay)
        constant = np.where(one & (number != 0), total.width, 0)
        self._ledger.spend(total.number, Bill(constant_bits=constant, sum_bits=np.where(one, 0, total.width)))
        return total

    def _extreme(self, left: Signal, right: Signal, interval: Interval) -> Signal:
        a, b = left.interval, right.interval
        unsure = (a.low < b.high) & (b.low < a.high)
        one = left.known | right.known
        limit = np.where(left.known, a.low, b.low)
        subtracted = delays.adder(np.maximum(left.width, right.width))
        delay = np.where(one, np.where(limit == 0, 0.0, delays.CHOICE), subtracted + delays.CHOICE)
        result = self._after([left, right], interval, np.where(unsure, delay, 0.0))
        width = np.where(unsure, result.width, 0)
        free = np.where(one, 0, width)
        self._ledger.spend(result.number, Bill(clip_bits=width - free, sum_bits=free, select_bits=free))
        return result

    def _after(self, values: list[Signal], interval: Interval, delay: np.ndarray | float) -> Signal:
        """Results that need all of `values`, `delay` after the last of them."""
        start = reduce(np.maximum, [np.where(v.known, 0.0, v.time) for v in values])
        shared = reduce(np.maximum, [np.where(v.known, 0.0, v.shared) for v in values])
        result = self._new(interval, start + delay, shared)
        for value in values:
            self._ledger.need(result.number, value.number, result.time)
        return result

    def _new(self, interval: Interval, time: np.ndarray, shared: np.ndarray) -> Signal:
        shape = interval.low.shape
        blank = Signal(interval, np.zeros(shape, int), np.broadcast_to(time, shape), np.broadcast_to(shared, shape))
        return Signal(interval, self._ledger.born(blank.width, blank.time), blank.time, blank.shared)
