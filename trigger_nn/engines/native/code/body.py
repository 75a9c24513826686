"""The body of a loop: a node's value at the loop's element, from what is in memory, from tables, or computed.

A body computes a tile of neighbouring elements at once (outputs of one position); each value is a list with one row
for every element of the tile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.code.arithmetic import Arithmetic
from trigger_nn.engines.native.code.memory import Buffer, Memory, low_bits
from trigger_nn.engines.native.code.rows import (
    Row,
    Writer,
    bits_of,
    broadcast,
    constant,
    converted,
    element,
    load,
    row_bytes,
    splat,
    vector,
)
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import Loop, is_sum, reads, room_to_start, through

Tile = list[Row]
Sum = Callable[["Body", Node, np.ndarray, np.ndarray | None], Tile]


@dataclass
class Body:
    """Writes one loop's body.

    Within it `%q` is the position, `%f` the first output of the tile, `%e` = `%q` * outputs + `%f` the element.
    Addresses come as the function's arguments, so that loops that differ in nothing else share one function.
    """

    loop: Loop
    tile: int
    writer: Writer
    memory: Memory
    carried: dict[Node, Carried]
    sum: Sum
    arguments: list[int] = field(default_factory=list)
    block: str = "tile"
    running: dict[Node, Tile] = field(default_factory=dict)
    seen: dict[tuple[Node, bytes], Tile] = field(default_factory=dict)
    _blocks: int = 0

    def new_block(self) -> str:
        """A fresh label."""
        self._blocks += 1
        return f"sum{self._blocks}"

    def argument(self, number: int) -> str:
        """The function's argument that carries `number`."""
        self.arguments.append(number)
        return f"%a{len(self.arguments) - 1}"

    def value(self, node: Node, index: np.ndarray) -> Tile:
        """Rows of `node` at flat `index`, which has one entry for every element of the loop."""
        key = (node, index.tobytes())
        if key not in self.seen:
            self.seen[key] = self._computed(node, index)
        return self.seen[key]

    def _computed(self, node: Node, index: np.ndarray) -> Tile:
        if node in self.memory.buffers and node is not self.loop.into:
            return self.rows_at(self.memory.buffers[node], index)
        if isinstance(node, nodes.Running):
            return self.running[node]
        if isinstance(node, nodes.Constant):
            return self.numbers(node.values.ravel()[index], self.carried[node].carrier)
        if is_sum(node):
            return self.sum(self, node, index, None)
        if isinstance(node, nodes.Gather):
            return self._gathered(node, index)
        if isinstance(node, nodes.Binary) and node.kind is nodes.Kind.ADD:
            started = self._started(node, index)
            if started is not None:
                return started
        rows = [self.value(operand, inner) for operand, inner in reads(node, index)]
        return [self._one(node, [row[j] for row in rows]) for j in range(self.tile)]

    def _one(self, node: Node, rows: list[Row]) -> Row:
        arithmetic = Arithmetic(self.writer, self.carried)
        match node:
            case nodes.Peak():
                return arithmetic.largest(node, rows)
            case nodes.Lookup():
                return self._looked_up(node, rows[0])
            case _:
                return arithmetic.result(node, *rows)  # type: ignore[arg-type]

    def _started(self, node: nodes.Binary, index: np.ndarray) -> Tile | None:
        """A sum of products that starts from the constant added to it."""
        (left, at_left), (right, at_right) = reads(node, index)
        if not isinstance(left, nodes.Dot) or not isinstance(right, nodes.Constant) or left in self.memory.buffers:
            return None
        fits = max(abs(right.low), abs(right.high)) <= room_to_start(left)
        if not fits or max(self.carried[n].carrier.bits for n in (left, node)) > 32:
            return None
        start = right.values.ravel()[at_right]
        return [self._fitted(node, row) for row in self.sum(self, left, at_left, start)]

    def _fitted(self, node: Node, row: Row) -> Row:
        own = self.carried[node]
        return row if own.modular else converted(self.writer, row, own.carrier)

    def _gathered(self, node: nodes.Gather, index: np.ndarray) -> Tile:
        inner = through(node, index)
        rows = self.value(node.source, np.where(inner < 0, 0, inner))
        if np.all(inner >= 0):
            return rows
        kind = self.carried[node].carrier
        fill = constant(node.fill, kind)
        inside = self.numbers((inner >= 0).astype(np.int64), kind)
        return [self._chosen(i, converted(self.writer, r, kind), fill) for i, r in zip(inside, rows, strict=True)]

    def _chosen(self, flag: Row, yes: Row, no: Row) -> Row:
        shape = vector(yes.kind, self.writer.target)
        names = []
        for f, a, b in zip(flag.parts, yes.parts, no.parts, strict=True):
            mask = self.writer.new(f"icmp ne {shape} {f}, zeroinitializer")
            flags = f"<{shape[1:].split()[0]} x i1>"
            names.append(self.writer.new(f"select {flags} {mask}, {shape} {a}, {shape} {b}"))
        return Row(yes.kind, tuple(names))

    def stored(self, row: Row, kind: str, node: Node) -> Row:
        """As it is kept in memory."""
        return converted(self.writer, row, kind, self.carried[node].modular)

    def rows_at(self, buffer: Buffer, index: np.ndarray) -> Tile:
        """Rows of a buffer at flat `index`."""
        size = row_bytes(buffer.kind, self.memory.target)
        return [load(self.writer, pointer, buffer.kind) for pointer in self.places(buffer.offset, index, size)]

    def places(self, offset: int, index: np.ndarray, size: int) -> list[str]:
        """Pointers to `index` in an array at `offset` of the thread's memory, with elements of `size` bytes."""
        grid = index.reshape(-1, self.loop.outputs)
        step_q, step_f = _steps(grid)
        if step_q is not None and step_f is not None:
            start = self.argument(offset + int(grid[0, 0]) * size)
            moved = self._offset(start, ("%q", step_q * size), ("%f", step_f * size))
            return [self._pointer("%s", moved, j * step_f * size) for j in range(self.tile)]
        table = self.memory.table((offset + grid * size).astype(np.int64))
        start = self._offset(self.argument(table), ("%e", 8))
        pointers = [self._pointer("%c", start, 8 * j) for j in range(self.tile)]
        return [self._pointer("%s", self.writer.new(f"load i64, ptr {pointer}"), 0) for pointer in pointers]

    def _offset(self, start: str, *steps: tuple[str, int]) -> str:
        for name, size in steps:
            if size:
                scaled = self.writer.new(f"mul i64 {name}, {size}")
                start = self.writer.new(f"add i64 {start}, {scaled}")
        return start

    def _pointer(self, base: str, offset: str, more: int) -> str:
        first = self.writer.new(f"getelementptr i8, ptr {base}, i64 {offset}")
        return self.writer.new(f"getelementptr i8, ptr {first}, i64 {more}") if more else first

    def numbers(self, values: np.ndarray, kind: str) -> Tile:
        """A known number for every element, as rows."""
        if np.all(values == values[0]):
            return [
                constant(int(low_bits(values[:1], 64)[0]) if bits_of(kind) == 64 else int(values[0]), kind)
            ] * self.tile
        grid = values.reshape(-1, self.loop.outputs)
        by_output = bool(np.all(grid == grid[:1]))
        stored = low_bits(grid[:1] if by_output else grid, max(bits_of(kind), 32))
        table, size = self.memory.table(stored), stored.itemsize
        start = self._offset(self.argument(table), ("%f" if by_output else "%e", size))
        return [self._number(self._pointer("%c", start, j * size), size, kind) for j in range(self.tile)]

    def _number(self, pointer: str, size: int, kind: str) -> Row:
        scalar = self.writer.new(f"load i{8 * size}, ptr {pointer}")
        if bits_of(kind) < 8 * size:
            scalar = self.writer.new(f"trunc i{8 * size} {scalar} to {element(kind)}")
        return broadcast(self.writer, scalar, kind)

    def _looked_up(self, node: nodes.Lookup, index: Row) -> Row:
        """Entries of 32 bits, or 64."""
        own = self.carried[node].carrier
        wide = "i64" if own.bits == 64 else "i32"
        table = self.memory.table(low_bits(node.table, bits_of(wide)))
        start = self._pointer("%c", self.argument(table), 0)
        places = converted(self.writer, index, "i32")
        parts = tuple(self._entries(start, part, wide) for part in places.parts)
        return converted(self.writer, Row(wide, parts), own)

    def _entries(self, start: str, places: str, kind: str) -> str:
        target = self.writer.target
        if target.gather and kind == "i32":
            return self._gather(start, places)
        shape, found = vector(kind, target), "poison"
        size = bits_of(kind) // 8
        for lane in range(target.lanes):
            place = self.writer.new(f"extractelement {vector('i32', target)} {places}, i64 {lane}")
            wide = self.writer.new(f"zext i32 {place} to i64")
            entry = self.writer.new(
                f"load {element(kind)}, ptr {self._pointer(start, self._offset('0', (wide, size)), 0)}"
            )
            found = self.writer.new(f"insertelement {shape} {found}, {element(kind)} {entry}, i64 {lane}")
        return found

    def _gather(self, start: str, places: str) -> str:
        shape = vector("i32", self.writer.target)
        if self.writer.target.vector == 64:
            mask = ("<16 x i1>", splat(1, "i1").replace("i1 1", "i1 true"))
            name = "llvm.x86.avx512.mask.gather.dpi.512"
            return self.writer.call(
                shape, name, (shape, "zeroinitializer"), ("ptr", start), (shape, places), mask, ("i32", "4")
            )
        name = "llvm.x86.avx2.gather.d.d.256"
        return self.writer.call(
            shape,
            name,
            (shape, "zeroinitializer"),
            ("ptr", start),
            (shape, places),
            (shape, splat(-1, "i32")),
            ("i8", "4"),
        )


def _steps(grid: np.ndarray) -> tuple[int | None, int | None]:
    """How far apart neighbours are, by position and by output, if that is the same everywhere."""
    step_q = int(grid[1, 0] - grid[0, 0]) if len(grid) > 1 else 0
    step_f = int(grid[0, 1] - grid[0, 0]) if grid.shape[1] > 1 else 0
    regular = grid[0, 0] + step_q * np.arange(len(grid))[:, None] + step_f * np.arange(grid.shape[1])
    return (step_q, step_f) if np.array_equal(regular, grid) else (None, None)
