"""Loops that pack the elements of a tensor into the groups that sums of products read."""

import numpy as np

from trigger_nn.engines.native.code.memory import Buffer, Memory
from trigger_nn.engines.native.code.rows import (
    Row,
    Writer,
    constant,
    converted,
    each,
    element,
    load,
    row_bytes,
    store,
    vector,
)
from trigger_nn.engines.native.code.sums import Method, Operand


def packing_loop(
    operand: Operand, source: Buffer, method: Method, memory: Memory, writer: Writer, zero: int
) -> list[int]:
    """Writes a loop over all rows of the operand, with its arguments; `zero` is where a row of zeros lies."""
    target = memory.target
    size = row_bytes(source.kind, target)
    places = np.where(operand.sources < 0, zero, source.offset + operand.sources * size).astype(np.int64)
    group = method.group
    writer.label("entry")
    writer.do("br label %row")
    writer.label("row")
    writer.do("%q = phi i64 [ 0, %entry ], [ %next, %row ]")
    rows = []
    for i in range(group):
        place = writer.new(f"mul i64 %q, {8 * group}")
        listed = writer.new(f"getelementptr i8, ptr %c, i64 {place}")
        moved = writer.new(f"getelementptr i8, ptr {listed}, i64 %a0")
        own = writer.new(f"getelementptr i8, ptr {moved}, i64 {8 * i}") if i else moved
        offset = writer.new(f"load i64, ptr {own}")
        rows.append(load(writer, writer.new(f"getelementptr i8, ptr %s, i64 {offset}"), source.kind))
    packed = _grouped(writer, [_lifted(writer, row, method) for row in rows], method)
    moved = writer.new(f"mul i64 %q, {row_bytes(operand.buffer.kind, target)}")
    start = writer.new(f"getelementptr i8, ptr %s, i64 {moved}")
    store(writer, packed, writer.new(f"getelementptr i8, ptr {start}, i64 %a1"))
    writer.do("%next = add nuw nsw i64 %q, 1")
    writer.do(f"%more = icmp ult i64 %next, {len(places)}")
    writer.do("br i1 %more, label %row, label %end")
    writer.label("end")
    writer.do("ret void")
    return [memory.table(places), operand.buffer.offset]


def _lifted(writer: Writer, row: Row, method: Method) -> Row:
    """In the type of a group's elements."""
    match method.name:
        case "dot8":
            if not method.lift:
                return converted(writer, row, "u8")
            wide = converted(writer, row, "i8") if row.kind in ("u8", "i8") else converted(writer, row, "i16")
            return converted(writer, each(writer, "add", wide.kind, wide, constant(method.lift, wide.kind)), "u8")
        case "dot16":
            return converted(writer, row, "i16")
        case _:
            return converted(writer, row, method.kind, modular=method.kind in ("i32", "i64"))


def _grouped(writer: Writer, rows: list[Row], method: Method) -> Row:
    """Elements of all rows side by side: first bytes to pairs of bytes, then pairs to pairs of pairs."""
    match method.name:
        case "dot8":
            first = _interleaved(writer, "i8", rows[0].parts[0], rows[1].parts[0])
            second = _interleaved(writer, "i8", rows[2].parts[0], rows[3].parts[0])
            halves = [_cast(writer, part, "i8", "i16") for part in (*first, *second)]
            pairs = [_interleaved(writer, "i16", halves[i], halves[i + 2]) for i in range(2)]
        case "dot16":
            pairs = [_interleaved(writer, "i16", rows[0].parts[i], rows[1].parts[i]) for i in range(2)]
        case _:
            return rows[0]
    return Row("i32", tuple(_cast(writer, part, "i16", "i32") for pair in pairs for part in pair))


def _interleaved(writer: Writer, kind: str, left: str, right: str) -> tuple[str, str]:
    """The lower halves of each 16 bytes of both, one by one in turn; the upper ones."""
    target = writer.target
    lanes = 128 // int(kind[1:])
    count = target.vector * 8 // int(kind[1:])
    shape = f"<{count} x {element(kind)}>"
    made = []
    for half in range(2):
        starts = [lane + half * lanes // 2 for lane in range(0, count, lanes)]
        chosen = [place for s in starts for i in range(lanes // 2) for place in (s + i, count + s + i)]
        mask = ", ".join(f"i32 {place}" for place in chosen)
        made.append(writer.new(f"shufflevector {shape} {left}, {shape} {right}, <{count} x i32> <{mask}>"))
    return made[0], made[1]


def _cast(writer: Writer, part: str, source: str, kind: str) -> str:
    count = writer.target.vector * 8 // int(source[1:])
    return writer.new(f"bitcast <{count} x {source}> {part} to {vector(kind, writer.target)}")
