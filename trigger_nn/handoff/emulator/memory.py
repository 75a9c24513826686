"""Where tensors lie while an event is computed: arrays that the code keeps for it, and pointers into them."""

from dataclasses import dataclass, field

from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.handoff.emulator.words import Word


@dataclass
class Buffer:
    """An array of `size` elements, and behind them `zeros` that stay zero."""

    name: str
    word: Word
    size: int
    zeros: int = 0

    def wants_zeros(self, count: int) -> None:
        """Have at least `count` zeros behind the elements."""
        self.zeros = max(self.zeros, count)


@dataclass
class Memory:
    """The buffers of all tensors that are kept."""

    buffers: dict[Node, Buffer] = field(default_factory=dict)

    def keep(self, node: Node, word: Word) -> Buffer:
        """A new array for a tensor."""
        self.buffers[node] = Buffer(f"b{len(self.buffers)}", word, node.size)
        return self.buffers[node]


@dataclass
class Parameters:
    """Pointers that a function takes, so that functions that differ in nothing else are one: (buffer, first element).

    Names are `p0`, `p1`, ... in the order in which they are asked for.
    """

    given: dict[tuple[str, int], str] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)

    def pointer(self, buffer: Buffer, start: int) -> str:
        """The parameter that points to element `start` of `buffer`."""
        key = buffer.name, start
        if key not in self.given:
            self.given[key] = f"p{len(self.given)}"
            self.words.append(buffer.word)
        return self.given[key]

    @property
    def declared(self) -> str:
        """As a function declares them."""
        return "".join(f"const {word} *p{i}, " for i, word in enumerate(self.words))

    @property
    def passed(self) -> str:
        """As the function is called."""
        return "".join(f"w.{name} + {start}, " if start else f"w.{name}, " for name, start in self.given)
