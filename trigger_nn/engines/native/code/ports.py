"""Between users' arrays, (events, elements), and rows: transposition, conversion, and the check of ranges.

Events and elements change places in squares of as many values as a register has 32-bit lanes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.code.memory import Buffer
from trigger_nn.engines.native.code.rows import (
    Row,
    Writer,
    bits_of,
    converted,
    count_of,
    element,
    load,
    row_bytes,
    splat,
    store,
)
from trigger_nn.engines.native.target import Target
from trigger_nn.program.fixed import Fixed, Overflow, Rounding

LARGEST = 1000  # smaller powers of two than 2^-1000 are not trusted to be exact


@dataclass(frozen=True)
class Load:
    """Reads `elements` values an event: mantissas from `low` to `high`, or numbers to be cast to `cast`.

    `dtype` is numpy's, as its `str`.
    """

    elements: int
    dtype: str
    buffer: Buffer
    low: int
    high: int
    cast: Fixed | None = None


@dataclass(frozen=True)
class Store:
    """Writes `elements` values an event as `kind`, whose integers hold them; a float is multiplied by 2^-fraction."""

    elements: int
    buffer: Buffer
    kind: str = "i64"
    fraction: int = 0


def loader(job: Load, target: Target) -> str:
    """A module whose function `port(array, rows)` fills the rows of a block of events; 0 if all values are as expected.

    Numbers are not where they are too large for 64-bit floats to be exact, or not finite.
    """
    writer, lanes = Writer(target), target.lanes
    wide = "i64" if bits_of(job.buffer.kind) == 64 else "i32"
    read = _numbers(job, writer, wide) if job.cast else _mantissas(job, writer, wide)
    count = min(job.elements, lanes)

    def square(first: str) -> str:
        parts: list[list[str]] = []
        flags: list[str] = []
        for part in range(4):
            events = [_read(writer, job, count, event, first) for event in _events(part, lanes)]
            pairs = [read(value) for value in events]
            parts.append(_transposed(writer, wide, [value for value, _ in pairs]))
            flags += [flag for _, flag in pairs if flag]
        for i in range(count):
            row = converted(writer, Row(wide, tuple(part[i] for part in parts)), job.buffer.kind)
            store(writer, row, _row_pointer(writer, job.buffer, first, i))
        return _any(writer, flags)

    return _module(writer, job.elements, square)


def storer(job: Store, target: Target) -> str:
    """A module whose function `port(array, rows)` writes a block of events."""
    writer, lanes = Writer(target), target.lanes
    wide = "i64" if bits_of(job.buffer.kind) == 64 else "i32"
    count = min(job.elements, lanes)

    def square(first: str) -> str:
        loaded = [load(writer, _row_pointer(writer, job.buffer, first, i), job.buffer.kind) for i in range(count)]
        rows = [converted(writer, row, wide) for row in loaded]
        for part in range(count_of(wide)):
            column = [row.parts[part] for row in rows] + ["zeroinitializer"] * (lanes - count)
            for event, values in zip(_events(part, lanes), _transposed(writer, wide, column), strict=True):
                _write(writer, job, count, values, (event, first))
        return "false"

    return _module(writer, job.elements, square)


def _module(writer: Writer, elements: int, square: Callable[[str], str]) -> str:
    """The function: `square` for each group of elements; the last group may overlap the one before it."""
    lanes = writer.target.lanes
    count = -(-elements // lanes)
    writer.label("entry")
    writer.do("br label %loop")
    writer.label("loop")
    writer.do("%i = phi i64 [ 0, %entry ], [ %next, %loop ]")
    writer.do("%bad = phi i1 [ false, %entry ], [ %worse, %loop ]")
    start = writer.new(f"mul i64 %i, {lanes}")
    first = writer.call("i64", "llvm.umin.i64", ("i64", start), ("i64", str(max(elements - lanes, 0))))
    flag = square(first)
    writer.do(f"%worse = or i1 %bad, {flag}")
    writer.do("%next = add nuw nsw i64 %i, 1")
    writer.do(f"%more = icmp ult i64 %next, {count}")
    writer.do("br i1 %more, label %loop, label %end")
    writer.label("end")
    writer.do("%result = zext i1 %worse to i64")
    writer.do("ret i64 %result")
    lines = [*sorted(writer.declared), "define i64 @port(ptr noalias %x, ptr noalias %s) {", *writer.lines, "}"]
    return "\n".join(lines) + "\n"


def _events(part: int, lanes: int) -> list[int]:
    """Which events the lanes of register `part` of a 32-bit row hold; see `rows`."""
    return [16 * (lane // 4) + 4 * part + lane % 4 for lane in range(lanes)]


def _row_pointer(writer: Writer, buffer: Buffer, first: str, more: int) -> str:
    size = row_bytes(buffer.kind, writer.target)
    moved = writer.new(f"mul i64 {first}, {size}")
    start = writer.new(f"getelementptr i8, ptr %s, i64 {moved}")
    return writer.new(f"getelementptr i8, ptr {start}, i64 {buffer.offset + more * size}")


def _read(writer: Writer, job: Load, count: int, event: int, first: str) -> str:
    """`count` neighbouring values of one event, filled up with zeros to all lanes."""
    dtype, lanes = np.dtype(job.dtype), writer.target.lanes
    kind = _type(dtype)
    place = writer.new(f"getelementptr {kind}, ptr %x, i64 {first}")
    own = writer.new(f"getelementptr {kind}, ptr {place}, i64 {event * job.elements}")
    few = writer.new(f"load <{count} x {kind}>, ptr {own}, align {dtype.itemsize}")
    if count == lanes:
        return few
    chosen = ", ".join(f"i32 {i if i < count else count}" for i in range(lanes))
    return writer.new(
        f"shufflevector <{count} x {kind}> {few}, <{count} x {kind}> zeroinitializer, <{lanes} x i32> <{chosen}>"
    )


def _type(dtype: np.dtype) -> str:
    return {"f4": "float", "f8": "double"}.get(dtype.str[1:], f"i{8 * dtype.itemsize}")


def _mantissas(job: Load, writer: Writer, wide: str) -> Callable[[str], tuple[str, str]]:
    """Integers of an event as `wide`, and whether one of them is outside its port's range ('' if that can't be)."""
    dtype, lanes = np.dtype(job.dtype), writer.target.lanes
    info = np.iinfo(dtype)
    low, high = max(job.low, int(info.min)), min(job.high, int(info.max))
    shape = f"<{lanes} x i{8 * dtype.itemsize}>"

    def read(value: str) -> tuple[str, str]:
        flag = ""
        if (low, high) != (info.min, info.max):
            above = writer.new(f"sub {shape} {value}, {splat(low, f'i{8 * dtype.itemsize}')}")
            flag = writer.new(f"icmp ugt {shape} {above}, {splat(high - low, f'i{8 * dtype.itemsize}')}")
        size = 8 * dtype.itemsize
        if size == bits_of(wide):
            return value, flag
        how = "trunc" if size > bits_of(wide) else "sext" if dtype.kind == "i" else "zext"
        return writer.new(f"{how} {shape} {value} to <{lanes} x {wide}>"), flag

    return read


def _numbers(job: Load, writer: Writer, wide: str) -> Callable[[str], tuple[str, str]]:
    """Numbers of an event cast to mantissas as `wide`, and whether one of them can't be cast here."""
    assert job.cast is not None
    kind, dtype, lanes = job.cast, np.dtype(job.dtype), writer.target.lanes
    shape = f"<{lanes} x double>"
    wraps = kind.overflow is Overflow.WRAP
    most = 1 << (30 if wraps and wide == "i32" else 51)

    def read(value: str) -> tuple[str, str]:
        source = f"<{lanes} x {_type(dtype)}>"
        how = {"f": "fpext", "i": "sitofp", "u": "uitofp"}[dtype.kind]
        number = value if dtype.str[1:] == "f8" else writer.new(f"{how} {source} {value} to {shape}")
        scaled = writer.new(f"fmul {shape} {number}, {_power(kind.fraction)}")
        size = _call(writer, "fabs", scaled)
        flag = writer.new(f"fcmp uge {shape} {size}, {splat(most, 'f64')}")
        if kind.fraction < 0:
            flag = _or_vanished(writer, flag, number, scaled)
        rounded = _rounded(writer, scaled, kind.rounding)
        limited = rounded if wraps else _limited(writer, rounded, kind)
        safe = writer.new(f"select <{lanes} x i1> {flag}, {shape} zeroinitializer, {shape} {limited}")
        whole = writer.new(f"fptosi {shape} {safe} to <{lanes} x {wide}>")
        return (_wrapped(writer, whole, kind, wide) if wraps else whole), flag

    return read


def _or_vanished(writer: Writer, flag: str, number: str, scaled: str) -> str:
    """Also where a number is so small that nothing was left of it."""
    shape, flags = f"<{writer.target.lanes} x double>", f"<{writer.target.lanes} x i1>"
    there = writer.new(f"fcmp one {shape} {number}, zeroinitializer")
    tiny = writer.new(f"fcmp olt {shape} {_call(writer, 'fabs', scaled)}, {_power(-LARGEST)}")
    return writer.new(f"or {flags} {flag}, {writer.new(f'and {flags} {there}, {tiny}')}")


def _power(exponent: int) -> str:
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


def _write(writer: Writer, job: Store, count: int, values: str, place: tuple[int, str]) -> None:
    """`count` neighbouring values of one event."""
    lanes = writer.target.lanes
    event, first = place
    kind, size = element(job.kind), bits_of(job.kind)
    wide = "i64" if bits_of(job.buffer.kind) == 64 else "i32"
    if count < lanes:
        chosen = ", ".join(f"i32 {i}" for i in range(count))
        values = writer.new(
            f"shufflevector <{lanes} x {wide}> {values}, <{lanes} x {wide}> poison, <{count} x i32> <{chosen}>"
        )
    shape = f"<{count} x {kind}>"
    if job.kind == "f64":
        number = writer.new(f"sitofp <{count} x {wide}> {values} to {shape}")
        values = writer.new(f"fmul {shape} {number}, {_power(-job.fraction)}")
    elif size != bits_of(wide):
        how = "sext" if size > bits_of(wide) else "trunc"
        values = writer.new(f"{how} <{count} x {wide}> {values} to {shape}")
    start = writer.new(f"getelementptr {kind}, ptr %x, i64 {first}")
    own = writer.new(f"getelementptr {kind}, ptr {start}, i64 {event * job.elements}")
    writer.do(f"store {shape} {values}, ptr {own}, align {size // 8}")


def _transposed(writer: Writer, kind: str, rows: list[str]) -> list[str]:
    """A square of lanes x lanes values with rows and columns exchanged: blocks of 1, of 2, of 4, and so on."""
    lanes = len(rows)
    shape = f"<{lanes} x {element(kind)}>"
    step = 1
    while step < lanes:
        fresh = list(rows)
        for i in (i for i in range(lanes) if not i & step):
            upper = [k if not k & step else lanes + k - step for k in range(lanes)]
            lower = [k + step if not k & step else lanes + k for k in range(lanes)]
            for place, chosen in ((i, upper), (i + step, lower)):
                mask = ", ".join(f"i32 {k}" for k in chosen)
                fresh[place] = writer.new(
                    f"shufflevector {shape} {rows[i]}, {shape} {rows[i + step]}, <{lanes} x i32> <{mask}>"
                )
        rows, step = fresh, 2 * step
    return rows


def _any(writer: Writer, flags: list[str]) -> str:
    """Whether any lane of any of `flags` is set."""
    if not flags:
        return "false"
    lanes = writer.target.lanes
    together = flags[0]
    for flag in flags[1:]:
        together = writer.new(f"or <{lanes} x i1> {together}, {flag}")
    whole = writer.new(f"bitcast <{lanes} x i1> {together} to i{lanes}")
    return writer.new(f"icmp ne i{lanes} {whole}, 0")
