"""The innermost loop of a sum of products, in LLVM's text."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.code.body import Body, Tile
from trigger_nn.engines.native.code.memory import Buffer
from trigger_nn.engines.native.code.rows import (
    Row,
    Writer,
    broadcast,
    converted,
    count_of,
    each,
    element,
    load,
    row_bytes,
    vector,
)
from trigger_nn.engines.native.code.sums import Method, Operand, Turns, packed_weights, turns
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node


@dataclass(frozen=True, eq=False)
class Laid:
    """A sum with its method and operand."""

    method: Method
    operand: Operand


def sum_products(
    laid: Mapping[Node, Laid], body: Body, node: nodes.Dot, index: np.ndarray, start: np.ndarray | None
) -> Tile:
    """The sums of a tile of outputs at one position, in the carrier of `node`; or added to `start`, in i32."""
    method, operand = laid[node].method, laid[node].operand
    outputs = node.weights.shape[1]
    rows = operand.rows[index.reshape(-1, outputs)[:, 0] // outputs]
    todo = turns(packed_weights(node.weights, method, operand.members), body.tile)
    begin = corrections(node, method, index) + (0 if start is None else start)
    numbers = body.numbers(np.broadcast_to(begin, index.shape), "i64" if method.kind in ("i64", "f64") else "i32")
    first = [converted(body.writer, row, method.kind) for row in numbers]
    address = Address(body, operand.buffer, rows, todo.groups)
    result = _loop(body, method, address, todo, first)
    own = body.carried[node]
    if start is not None:
        return [converted(body.writer, row, "i32") for row in result]
    return [converted(body.writer, row, own.carrier, own.modular) for row in result]


def corrections(node: nodes.Dot, method: Method, index: np.ndarray) -> np.ndarray:
    """What sums at flat `index` start from, so that lifting every input changes nothing."""
    if not method.lift:
        return np.zeros(1, np.int64)
    return np.asarray((-method.lift * node.weights.sum(axis=0))[index % node.weights.shape[1]])


class Address:
    """Where the row of each turn is: by position and turn separately if that is possible, by table if not.

    `rows` are the places in `buffer` (positions, groups), -1 for the row of zeros at `zero`; turn i reads group
    `groups[i]`.
    """

    def __init__(self, body: Body, buffer: Buffer, rows: np.ndarray, groups: np.ndarray, zero: int = -1) -> None:
        self._body, writer = body, body.writer
        size = row_bytes(buffer.kind, writer.target)
        by_group = rows[0] - rows[0, 0]
        self._separable = np.array_equal(rows, rows[:, :1] + by_group) and bool(np.all(rows >= 0))
        if self._separable:
            self._position = body.places(buffer.offset, np.repeat(rows[:, 0], body.loop.outputs), size)[0]
            entries = (by_group[groups] * size).astype(np.int64)
        else:
            offsets = np.where(rows < 0, zero, buffer.offset + rows * size)
            table = body.memory.table(offsets.astype(np.int64))
            start = writer.new(f"mul i64 %q, {8 * rows.shape[1]}")
            moved = writer.new(f"add i64 {start}, {body.argument(table)}")
            self._position = writer.new(f"getelementptr i8, ptr %c, i64 {moved}")
            entries = (8 * groups).astype(np.int64)
        self._entries = body.argument(body.memory.table(entries))

    def row(self, turn: str) -> str:
        """Pointer to the row of a turn, counted over all tiles."""
        writer = self._body.writer
        place = writer.new(f"getelementptr i64, ptr %c, i64 {turn}")
        shifted = writer.new(f"getelementptr i8, ptr {place}, i64 {self._entries}")
        entry = writer.new(f"load i64, ptr {shifted}")
        if self._separable:
            return writer.new(f"getelementptr i8, ptr {self._position}, i64 {entry}")
        found = writer.new(f"getelementptr i8, ptr {self._position}, i64 {entry}")
        offset = writer.new(f"load i64, ptr {found}")
        return writer.new(f"getelementptr i8, ptr %s, i64 {offset}")


def _loop(body: Body, method: Method, address: Address, todo: Turns, first: Tile) -> Tile:
    """All turns of this tile."""
    writer, shape = body.writer, vector(method.kind, body.writer.target)
    begin, end = _range(body, todo)
    weights = body.argument(body.memory.table(todo.weights))
    before, name = body.block, body.new_block()
    after = f"{name}.end"
    guarded = bool(np.any(todo.counts == 0))
    if guarded:
        empty = writer.new(f"icmp eq i64 {begin}, {end}")
        writer.do(f"br i1 {empty}, label %{after}, label %{name}")
    else:
        writer.do(f"br label %{name}")
    writer.label(name)
    turn, following = f"%{name}.i", f"%{name}.n"
    writer.do(f"{turn} = phi i64 [ {begin}, %{before} ], [ {following}, %{name} ]")
    parts = count_of(method.kind)
    names = [[f"%{name}.{j}.{p}" for p in range(parts)] for j in range(body.tile)]
    holders = [len(writer.lines)]
    sums = [Row(method.kind, tuple(own)) for own in names]
    x = load(writer, address.row(turn), method.kind)
    added = [_added(body, method, sums[j], x, _weight(body, method, weights, turn, j)) for j in range(body.tile)]
    phis = [
        f"  {names[j][p]} = phi {shape} [ {first[j].parts[p]}, %{before} ], [ {added[j].parts[p]}, %{name} ]"
        for j in range(body.tile) for p in range(parts)
    ]  # fmt: skip
    writer.lines[holders[0] : holders[0]] = phis
    writer.do(f"{following} = add nuw nsw i64 {turn}, 1")
    more = writer.new(f"icmp ult i64 {following}, {end}")
    writer.do(f"br i1 {more}, label %{name}, label %{after}")
    writer.label(after)
    body.block = after
    if not guarded:
        return added
    return [_merged(body, method, first[j], added[j], (before, name)) for j in range(body.tile)]


def _merged(body: Body, method: Method, skipped: Row, added: Row, blocks: tuple[str, str]) -> Row:
    """The sum, or what it started from where there was nothing to add."""
    shape = vector(method.kind, body.writer.target)
    pairs = zip(skipped.parts, added.parts, strict=True)
    return Row(
        method.kind,
        tuple(body.writer.new(f"phi {shape} [ {a}, %{blocks[0]} ], [ {b}, %{blocks[1]} ]") for a, b in pairs),
    )


def _range(body: Body, todo: Turns) -> tuple[str, str]:
    """The first turn of this tile, and the first of the next."""
    writer = body.writer
    if len(todo.counts) == 1:
        return "0", str(todo.counts[0])
    if np.all(todo.counts == todo.counts[0]):
        begin = writer.new(f"mul i64 %t, {todo.counts[0]}")
        return begin, writer.new(f"add i64 {begin}, {todo.counts[0]}")
    table = body.memory.table(np.append(todo.starts, todo.counts.sum()).astype(np.int64))
    place = writer.new("getelementptr i64, ptr %c, i64 %t")
    shifted = writer.new(f"getelementptr i8, ptr {place}, i64 {body.argument(table)}")
    following = writer.new(f"getelementptr i8, ptr {shifted}, i64 8")
    return writer.new(f"load i64, ptr {shifted}"), writer.new(f"load i64, ptr {following}")


def _weight(body: Body, method: Method, table: str, turn: str, j: int) -> Row:
    writer, kind = body.writer, element(method.kind)
    start = writer.new(f"mul i64 {turn}, {body.tile}")
    place = writer.new(f"getelementptr {kind}, ptr %c, i64 {start}")
    shifted = writer.new(f"getelementptr i8, ptr {place}, i64 {table}")
    own = writer.new(f"getelementptr {kind}, ptr {shifted}, i64 {j}") if j else shifted
    return broadcast(writer, writer.new(f"load {kind}, ptr {own}"), method.kind)


def _added(body: Body, method: Method, total: Row, x: Row, weight: Row) -> Row:
    """`total` plus the products of one group."""
    writer, target = body.writer, body.writer.target
    shape = vector(method.kind, target)
    triples = list(zip(total.parts, x.parts, weight.parts, strict=True))
    if method.name == "dot8":
        return Row("i32", tuple(_fused(writer, target.dot8, triple) for triple in triples))
    if method.name == "dot16" and target.dot16:
        return Row("i32", tuple(_fused(writer, target.dot16, triple) for triple in triples))
    if method.name == "dot16":
        pairs = Row("i32", tuple(_pair_products(body, a, w) for _, a, w in triples))
        return each(writer, "add", "i32", total, pairs)
    if method.kind[0] == "f":
        short = f"llvm.fma.v{shape[1:-1].replace(' x ', '').replace('float', 'f32').replace('double', 'f64')}"
        return Row(
            method.kind, tuple(writer.call(shape, short, (shape, a), (shape, w), (shape, t)) for t, a, w in triples)
        )
    return each(writer, "add", method.kind, total, each(writer, "mul", method.kind, x, weight))


def _fused(writer: Writer, name: str, triple: tuple[str, str, str]) -> str:
    """VNNI: a sum of products of small integers, four or two to a lane, added to 32 bits."""
    shape = vector("i32", writer.target)
    total, x, weight = triple
    return writer.call(shape, f"llvm.x86.{name}", (shape, total), (shape, x), (shape, weight))


def _pair_products(body: Body, x: str, weight: str) -> str:
    """Two products of 16 bits added, in each lane."""
    writer, target = body.writer, body.writer.target
    shape, small = vector("i32", target), vector("i16", target)
    name = {64: "avx512.pmaddw.d.512", 32: "avx2.pmadd.wd", 16: "sse2.pmadd.wd"}[target.vector]
    casts = [writer.new(f"bitcast {shape} {value} to {small}") for value in (x, weight)]
    return writer.call(shape, f"llvm.x86.{name}", (small, casts[0]), (small, casts[1]))
