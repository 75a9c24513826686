"""The domain of hardware: the meaning of a program (`program.semantics`) replayed over symbols gives its logic.

A tensor is an array of symbols with a first axis of length 1 in place of events; every symbol is an integer, the
mantissa. Roundings and saturations that alkaid lacks are put together here from sums, signs and slices of bits.
"""

from collections.abc import Callable
from functools import reduce
from itertools import pairwise
from typing import assert_never

import numpy as np

from trigger_nn.hardware.rtl import alkaid
from trigger_nn.hardware.rtl.alkaid import Symbol
from trigger_nn.program.fixed import Fixed, Overflow, Rounding

NARROW = 1 << (alkaid.WEIGHT - 2)  # weights beyond are split


class Symbols:
    """Hardware for `trigger_nn.program.semantics`."""

    def __init__(self) -> None:
        """Nothing built yet."""
        self._solve = alkaid.Solver()

    def constant(self, mantissa: np.ndarray) -> np.ndarray:
        """The same for every event."""
        return _each(lambda number: alkaid.constant(int(number)), mantissa[None])

    def gather(self, value: np.ndarray, index: np.ndarray, fill: int) -> np.ndarray:
        """Wires; index -1 gives `fill`."""
        flat = value.ravel()
        padded = np.append(flat, alkaid.constant(fill)) if np.any(index < 0) else flat
        return padded[index][None]

    def concatenate(self, values: list[np.ndarray], axis: int) -> np.ndarray:
        """Wires."""
        return np.concatenate(values, axis)

    def add(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """An adder each."""
        return _each(_sum, left, right)

    def subtract(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """An adder each."""
        return _each(lambda a, b: _sum(a, -b), left, right)

    def multiply(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """A multiplier each, or adders where a side is known."""
        return _each(_product, left, right)

    def maximum(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """A comparison each."""
        return _each(_larger, left, right)

    def minimum(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """A comparison each."""
        return _each(lambda a, b: -_larger(-a, -b), left, right)

    def select(self, value: np.ndarray, threshold: np.ndarray, reached: np.ndarray, below: np.ndarray) -> np.ndarray:
        """`reached` where value >= threshold, `below` elsewhere."""
        return _each(lambda v, t, yes, no: alkaid.chosen(v - int(t), no, yes), value, threshold[None], reached, below)

    def sum(self, value: np.ndarray) -> np.ndarray:
        """A tree of adders over the last axis."""
        flat = value.reshape(-1, value.shape[-1])
        return _array([_tree(_sum, list(row)) for row in flat], value.shape[:-1])

    def shift(self, value: np.ndarray, bits: int) -> np.ndarray:
        """Wires."""
        return _each(lambda v: _checked(v * 2.0**bits), value) if bits else value

    def divide(self, value: np.ndarray, by: np.ndarray) -> np.ndarray:
        """Quotient truncated towards zero, `by` positive."""
        return _each(lambda v, d: _quotient(v, int(d)), value, by[None])

    def dot(self, value: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Adders for sums of products with `weights` (in, out) over the last axis."""
        if weights.size and int(np.abs(weights).max()) >= NARROW:
            lower = weights & (NARROW - 1)
            upper = self.shift(self.dot(value, (weights - lower) // NARROW), alkaid.WEIGHT - 2)
            return self.add(upper, self.dot(value, lower))
        flat = value.reshape(-1, value.shape[-1])
        rows = [self._row(row, weights.astype(np.int64)) for row in flat]
        return _array([symbol for row in rows for symbol in row], (*value.shape[:-1], weights.shape[1]))

    def cast(self, value: np.ndarray, fraction: int, target: Fixed) -> np.ndarray:
        """Round, then treat the overflow; nothing where the bounds say that nothing happens."""
        drop = fraction - target.fraction
        return _each(lambda v: _overflown(_rounded(v, drop, target.rounding), target), value)

    def lookup(self, index: np.ndarray, table: np.ndarray) -> np.ndarray:
        """A table each."""
        return _each(lambda i: alkaid.looked_up(i, table), index)

    def one_hot_maximum(self, value: np.ndarray) -> np.ndarray:
        """1 at the first largest element of the last axis, 0 elsewhere."""
        flat = value.reshape(-1, value.shape[-1])
        return _array([mark for row in flat for mark in _first_largest(list(row))], value.shape)

    def _row(self, vector: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """One sum of products; what is known of it is added as a constant."""
        fixed = np.array([alkaid.known(symbol) for symbol in vector])
        offset = np.array([alkaid.bounds(symbol)[0] for symbol in vector[fixed]], np.int64) @ weights[fixed]
        used = ~fixed & np.any(weights != 0, axis=1)
        if not np.any(used):
            return _each(lambda number: alkaid.constant(int(number)), offset)
        sums = self._solve(vector[used], weights[used])
        return _each(lambda total, number: _checked(_lifted(total) + int(number)), sums, offset)


def _each(function: Callable[..., Symbol], *arrays: np.ndarray) -> np.ndarray:
    """`function` of the elements of `arrays`, which broadcast."""
    together = np.broadcast_arrays(*arrays)
    return _array(
        [function(*elements) for elements in zip(*(a.ravel() for a in together), strict=True)], together[0].shape
    )


def _array(symbols: list[Symbol], shape: tuple[int, ...]) -> np.ndarray:
    flat = np.empty(len(symbols), object)
    flat[:] = symbols
    return flat.reshape(shape)


def _checked(symbol: Symbol) -> Symbol:
    alkaid.within(symbol.low, symbol.high, 1)
    return symbol


def _lifted(total: Symbol) -> Symbol:
    """A sum of no products comes back as a plain 0."""
    return alkaid.constant(int(total)) if isinstance(total, int | float | np.number) else total


def _sum(left: Symbol, right: Symbol) -> Symbol:
    return _checked(left + right)


def _product(left: Symbol, right: Symbol) -> Symbol:
    for known, other in ((left, right), (right, left)):
        if alkaid.known(known):
            return _multiple(other, alkaid.bounds(known)[0])
    return _checked(left * right)


def _multiple(symbol: Symbol, factor: int) -> Symbol:
    """A constant multiple, in two parts where the factor is wide."""
    if alkaid.known(symbol):
        return alkaid.constant(alkaid.bounds(symbol)[0] * factor)
    if abs(factor) < NARROW:
        return _checked(symbol * float(factor))
    lower = factor & (NARROW - 1)
    return _sum(_checked(_multiple(symbol, (factor - lower) // NARROW) * float(NARROW)), _multiple(symbol, lower))


def _larger(left: Symbol, right: Symbol) -> Symbol:
    return alkaid.larger(left, right)


def _tree(combine: Callable[[Symbol, Symbol], Symbol], symbols: list[Symbol]) -> Symbol:
    """Those that are there first are combined first."""
    waiting = sorted(symbols, key=lambda symbol: float(symbol.latency))
    while len(waiting) > 1:
        waiting = sorted([combine(waiting[0], waiting[1]), *waiting[2:]], key=lambda symbol: float(symbol.latency))
    return waiting[0]


def _quotient(value: Symbol, by: int) -> Symbol:
    """Truncated division by a known number, as a product with its reciprocal: exact, the bound of `value` being known.

    For n <= N and 2^s >= N * by, floor(n * ceil(2^s / by) / 2^s) = floor(n / by) (Granlund and Montgomery, 1994).
    """
    if by == 1:
        return value
    low, high = alkaid.bounds(value)
    magnitude = value if low >= 0 else alkaid.chosen(value, -value, value)
    shift = (max(-low, high) * by).bit_length()
    scaled = _multiple(magnitude, -(-(1 << shift) // by))
    quotient = alkaid.wrapped(scaled, False, max(max(-low, high).bit_length(), 1), shift)
    return quotient if low >= 0 else alkaid.chosen(value, -quotient, quotient)


def _rounded(value: Symbol, drop: int, rounding: Rounding) -> Symbol:
    """Value / 2^drop, rounded; what rounding adds before the floor depends on sign and last bit kept."""
    if drop <= 0:
        return _checked(value * 2.0**-drop)
    if int(value.step) % (1 << drop) == 0:
        return value * 2.0**-drop
    return _floored(_offset(value, drop, rounding), drop)


def _offset(value: Symbol, drop: int, rounding: Rounding) -> Symbol:
    half = 1 << (drop - 1)
    match rounding:
        case Rounding.TRN:
            return value
        case Rounding.TRN_ZERO:
            return _sum(value, _multiple(alkaid.negative(value), 2 * half - 1))
        case Rounding.RND:
            return _checked(value + half)
        case Rounding.RND_MIN_INF:
            return _checked(value + (half - 1))
        case Rounding.RND_ZERO:
            return _sum(_checked(value + (half - 1)), alkaid.negative(value))
        case Rounding.RND_INF:
            return _sum(_checked(value + half), -alkaid.negative(value))
        case Rounding.RND_CONV:
            return _sum(_checked(value + (half - 1)), alkaid.wrapped(value, False, 1, drop))
        case _:
            assert_never(rounding)


def _floored(value: Symbol, drop: int) -> Symbol:
    low, high = alkaid.bounds(value)
    low, high = low >> drop, high >> drop
    width = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0) + (low < 0)
    return alkaid.wrapped(value, low < 0, width, drop) if width else alkaid.constant(0)


def _overflown(value: Symbol, target: Fixed) -> Symbol:
    low, high = alkaid.bounds(value)
    if low >= target.lowest and high <= target.maximum:
        return value
    match target.overflow:
        case Overflow.WRAP:
            return alkaid.wrapped(value, target.signed, target.width)
        case Overflow.SAT | Overflow.SAT_SYM:
            floor, ceiling = (alkaid.constant(number) for number in (target.lowest, target.maximum))
            return -_larger(-_larger(value, floor), -ceiling)
        case Overflow.SAT_ZERO:
            zero = alkaid.constant(0)
            kept = alkaid.chosen(value - (target.maximum + 1), value, zero)
            inside = alkaid.chosen(value - target.minimum, zero, kept)
            return alkaid.wrapped(inside, target.signed, target.width)
        case _:
            assert_never(target.overflow)


def _first_largest(values: list[Symbol]) -> list[Symbol]:
    """Where the largest is reached, and was not before."""
    largest = reduce(_larger, values)
    one, zero = alkaid.constant(1), alkaid.constant(0)
    reached = [alkaid.chosen(_sum(value, -largest), zero, one) for value in values]
    so_far = [zero]
    for mark in reached:
        so_far.append(_larger(so_far[-1], mark))
    return [_sum(now, -before) for before, now in pairwise(so_far)]
