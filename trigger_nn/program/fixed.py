"""Fixed-point types with the meaning of `ap_fixed`, on integers only.

A value of type `Fixed` is an integer, its mantissa; the number it stands for is mantissa * 2^-fraction.
Rounding and overflow follow `ap_fixed_base.h` of AMD's HLS types: first round, then treat the overflow.
Works on int64 arrays and, for wider values, on object arrays of Python integers.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import assert_never

import numpy as np

from trigger_nn.errors import PrecisionError

MAX_WIDTH = 1024  # what ap_fixed accepts by default


class Rounding(StrEnum):
    """What happens to bits below the least significant one: towards ... (ap_q_mode)."""

    TRN = "TRN"  # minus infinity
    TRN_ZERO = "TRN_ZERO"  # zero
    RND = "RND"  # nearest, ties to plus infinity
    RND_ZERO = "RND_ZERO"  # nearest, ties to zero
    RND_INF = "RND_INF"  # nearest, ties away from zero
    RND_MIN_INF = "RND_MIN_INF"  # nearest, ties to minus infinity
    RND_CONV = "RND_CONV"  # nearest, ties to even


class Overflow(StrEnum):
    """What happens above the most significant bit (ap_o_mode, with no saturation bits)."""

    WRAP = "WRAP"
    SAT = "SAT"
    SAT_ZERO = "SAT_ZERO"
    SAT_SYM = "SAT_SYM"


_TEXT = re.compile(r"(?:ap_)?(?P<u>u?)(?P<kind>fixed|int)<(?P<args>[^<>]*)>")


@dataclass(frozen=True)
class Fixed:
    """ap_fixed<width, integer, rounding, overflow> or ap_ufixed; `integer` counts the sign bit, and can be negative."""

    signed: bool
    width: int
    integer: int
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        """Refuse impossible widths."""
        if not 1 <= self.width <= MAX_WIDTH:
            raise PrecisionError(f"A fixed-point type can't be {self.width} bits wide; choose 1 to {MAX_WIDTH}.")

    @property
    def fraction(self) -> int:
        """Bits behind the binary point; negative when the LSB is worth more than 1."""
        return self.width - self.integer

    @property
    def minimum(self) -> int:
        """Smallest mantissa."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """Largest mantissa."""
        return (1 << (self.width - self.signed)) - 1

    @property
    def lowest(self) -> int:
        """Smallest mantissa that a cast yields: symmetric saturation never yields the type's own (but in one bit)."""
        symmetric = self.overflow is Overflow.SAT_SYM and self.signed and self.width > 1
        return -self.maximum if symmetric else self.minimum

    def holds(self, other: "Fixed") -> bool:
        """Whether every value of `other` is a value of this type."""
        shift = self.fraction - other.fraction
        if shift < 0:
            return False
        return self.lowest <= other.minimum << shift and other.maximum << shift <= self.maximum

    def __str__(self) -> str:
        """Render as hls4ml writes it, such as fixed<16,6,RND,SAT>; defaults are left out."""
        modes: list[str] = []
        if (self.rounding, self.overflow) != (Rounding.TRN, Overflow.WRAP):
            modes = [self.rounding, self.overflow]
        return f"{'' if self.signed else 'u'}fixed<{','.join([str(self.width), str(self.integer), *modes])}>"

    @classmethod
    def parse(cls, text: str) -> "Fixed":
        """Read `fixed<16,6,RND,SAT>`, `ap_ufixed<8,2>`, `int<4>` and their like.

        Raises:
            PrecisionError: the text is not such a type, or asks for a mode that is not supported (WRAP_SM, saturation
                bits).
        """
        match = _TEXT.fullmatch(text.replace(" ", "").replace("AP_", ""))
        fields = match["args"].split(",") if match else []
        try:
            if match is None or not fields:
                raise ValueError(text)
            width = int(fields[0])
            if match["kind"] == "int":
                return cls(match["u"] == "", width, width)
            if any(int(bits) for bits in fields[4:]):
                raise PrecisionError(
                    f"Type {text!r} asks for saturation bits, which are not supported; leave them out."
                )
            return cls(
                match["u"] == "",
                width,
                int(fields[1]),
                Rounding(*fields[2:3] or ["TRN"]),
                Overflow(*fields[3:4] or ["WRAP"]),
            )
        except (ValueError, IndexError):
            raise PrecisionError(f"{text!r} is no fixed-point type; write one such as 'fixed<16,6,RND,SAT>'.") from None

    def modes(self, rounding: Rounding, overflow: Overflow) -> "Fixed":
        """Same width and point, other modes."""
        return replace(self, rounding=rounding, overflow=overflow)


def requantize(mantissa: np.ndarray, fraction: int, target: Fixed) -> np.ndarray:
    """Cast mantissas with `fraction` bits behind the point to `target`: round, then wrap or saturate."""
    return clamp(
        round_off(widen(mantissa, headroom(fraction, target)), fraction - target.fraction, target.rounding), target
    )


def headroom(fraction: int, target: Fixed) -> int:
    """Bits beyond the value's own that `requantize` may need on the way."""
    return max(0, target.fraction - fraction) + 2 if target.width < 62 else 64


def widen(mantissa: np.ndarray, extra: int) -> np.ndarray:
    """The same values, as Python integers when int64 could not hold `extra` more bits than they use."""
    if mantissa.dtype == object:
        return mantissa
    if extra < 62 and (mantissa.size == 0 or _bits(mantissa) + extra < 63):
        return mantissa.astype(np.int64, copy=False)
    return mantissa.astype(object)


def narrow(mantissa: np.ndarray, target: Fixed) -> np.ndarray:
    """Back to int64 where `target` fits."""
    return (
        mantissa.astype(np.int64)
        if mantissa.dtype == object and target.width - (not target.signed) < 64 and target.maximum < 1 << 63
        else mantissa
    )


def round_off(mantissa: np.ndarray, drop: int, rounding: Rounding) -> np.ndarray:
    """Divide by 2^drop with `rounding`; a negative `drop` shifts left."""
    if drop <= 0:
        return mantissa << -drop if drop else mantissa
    if drop > 62:
        mantissa = mantissa.astype(object)
    floor = mantissa >> drop
    rest = mantissa - (floor << drop)
    half = 1 << (drop - 1)
    match rounding:
        case Rounding.TRN:
            return floor
        case Rounding.TRN_ZERO:
            up = (mantissa < 0) & (rest > 0)
        case Rounding.RND:
            up = rest >= half
        case Rounding.RND_MIN_INF:
            up = rest > half
        case Rounding.RND_ZERO:
            up = (rest > half) | ((rest == half) & (mantissa < 0))
        case Rounding.RND_INF:
            up = (rest > half) | ((rest == half) & (mantissa >= 0))
        case Rounding.RND_CONV:
            up = (rest > half) | ((rest == half) & ((floor & 1) == 1))
        case _:
            assert_never(rounding)
    return floor + up.astype(np.int64)


def clamp(mantissa: np.ndarray, target: Fixed) -> np.ndarray:
    """Bring mantissas at the target's binary point into its range by its overflow mode."""
    low, high = target.minimum, target.maximum
    match target.overflow:
        case Overflow.WRAP:
            wrapped = ((mantissa - low) & (high - low)) + low
            return narrow(wrapped, target)
        case Overflow.SAT:
            pass
        case Overflow.SAT_SYM:
            low = target.lowest
        case Overflow.SAT_ZERO:
            inside = (mantissa >= low) & (mantissa <= high)
            return narrow(np.where(inside, mantissa, 0), target)
        case _:
            assert_never(target.overflow)
    return narrow(np.minimum(np.maximum(mantissa, low), high), target)


def from_float(values: np.ndarray, target: Fixed) -> np.ndarray:
    """Cast floats to `target` exactly as ap_fixed's constructor from double does. Infinity acts as a huge number.

    Raises:
        PrecisionError: a value is not a number.
    """
    flat = np.asarray(values, np.float64)
    if np.any(np.isnan(flat)):
        raise PrecisionError(f"NaN can't be cast to {target}; remove it from the data.")
    scaled = np.ldexp(flat, target.fraction)
    if np.all((np.abs(scaled) < 2.0**52) & (np.ldexp(scaled, -target.fraction) == flat)):  # then scaled is exact
        return _from_scaled(scaled, target)
    exact = [_mantissa(float(value), target) for value in flat.ravel()]
    return narrow(np.array(exact, object).reshape(flat.shape), target)


def to_float(mantissa: np.ndarray, kind: Fixed) -> np.ndarray:
    """The numbers that mantissas of type `kind` stand for, as float64 (exact up to 53 bits)."""
    return np.ldexp(mantissa.astype(np.float64), -kind.fraction)


def covering(low: int, high: int, fraction: int, rounding: Rounding = Rounding.TRN) -> Fixed:
    """Narrowest wrapping type with `fraction` bits behind the point that holds every mantissa in [low, high]."""
    signed = low < 0
    bits = max(max(high, 0).bit_length(), (-low - 1).bit_length() if signed else 0) + signed
    width = max(bits, 1)
    return Fixed(signed, width, width - fraction, rounding)


def _from_scaled(scaled: np.ndarray, target: Fixed) -> np.ndarray:
    """Round values with |scaled| < 2^52: keep the sign of the remainder in three extra bits (half, rest, sticky)."""
    floor = np.floor(scaled)
    middle = floor + 0.5  # exact, which scaled - floor is not between -0.5 and 0
    code = np.where(scaled == floor, 0, np.where(scaled < middle, 1, np.where(scaled == middle, 2, 3)))
    return requantize(floor.astype(np.int64) * 4 + code, target.fraction + 2, target)


def _mantissa(value: float, target: Fixed) -> int:
    exact = Fraction(value) if np.isfinite(value) else Fraction(2) ** 1024 * (1 if value > 0 else -1)
    shift = max(0, exact.denominator.bit_length() - 1)
    return int(requantize(np.array([exact.numerator], object), shift, target)[0])


def _bits(mantissa: np.ndarray) -> int:
    return max(int(mantissa.max()).bit_length(), int(mantissa.min()).bit_length())
