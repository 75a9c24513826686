"""The domain of the unbounded twin: float64 mantissas that no type bounds or rounds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.passes.sites import ADDRESS, INTERNAL, field_of
from trigger_nn.program.fixed import Fixed, Overflow, from_float
from trigger_nn.program.integers import Integers


@dataclass(frozen=True)
class Real:
    """Float64 mantissas that may be anything.

    kind: the type that the program's values have, where it is known. whole: what integer arithmetic makes of them
    where that is meant, on the way to a table's address.
    """

    value: np.ndarray
    kind: Fixed | None = None
    whole: np.ndarray | None = None

    @property
    def meant(self) -> np.ndarray:
        """Integers where they are meant, numbers elsewhere."""
        return self.value if self.whole is None else self.whole


class Reals:
    """Arithmetic of the twin: casts only move the binary point; tables are addressed as the program would, clipped."""

    def __init__(self, sites: Mapping[int, str]) -> None:
        """Run one operation; `sites` as `sites.sites_of` gives them."""
        self._sites, self._integers = sites, Integers()

    def constant(self, mantissa: np.ndarray) -> Real:
        """The same constant for every event."""
        return Real(mantissa[None].astype(np.float64))

    def gather(self, value: Real, index: np.ndarray, fill: int) -> Real:
        """Elements by flat index; -1 gives `fill`."""
        return self._each(lambda array: self._integers.gather(array, index, fill), value)

    def concatenate(self, values: list[Real], axis: int) -> Real:
        """Join along `axis`."""
        return self._each(lambda *arrays: np.concatenate(arrays, axis), *values)

    def add(self, left: Real, right: Real) -> Real:
        """Sum."""
        return self._each(np.add, left, right)

    def subtract(self, left: Real, right: Real) -> Real:
        """Difference."""
        return self._each(np.subtract, left, right)

    def multiply(self, left: Real, right: Real) -> Real:
        """Product."""
        return self._each(np.multiply, left, right)

    def maximum(self, left: Real, right: Real) -> Real:
        """The larger."""
        return self._each(np.maximum, left, right)

    def minimum(self, left: Real, right: Real) -> Real:
        """The smaller."""
        return self._each(np.minimum, left, right)

    def select(self, value: Real, threshold: np.ndarray, reached: Real, below: Real) -> Real:
        """`reached` where value >= threshold, `below` elsewhere."""
        chosen = value.value >= threshold[None].astype(np.float64)

        def choose(left: np.ndarray, right: np.ndarray) -> np.ndarray:
            return np.where(chosen, left, right)

        return self._each(choose, reached, below)

    def sum(self, value: Real) -> Real:
        """Sum over the last axis."""
        return self._each(lambda array: array.sum(axis=-1), replace(value, kind=None))

    def shift(self, value: Real, bits: int) -> Real:
        """Value * 2^bits."""
        return self._each(lambda array: np.ldexp(array, bits), replace(value, kind=value.kind if bits == 0 else None))

    def divide(self, value: Real, by: np.ndarray) -> Real:
        """Quotient, and what integer division makes of it."""
        divisor = by.astype(np.float64)
        return Real(value.value / divisor, whole=np.trunc(value.meant / divisor))

    def dot(self, value: Real, weights: np.ndarray) -> Real:
        """Sum over the last axis of value times weights."""
        return Real(value.value @ weights.astype(np.float64))

    def cast(self, value: Real, fraction: int, target: Fixed) -> Real:
        """Move the point. Casts to types that are no fields lead to a table's address: there integers are meant."""
        moved, field = np.ldexp(value.value, target.fraction - fraction), field_of(self._sites, target)
        whole = self._address(value, fraction, target) if field in (ADDRESS, INTERNAL) else None
        return Real(moved, target, whole)

    def lookup(self, index: Real, table: np.ndarray) -> Real:
        """Table entries at the clipped address."""
        place = np.clip(np.nan_to_num(np.floor(index.meant)), 0, len(table) - 1)
        return Real(table[place.astype(np.int64)].astype(np.float64))

    def one_hot_maximum(self, value: Real) -> Real:
        """1 at the first largest element of the last axis."""
        return Real(self._integers.one_hot_maximum(value.value).astype(np.float64))

    def _address(self, value: Real, fraction: int, target: Fixed) -> np.ndarray:
        """What the program makes of the value, clipped to the type it has, or else to `target`."""
        if value.kind is not None and value.whole is None:
            kind = value.kind.modes(value.kind.rounding, Overflow.SAT)
            clipped = from_float(np.ldexp(np.nan_to_num(value.value), -kind.fraction), kind)
            return self._integers.cast(clipped, fraction, target).astype(np.float64)
        limit = target if value.whole is None else target.modes(target.rounding, Overflow.SAT)
        return from_float(np.ldexp(np.nan_to_num(value.meant), -fraction), limit).astype(np.float64)

    def _each(self, function: Callable[..., np.ndarray], *values: Real) -> Real:
        """`function` of the values, and of the integers if any are meant; one value keeps its type."""
        whole = function(*(x.meant for x in values)) if any(x.whole is not None for x in values) else None
        return Real(function(*(x.value for x in values)), values[0].kind if len(values) == 1 else None, whole)
