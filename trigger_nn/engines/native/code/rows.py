"""Values of one register's worth of events, in LLVM's text: types, conversions, arithmetic.

A row holds one value for each of `target.vector` events. In 8 bits that is one register, event i in byte i; in 16
bits two, in 32 bits four, 64 bits (and the floats beside them) four of twice the size. Wider registers are the halves
of each 16 bytes of narrower ones, as x86 packs and unpacks them: nothing is moved across, and every row has its events
in the same place.
"""

from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.steps.carriers import Carrier
from trigger_nn.engines.native.target import Target


@dataclass(frozen=True)
class Row:
    """Registers by name, and what they hold: a carrier, or f32 or f64."""

    kind: str
    parts: tuple[str, ...]


@dataclass
class Writer:
    """Lines of a function in the making."""

    target: Target
    lines: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    prefix: str = "v"
    _count: int = 0

    def new(self, text: str) -> str:
        """A fresh name for the value of instruction `text`."""
        self._count += 1
        name = f"%{self.prefix}{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """An instruction without a value."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """A place to jump to."""
        self.lines.append(f"{name}:")

    def call(self, result: str, name: str, *arguments: tuple[str, str]) -> str:
        """The value of a call to an intrinsic; arguments are (type, value)."""
        self.declared.add(f"declare {result} @{name}({', '.join(kind for kind, _ in arguments)})")
        return self.new(f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")


def bits_of(kind: str) -> int:
    """Width of a carrier or float."""
    return int(kind[1:])


def row_bytes(kind: str, target: Target) -> int:
    """Memory that a row takes."""
    return bits_of(kind) // 8 * target.vector


def count_of(kind: str) -> int:
    """Registers (in LLVM's text) of a row."""
    return {8: 1, 16: 2}.get(bits_of(kind), 4)


def element(kind: str) -> str:
    """LLVM's type of one value."""
    return {"f32": "float", "f64": "double"}.get(kind, f"i{bits_of(kind)}")


def scalar(dtype: np.dtype) -> str:
    """LLVM's type of a numpy number."""
    return {"f4": "float", "f8": "double"}.get(dtype.str[1:], f"i{8 * dtype.itemsize}")


def vector(kind: str, target: Target) -> str:
    """LLVM's type of one register of the row."""
    return f"<{target.vector // count_of(kind)} x {element(kind)}>"


def splat(number: int, kind: str) -> str:
    """A constant register."""
    text = f"{float(number):.1f}" if kind[0] == "f" else str(number)
    return f"splat ({element(kind)} {text})"


def each(writer: Writer, operation: str, kind: str, *rows: Row) -> Row:
    """One instruction on every register; rows are of `kind`."""
    shape = vector(kind, writer.target)
    parts = zip(*(row.parts for row in rows), strict=True)
    return Row(kind, tuple(writer.new(f"{operation} {shape} {', '.join(part)}") for part in parts))


def constant(number: int, kind: str) -> Row:
    """A row of one number."""
    return Row(kind, (splat(number, kind),) * count_of(kind))


def broadcast(writer: Writer, scalar: str, kind: str) -> Row:
    """A row of one number that is known when the code runs."""
    shape = vector(kind, writer.target)
    first = writer.new(f"insertelement {shape} poison, {element(kind)} {scalar}, i64 0")
    name = writer.new(f"shufflevector {shape} {first}, {shape} poison, <{shape[1:].split()[0]} x i32> zeroinitializer")
    return Row(kind, (name,) * count_of(kind))


def load(writer: Writer, pointer: str, kind: str) -> Row:
    """A row from memory."""
    shape, size = vector(kind, writer.target), row_bytes(kind, writer.target) // count_of(kind)
    parts = []
    for i in range(count_of(kind)):
        place = writer.new(f"getelementptr i8, ptr {pointer}, i64 {i * size}") if i else pointer
        parts.append(writer.new(f"load {shape}, ptr {place}, align {min(size, writer.target.vector)}"))
    return Row(kind, tuple(parts))


def store(writer: Writer, row: Row, pointer: str) -> None:
    """A row to memory."""
    shape, size = vector(row.kind, writer.target), row_bytes(row.kind, writer.target) // count_of(row.kind)
    for i, part in enumerate(row.parts):
        place = writer.new(f"getelementptr i8, ptr {pointer}, i64 {i * size}") if i else pointer
        writer.do(f"store {shape} {part}, ptr {place}, align {min(size, writer.target.vector)}")


def extreme(writer: Writer, largest: bool, left: Row, right: Row) -> Row:
    """The larger or the smaller of two rows of one carrier."""
    sign = "s" if Carrier(left.kind).signed else "u"
    name = f"{sign}{'max' if largest else 'min'}"
    shape = vector(left.kind, writer.target)
    short = f"llvm.{name}.v{shape[1:-1].replace(' x ', '')}"
    parts = zip(left.parts, right.parts, strict=True)
    return Row(left.kind, tuple(writer.call(shape, short, (shape, a), (shape, b)) for a, b in parts))


def converted(writer: Writer, row: Row, kind: str, modular: bool = False) -> Row:
    """The same numbers as `kind`, which holds them; or, if `modular`, their low bits."""
    if row.kind == kind or (bits_of(row.kind) == bits_of(kind) and kind[0] in "iu" and row.kind[0] in "iu"):
        return Row(kind, row.parts)
    if kind[0] == "f" or row.kind[0] == "f":
        return _with_float(writer, row, kind)
    if bits_of(row.kind) < bits_of(kind):
        return _wider(writer, row, kind)
    return _narrower(writer, row, kind, modular)


def _with_float(writer: Writer, row: Row, kind: str) -> Row:
    if row.kind[0] in "iu" and bits_of(row.kind) < 32:
        row = _wider(writer, row, "i32")
    operation = "sitofp" if row.kind[0] != "f" else "fptosi"
    if row.kind[0] == kind[0] == "f":
        operation = "fpext" if kind == "f64" else "fptrunc"
    source = vector(row.kind, writer.target)
    middle = kind if kind[0] == "f" or bits_of(kind) >= 32 else "i32"
    names = tuple(writer.new(f"{operation} {source} {part} to {vector(middle, writer.target)}") for part in row.parts)
    return converted(writer, Row(middle, names), kind)


def _wider(writer: Writer, row: Row, kind: str) -> Row:
    """Registers of twice the width, again and again."""
    if bits_of(row.kind) == 32:
        text = f"sext {vector(row.kind, writer.target)} {{}} to {vector('i64', writer.target)}"
        return Row(kind, tuple(writer.new(text.format(part)) for part in row.parts))
    extend = "sext" if Carrier(row.kind).signed else "zext"
    wide = f"i{2 * bits_of(row.kind)}"
    source = vector(row.kind, writer.target)
    lanes = 128 // bits_of(row.kind)
    count = writer.target.vector // (bits_of(row.kind) // 8)
    parts = []
    for part in row.parts:
        for half in range(2):
            chosen = [lane + half * lanes // 2 + i for lane in range(0, count, lanes) for i in range(lanes // 2)]
            narrow = _shuffled(writer, source, part, "poison", chosen)
            half_type = f"<{count // 2} x {element(row.kind)}>"
            parts.append(writer.new(f"{extend} {half_type} {narrow} to {vector(wide, writer.target)}"))
    return converted(writer, Row(wide, tuple(parts)), kind)


def _shuffled(writer: Writer, shape: str, left: str, right: str, chosen: list[int]) -> str:
    mask = ", ".join(f"i32 {i}" for i in chosen)
    return writer.new(f"shufflevector {shape} {left}, {shape} {right}, <{len(chosen)} x i32> <{mask}>")


def _narrower(writer: Writer, row: Row, kind: str, modular: bool) -> Row:
    """Registers of half the width, again and again."""
    if bits_of(row.kind) == 64:
        text = f"trunc {vector(row.kind, writer.target)} {{}} to {vector('i32', writer.target)}"
        return converted(writer, Row("i32", tuple(writer.new(text.format(p)) for p in row.parts)), kind, modular)
    assert not modular, "values modulo 2^32 are not narrowed"
    last = bits_of(row.kind) == 2 * bits_of(kind)
    half = kind if last else f"i{bits_of(row.kind) // 2}"
    pairs = zip(row.parts[::2], row.parts[1::2], strict=True)
    return converted(writer, Row(half, tuple(_packed(writer, row.kind, half, *pair) for pair in pairs)), kind)


def _packed(writer: Writer, kind: str, half: str, first: str, second: str) -> str:
    """Two registers as one of half the width, each 16 bytes from the same 16 bytes of both."""
    source, result = vector(kind, writer.target), vector(half, writer.target)
    name = _pack_name(kind, half, writer.target)
    if name:
        return writer.call(result, name, (source, first), (source, second))
    lanes = 128 // bits_of(kind)
    count = writer.target.vector // (bits_of(kind) // 8)
    order = [lane + i for lane in range(0, count, lanes) for i in range(lanes)]
    chosen = [i + side for start in range(0, count, lanes) for side in (0, count) for i in order[start : start + lanes]]
    both = _shuffled(writer, source, first, second, chosen)
    return writer.new(f"trunc <{2 * count} x {element(kind)}> {both} to {result}")


def _pack_name(kind: str, half: str, target: Target) -> str:
    """The saturating pack, which changes nothing as every value fits; '' where the processor lacks it."""
    if not target.x86 or (bits_of(kind) == 32 and half == "u16" and not target.packs_u16):
        return ""
    letters = {32: "dw", 16: "wb"}[bits_of(kind)]
    name = f"pack{'ss' if half[0] == 'i' else 'us'}{letters}"
    if target.vector == 64:
        return f"llvm.x86.avx512.{name}.512"
    if target.vector == 32:
        return f"llvm.x86.avx2.{name}"
    return f"llvm.x86.sse41.{name}" if name == "packusdw" else f"llvm.x86.sse2.{name}.128"
