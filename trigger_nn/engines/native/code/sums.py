"""Sums of products: which instruction adds them up, how their operands lie in memory, and the innermost loops.

Instructions that multiply several pairs of small integers at once (VNNI: four of 8 bits, two of 16) want the elements
of a group side by side in 32 bits. So the elements are packed once into rows of groups; every group that any position
needs is made once, however many windows it belongs to, and windows address rows: no copy of the patches is made.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from trigger_nn.engines.native.code.memory import Buffer, Memory, low_bits
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import window
from trigger_nn.engines.native.target import Target

GROUP = {"dot8": 4, "dot16": 2}  # elements in 32 bits; others take one
KIND = {"dot8": "i32", "dot16": "i32"}  # what the rows of an operand and the sum are made of, if not the method's name
MOST_GROUPINGS = 8


@dataclass(frozen=True)
class Method:
    """How a sum is added up: dot8, dot16, or by multiply-adds in f32, i32, f64, i64; `lift` is added to inputs."""

    name: str
    lift: int = 0

    @property
    def group(self) -> int:
        """Elements in one lane."""
        return GROUP.get(self.name, 1)

    @property
    def kind(self) -> str:
        """What the sum is made of."""
        return KIND.get(self.name, self.name)


def choose_method(dot: nodes.Dot, carried: Carried, start: int, target: Target) -> Method:
    """The fastest that is exact; `start` is the largest magnitude that the sum may start from."""
    low, high = min(dot.source.low, 0), max(dot.source.high, 0)
    smallest, largest = int(dot.weights.min()), int(dot.weights.max())
    if carried.carrier.bits <= 32:
        if target.dot8 and high - low <= 255 and smallest >= -128 and largest <= 127:
            return Method("dot8", -low)
        if target.x86 and min(low, smallest) >= -(1 << 15) and max(high, largest) < 1 << 15:
            return Method("dot16")
    total = int(np.abs(dot.weights.astype(object)).sum(axis=0).max()) * max(high, -low) + start
    if carried.carrier.bits <= 32:
        return Method("f32" if total < 1 << 24 and not carried.modular else "i32")
    return Method("f64" if total < 1 << 53 and not carried.modular else "i64")


@dataclass(frozen=True, eq=False)
class Operand:
    """What a sum reads: `rows[position, group]` of `buffer`; `sources[row, element]` says of what a row is packed.

    `packed` is false where the rows are those of the tensor itself.
    """

    buffer: Buffer
    rows: np.ndarray
    sources: np.ndarray
    members: np.ndarray
    packed: bool

    def at(self, buffer: Buffer) -> "Operand":
        """The same, in `buffer`."""
        return replace(self, buffer=buffer)


@dataclass(frozen=True, eq=False)
class Grouping:
    """Neighbours in each group: `members` (groups, size) are places in the sum, -1 for none."""

    members: np.ndarray
    index: np.ndarray

    @cached_property
    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct groups of elements (rows, size), and which one stands at (positions, groups)."""
        padded = np.append(self.index, np.full((len(self.index), 1), -1), axis=1)
        found = padded[:, self.members].reshape(-1, self.members.shape[1])
        distinct, rows = np.unique(found, axis=0, return_inverse=True)
        return distinct, rows.reshape(len(self.index), len(self.members))

    def cost(self, outputs: int) -> int:
        """Work in proportion: dot products, and packing."""
        positions = len(self.index)
        return positions * len(self.members) * outputs + 3 * self.members.shape[1] * len(self.sources[0])


def groupings(index: np.ndarray, size: int) -> list[Grouping]:
    """Ways to cut a sum into groups: runs of every length that divides it are cut by themselves."""
    length = index.shape[1]
    runs = sorted(
        (r for r in range(1, length + 1) if length % r == 0), key=lambda r: (-(-r // size) * (length // r), -r)
    )
    made = []
    for run in runs[:MOST_GROUPINGS]:
        per_run = -(-run // size)
        members = np.full((length // run, per_run * size), -1)
        members[:, :run] = np.arange(length).reshape(-1, run)
        made.append(Grouping(members.reshape(-1, size), index))
    return made


def lay_out(dot: nodes.Dot, method: Method, memory: Memory) -> tuple[Operand, Node]:
    """How the sum's operand lies, and the tensor it is made of; where a packed one lies is said `at` last."""
    source, whole = window(dot)
    alive = _alive(dot.weights)
    own, index = memory.buffers[source], whole[:, alive]
    if method.group == 1:
        members = np.arange(len(alive))[:, None]
        if own.kind == method.kind and np.all(index >= 0):
            return Operand(own, index, np.empty((0, 1), np.int64), alive[members], False), source
        chosen = Grouping(members, index)
    else:
        chosen = min(groupings(index, method.group), key=lambda g: g.cost(dot.weights.shape[1]))
    sources, rows = chosen.sources
    original = np.append(alive, -1)[chosen.members]
    return Operand(Buffer(0, method.kind), rows, sources, original, True), source


def _alive(weights: np.ndarray) -> np.ndarray:
    """Places in the sum where some output has a weight; one at least."""
    found = np.flatnonzero(np.any(weights != 0, axis=1))
    return found if len(found) else np.zeros(1, np.int64)


def packed_weights(weights: np.ndarray, method: Method, members: np.ndarray) -> np.ndarray:
    """Weights of each group and output, (groups, outputs), as the instruction takes them."""
    padded = np.append(weights, np.zeros((1, weights.shape[1]), weights.dtype), axis=0)
    grouped = padded[members]
    match method.name:
        case "dot8":
            return np.ascontiguousarray(grouped.swapaxes(1, 2).astype(np.int8)).view(np.int32)[..., 0]
        case "dot16":
            return np.ascontiguousarray(grouped.swapaxes(1, 2).astype(np.int16)).view(np.int32)[..., 0]
        case _:
            if method.name[0] == "i":
                return low_bits(grouped[:, 0], int(method.name[1:]))
            return grouped[:, 0].astype(np.float32 if method.name == "f32" else np.float64)


def tile_of(outputs: int, target: Target) -> int:
    """Outputs whose sums are added up together: as many as registers allow, with the least left over."""
    most = 6 if target.vector == 64 or not target.x86 else 2
    sizes = range(min(outputs, most), min(outputs, most, 4) - 1, -1)
    return min(sizes, key=lambda size: -(-outputs // size) * size)


@dataclass(frozen=True, eq=False)
class Turns:
    """What the innermost loop runs over, for each tile of outputs: groups that are not all zero, and their weights."""

    groups: np.ndarray
    weights: np.ndarray
    starts: np.ndarray
    counts: np.ndarray


def turns(weights: np.ndarray, tile: int) -> Turns:
    """Groups and weights (turns, tile), tile after tile; the last tile may overlap the one before it."""
    outputs = weights.shape[1]
    firsts = [min(t * tile, outputs - tile) for t in range(-(-outputs // tile))]
    kept = [np.flatnonzero(np.any(weights[:, f : f + tile] != 0, axis=1)) for f in firsts]
    counts = np.array([len(k) for k in kept])
    blocks = [weights[k, f : f + tile] for k, f in zip(kept, firsts, strict=True)]
    return Turns(np.concatenate(kept), np.concatenate(blocks), np.cumsum(counts) - counts, counts)
