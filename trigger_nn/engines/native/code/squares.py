"""Squares of values in which events and elements change places, and the loop over all squares of a block."""

from collections.abc import Callable

from trigger_nn.engines.native.code.memory import Buffer
from trigger_nn.engines.native.code.rows import Writer, element, row_bytes

LINE = 64  # bytes of a cache line


def module(writer: Writer, elements: int, square: Callable[[str], str], ahead: int = 0) -> str:
    """The function: `square` for each group of elements; the last group may overlap the one before it.

    A block of the array is `ahead` bytes long, if it is read: the next one is brought into the cache meanwhile.
    """
    lanes = writer.target.lanes
    count = -(-elements // lanes)
    writer.label("entry")
    writer.do("br label %loop")
    writer.label("loop")
    writer.do("%i = phi i64 [ 0, %entry ], [ %next, %loop ]")
    writer.do("%bad = phi i1 [ false, %entry ], [ %worse, %loop ]")
    start = writer.new(f"mul i64 %i, {lanes}")
    first = writer.call("i64", "llvm.umin.i64", ("i64", start), ("i64", str(max(elements - lanes, 0))))
    _fetch(writer, ahead, count)
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


def _fetch(writer: Writer, ahead: int, turns: int) -> None:
    """In each turn its share of the next block: rows lie too far apart for the processor to see what comes."""
    if not ahead:
        return
    share = -(-ahead // (LINE * turns))
    moved = writer.new(f"mul i64 %i, {LINE * share}")
    start = writer.new(f"getelementptr i8, ptr %x, i64 {moved}")
    writer.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
    for line in range(share):
        place = writer.new(f"getelementptr i8, ptr {start}, i64 {ahead + LINE * line}")
        writer.do(f"call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 2, i32 1)")


def events(part: int, lanes: int) -> list[int]:
    """Which events the lanes of register `part` of a 32-bit row hold; see `rows`."""
    return [16 * (lane // 4) + 4 * part + lane % 4 for lane in range(lanes)]


def row_pointer(writer: Writer, buffer: Buffer, first: str, more: int) -> str:
    """Pointer to row `first` + `more` of a buffer."""
    size = row_bytes(buffer.kind, writer.target)
    moved = writer.new(f"mul i64 {first}, {size}")
    start = writer.new(f"getelementptr i8, ptr %s, i64 {moved}")
    return writer.new(f"getelementptr i8, ptr {start}, i64 {buffer.offset + more * size}")


def transposed(writer: Writer, kind: str, rows: list[str]) -> list[str]:
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


def any_set(writer: Writer, flags: list[str], lanes: int) -> str:
    """Whether any lane of any of `flags` is set."""
    if not flags:
        return "false"
    together = flags[0]
    for flag in flags[1:]:
        together = writer.new(f"or <{lanes} x i1> {together}, {flag}")
    whole = writer.new(f"bitcast <{lanes} x i1> {together} to i{lanes}")
    return writer.new(f"icmp ne i{lanes} {whole}, 0")
