"""Sums of products by tile registers (AMX): sixteen outputs of sixteen events in one instruction, four of 8 bits deep.

The sums of a panel of outputs at one position are left in memory, from where the rest of the loop's body reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trigger_nn.engines.native.code.body import Body, Tile
from trigger_nn.engines.native.code.inner import Laid, corrections
from trigger_nn.engines.native.code.memory import Memory
from trigger_nn.engines.native.code.rows import Writer, converted, each, load, row_bytes
from trigger_nn.engines.native.code.sums import Operand, packed_weights
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import Loop

ROWS = 16  # of a tile register; each has 64 bytes
STORING = 100  # cycles: storing a panel, loading it again
ENTERING = 4000  # cycles that must be saved, as it costs about a thousand to bring the registers into use
_SUMS, _WEIGHTS, _INPUTS = range(4), 4, (5, 6)  # tile registers: one sum for each register of a row


@dataclass(frozen=True, eq=False)
class Runs:
    """Groups of a sum whose rows are neighbours in memory: first row from the position's first, length."""

    firsts: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @property
    def depth(self) -> int:
        """Groups that one instruction takes."""
        return int(self.lengths.max())


def runs_of(rows: np.ndarray) -> Runs | None:
    """Runs of at most 16 groups, if they are the same at every position; `rows` are (positions, groups)."""
    by_group = rows[0] - rows[0, 0]
    if not np.array_equal(rows, rows[:, :1] + by_group):
        return None
    cuts = [0, *(np.flatnonzero(np.diff(by_group) != 1) + 1), len(by_group)]
    starts = [s for first, end in pairwise(cuts) for s in range(int(first), int(end), ROWS)]
    ends = [*starts[1:], len(by_group)]
    return Runs(by_group[starts], np.array(starts), np.array(ends) - starts)


def saving(laid: Laid, index: np.ndarray, outputs: int) -> int:
    """Cycles that tile registers save over dot products of rows, roughly; a loss where they can't be used."""
    rows = rows_at(laid.operand, index, outputs)
    runs = runs_of(rows) if laid.method.name == "dot8" else None
    if runs is None:
        return -ENTERING
    height = min(outputs, ROWS)
    panels = len(rows) * -(-outputs // height)
    return panels * (2 * height * rows.shape[1] - 4 * height * len(runs.starts) - STORING)


def rows_at(operand: Operand, index: np.ndarray, outputs: int) -> np.ndarray:
    """Rows of the operand at each position of a loop that visits flat `index`."""
    return operand.rows[index.reshape(-1, outputs)[:, 0] // outputs]


def depth_of(operand: Operand, index: np.ndarray, outputs: int) -> int:
    """Groups that one instruction takes; 0 if the rows are not regular."""
    runs = runs_of(rows_at(operand, index, outputs))
    return runs.depth if runs else 0


@dataclass
class Panels:
    """Writes what comes before the body of a loop, once for every position and panel."""

    loop: Loop
    laid: Mapping[Node, Laid]
    memory: Memory
    writer: Writer
    depth: int
    blocks: int = 0
    block: str = "panel"

    @property
    def height(self) -> int:
        """Outputs of a panel."""
        return min(self.loop.outputs, ROWS)

    def entered(self, body: Body) -> list[str]:
        """What the function begins with: the shapes of all tile registers."""
        self.writer.declared |= {"declare void @llvm.x86.tilerelease()", "declare void @llvm.x86.ldtilecfg(ptr)"}
        table = body.argument(self.memory.table(_configuration(self.height, self.depth)))
        return [f"  %shapes = getelementptr i8, ptr %c, i64 {table}", "  call void @llvm.x86.ldtilecfg(ptr %shapes)"]

    @property
    def firsts(self) -> list[int]:
        """First output of each panel; the last may overlap the one before it."""
        outputs = self.loop.outputs
        return [min(first, outputs - self.height) for first in range(0, outputs, ROWS)]

    def sum(self, body: Body, node: nodes.Dot, index: np.ndarray, start: np.ndarray | None) -> Tile:
        """The sums of a tile of outputs, from the panel's, in the carrier of `node`, or i32 if they have a start."""
        laid = self.laid[node]
        rows = rows_at(laid.operand, index, self.loop.outputs)
        runs = runs_of(rows)
        assert runs is not None
        area = self.memory.reserve(ROWS * row_bytes("i32", self.memory.target))
        first = corrections(node, laid.method, index) + (0 if start is None else start)
        grid = np.broadcast_to(first, index.shape).reshape(-1, self.loop.outputs)
        by_output = bool(np.all(grid == grid[:1]))
        self._fill(body, laid, runs, rows, area, grid[0] if by_output else np.zeros(self.loop.outputs, np.int64))
        found = self._found(body, body.argument(area))
        if not by_output:
            more = body.numbers(grid.ravel(), "i32")
            found = [each(body.writer, "add", "i32", a, b) for a, b in zip(found, more, strict=True)]
        own = body.carried[node]
        return found if start is not None else [converted(body.writer, r, own.carrier, own.modular) for r in found]

    def _found(self, body: Body, area: str) -> Tile:
        """Rows of the panel that this tile is about."""
        writer = body.writer
        within = writer.new("sub i64 %f, %first")
        scaled = writer.new(f"mul i64 {within}, {row_bytes('i32', writer.target)}")
        moved = writer.new(f"getelementptr i8, ptr %s, i64 {scaled}")
        start = writer.new(f"getelementptr i8, ptr {moved}, i64 {area}")
        rows = []
        for j in range(body.tile):
            own = writer.new(f"getelementptr i8, ptr {start}, i64 {j * row_bytes('i32', writer.target)}")
            rows.append(load(writer, own if j else start, "i32"))
        return rows

    def _fill(self, body: Body, laid: Laid, runs: Runs, rows: np.ndarray, area: int, start: np.ndarray) -> None:
        """Code that adds up the panel's sums and stores them at `area`."""
        writer, size = self.writer, row_bytes("i32", self.writer.target)
        repeated = np.repeat(np.array([start[f : f + self.height] for f in self.firsts]).ravel()[:, None], ROWS, 1)
        begin = self._table(body, repeated.astype(np.int32), 64 * self.height)
        for tile in _SUMS:
            self._tile("tileloadd64", tile, begin, "64")
        position = self._position(body, laid.operand.buffer.offset + rows[:, 0] * size)
        weights = self._table(body, self._weights(laid, runs), len(runs.starts) * self.height * 4 * self.depth)
        if len(runs.starts) == 1:
            self._run(weights, position)
        else:
            self._all_runs(body, weights, position, runs)
        stored = writer.new(f"getelementptr i8, ptr %s, i64 {body.argument(area)}")
        for tile in _SUMS:
            place = writer.new(f"getelementptr i8, ptr {stored}, i64 {64 * tile}")
            self._tile("tilestored64", tile, place, str(size))

    def _all_runs(self, body: Body, weights: str, position: str, runs: Runs) -> None:
        """A loop over runs."""
        writer, before, size = self.writer, self.block, row_bytes("i32", self.writer.target)
        offsets = body.argument(self.memory.table((runs.firsts * size).astype(np.int64)))
        self.blocks += 1
        name = f"run{self.blocks}"
        writer.do(f"br label %{name}")
        writer.label(name)
        writer.do(f"%{name}.i = phi i64 [ 0, %{before} ], [ %{name}.n, %{name} ]")
        listed = writer.new(f"getelementptr i64, ptr %c, i64 %{name}.i")
        offset = writer.new(f"load i64, ptr {writer.new(f'getelementptr i8, ptr {listed}, i64 {offsets}')}")
        moved = writer.new(f"mul i64 %{name}.i, {self.height * 4 * self.depth}")
        own = writer.new(f"getelementptr i8, ptr {weights}, i64 {moved}")
        self._run(own, writer.new(f"getelementptr i8, ptr {position}, i64 {offset}"))
        writer.do(f"%{name}.n = add nuw nsw i64 %{name}.i, 1")
        more = writer.new(f"icmp ult i64 %{name}.n, {len(runs.starts)}")
        writer.do(f"br i1 {more}, label %{name}, label %{name}.end")
        self.block = f"{name}.end"
        writer.label(self.block)

    def _run(self, weights: str, inputs: str) -> None:
        """Products of one run, for each register of a row."""
        self._tile("tileloadd64", _WEIGHTS, weights, str(4 * self.depth))
        for part in _SUMS:
            tile = _INPUTS[part % 2]
            place = self.writer.new(f"getelementptr i8, ptr {inputs}, i64 {64 * part}")
            self._tile("tileloadd64", tile, place, str(row_bytes("i32", self.writer.target)))
            self._do("tdpbsud", ("i8", str(part)), ("i8", str(_WEIGHTS)), ("i8", str(tile)))

    def _weights(self, laid: Laid, runs: Runs) -> np.ndarray:
        """(panels, runs, outputs, groups of a run), zeros where a run is shorter than the longest."""
        dot = next(node for node, own in self.laid.items() if own is laid)
        assert isinstance(dot, nodes.Dot)
        packed = packed_weights(dot.weights, laid.method, laid.operand.members)
        made = np.zeros((len(self.firsts), len(runs.starts), self.height, self.depth), np.int32)
        for p, first in enumerate(self.firsts):
            for r, (start, length) in enumerate(zip(runs.starts, runs.lengths, strict=True)):
                made[p, r, :, :length] = packed[start : start + length, first : first + self.height].T
        return made

    def _table(self, body: Body, values: np.ndarray, size: int) -> str:
        """Pointer to what a table, with `size` bytes a panel, has for this one."""
        moved = self.writer.new(f"mul i64 %p, {size}")
        start = self.writer.new(f"getelementptr i8, ptr %c, i64 {moved}")
        return self.writer.new(f"getelementptr i8, ptr {start}, i64 {body.argument(self.memory.table(values))}")

    def _position(self, body: Body, offsets: np.ndarray) -> str:
        """Pointer to the first row that this position reads."""
        step = int(offsets[1] - offsets[0]) if len(offsets) > 1 else 0
        if np.array_equal(offsets, offsets[0] + step * np.arange(len(offsets))):
            moved = self.writer.new(f"mul i64 %q, {step}")
            offset = self.writer.new(f"add i64 {moved}, {body.argument(int(offsets[0]))}")
        else:
            place = self.writer.new("getelementptr i64, ptr %c, i64 %q")
            table = body.argument(self.memory.table(offsets.astype(np.int64)))
            offset = self.writer.new(f"load i64, ptr {self.writer.new(f'getelementptr i8, ptr {place}, i64 {table}')}")
        return self.writer.new(f"getelementptr i8, ptr %s, i64 {offset}")

    def _tile(self, name: str, tile: int, pointer: str, stride: str) -> None:
        self._do(name, ("i8", str(tile)), ("ptr", pointer), ("i64", stride))

    def _do(self, name: str, *arguments: tuple[str, str]) -> None:
        self.writer.declared.add(f"declare void @llvm.x86.{name}({', '.join(kind for kind, _ in arguments)})")
        self.writer.do(f"call void @llvm.x86.{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")


def _configuration(height: int, depth: int) -> np.ndarray:
    """What LDTILECFG reads: palette 1, then bytes a row (from 16) and rows (from 48) of each register."""
    made = np.zeros(64, np.uint8)
    made[0] = 1
    shapes = {
        **dict.fromkeys(_SUMS, (height, 64)),
        _WEIGHTS: (height, 4 * depth),
        **dict.fromkeys(_INPUTS, (depth, 64)),
    }
    for tile, (rows, size) in shapes.items():
        made[16 + 2 * tile], made[48 + tile] = size, rows
    return made
