"""Between users' arrays, (events, elements), and rows: transposition, conversion, and the check of ranges.

Events and elements change places in squares of as many values as a register has 32-bit lanes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.code.memory import Buffer
from trigger_nn.engines.native.code.numbers import numbers, power
from trigger_nn.engines.native.code.rows import (
    Row,
    Writer,
    bits_of,
    converted,
    count_of,
    element,
    load,
    scalar,
    splat,
    store,
)
from trigger_nn.engines.native.code.squares import any_set, events, module, row_pointer, transposed
from trigger_nn.engines.native.target import Target
from trigger_nn.program.fixed import Fixed


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
    writer, lanes, dtype = Writer(target), target.lanes, np.dtype(job.dtype)
    wide = "i64" if bits_of(job.buffer.kind) == 64 else "i32"
    per = _shared(job)
    read = numbers(job.cast, dtype, writer, wide) if job.cast else _mantissas(job, writer, wide, per)
    count = min(job.elements // per, lanes)

    def square(first: str) -> str:
        element_0 = writer.new(f"mul i64 {first}, {per}")
        parts: list[list[str]] = []
        flags: list[str] = []
        for part in range(4):
            pairs = [read(_read(writer, job, count * per, event, element_0)) for event in events(part, lanes)]
            parts.append(transposed(writer, wide, [value for value, _ in pairs]))
            flags += [flag for _, flag in pairs if flag]
        for i in range(count * per):
            values = [_picked(writer, part[i // per], dtype, i % per if per > 1 else None) for part in parts]
            row = converted(writer, Row(wide, tuple(values)), job.buffer.kind)
            store(writer, row, row_pointer(writer, job.buffer, element_0, i))
        return any_set(writer, flags, lanes * per)

    return module(writer, job.elements // per, square, job.elements * dtype.itemsize * target.vector)


def _shared(job: Load) -> int:
    """Values that change places together, in one 32-bit lane: several of 8 or 16 bits, if events hold whole lanes."""
    per = 4 // np.dtype(job.dtype).itemsize if job.cast is None and bits_of(job.buffer.kind) < 64 else 1
    return per if per > 1 and job.elements % per == 0 else 1


def _picked(writer: Writer, lane: str, dtype: np.dtype, place: int | None) -> str:
    """The value at `place` of those in each 32-bit lane; all of the lane if there is but one."""
    if place is None:
        return lane
    shape, size = f"<{writer.target.lanes} x i32>", 8 * dtype.itemsize
    if dtype.kind == "i":
        top = writer.new(f"shl {shape} {lane}, {splat(32 - size * (place + 1), 'i32')}")
        return writer.new(f"ashr {shape} {top}, {splat(32 - size, 'i32')}")
    low = writer.new(f"lshr {shape} {lane}, {splat(size * place, 'i32')}")
    return writer.new(f"and {shape} {low}, {splat((1 << size) - 1, 'i32')}")


def storer(job: Store, target: Target) -> str:
    """A module whose function `port(array, rows)` writes a block of events."""
    writer, lanes = Writer(target), target.lanes
    wide = "i64" if bits_of(job.buffer.kind) == 64 else "i32"
    count = min(job.elements, lanes)

    def square(first: str) -> str:
        loaded = [load(writer, row_pointer(writer, job.buffer, first, i), job.buffer.kind) for i in range(count)]
        rows = [converted(writer, row, wide) for row in loaded]
        for part in range(count_of(wide)):
            column = [row.parts[part] for row in rows] + ["zeroinitializer"] * (lanes - count)
            for event, values in zip(events(part, lanes), transposed(writer, wide, column), strict=True):
                _write(writer, job, count, values, (event, first))
        return "false"

    return module(writer, job.elements, square)


def _read(writer: Writer, job: Load, count: int, event: int, first: str) -> str:
    """`count` neighbouring values of one event, filled up with zeros to all lanes."""
    dtype = np.dtype(job.dtype)
    kind, lanes = scalar(dtype), writer.target.lanes * _shared(job)
    place = writer.new(f"getelementptr {kind}, ptr %x, i64 {first}")
    own = writer.new(f"getelementptr {kind}, ptr {place}, i64 {event * job.elements}")
    few = writer.new(f"load <{count} x {kind}>, ptr {own}, align {dtype.itemsize}")
    if count == lanes:
        return few
    chosen = ", ".join(f"i32 {i if i < count else count}" for i in range(lanes))
    return writer.new(
        f"shufflevector <{count} x {kind}> {few}, <{count} x {kind}> zeroinitializer, <{lanes} x i32> <{chosen}>"
    )


def _mantissas(job: Load, writer: Writer, wide: str, per: int) -> Callable[[str], tuple[str, str]]:
    """Integers of an event as `wide`, and whether one of them is outside its port's range ('' if that can't be).

    With several to a lane they stay as they lie.
    """
    dtype, lanes = np.dtype(job.dtype), writer.target.lanes * per
    info = np.iinfo(dtype)
    low, high = max(job.low, int(info.min)), min(job.high, int(info.max))
    shape = f"<{lanes} x i{8 * dtype.itemsize}>"

    def read(value: str) -> tuple[str, str]:
        flag = ""
        if (low, high) != (info.min, info.max):
            above = writer.new(f"sub {shape} {value}, {splat(low, f'i{8 * dtype.itemsize}')}")
            flag = writer.new(f"icmp ugt {shape} {above}, {splat(high - low, f'i{8 * dtype.itemsize}')}")
        size = 8 * dtype.itemsize
        if per > 1:
            return writer.new(f"bitcast {shape} {value} to <{writer.target.lanes} x i32>"), flag
        if size == bits_of(wide):
            return value, flag
        how = "trunc" if size > bits_of(wide) else "sext" if dtype.kind == "i" else "zext"
        return writer.new(f"{how} {shape} {value} to <{lanes} x {wide}>"), flag

    return read


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
        values = writer.new(f"fmul {shape} {number}, {power(-job.fraction)}")
    elif size != bits_of(wide):
        how = "sext" if size > bits_of(wide) else "trunc"
        values = writer.new(f"{how} <{count} x {wide}> {values} to {shape}")
    start = writer.new(f"getelementptr {kind}, ptr %x, i64 {first}")
    own = writer.new(f"getelementptr {kind}, ptr {start}, i64 {event * job.elements}")
    writer.do(f"store {shape} {values}, ptr {own}, align {size // 8}")
