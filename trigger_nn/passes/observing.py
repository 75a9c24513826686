"""The domain of integers, observed: what each cast did to the values, one entry a type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np

from trigger_nn.passes.sites import ADDRESS, PORT, field_of
from trigger_nn.program.fixed import (
    MAX_WIDTH,
    Fixed,
    Overflow,
    Rounding,
    covering,
    headroom,
    round_off,
    to_float,
    widen,
)
from trigger_nn.program.integers import Integers
from trigger_nn.program.program import Port

Range = tuple[Fraction, Fraction]


class Loss(StrEnum):
    """What a cast can do to a value."""

    WRAPPED = "wrapped"
    SATURATED = "saturated"
    ROUNDED = "rounded"


@dataclass(frozen=True)
class Offence:
    """One value that a cast changed: numbers before and after, exact.

    `event` counts from 0, None being a constant, which is the same for every event; `element` is the place in the
    array that was cast, without events.
    """

    loss: Loss
    event: int | None
    element: tuple[int, ...]
    before: Fraction
    after: Fraction


@dataclass(frozen=True)
class TypeUse:
    """What one type of one layer did to the values cast to it.

    `field` is where the operation holds the type (`type`, `accumulator`, ...); "port" is an input's door. A type that
    is no field is listed only if it lost something: an "address" that overflowed or that an embedding's table does not
    have (saturated: the program clips it, the C++ reads what lies beyond the table), or "internal". `worst` is
    the most that rounding took off, in LSB. `seen` are the extreme numbers before the cast, `proven` what they can be
    for any event that the ports hold; `grain` are the fraction bits that hold every number before the cast (None: all
    are zero), `kept` the extreme mantissas after rounding and before overflow.
    """

    layer: str
    field: str
    type: Fixed
    values: int
    wrapped: int
    saturated: int
    rounded: int
    worst: Fraction
    seen: Range
    grain: int | None
    kept: tuple[int, int]
    first: tuple[Offence, ...]
    proven: Range | None = None

    @property
    def lost(self) -> Fraction:
        """The most that rounding took off, as a number."""
        return self.worst / Fraction(2) ** self.type.fraction

    @property
    def exact(self) -> Fixed | None:
        """The narrowest type that holds every value seen, every bit of it; None beyond the widest there is."""
        grain = self.grain or 0
        low, high = (int(end * Fraction(2) ** grain) for end in self.seen)
        return _narrowest(low, high, grain, Rounding.TRN)

    @property
    def enough(self) -> Fixed | None:
        """The narrowest type with the present fraction and rounding in which nothing seen would overflow.

        None beyond the widest there is, and for an address that was clipped: the table is too short for it, not a type.
        """
        if self.field == ADDRESS and self.type.overflow is Overflow.SAT:
            return None
        return _narrowest(*self.kept, self.type.fraction, self.type.rounding)


@dataclass(frozen=True)
class Casts:
    """An array of values being cast, constants with a first axis of 1.

    before: mantissas with `fraction` bits behind the point. rounded: mantissas with `point` bits, before the overflow
    is treated, which happens where `over` holds. lost: what rounding took, in LSB * 2^-unit, or None. after: mantissas.
    """

    before: np.ndarray
    fraction: int
    rounded: np.ndarray
    point: int
    over: np.ndarray
    lost: np.ndarray | None
    unit: int
    after: np.ndarray


class Observing(Integers):
    """The reference engine's domain, which writes down what each cast does to `events` (their numbers)."""

    def __init__(self, layer: str, sites: Mapping[int, str], events: range, keep: int) -> None:
        """Observe one operation of name `layer`; `sites` as `sites.sites_of` gives them."""
        self.uses: list[TypeUse] = []
        self._layer, self._sites, self._events, self._keep = layer, sites, events, keep

    def cast(self, value: np.ndarray, fraction: int, target: Fixed) -> np.ndarray:
        """The engine's own cast; constants are observed in the first block alone."""
        after, field, constant = super().cast(value, fraction, target), field_of(self._sites, target), len(value) == 1
        if constant and self._events.start > 0:
            return after
        drop, own = fraction - target.fraction, self.of_events(after)
        before = widen(self.of_events(value), headroom(fraction, target))
        rounded = round_off(before, drop, target.rounding)
        lost = before - (rounded << drop) if drop > 0 and field != ADDRESS else None
        over = _overflown(rounded, own, target, field == ADDRESS)
        casts = Casts(before, fraction, rounded, target.fraction, over, lost, max(drop, 0), own)
        self.note(field, target, casts, constant)
        return after

    def note(self, field: str, kind: Fixed, casts: Casts, constant: bool = False) -> None:
        """Write down what became of the values cast to `kind`, which `field` holds."""
        start = None if constant else self._events.start
        self.uses.append(_use((self._layer, field, kind), casts, start, self._keep))

    def of_events(self, values: np.ndarray) -> np.ndarray:
        """The events' own values: a lone event runs twice."""
        return values[: len(self._events)]


def door(port: Port, numbers: np.ndarray, start: int, keep: int) -> TypeUse:
    """What an input's type does to numbers (float64, exact as they are), by way of `Port.cast`."""
    kind = port.type
    small = np.abs(np.ldexp(numbers, kind.fraction)) < 2.0**52  # the others are whole already
    wide = replace(port, type=Fixed(True, 62, 62 - kind.fraction, kind.rounding))
    rounded = np.where(small, to_float(wide.cast(np.where(small, numbers, 0.0)), wide.type), numbers)
    after = port.cast(numbers)
    over = np.asarray(to_float(after, kind) != rounded, bool)
    casts = Casts(numbers, 0, rounded, 0, over, numbers - rounded, -kind.fraction, after)
    return _use((port.name, PORT, kind), casts, start, keep)


def _use(site: tuple[str, str, Fixed], casts: Casts, start: int | None, keep: int) -> TypeUse:
    kind, lost, over = site[2], casts.lost, casts.over
    off = np.zeros(over.shape, bool) if lost is None else np.asarray(lost != 0, bool)
    wraps = kind.overflow is Overflow.WRAP
    beyond = Loss.WRAPPED if wraps else Loss.SATURATED
    total = int(over.sum())
    return TypeUse(
        *site,
        values=over.size,
        wrapped=total if wraps else 0,
        saturated=0 if wraps else total,
        rounded=int(off.sum()),
        worst=exact_number(np.abs(lost).max(), casts.unit) if lost is not None and off.any() else Fraction(0),
        seen=(exact_number(casts.before.min(), casts.fraction), exact_number(casts.before.max(), casts.fraction)),
        grain=_grain(casts.before, casts.fraction),
        kept=(_mantissa(casts.rounded.min(), casts, kind), _mantissa(casts.rounded.max(), casts, kind)),
        first=(
            *_offences(beyond, over, casts, kind, start, keep),
            *_offences(Loss.ROUNDED, off, casts, kind, start, keep),
        ),
    )


def _overflown(rounded: np.ndarray, after: np.ndarray, kind: Fixed, address: bool) -> np.ndarray:
    """Where the overflow mode changed a value; a signed mantissa read as an unsigned address has only been renamed."""
    if address and kind.overflow is Overflow.WRAP:
        return np.asarray((rounded < -(1 << (kind.width - 1))) | (rounded > kind.maximum), bool)
    return np.asarray(after != rounded, bool)


def _offences(
    loss: Loss, mask: np.ndarray, casts: Casts, kind: Fixed, start: int | None, keep: int
) -> Iterator[Offence]:
    """The first `keep` places where `mask` holds."""
    for place in np.flatnonzero(mask)[:keep].tolist():
        event, *element = (int(i) for i in np.unravel_index(place, mask.shape))
        before, after = (
            exact_number(casts.before.flat[place], casts.fraction),
            exact_number(casts.after.flat[place], kind.fraction),
        )
        yield Offence(loss, None if start is None else start + event, tuple(element), before, after)


def merged(left: TypeUse, right: TypeUse, keep: int) -> TypeUse:
    """Both casts as one."""
    grains = [grain for grain in (left.grain, right.grain) if grain is not None]
    return replace(
        left,
        values=left.values + right.values,
        wrapped=left.wrapped + right.wrapped,
        saturated=left.saturated + right.saturated,
        rounded=left.rounded + right.rounded,
        worst=max(left.worst, right.worst),
        seen=hull(left.seen, right.seen),
        grain=max(grains, default=None),
        kept=(min(left.kept[0], right.kept[0]), max(left.kept[1], right.kept[1])),
        first=_first([*left.first, *right.first], keep),
    )


def _first(offences: list[Offence], keep: int) -> tuple[Offence, ...]:
    """The first `keep` of each loss by event, constants before all; among one event's, as they came."""
    ordered = sorted(offences, key=lambda found: -1 if found.event is None else found.event)
    return tuple(found for loss in Loss for found in [o for o in ordered if o.loss is loss][:keep])


def exact_number(value: Any, fraction: int) -> Fraction:
    """The number that a mantissa (or float) stands for."""
    return Fraction(np.asarray(value).item()) / Fraction(2) ** fraction


def _mantissa(rounded: Any, casts: Casts, kind: Fixed) -> int:
    return int(exact_number(rounded, casts.point) * Fraction(2) ** kind.fraction)


def _grain(values: np.ndarray, fraction: int) -> int | None:
    """Bits behind the point that hold every value; None if all are zero."""
    if values.dtype.kind == "f":
        mantissa, exponent = np.frexp(values[values != 0])
        odd = (mantissa * 2.0**53).astype(np.int64)
        bits = 54 - exponent - np.frexp((odd & -odd).astype(np.float64))[1]
        return int(bits.max()) if bits.size else None
    used = int(np.bitwise_or.reduce(values.ravel()))
    return fraction + 1 - (used & -used).bit_length() if used else None


def _narrowest(low: int, high: int, fraction: int, rounding: Rounding) -> Fixed | None:
    fits = max(abs(low), abs(high)).bit_length() < MAX_WIDTH
    return covering(low, high, fraction, rounding) if fits else None


def hull(left: Range, right: Range) -> Range:
    """The smallest range that covers both."""
    return min(left[0], right[0]), max(left[1], right[1])
