"""What each element-wise node does to values: one C++ expression, of calls to the functions of the template."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Kind, Node
from trigger_nn.handoff.emulator.tables import literal
from trigger_nn.handoff.emulator.words import Held, Word, holding, vanishes, widest, working
from trigger_nn.program.fixed import Rounding

Plain = (
    nodes.Binary
    | nodes.Peak
    | nodes.Select
    | nodes.Left
    | nodes.Round
    | nodes.Wrap
    | nodes.ZeroOutside
    | nodes.Divide
    | nodes.Lookup
)

_BINARY = {
    Kind.ADD: "plus",
    Kind.SUBTRACT: "minus",
    Kind.MULTIPLY: "times",
    Kind.MAXIMUM: "larger",
    Kind.MINIMUM: "smaller",
}


@dataclass(frozen=True)
class Value:
    """A C++ expression, its type, and the number that it is if that is known."""

    text: str
    word: Word
    number: int | None = None


def known(number: int) -> Value:
    """A constant."""
    return Value(literal(number), word_of(np.array([number], object)), number)


def word_of(numbers: np.ndarray) -> Word:
    """Holds every one of an array's numbers."""
    word = holding(int(numbers.min()), int(numbers.max()))
    assert word is not None, "constants were held by a word before"
    return widest(word)


def converted(value: Value, word: Word) -> str:
    """In `word`; the low bits alone where the value is wider."""
    if value.number is not None:
        half = 1 << (word.bits - 1)
        return literal((value.number + half) % (2 * half) - half)
    return value.text if value.word.bits <= word.bits else f"static_cast<{word}>({value.text})"


def is_nothing(node: Node, held: dict[Node, Held]) -> bool:
    """Whether the node is 0 whatever it reads, so that nothing need be read."""
    match node:
        case nodes.Round():
            return vanishes(node)
        case nodes.Left():
            return node.bits >= working(node, held).bits
        case _:
            return False


def expression(node: Plain, held: dict[Node, Held], values: list[Value], table: str = "") -> Value:
    """The node's value from those of its operands; of a lookup, from `table`."""
    if isinstance(node, nodes.Lookup):
        return Value(f"{table}[{values[0].text}]", word_of(node.table))
    word = working(node, held)
    given = [converted(value, word) for value in values]
    match node:
        case nodes.Binary():
            text = f"{_BINARY[node.kind]}<{word}>({given[0]}, {given[1]})"
        case nodes.Peak():
            text = _nested(f"larger<{word}>", given)
        case nodes.Select():
            return _select(word, values)
        case nodes.Left():
            text = f"left<{word}>({given[0]}, {node.bits})"
        case nodes.Round():
            text = _round(node, word, given[0])
        case nodes.Wrap():
            spare = word.bits - node.width
            how = "low_signed" if node.signed else "low_unsigned"
            text = f"{how}<{word}>({given[0]}, {spare})" if spare > 0 else given[0]
        case nodes.ZeroOutside():
            text = _zero_outside(node, values[0])
        case nodes.Divide():
            text = f"static_cast<{word}>({given[0]}) / {given[1]}"
        case _:
            assert_never(node)
    return Value(text, word)


def _nested(function: str, values: list[str]) -> str:
    text = values[0]
    for value in values[1:]:
        text = f"{function}({text}, {value})"
    return text


def _select(word: Word, values: list[Value]) -> Value:
    """Values are compared in the wider type of both, as C++ does by itself: all are signed."""
    value, threshold, reached, below = values
    texts = [f"static_cast<{word}>({v.text})" if v.number is None else converted(v, word) for v in (reached, below)]
    return Value(f"({value.text} >= {threshold.text} ? {texts[0]} : {texts[1]})", word)


def _round(node: nodes.Round, word: Word, value: str) -> str:
    """Floor of the value plus what lifts it to where the mode wants it."""
    drop, half = node.drop, 1 << (node.drop - 1)
    match node.rounding:
        case Rounding.TRN:
            raised = value
        case Rounding.RND:
            raised = value if node.lifted else f"plus<{word}>({value}, {literal(half)})"
        case Rounding.RND_MIN_INF:
            raised = f"plus<{word}>({value}, {literal(half - 1)})"
        case Rounding.RND_CONV:
            raised = value if node.lifted else f"plus<{word}>({value}, {literal(half)})"
            return f"to_even<{word}>({raised}, {drop})"
        case Rounding.RND_INF:
            raised = f"plus<{word}>({value}, {literal(half)} + sign<{word}>({value}))"
        case Rounding.RND_ZERO:
            raised = f"plus<{word}>({value}, {literal(half - 1)} - sign<{word}>({value}))"
        case Rounding.TRN_ZERO:
            raised = f"plus<{word}>({value}, {literal(2 * half - 1)} & sign<{word}>({value}))"
        case _:
            assert_never(node.rounding)
    return f"down<{word}>({raised}, {min(drop, word.bits - 1)})"


def _zero_outside(node: nodes.ZeroOutside, value: Value) -> str:
    """Compared in the wider type, as C++ does by itself; only with an end that some value is beyond."""
    above = [f"{value.text} >= {literal(node.least)}"] if node.source.low < node.least else []
    below = [f"{value.text} <= {literal(node.most)}"] if node.source.high > node.most else []
    return f"({' && '.join(above + below)} ? {value.text} : 0)" if above or below else value.text
