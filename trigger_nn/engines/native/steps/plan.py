"""Nodes -> loops: which tensors are kept in memory, and what is computed on the fly in the loop that stores them.

A loop runs over `positions` x `outputs` elements of the tensor it stores. What it reads, at which flat indices, is
known in advance, so moving values about (patches of a convolution, windows, reshaping) costs addresses, not copies.
"""

from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node, operands, ordered

MOST_NODES = 160  # in one loop's body; more makes LLVM slow, and registers overflow
MOST_SUMS = 9  # sums of products in one loop's body: a window of 3 x 3


@dataclass(eq=False)
class Loop:
    """Stores `node`, or that part of a joined tensor which goes to flat `places` of `into`."""

    node: Node
    into: Node
    places: np.ndarray
    outputs: int = 1
    computed: int = 0
    sums: list[tuple[Node, np.ndarray]] = field(default_factory=list)

    @property
    def positions(self) -> int:
        """How often `outputs` are computed."""
        return self.node.size // self.outputs


@dataclass
class _Use:
    """Where a node is needed: at which flat indices, by loop."""

    at: dict[Loop, dict[bytes, np.ndarray]] = field(default_factory=dict)

    def add(self, loop: Loop, index: np.ndarray) -> None:
        self.at.setdefault(loop, {})[index.tobytes()] = index

    @property
    def evaluations(self) -> int:
        return sum(len(index) for by_index in self.at.values() for index in by_index.values())


def plan(outputs: list[Node]) -> list[Loop]:
    """Loops in the order in which they run."""
    order = ordered(outputs)
    uses: dict[Node, _Use] = {node: _Use() for node in order}
    stored = {node for node in outputs if not isinstance(node, nodes.Given)} | _summed(order)
    loops: list[Loop] = []
    for node in reversed(order):
        if node not in stored and (isinstance(node, nodes.Given | nodes.Constant) or not uses[node].at):
            continue  # there already, or looked through by the sums that read it
        if isinstance(node, nodes.Join):  # always kept: its parts come from loops of their own
            made = [Loop(part, node, places) for part, places in zip(node.parts, node.places, strict=True)]
            loops += made
            for loop in made:
                uses[loop.node].add(loop, np.arange(loop.node.size))
        elif node in stored or not _fits(node, uses[node]):
            loop = Loop(node, node, np.arange(node.size))
            loops.append(loop)
            _enter(node, loop, np.arange(node.size), uses)
        else:
            for loop, by_index in uses[node].at.items():
                for index in by_index.values():
                    _enter(node, loop, index, uses)
    return loops[::-1]


def base(node: Node) -> Node:
    """What a chain of gathers, filled up with zeros at most, reads."""
    plain = isinstance(node, nodes.Gather) and (node.fill == 0 or not np.any(node.index < 0))
    return base(node.source) if isinstance(node, nodes.Gather) and plain else node


def window(dot: nodes.Dot) -> tuple[Node, np.ndarray]:
    """The tensor in memory, and the flat index of each term of each sum, (positions, terms), -1 where it is zero."""
    source = base(dot.source)
    index = np.arange(dot.source.size)
    node = dot.source
    while node is not source:
        assert isinstance(node, nodes.Gather)
        index = np.where(index < 0, -1, node.index.ravel()[index])
        node = node.source
    return source, index.reshape(-1, dot.weights.shape[0])


def spread(node: Node, shape: tuple[int, ...], index: np.ndarray) -> np.ndarray:
    """Flat index into `node`, which broadcasts to `shape`, for flat `index` into that shape."""
    if node.shape == shape:
        return index
    return np.broadcast_to(np.arange(node.size).reshape(node.shape), shape).ravel()[index]


def through(gather: nodes.Gather, index: np.ndarray) -> np.ndarray:
    """Flat index into a gather's source, -1 where its fill is."""
    return gather.index.ravel()[index]


def reads(node: Node, index: np.ndarray) -> list[tuple[Node, np.ndarray]]:
    """What element-wise `node` reads at flat `index`: operands and flat indices into them."""
    match node:
        case nodes.Gather():
            inner = through(node, index)
            return [(node.source, np.where(inner < 0, 0, inner))]
        case nodes.Peak():
            return [(node.source, places.ravel()[index]) for places in node.indices]
        case _:
            return [(operand, spread(operand, node.shape, index)) for operand in operands(node)]


def is_sum(node: Node) -> bool:
    """Whether the node is a loop in itself."""
    return isinstance(node, nodes.Dot | nodes.Fold)


def _summed(order: list[Node]) -> set[Node]:
    """Tensors that sums of products read: they are read often, so they are kept."""
    sources = [node.source for node in order if isinstance(node, nodes.Dot)]
    sources += [source for node in order if isinstance(node, nodes.Fold) for source, _ in node.sequences]
    found = {base(source) for source in sources}
    return {node for node in found if not isinstance(node, nodes.Given | nodes.Constant)}


def _enter(node: Node, loop: Loop, index: np.ndarray, uses: dict[Node, _Use]) -> None:
    """Compute `node` at `index` in `loop`."""
    loop.computed += 1
    if is_sum(node):
        loop.sums.append((node, index))
        loop.outputs = node.shape[-1]
        if isinstance(node, nodes.Fold):
            uses[node.start].add(loop, spread(node.start, node.shape, index))
        return
    for operand, inner in reads(node, index):
        uses[operand].add(loop, inner)


def _fits(node: Node, use: _Use) -> bool:
    """Whether the node can be computed inside the one loop that needs it, no element twice."""
    if len(use.at) != 1 or use.evaluations > node.size:
        return False
    ((loop, by_index),) = use.at.items()
    if loop.computed + len(by_index) > MOST_NODES:
        return False
    return not is_sum(node) or _sum_fits(node, loop, list(by_index.values()))


def _sum_fits(node: Node, loop: Loop, indices: list[np.ndarray]) -> bool:
    """Whether the loop runs over the outputs of the sum, position by position."""
    outputs = node.shape[-1]
    if len(loop.sums) + len(indices) > MOST_SUMS or (loop.sums and loop.outputs != outputs) or loop.node.size % outputs:
        return False
    return all(_by_position(index, outputs) for index in indices)


def _by_position(index: np.ndarray, outputs: int) -> bool:
    if len(index) % outputs:
        return False
    grid = index.reshape(-1, outputs)
    return bool(np.all(grid[:, :1] + np.arange(outputs) == grid) and np.all(grid[:, 0] % outputs == 0))


def room_to_start(dot: nodes.Dot) -> int:
    """Room that is left for what a sum may start from: a constant as large as the sum, at most."""
    return max(abs(dot.low), abs(dot.high))
