"""The operations of a Program: a closed union of small frozen values. What they mean stands in `semantics`.

Every operation yields one tensor, known by the operation's `name` (that of the hls4ml layer it came from), with a
`shape` (without events) and a `type`. `inputs` name the tensors it reads.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from trigger_nn.program.fixed import Fixed, to_float


@dataclass(frozen=True, eq=False)
class Constant:
    """Weights or a table: integer mantissas of one type. Equal when type, shape and mantissas are."""

    mantissa: np.ndarray
    type: Fixed

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Constant) and self.type == other.type and np.array_equal(self.mantissa, other.mantissa)

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.type, self.mantissa.shape, self.mantissa.tobytes()))

    def values(self) -> np.ndarray:
        """The numbers, as float64."""
        return to_float(self.mantissa, self.type)


@dataclass(frozen=True, kw_only=True)
class Node:
    """What all operations have."""

    name: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    type: Fixed


@dataclass(frozen=True, kw_only=True)
class Dense(Node):
    """Matrix product: weights (in, out), bias (out,). Products and sums are cast to `accumulator`, in order.

    `reuse_factor` is how often the firmware uses each multiplier for one event; no bit depends on it.
    """

    weights: Constant
    bias: Constant
    accumulator: Fixed
    reuse_factor: int


@dataclass(frozen=True, kw_only=True)
class Window:
    """How a window slides over an image: size, stride, padding as (top, bottom, left, right)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Conv2D(Node):
    """Convolution of a channels-last image: weights (height, width, channels, filters), bias (filters,).

    The firmware computes the pixels in `partitions` groups, one after the other; no bit depends on it.
    """

    weights: Constant
    bias: Constant
    accumulator: Fixed
    window: Window
    reuse_factor: int
    partitions: int


@dataclass(frozen=True, kw_only=True)
class Scale(Node):
    """Unfused batch normalisation: x * scale + bias, exactly, then one cast; constants of shape (channels,)."""

    scale: Constant
    bias: Constant


@dataclass(frozen=True, kw_only=True)
class Cast(Node):
    """Cast to `type` and nothing else: linear activations and quantizers."""


@dataclass(frozen=True, kw_only=True)
class Relu(Node):
    """max(x, 0), cast to `type`."""


@dataclass(frozen=True, kw_only=True)
class MaxPool2D(Node):
    """Largest value of each window, cast to `accumulator`, then to `type`; `fill` is the padding's mantissa."""

    window: Window
    accumulator: Fixed
    fill: int


@dataclass(frozen=True, kw_only=True)
class AveragePool2D(Node):
    """Sum in `accumulator`, divided (towards zero) by the number of image pixels in the window, cast to `type`."""

    window: Window
    accumulator: Fixed
    count_padding: bool


@dataclass(frozen=True, kw_only=True)
class Reshape(Node):
    """The same values in another shape."""


@dataclass(frozen=True, kw_only=True)
class Concatenate(Node):
    """Two tensors joined along `axis` (counted without events), each cast to `type`."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Lookup(Node):
    """A function by table over [-span / 2, span / 2): sigmoid. The index is truncated towards zero and clipped."""

    table: Constant
    span: int


class SoftmaxKind(StrEnum):
    """hls4ml's implementations of softmax that are supported."""

    STABLE = "stable"
    LATENCY = "latency"
    ARGMAX = "argmax"


@dataclass(frozen=True, kw_only=True)
class Softmax(Node):
    """Softmax over a vector by two tables, exp and 1/x, each addressed by the top bits of its argument.

    `difference` is the type of max - x (stable only), `accumulator` that of the exponentials and their sum tree,
    `sum` the type that addresses the 1/x table.
    """

    kind: SoftmaxKind
    exponential: Constant
    inverse: Constant
    difference: Fixed
    accumulator: Fixed
    sum: Fixed


Operation = Dense | Conv2D | Scale | Cast | Relu | MaxPool2D | AveragePool2D | Reshape | Concatenate | Lookup | Softmax
