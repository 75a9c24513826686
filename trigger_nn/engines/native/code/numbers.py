"""Numbers cast to mantissas as `Port.cast` does, in LLVM's text: exact, or flagged."""

from collections.abc import Callable

import numpy as np

from trigger_nn.engines.native.code.rows import Writer, bits_of, scalar, splat
from trigger_nn.program.fixed import Fixed, Overflow, Rounding

LARGEST = 1000  # exponent of a power of two by which a float64 is scaled, with room left for the number itself


def numbers(kind: Fixed, dtype: np.dtype, writer: Writer, wide: str) -> Callable[[str], tuple[str, str]]:
    """Numbers of an event cast to `kind` as `wide` integers, and whether one of them can't be cast here."""
    lanes = writer.target.lanes
    shape = f"<{lanes} x double>"
    wraps = kind.overflow is Overflow.WRAP
    most = 1 << (30 if wraps and wide == "i32" else 51)

    def read(value: str) -> tuple[str, str]:
        source = f"<{lanes} x {scalar(dtype)}>"
        how = {"f": "fpext", "i": "sitofp", "u": "uitofp"}[dtype.kind]
        number = value if dtype.str[1:] == "f8" else writer.new(f"{how} {source} {value} to {shape}")
        scaled = writer.new(f"fmul {shape} {number}, {power(kind.fraction)}")
        size = _call(writer, "fabs", scaled)
        flag = writer.new(f"fcmp uge {shape} {size}, {splat(most, 'f64')}")
        if kind.fraction < 0:
            flag = _or_vanished(writer, flag, number, scaled)
        rounded = _rounded(writer, scaled, kind.rounding)
        limited = rounded if wraps else _limited(writer, rounded, kind)
        safe = writer.new(f"select <{lanes} x i1> {flag}, {shape} zeroinitializer, {shape} {limited}")
        whole = _whole(writer, safe, kind, wide)
        return (_wrapped(writer, whole, kind, wide) if wraps else whole), flag

    return read


def _whole(writer: Writer, number: str, kind: Fixed, wide: str) -> str:
    """As integers; the low bits of those of `kind` that are wider than `wide`."""
    lanes = writer.target.lanes
    fits = wide == "i64" or kind.overflow is Overflow.WRAP or -(1 << 31) <= kind.minimum <= kind.maximum < 1 << 31
    first = wide if fits else "i64"
    whole = writer.new(f"fptosi <{lanes} x double> {number} to <{lanes} x {first}>")
    return whole if fits else writer.new(f"trunc <{lanes} x i64> {whole} to <{lanes} x {wide}>")


def _or_vanished(writer: Writer, flag: str, number: str, scaled: str) -> str:
    """Also where a number is so small that nothing was left of it."""
    shape, flags = f"<{writer.target.lanes} x double>", f"<{writer.target.lanes} x i1>"
    there = writer.new(f"fcmp one {shape} {number}, zeroinitializer")
    tiny = writer.new(f"fcmp olt {shape} {_call(writer, 'fabs', scaled)}, {power(-LARGEST)}")
    return writer.new(f"or {flags} {flag}, {writer.new(f'and {flags} {there}, {tiny}')}")


def power(exponent: int) -> str:
    """2^exponent, exactly as LLVM reads it."""
    return f"splat (double 0x{np.float64(2.0**exponent).view(np.uint64):016X})"


def _call(writer: Writer, name: str, *values: str) -> str:
    lanes = writer.target.lanes
    return writer.call(f"<{lanes} x double>", f"llvm.{name}.v{lanes}f64", *((f"<{lanes} x double>", v) for v in values))


def _rounded(writer: Writer, scaled: str, rounding: Rounding) -> str:
    """As `fixed.from_float` rounds: all comparisons are with the floor and the middle above it, which are exact."""
    lanes = writer.target.lanes
    shape, flags = f"<{lanes} x double>", f"<{lanes} x i1>"
    if rounding is Rounding.RND_CONV:
        return _call(writer, "roundeven", scaled)
    if rounding is Rounding.TRN_ZERO:
        return _call(writer, "trunc", scaled)
    floor = _call(writer, "floor", scaled)
    if rounding is Rounding.TRN:
        return floor
    middle = writer.new(f"fadd {shape} {floor}, {splat(0, 'f64').replace('0.0', '5.0e-01')}")
    up = writer.new(f"fcmp {'oge' if rounding is Rounding.RND else 'ogt'} {shape} {scaled}, {middle}")
    if rounding in (Rounding.RND_INF, Rounding.RND_ZERO):
        tie = writer.new(f"fcmp oeq {shape} {scaled}, {middle}")
        sign = "oge" if rounding is Rounding.RND_INF else "olt"
        side = writer.new(f"fcmp {sign} {shape} {scaled}, zeroinitializer")
        both = writer.new(f"and {flags} {tie}, {side}")
        up = writer.new(f"or {flags} {up}, {both}")
    lift = writer.new(f"uitofp {flags} {up} to {shape}")
    return writer.new(f"fadd {shape} {floor}, {lift}")


def _limited(writer: Writer, rounded: str, kind: Fixed) -> str:
    """Saturated, or zero where it would be."""
    lanes = writer.target.lanes
    shape = f"<{lanes} x double>"
    least = kind.lowest if kind.overflow is Overflow.SAT_SYM else kind.minimum
    low, high = splat(least, "f64"), splat(kind.maximum, "f64")
    inside = _call(writer, "minnum", _call(writer, "maxnum", rounded, low), high)
    if kind.overflow is not Overflow.SAT_ZERO:
        return inside
    same = writer.new(f"fcmp oeq {shape} {inside}, {rounded}")
    return writer.new(f"select <{lanes} x i1> {same}, {shape} {rounded}, {shape} zeroinitializer")


def _wrapped(writer: Writer, whole: str, kind: Fixed, wide: str) -> str:
    shape = f"<{writer.target.lanes} x {wide}>"
    spare = bits_of(wide) - kind.width
    if not kind.signed:
        return writer.new(f"and {shape} {whole}, {splat(kind.maximum, wide)}") if spare > 0 else whole
    if spare <= 0:
        return whole
    up = writer.new(f"shl {shape} {whole}, {splat(spare, wide)}")
    return writer.new(f"ashr {shape} {up}, {splat(spare, wide)}")
