"""Nodes -> one module of LLVM's text, and the constants it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from trigger_nn.engines.native.code.body import Body, Tile
from trigger_nn.engines.native.code.folding import fold_turns
from trigger_nn.engines.native.code.inner import Laid, sum_products
from trigger_nn.engines.native.code.memory import Buffer, Memory
from trigger_nn.engines.native.code.nest import looped
from trigger_nn.engines.native.code.packing import packing_loop
from trigger_nn.engines.native.code.panels import ENTERING, ROWS, Panels, depth_of, saving
from trigger_nn.engines.native.code.rows import Writer, row_bytes, store
from trigger_nn.engines.native.code.sums import Operand, choose_method, lay_out, tile_of
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried, choose_carriers
from trigger_nn.engines.native.steps.nodes import Node, ordered
from trigger_nn.engines.native.steps.plan import Loop, plan, room_to_start
from trigger_nn.engines.native.steps.saturate import saturated
from trigger_nn.engines.native.steps.simplify import simplified
from trigger_nn.engines.native.target import Target


@dataclass(frozen=True)
class Assembly:
    """Text with a function `drive`, what it needs beside, and where tensors lie in a thread's memory."""

    text: str
    constants: bytes
    scratch: int
    given: Mapping[str, Buffer]
    made: Mapping[str, Buffer]


DRIVE = """
define i64 @drive(ptr %s, ptr %c, i64 %blocks, ptr %ports, i64 %inputs, i64 %count) {
entry:
  br label %block
block:
  %b = phi i64 [ 0, %entry ], [ %next, %done ]
  %flag = phi i64 [ 0, %entry ], [ %flags, %done ]
  br label %port
port:
  %i = phi i64 [ 0, %block ], [ %following, %call ]
  %flags = phi i64 [ %flag, %block ], [ %raised, %call ]
  %now = icmp eq i64 %i, %inputs
  br i1 %now, label %ready, label %test
ready:
  %fine = icmp eq i64 %flags, 0
  br i1 %fine, label %work, label %test
work:
  call void @block(ptr %s, ptr %c)
  br label %test
test:
  %end = icmp eq i64 %i, %count
  br i1 %end, label %done, label %call
call:
  %start = mul i64 %i, 24
  %own = getelementptr i8, ptr %ports, i64 %start
  %function = load ptr, ptr %own
  %p1 = getelementptr i8, ptr %own, i64 8
  %array = load ptr, ptr %p1
  %p2 = getelementptr i8, ptr %own, i64 16
  %stride = load i64, ptr %p2
  %moved = mul i64 %b, %stride
  %place = getelementptr i8, ptr %array, i64 %moved
  %bad = call i64 %function(ptr %place, ptr %s)
  %raised = or i64 %flags, %bad
  %following = add i64 %i, 1
  br label %port
done:
  %next = add i64 %b, 1
  %more = icmp ult i64 %next, %blocks
  br i1 %more, label %block, label %out
out:
  ret i64 %flags
}
"""


def assemble(outputs: Mapping[str, Node], target: Target) -> Assembly:
    """Code that makes `outputs` from what is given.

    Raises:
        TooWideError: a value needs more than 64 bits.
    """
    roots = dict(zip(outputs, saturated(simplified(list(outputs.values()))), strict=True))
    work = _Assembler(target, choose_carriers(list(roots.values())))
    order = ordered(list(roots.values()))
    for node in order:
        if isinstance(node, nodes.Given):
            work.keep(node)
    for loop in plan(list(roots.values())):
        if loop.into not in work.memory.buffers:
            work.keep(loop.into)
        work.add_loop(loop)
    given = {node.name: work.memory.buffers[node] for node in order if isinstance(node, nodes.Given)}
    made = {name: work.memory.buffers[node] for name, node in roots.items()}
    slack = ROWS * row_bytes("i32", target)  # tile registers read whole runs, also past the last row of a tensor
    return Assembly(work.text(), bytes(work.memory.constants), work.memory.size + slack, given, made)


@dataclass
class _Assembler:
    """Collects functions, and the calls of one block."""

    target: Target
    carried: dict[Node, Carried]
    functions: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    laid: dict[Node, Laid] = field(default_factory=dict)
    _operands: dict[tuple[object, ...], Operand] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = Memory(self.target)
        self.zero = self.memory.reserve(row_bytes("i64", self.target))

    def keep(self, node: Node) -> None:
        """Room for a tensor."""
        self.memory.buffers[node] = self.memory.rows(node.size, self.carried[node].carrier)

    def add_loop(self, loop: Loop) -> None:
        """A loop that stores, and before it those that pack what its sums read."""
        writer, panels = Writer(self.target), self._panels(loop)
        wanted = tile_of(loop.outputs, self.target) if loop.sums else 1
        tile = min(wanted, 4) if panels else wanted
        body = Body(loop, tile, writer, self.memory, self.carried, partial(self._sum, panels))
        rows = body.value(loop.node, np.arange(loop.node.size))
        buffer = self.memory.buffers[loop.into]
        size = row_bytes(buffer.kind, self.target)
        for row, pointer in zip(rows, body.places(buffer.offset, loop.places, size), strict=True):
            store(writer, body.stored(row, buffer.kind, loop.node), pointer)
        lines = looped(body, panels)
        writer.declared |= {"declare i64 @llvm.umin.i64(i64, i64)", *(panels.writer.declared if panels else ())}
        self._function(lines, writer, body.arguments)

    def _panels(self, loop: Loop) -> Panels | None:
        """Tile registers for all sums of a loop, if the processor has them and they are worth it."""
        for node, _ in loop.sums:
            if isinstance(node, nodes.Dot) and node not in self.laid:
                self.laid[node] = self._lay_out(node)
        if not self.target.tiles or not loop.sums or any(node not in self.laid for node, _ in loop.sums):
            return None
        laid = [(self.laid[node], index) for node, index in loop.sums]
        savings = [saving(own, index, loop.outputs) for own, index in laid]
        if min(savings) < 0 or sum(savings) < ENTERING:
            return None
        depth = max(depth_of(own.operand, index, loop.outputs) for own, index in laid)
        return Panels(loop, self.laid, self.memory, Writer(self.target, prefix="w"), depth)

    def _sum(self, panels: Panels | None, body: Body, node: Node, index: np.ndarray, start: np.ndarray | None) -> Tile:
        match node:
            case nodes.Dot() if panels:
                return panels.sum(body, node, index, start)
            case nodes.Dot():
                return sum_products(self.laid, body, node, index, start)
            case nodes.Fold():
                return fold_turns(body, node, index, self.zero)
            case _:
                raise AssertionError(node)

    def _lay_out(self, dot: nodes.Dot) -> Laid:
        """Choose how the sum is added up; pack what it reads unless another sum has done so."""
        method = choose_method(dot, self.carried[dot], room_to_start(dot), self.target)
        operand, source = lay_out(dot, method, self.memory)
        if operand.packed:
            key = (source, method, operand.sources.tobytes())
            if key in self._operands:
                return Laid(method, operand.at(self._operands[key].buffer))
            operand = operand.at(self.memory.rows(len(operand.sources), method.kind))
            self._operands[key] = operand
            writer = Writer(self.target)
            given = packing_loop(operand, self.memory.buffers[source], method, self.memory, writer, self.zero)
            self._function(writer.lines, writer, given)
        return Laid(method, operand)

    def _function(self, lines: list[str], writer: Writer, arguments: list[int]) -> None:
        """Call a function of this text, which may be there already."""
        self.declared |= writer.declared
        text = "\n".join(lines)
        name = self.functions.setdefault(text, f"loop{len(self.functions)}:{len(arguments)}")
        given = "".join(f", i64 {number}" for number in arguments)
        self.calls.append(f"  call void @{name.split(':')[0]}(ptr %s, ptr %c{given})")

    def text(self) -> str:
        """The module."""
        parts = sorted(self.declared)
        for body, name in self.functions.items():
            own, count = name.split(":")
            arguments = "".join(f", i64 %a{i}" for i in range(int(count)))
            parts.append(f"define internal void @{own}(ptr %s, ptr noalias %c{arguments}) noinline {{\n{body}\n}}")
        parts.append(
            "\n".join(["define internal void @block(ptr %s, ptr %c) noinline {", *self.calls, "  ret void", "}"])
        )
        return "\n".join(parts) + DRIVE
