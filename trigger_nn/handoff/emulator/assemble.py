"""Nodes -> the parts of a C++ source: tables, functions with one loop each, the calls in order, arrays for tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import Loop, plan
from trigger_nn.handoff.emulator.arithmetic import converted
from trigger_nn.handoff.emulator.body import NAMES, Body
from trigger_nn.handoff.emulator.memory import Buffer, Memory
from trigger_nn.handoff.emulator.tables import Tables
from trigger_nn.handoff.emulator.words import Held, Word, choose_words


@dataclass(frozen=True)
class Source:
    """C++ text by kind; `given` and `made` are the arrays of inputs and outputs by port."""

    tables: tuple[str, ...]
    functions: tuple[str, ...]
    calls: tuple[str, ...]
    buffers: tuple[Buffer, ...]
    given: Mapping[str, Buffer]
    made: Mapping[str, Buffer]

    @property
    def wide(self) -> bool:
        """Whether anything takes 128 bits."""
        arrays = any(buffer.word is Word.I128 for buffer in self.buffers)
        return arrays or any("i128" in text or "whole(" in text for text in (*self.tables, *self.functions))


def assemble(inputs: Mapping[str, Node], outputs: Mapping[str, Node]) -> Source:
    """Code that makes `outputs` of `inputs`, both by port.

    Raises:
        TooWide: a value needs more than 128 bits.
    """
    roots = list(outputs.values())
    work = _Assembler(choose_words(roots))
    given = {name: work.keep(node) for name, node in inputs.items()}
    for loop in plan(roots):
        work.add(loop)
    made = {name: work.memory.buffers[node] for name, node in outputs.items()}
    functions = tuple(f"void {name}{text}" for text, name in work.functions.items())
    buffers = tuple(work.memory.buffers.values())
    return Source(tuple(work.tables.lines), functions, tuple(work.calls), buffers, given, made)


@dataclass
class _Assembler:
    """Collects what loops become."""

    held: dict[Node, Held]
    memory: Memory = field(default_factory=Memory)
    tables: Tables = field(default_factory=Tables)
    functions: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def keep(self, node: Node) -> Buffer:
        """The array of a tensor; an input that nothing reads has one too."""
        held = self.held.get(node, Held(Word.I64))
        return self.memory.keep(node, held.word)

    def add(self, loop: Loop) -> None:
        """A loop as a function, or a call of one that does the same elsewhere."""
        target = self.memory.buffers.get(loop.into) or self.keep(loop.into)
        outputs = loop.outputs if loop.sums else loop.node.shape[-1] if loop.node.shape else 1
        shape = (loop.node.size // outputs, outputs)
        body = Body(loop.into, shape, self.memory, self.tables, self.held)
        value = body.value(loop.node, np.arange(loop.node.size))
        start, moved = self.tables.place(loop.places.reshape(shape), NAMES)
        body.lines.append(f"out[{moved or 0}] = {converted(value, target.word)};")
        text = _function(body, target.word)
        name = self.functions.setdefault(text, f"loop{len(self.functions)}")
        place = f"w.{target.name} + {start}" if start else f"w.{target.name}"
        self.calls.append(f"{name}({body.parameters.passed}{place});")


def _function(body: Body, word: Word) -> str:
    """A function's text behind its name."""
    inner = _loop("o", body.shape[1], body.lines)
    lines = [*body.sums.arrays, *_loop("q", body.shape[0], [*body.sums.before, *inner])]
    return "\n".join([f"({body.parameters.declared}{word} *__restrict out) {{", *_indented(lines), "}"])


def _loop(name: str, count: int, lines: list[str]) -> list[str]:
    if count == 1:
        return lines
    return [f"for (int {name} = 0; {name} < {count}; ++{name}) {{", *lines, "}"]


def _indented(lines: list[str]) -> list[str]:
    found, depth = [], 1
    for line in lines:
        depth -= line == "}"
        found.append("    " * depth + line)
        depth += line.endswith("{")
    return found
