"""What the families draw with: random choices, random types, and a model that grows layer by layer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.proof.description import Args, InputDescription, LayerDescription, build_layer
from trigger_nn.frontend.legacy import keras

ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")


@dataclass(frozen=True)
class Tensor:
    """A layer's output by name, without the batch."""

    name: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        product = 1
        for length in self.shape:
            product *= length
        return product


@dataclass
class Sketch:
    """A model being drawn. Mutable on purpose: families add to it in turn."""

    rng: Random
    io_type: str
    backend: str
    inputs: list[InputDescription] = field(default_factory=list)
    layers: list[LayerDescription] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)

    def input(self, shape: tuple[int, ...], type_: str = "", values: str = "", limit: int = 0) -> Tensor:
        """A new input of a random type."""
        values = values or ("raw" if self.chance(0.15) else "grid")
        entry = InputDescription(f"inp{len(self.inputs)}", shape, type_ or draw_type(self.rng, 16), values, limit)
        self.inputs.append(entry)
        self.tensors[entry.name] = keras.layers.Input(shape, name=entry.name)
        return Tensor(entry.name, shape)

    def add(self, kind: str, args: Args, *inputs: Tensor) -> Tensor:
        """A new layer on `inputs`.

        Raises:
            ValueError: Keras refuses the arguments.
        """
        name = f"{kind.lower()}_{len(self.layers)}"
        given = [self.tensors[tensor.name] for tensor in inputs]
        result = build_layer(kind, args, name)(given if len(given) > 1 else given[0])
        self.tensors[name] = result
        self.layers.append(LayerDescription(name, kind, dict(args), tuple(tensor.name for tensor in inputs)))
        return Tensor(name, tuple(int(length) for length in result.shape[1:]))

    def model(self, inputs: Iterable[InputDescription], outputs: Iterable[str]) -> Any:
        """The Keras model so far, with whatever weights Keras gives it."""
        ends = [self.tensors[name] for name in outputs]
        return keras.Model([self.tensors[entry.name] for entry in inputs], ends)

    def chance(self, probability: float) -> bool:
        """True with `probability`."""
        return self.rng.random() < probability

    def pick(self, *choices: Any) -> Any:
        """One of `choices`."""
        return self.rng.choice(choices)

    def upto(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return self.rng.randint(low, high)


def draw_type(rng: Random, widest: int = 18) -> str:
    """A type as hls4ml's configuration writes it: mostly sensible, at times extreme; all modes."""
    signed = rng.random() < 0.75
    if rng.random() < 0.06:
        return f"{'' if signed else 'u'}int<{rng.randint(2, 8)}>"
    if rng.random() < 0.75:
        width = rng.randint(3, widest)
        integer = rng.randint(0, min(width, 7)) + (rng.random() < 0.1) * 2
    else:
        width = rng.randint(1, min(30, widest + 12))
        integer = rng.randint(-4, width + 4)
    modes = ""
    if rng.random() < 0.6:
        modes = f",{rng.choice(ROUNDINGS)},{rng.choice(OVERFLOWS)}"
    return f"{'' if signed else 'u'}fixed<{width},{integer}{modes}>"
