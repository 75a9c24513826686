"""Layers of transformers: Einstein sums, embedding, layer normalisation; the steps that TimeDistributed runs over."""

from dataclasses import dataclass

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant, Node


@dataclass(frozen=True, kw_only=True)
class TransformerNode(Node):
    """A layer of transformers."""


@dataclass(frozen=True, kw_only=True)
class Embedding(TransformerNode):
    """Row x of `table` (vocabulary, width) for every input x, cast to `type`.

    The C++ adds up the address x * width + column before it drops a fraction of x, and reads whatever lies beyond the
    table's ends; here addresses are clipped to the table.
    """

    table: Constant


@dataclass(frozen=True, kw_only=True)
class LayerNormalization(TransformerNode):
    """Over the last axis: (x - mean) / deviation * scale + bias, with sums, mean and variance in `accumulator`.

    `table` holds 1 / sqrt(epsilon + v) for variances v from 0 to 2^-range_power, equally spaced; `scale` and `bias`
    have shape (features,).
    """

    scale: Constant
    bias: Constant
    accumulator: Fixed
    table: Constant
    range_power: int


@dataclass(frozen=True, kw_only=True)
class EinsumDense(TransformerNode):
    """Einstein sum of the input with constant weights, plus bias, as `equation` (without events) says.

    The input's axes are brought into `order`, then seen as (batch, free, contracted); `weights` are (batch,
    contracted, outputs), `bias` is (batch, free, outputs). The result is seen as `inner_shape`, its axes brought into
    `result_order`. Products and partial sums are cast to `accumulator`, in order, starting from the bias.
    """

    equation: str
    order: tuple[int, ...]
    weights: Constant
    bias: Constant
    accumulator: Fixed
    inner_shape: tuple[int, ...]
    result_order: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Einsum(TransformerNode):
    """Einstein sum of two tensors, as `equation` (without events) says.

    The inputs' axes are brought into `orders`, then seen as (batch, free, contracted) of `sizes` (batch, free axes of
    the first, free axes of the second, contracted). Exact products are added in `accumulator`, in order. The result
    is seen as `inner_shape`, its axes brought into `result_order`.
    """

    equation: str
    orders: tuple[tuple[int, ...], tuple[int, ...]]
    sizes: tuple[int, int, int, int]
    accumulator: Fixed
    inner_shape: tuple[int, ...]
    result_order: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class TimeStep(TransformerNode):
    """Element `step` of the input's first axis."""

    step: int


@dataclass(frozen=True, kw_only=True)
class Stack(TransformerNode):
    """Inputs of one shape joined along a new first axis, each cast to `type`."""


TransformerOperation = Embedding | LayerNormalization | EinsumDense | Einsum | TimeStep | Stack
