"""Sums of products: a position's inputs side by side in a small array, then one product of arrays for each output.

Products of 16 bits added up in 32 take one instruction for eight of them even on the oldest 64-bit x86, if the
compiler knows that they come in eights: inputs and weights are filled up with zeros.
"""

from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import window
from trigger_nn.handoff.emulator.arithmetic import Value
from trigger_nn.handoff.emulator.memory import Buffer, Memory, Parameters
from trigger_nn.handoff.emulator.tables import Tables, smallest
from trigger_nn.handoff.emulator.words import Held, Word, widest

TOGETHER = 8  # 16-bit numbers in the narrowest registers
WORTH = 5  # terms of a sum from which filling up pays


@dataclass
class Sums:
    """Writes sums of one loop; `before` is what makes the small arrays, once a position."""

    memory: Memory
    tables: Tables
    parameters: Parameters
    held: dict[Node, Held]
    arrays: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    _packed: dict[tuple[str, bytes, int], str] = field(default_factory=dict)

    def dot(self, node: nodes.Dot, index: np.ndarray) -> Value:
        """The sum for each position and output; `index` is that of the loop, (positions, outputs)."""
        source, places = window(node)
        at = places[index[:, 0] // node.weights.shape[1]]
        buffer, word = self.memory.buffers[source], widest(self.held[node].word)
        quick = _quick(node, buffer, word)
        terms = at.shape[1]
        length = -(-terms // TOGETHER) * TOGETHER if quick else terms
        weights = np.zeros((node.weights.shape[1], length), node.weights.dtype)
        weights[:, :terms] = node.weights.T
        table = self.tables.add(weights, "i16" if quick else smallest(int(w) for w in weights.flat))
        row = f"{table} + o * {length}" if len(weights) > 1 else table
        given = self._operand(buffer, at, length)
        return Value(f"dot16<{length}>({given}, {row})" if quick else f"dot<{word}, {length}>({given}, {row})", word)

    def _operand(self, buffer: Buffer, at: np.ndarray, length: int) -> str:
        """A pointer to the inputs of a position: where they lie, or a copy."""
        if np.array_equal(at, at[:, :1] + np.arange(at.shape[1])) and at.min() >= 0:
            buffer.wants_zeros(length - at.shape[1])
            start, moved = self.tables.place(at[:, 0], ("q",))
            pointer = self.parameters.pointer(buffer, start)
            return f"{pointer} + {moved}" if moved else pointer
        key = buffer.name, at.tobytes(), length
        if key not in self._packed:
            self._packed[key] = self._copied(buffer, at, length)
        return self._packed[key]

    def _copied(self, buffer: Buffer, at: np.ndarray, length: int) -> str:
        name, run = f"x{len(self._packed)}", _longest_run(at)
        self.arrays.append(f"{buffer.word} {name}[{length}] = {{}};")
        starts = at[:, ::run]
        if np.any(starts < 0):
            buffer.wants_zeros(run)
            starts = np.where(starts < 0, buffer.size, starts)
        start, moved = self.tables.place(starts, ("q", "r"))
        source = " + ".join(part for part in (self.parameters.pointer(buffer, start), moved) if part)
        self.before.append(f"copy<{run}, {starts.shape[1]}>({name}, [&](int r) {{ return {source}; }});")
        return name


def _quick(node: nodes.Dot, buffer: Buffer, word: Word) -> bool:
    """Whether 16-bit products and 32-bit sums will do, none of which overflows on the way."""
    small = max(abs(int(node.weights.min())), abs(int(node.weights.max()))) < 1 << 15
    largest = max(abs(node.source.low), abs(node.source.high))
    total = int(np.abs(node.weights.astype(object)).sum(axis=0).max()) * largest
    return buffer.word is Word.I16 and word is Word.I32 and small and total < 1 << 31 and len(node.weights) >= WORTH


def _longest_run(at: np.ndarray) -> int:
    """Of how many terms each is the neighbour of the one before, or a zero like it, at every position."""
    terms = at.shape[1]
    for run in (r for r in range(terms, 1, -1) if terms % r == 0):
        parts = at.reshape(-1, run)
        neighbours = np.all(parts == parts[:, :1] + np.arange(run), axis=1) & (parts[:, 0] >= 0)
        if np.all(neighbours | np.all(parts < 0, axis=1)):
            return run
    return 1
