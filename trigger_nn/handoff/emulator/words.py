"""Nodes -> the C++ integer that holds each: exactly, or modulo its size where only low bits are ever looked at.

As `engines.native.steps.carriers`, but up to 128 bits, which GCC and Clang have, and without the narrowest.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import ALL, demanded_bits
from trigger_nn.engines.native.steps.nodes import Node, keeps_low_bits, operands, ordered
from trigger_nn.program.fixed import Rounding


class Word(StrEnum):
    """A signed integer type, by its name in the generated code."""

    I16 = "i16"
    I32 = "i32"
    I64 = "i64"
    I128 = "i128"

    @property
    def bits(self) -> int:
        """How wide it is."""
        return int(self[1:])


@dataclass(frozen=True)
class Held:
    """How a node's values are kept: exactly, or modulo 2^bits of the word."""

    word: Word
    modular: bool = False


class TooWide(Exception):  # noqa: N818
    """A value that no word holds."""

    def __init__(self, node: Node) -> None:
        """Say which."""
        super().__init__(f"its values from {node.low} to {node.high}, and what rounds them, exceed 128 bits")


def holding(low: int, high: int) -> Word | None:
    """The narrowest word of [low, high]; None if there is none."""
    return next((word for word in Word if -(1 << (word.bits - 1)) <= low and high < 1 << (word.bits - 1)), None)


def widest(*words: Word) -> Word:
    """The widest of `words`, of 32 bits at least: C++ computes in no less."""
    return max((Word.I32, *words), key=lambda word: word.bits)


def choose_words(outputs: list[Node], known: Collection[Node] = ()) -> dict[Node, Held]:
    """The word of every node that `outputs` need, of those that make `known` ones none.

    Raises:
        TooWide: a value needs more than 128 bits.
    """
    order = ordered(outputs, known)
    needed = demanded_bits(order, outputs, known)
    chosen: dict[Node, Held] = {}
    for node in order:
        inner = () if node in known or isinstance(node, nodes.Wrap) else operands(node)
        chosen[node] = _chosen(node, needed[node], any(chosen[operand].modular for operand in inner))
        if isinstance(node, nodes.Fold):
            chosen.update({inner: _chosen(inner, ALL, False) for inner in ordered([node.step])})
    return chosen


def working(node: Node, held: dict[Node, Held]) -> Word:
    """The word to compute an element-wise node in: it holds operands, result, and what lies between."""
    own = held[node]
    if own.modular and keeps_low_bits(node):
        return widest(own.word)
    read = (node.reached, node.below) if isinstance(node, nodes.Select) else operands(node)
    if own.modular or any(held[operand].modular for operand in read):
        return widest(own.word, *(held[operand].word for operand in read))
    word = _holding_all(node, *read)
    return widest(word, lifted(node)) if isinstance(node, nodes.Round) else word


def lifted(node: nodes.Round) -> Word:
    """Holds what is rounded, and that plus what makes a floor of it the rounded value.

    Raises:
        TooWide: no word does.
    """
    low, high = node.source.low, node.source.high
    if vanishes(node):
        return Word.I32
    if node.rounding is Rounding.TRN_ZERO:
        high = max(high, (1 << node.drop) - 1)
    elif node.rounding is not Rounding.TRN and not node.lifted:
        high += 1 << (node.drop - 1)
    found = holding(low, max(low, high, 0))
    if found is None:
        raise TooWide(node)
    return found


def vanishes(node: nodes.Round) -> bool:
    """Whether rounding yields 0 for every value, as all are less than half of what is dropped."""
    largest = max(abs(node.source.low), abs(node.source.high))
    return node.rounding is not Rounding.TRN and not node.lifted and largest < 1 << (node.drop - 1)


def _holding_all(node: Node, *others: Node) -> Word:
    found = holding(min(n.low for n in (node, *others)), max(n.high for n in (node, *others)))
    if found is None:
        raise TooWide(node)
    return widest(found)


def _chosen(node: Node, needed: int, modular: bool) -> Held:
    exact = holding(node.low, node.high)
    if isinstance(node, nodes.Round) and not modular:
        lifted(node)
    wrapped = next((word for word in (Word.I32, Word.I64, Word.I128) if needed <= word.bits), None)
    if exact is not None and not modular and (wrapped is None or exact.bits <= wrapped.bits):
        return Held(exact)
    if wrapped is None:
        raise TooWide(node)
    return Held(wrapped, True)
