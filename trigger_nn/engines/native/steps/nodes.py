"""The steps that a Program becomes on the way to machine code: a closed union of array operations on integers.

Every node is a tensor of `shape` (without events) whose values lie between `low` and `high`, whatever the event.
Operands broadcast as numpy's. Nodes are compared by identity.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from trigger_nn.program.fixed import Rounding


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """What all nodes have."""

    shape: tuple[int, ...]
    low: int
    high: int

    @property
    def size(self) -> int:
        """Elements of one event."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Given(Step):
    """A tensor that comes from outside: an input port, or what another engine made."""

    name: str


@dataclass(frozen=True, eq=False)
class Constant(Step):
    """The same numbers for every event."""

    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Gather(Step):
    """Elements by flat index, in the shape of `index`; -1 gives `fill`."""

    source: "Node"
    index: np.ndarray
    fill: int


@dataclass(frozen=True, eq=False)
class Join(Step):
    """Parts side by side; element i of a part goes to flat place `places[part][i]`."""

    parts: tuple["Node", ...]
    places: tuple[np.ndarray, ...]


class Kind(StrEnum):
    """What two values become, by LLVM's names."""

    ADD = "add"
    SUBTRACT = "sub"
    MULTIPLY = "mul"
    MAXIMUM = "max"
    MINIMUM = "min"


@dataclass(frozen=True, eq=False)
class Binary(Step):
    """Two values into one."""

    kind: Kind
    left: "Node"
    right: "Node"


@dataclass(frozen=True, eq=False)
class Peak(Step):
    """The largest of the elements of `source` at each of `indices`, arrays of one shape."""

    source: "Node"
    indices: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Select(Step):
    """`reached` where `value` >= `threshold`, `below` elsewhere."""

    value: "Node"
    threshold: "Constant"
    reached: "Node"
    below: "Node"


@dataclass(frozen=True, eq=False)
class Left(Step):
    """Times 2^bits."""

    source: "Node"
    bits: int


@dataclass(frozen=True, eq=False)
class Round(Step):
    """Divided by 2^drop. `lifted`: half of that is added already, for a rounding mode that starts so."""

    source: "Node"
    drop: int
    rounding: Rounding
    lifted: bool = False


@dataclass(frozen=True, eq=False)
class Saturate(Step):
    """Rounded as by `Round` if `rounded` is given (for its fields alone), then brought into [`least`, `most`]."""

    source: "Node"
    rounded: Round | None
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Wrap(Step):
    """The low `width` bits, read as signed or unsigned."""

    source: "Node"
    width: int
    signed: bool


@dataclass(frozen=True, eq=False)
class ZeroOutside(Step):
    """The value where it lies in [`least`, `most`], 0 elsewhere."""

    source: "Node"
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Divide(Step):
    """Quotient truncated towards zero; `by` is positive."""

    source: "Node"
    by: "Constant"


@dataclass(frozen=True, eq=False)
class Lookup(Step):
    """Entries of a table."""

    index: "Node"
    table: np.ndarray


@dataclass(frozen=True, eq=False)
class Dot(Step):
    """Products of the last axis of `source` with `weights` (in, out), added up."""

    source: "Node"
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class Running(Step):
    """Within a fold: what has been added up so far (`of` -1), or this turn's part of sequence `of`."""

    of: int


@dataclass(frozen=True, eq=False)
class Fold(Step):
    """`start`, replaced turn by turn by `step`, which sees what it replaces and a part of every sequence as `inner`.

    A sequence is a tensor and a flat index (turns, *shape of the part) into it, -1 being 0; its parts differ by
    position alone, or if it is constant by output alone.
    """

    start: "Node"
    step: "Node"
    inner: tuple["Node", ...]
    sequences: tuple[tuple["Node", np.ndarray], ...]


Node = (
    Given | Constant | Gather | Join | Binary | Peak | Select | Left | Round | Saturate | Wrap | ZeroOutside | Divide
    | Lookup | Dot | Running | Fold
)  # fmt: skip


def operands(node: Node) -> tuple["Node", ...]:
    """The nodes that `node` reads."""
    match node:
        case Given() | Constant() | Running():
            return ()
        case Join():
            return node.parts
        case Binary():
            return (node.left, node.right)
        case Select():
            return (node.value, node.threshold, node.reached, node.below)
        case Divide():
            return (node.source, node.by)
        case Lookup():
            return (node.index,)
        case Fold():
            return (node.start, *(source for source, _ in node.sequences))
        case _:
            return (node.source,)


def readers_of(order: list[Node], outputs: list[Node]) -> Counter[Node]:
    """How often each node is read, by others or as an output."""
    readers = Counter(operand for node in order for operand in operands(node))
    readers.update(outputs)
    return readers


def keeps_low_bits(node: Node) -> bool:
    """Whether low bits of the operands decide as many low bits of the result."""
    match node:
        case Binary():
            return node.kind in (Kind.ADD, Kind.SUBTRACT, Kind.MULTIPLY)
        case Gather() | Join() | Dot() | Left() | Select():
            return True
        case _:
            return False


def ordered(outputs: list[Node], known: Collection[Node] = ()) -> list[Node]:
    """All that `outputs` need, each node after its operands; nothing of what makes `known` ones."""
    done: dict[Node, None] = {}
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(outputs)]
    while stack:
        node, seen = stack.pop()
        if seen:
            done[node] = None
        elif node not in done:
            stack.append((node, True))
            inner = () if node in known else operands(node)
            stack.extend((operand, False) for operand in reversed(inner) if operand not in done)
    return list(done)
