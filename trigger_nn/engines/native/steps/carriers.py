"""Nodes -> the cheapest machine type that carries each of them exactly, by proven bounds and by who needs which bits.

Where only low bits of a value are ever looked at (a wrapping accumulator), 32 or 64 bits carry it modulo their size.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Node, keeps_low_bits, operands, ordered
from trigger_nn.program.fixed import Rounding


class Carrier(StrEnum):
    """An integer type of the machine."""

    U8 = "u8"
    I8 = "i8"
    U16 = "u16"
    I16 = "i16"
    I32 = "i32"
    I64 = "i64"

    @property
    def bits(self) -> int:
        """How wide it is."""
        return int(self[1:])

    @property
    def signed(self) -> bool:
        """Whether it holds negative numbers."""
        return self[0] == "i"

    @property
    def minimum(self) -> int:
        """The smallest number."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """The largest number."""
        return (1 << (self.bits - self.signed)) - 1


ALL = 1 << 30  # more low bits than any value has: the value itself is needed


@dataclass(frozen=True)
class Carried:
    """How a node's values are kept: exactly, or modulo 2^bits of the carrier."""

    carrier: Carrier
    modular: bool = False


class TooWideError(Exception):
    """No machine type carries a value."""

    def __init__(self, node: Node) -> None:
        """Say which."""
        super().__init__(f"values from {node.low} to {node.high} exceed 64 bits")


def smallest(low: int, high: int) -> Carrier | None:
    """The narrowest carrier of [low, high]."""
    return next((c for c in Carrier if c.minimum <= low and high <= c.maximum), None)


def joined(*carriers: Carrier) -> Carrier:
    """The narrowest carrier that holds all values of all `carriers`."""
    found = smallest(min(c.minimum for c in carriers), max(c.maximum for c in carriers))
    assert found is not None
    return found


def choose_carriers(outputs: list[Node], known: Collection[Node] = ()) -> dict[Node, Carried]:
    """The carrier of every node that `outputs` need, of those that make `known` ones none.

    Raises:
        TooWideError: a value needs more than 64 bits.
    """
    order = ordered(outputs, known)
    needed = demanded_bits(order, outputs, known)
    chosen: dict[Node, Carried] = {}
    for node in order:
        inner = () if node in known or isinstance(node, nodes.Wrap) else operands(node)
        modular = any(chosen[operand].modular for operand in inner)
        chosen[node] = _chosen(node, needed[node], modular)
        if isinstance(node, nodes.Fold):
            chosen.update({inner: _chosen(inner, ALL, False) for inner in ordered([node.step])})
    return chosen


def demanded_bits(order: list[Node], outputs: list[Node], known: Collection[Node] = ()) -> dict[Node, int]:
    """How many low bits of each node anybody looks at."""
    needed = dict.fromkeys(order, 0) | dict.fromkeys(outputs, ALL)
    for node in (n for n in reversed(order) if n not in known):
        for operand, bits in zip(operands(node), _asked(node, needed[node]), strict=True):
            needed[operand] = max(needed[operand], bits)
    return needed


def _asked(node: Node, bits: int) -> list[int]:
    """Low bits of each operand that decide the low `bits` of the result."""
    count = len(operands(node))
    match node:
        case nodes.Wrap():
            return [min(node.width, bits)]
        case nodes.Round(rounding=Rounding.TRN | Rounding.RND | Rounding.RND_MIN_INF | Rounding.RND_CONV):
            return [min(bits + node.drop + 1, ALL)]
        case nodes.Left():
            return [max(bits - node.bits, 0) if bits < ALL else ALL]
        case nodes.Select():
            return [ALL, ALL, bits, bits]
        case _:
            return [bits if keeps_low_bits(node) else ALL] * count


def between(node: nodes.Round, low: int, high: int) -> Carrier:
    """Holds a value from `low` to `high`, and that lifted by what makes a floor of it the rounded one.

    Raises:
        TooWideError: 64 bits don't.
    """
    if node.rounding is Rounding.TRN_ZERO:
        high = max(high, (1 << node.drop) - 1)
    elif node.rounding is not Rounding.TRN and not node.lifted:
        high += 1 << (node.drop - 1)
    found = smallest(low, max(high, low, 0))
    if found is None:
        raise TooWideError(node)
    return found


def _chosen(node: Node, needed: int, modular: bool) -> Carried:
    exact = smallest(node.low, node.high)
    if isinstance(node, nodes.Round) and not modular:
        between(node, node.source.low, node.source.high)
    if isinstance(node, nodes.Saturate) and node.rounded:
        between(node.rounded, node.source.low, node.source.high)
    if exact is not None and not modular and (exact is not Carrier.I64 or needed > 32):
        return Carried(exact)
    wrapped = next((c for c in (Carrier.I32, Carrier.I64) if needed <= c.bits), None)
    if wrapped is None:
        raise TooWideError(node)
    return Carried(wrapped, True)
