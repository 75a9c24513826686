"""The body of one loop: a node's value at the loop's element, from memory, from tables, or computed.

A loop runs over positions `q` and outputs `o`; a flat index has one entry for each pair, `o` running faster.
"""

from dataclasses import dataclass, field
from typing import cast

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import base, reads, spread, through
from trigger_nn.handoff.emulator.arithmetic import Plain, Value, converted, expression, is_nothing, known, word_of
from trigger_nn.handoff.emulator.memory import Memory, Parameters
from trigger_nn.handoff.emulator.sums import Sums
from trigger_nn.handoff.emulator.tables import Tables
from trigger_nn.handoff.emulator.words import Held, widest

NAMES = ("q", "o")


@dataclass
class Body:
    """Writes one loop's body into `lines`; `sums` writes what comes before its inner loop."""

    into: Node
    shape: tuple[int, int]
    memory: Memory
    tables: Tables
    held: dict[Node, Held]
    parameters: Parameters = field(default_factory=Parameters)
    lines: list[str] = field(default_factory=list)
    seen: dict[tuple[Node, bytes], Value] = field(default_factory=dict)
    totals: dict[Node, Value] = field(default_factory=dict)
    turns: dict[Node, tuple[Node, np.ndarray, str]] = field(default_factory=dict)
    _count: int = 0

    def __post_init__(self) -> None:
        """Sums share the loop's pointers and tables."""
        self.sums = Sums(self.memory, self.tables, self.parameters, self.held)

    def value(self, node: Node, index: np.ndarray) -> Value:
        """The node at flat `index`."""
        key = node, index.tobytes()
        if key not in self.seen:
            self.seen[key] = self._computed(node, index)
        return self.seen[key]

    def _computed(self, node: Node, index: np.ndarray) -> Value:
        if node in self.memory.buffers and node is not self.into:
            return self._loaded(node, index.reshape(self.shape), NAMES)
        if is_nothing(node, self.held):
            return known(0)
        match node:
            case nodes.Constant():
                return self._number(node.values.ravel()[index].reshape(self.shape), NAMES)
            case nodes.Running():
                return self._running(node, index)
            case nodes.Dot():
                return self._named(self.sums.dot(node, index.reshape(self.shape)))
            case nodes.Fold():
                return self._folded(node, index)
            case nodes.Gather():
                return self._gathered(node, index)
            case _:
                values = [self.value(operand, inner) for operand, inner in reads(node, index)]
                table = self.tables.add(node.table) if isinstance(node, nodes.Lookup) else ""
                return self._named(expression(cast(Plain, node), self.held, values, table))

    def _named(self, value: Value) -> Value:
        """The value as a variable."""
        name = self._fresh()
        self.lines.append(f"const {value.word} {name} = {converted(value, value.word)};")
        return Value(name, value.word)

    def _fresh(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _loaded(self, node: Node, index: np.ndarray, names: tuple[str, ...]) -> Value:
        """An element in memory; -1 is a zero."""
        buffer = self.memory.buffers[node]
        if np.any(index < 0):
            buffer.wants_zeros(1)
            index = np.where(index < 0, buffer.size, index)
        start, moved = self.tables.place(index, names)
        return Value(f"{self.parameters.pointer(buffer, start)}[{moved or 0}]", buffer.word)

    def _number(self, values: np.ndarray, names: tuple[str, ...]) -> Value:
        """A constant, by element."""
        if np.all(values == values.flat[0]):
            return known(int(values.flat[0]))
        return Value(self.tables.entry(values, names), word_of(values))

    def _gathered(self, node: nodes.Gather, index: np.ndarray) -> Value:
        inner = through(node, index)
        inside = inner >= 0
        found = self.value(node.source, np.where(inside, inner, 0))
        if np.all(inside):
            return found
        word = widest(self.held[node].word, found.word)
        mask = self.tables.entry(inside.astype(np.int64).reshape(self.shape), NAMES)
        return self._named(Value(f"({mask} ? static_cast<{word}>({found.text}) : {known(node.fill).text})", word))

    def _folded(self, node: nodes.Fold, index: np.ndarray) -> Value:
        """A variable that is replaced turn by turn."""
        total, step = node.inner[0], node.step
        word = widest(*(self.held[part].word for part in (node, node.start, total, step) if part in self.held))
        start = self.value(node.start, spread(node.start, node.shape, index))
        name, turn, outside = self._fresh(), f"turn{self._count}", dict(self.seen)
        self.lines.append(f"{word} {name} = {converted(start, word)};")
        self.lines.append(f"for (int {turn} = 0; {turn} < {len(node.sequences[0][1])}; ++{turn}) {{")
        self.totals[total] = Value(name, word)
        for part, (source, places) in zip(node.inner[1:], node.sequences, strict=True):
            self.turns[part] = source, places, turn
        result = self.value(step, spread(step, node.shape, index))
        self.lines += [f"{name} = {converted(result, word)};", "}"]
        self.seen = outside
        return Value(name, word)

    def _running(self, node: nodes.Running, index: np.ndarray) -> Value:
        """The total so far, or a turn's part of a sequence."""
        if node in self.totals:
            return self.totals[node]
        source, places, turn = self.turns[node]
        tensor = base(source)
        at = places.reshape(len(places), -1)[:, index].reshape(-1, *self.shape)
        while source is not tensor:
            assert isinstance(source, nodes.Gather)
            at = np.where(at < 0, -1, source.index.ravel()[at])
            source = source.source
        if isinstance(tensor, nodes.Constant):
            values = np.append(tensor.values.ravel(), 0)[at]
            return self._number(values, (turn, *NAMES))
        return self._loaded(tensor, at, (turn, *NAMES))
