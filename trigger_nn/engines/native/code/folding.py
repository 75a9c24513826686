"""The innermost loop of a running total that is cast at every turn, in LLVM's text."""

from collections.abc import Sequence

import numpy as np

from trigger_nn.engines.native.code.body import Body, Tile
from trigger_nn.engines.native.code.inner import Address
from trigger_nn.engines.native.code.memory import Buffer, low_bits
from trigger_nn.engines.native.code.rows import Row, bits_of, broadcast, converted, element, load, vector
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import base, spread


def fold_turns(body: Body, node: nodes.Fold, index: np.ndarray, zero: int) -> Tile:
    """The total of a tile of outputs at one position after all turns; `zero` is where a row of zeros lies."""
    writer, turns = body.writer, len(node.sequences[0][1])
    total, *parts = node.inner
    kind = body.carried[total].carrier
    start = [converted(writer, row, kind) for row in body.value(node.start, spread(node.start, node.shape, index))]
    read = [_Part(body, source, places, node.shape, index, zero) for source, places in node.sequences]
    before, name = body.block, body.new_block()
    writer.do(f"br label %{name}")
    writer.label(name)
    turn = f"%{name}.i"
    writer.do(f"{turn} = phi i64 [ 0, %{before} ], [ {turn}n, %{name} ]")
    place = len(writer.lines)
    names = [[f"%{name}.{j}.{p}" for p in range(len(start[0].parts))] for j in range(body.tile)]
    body.running[total] = [Row(kind, tuple(own)) for own in names]
    for part, reader in zip(parts, read, strict=True):
        body.running[part] = reader.rows(turn, body.carried[part].carrier)
    outside = dict(body.seen)  # what a turn computes is known in this loop alone
    stepped = body.value(node.step, spread(node.step, node.shape, index))
    body.seen = outside
    result = [converted(writer, row, kind) for row in stepped]
    writer.lines[place:place] = _phis(vector(kind, writer.target), names, (start, before), (result, name))
    writer.do(f"{turn}n = add nuw nsw i64 {turn}, 1")
    more = writer.new(f"icmp ult i64 {turn}n, {turns}")
    writer.do(f"br i1 {more}, label %{name}, label %{name}.end")
    body.block = f"{name}.end"
    writer.label(body.block)
    return [converted(writer, row, body.carried[node].carrier) for row in result]


def _phis(shape: str, names: Sequence[list[str]], first: tuple[Tile, str], again: tuple[Tile, str]) -> list[str]:
    """What each register of the total is at the start of a turn."""
    return [
        f"  {own} = phi {shape} [ {first[0][j].parts[p]}, %{first[1]} ], [ {again[0][j].parts[p]}, %{again[1]} ]"
        for j, registers in enumerate(names)
        for p, own in enumerate(registers)
    ]


class _Part:
    """One sequence: rows in memory, by position; or numbers, by output."""

    def __init__(
        self, body: Body, source: Node, places: np.ndarray, shape: tuple[int, ...], index: np.ndarray, zero: int
    ) -> None:
        self._body = body
        self._buffer: Buffer | None = None
        tensor = base(source)
        flat = places.reshape(len(places), -1)
        if isinstance(tensor, nodes.Constant):
            self._numbers(tensor.values.ravel()[_looked_through(source, flat)], places.shape[1:], shape, index)
            return
        self._buffer = body.memory.buffers[tensor]
        at = _looked_through(source, flat)
        by_position = np.broadcast_to(np.arange(at.shape[1]).reshape(places.shape[1:]), shape).ravel()[index]
        rows = at.T[by_position.reshape(-1, body.loop.outputs)[:, 0]]
        self._address = Address(body, self._buffer, rows, np.arange(len(places)), zero)

    def _numbers(self, values: np.ndarray, own: tuple[int, ...], shape: tuple[int, ...], index: np.ndarray) -> None:
        body = self._body
        outputs = np.broadcast_to(np.arange(values.shape[1]).reshape(own), shape).ravel()[index]
        by_output = values[:, outputs.reshape(-1, body.loop.outputs)[0]]
        self._wide = bool(np.any(np.abs(by_output.astype(object)) >= 1 << 31))
        stored = low_bits(by_output, 64 if self._wide else 32)
        self._table = body.argument(body.memory.table(stored))
        self._row = stored.shape[1] * stored.itemsize

    def rows(self, turn: str, kind: str) -> Tile:
        """The part of one turn for every output of the tile."""
        body, writer = self._body, self._body.writer
        if self._buffer is not None:
            row = load(writer, self._address.row(turn), self._buffer.kind)
            return [converted(writer, row, kind)] * body.tile
        size = 8 if self._wide else 4
        turns = writer.new(f"mul i64 {turn}, {self._row}")
        outputs = writer.new(f"mul i64 %f, {size}")
        moved = writer.new(f"add i64 {turns}, {outputs}")
        start = writer.new(f"getelementptr i8, ptr %c, i64 {moved}")
        first = writer.new(f"getelementptr i8, ptr {start}, i64 {self._table}")
        return [self._number(first, j * size, size, kind) for j in range(body.tile)]

    def _number(self, start: str, offset: int, size: int, kind: str) -> Row:
        writer = self._body.writer
        place = writer.new(f"getelementptr i8, ptr {start}, i64 {offset}") if offset else start
        scalar = writer.new(f"load i{8 * size}, ptr {place}")
        if bits_of(kind) != 8 * size:
            how = "trunc" if bits_of(kind) < 8 * size else "sext"
            scalar = writer.new(f"{how} i{8 * size} {scalar} to {element(kind)}")
        return broadcast(writer, scalar, kind)


def _looked_through(source: Node, index: np.ndarray) -> np.ndarray:
    """Flat index into what a chain of gathers reads, -1 where a zero is."""
    while isinstance(source, nodes.Gather) and base(source) is not source:
        index = np.where(index < 0, -1, source.index.ravel()[index])
        source = source.source
    return index
