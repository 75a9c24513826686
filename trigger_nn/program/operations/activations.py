"""Functions of single elements: casts, the relu family, tables, steps."""

from dataclasses import dataclass

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant, Node


@dataclass(frozen=True, kw_only=True)
class ActivationNode(Node):
    """A function of single elements. Constants have one element, or the shape of the tensor."""


@dataclass(frozen=True, kw_only=True)
class Cast(ActivationNode):
    """Cast to `type` and nothing else: linear activations and quantizers."""


@dataclass(frozen=True, kw_only=True)
class CastEach(ActivationNode):
    """Cast each element to a type of its own (`kinds`, in flat order; None makes it 0), then to `type`."""

    kinds: tuple[Fixed | None, ...]


@dataclass(frozen=True, kw_only=True)
class Relu(ActivationNode):
    """max(x, 0), cast to `type`; at most `limit` if there is one (relu1, relu6)."""

    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class LeakyRelu(ActivationNode):
    """x where it is positive, `slope` * x elsewhere: leaky relu, and prelu with a slope for every element."""

    slope: Constant


@dataclass(frozen=True, kw_only=True)
class ThresholdedRelu(ActivationNode):
    """x where it exceeds `threshold`, 0 elsewhere.

    `unsigned`: the comparison takes the bits of a negative x for a large number, as C does between int and unsigned.
    """

    threshold: Constant
    unsigned: bool = False


@dataclass(frozen=True, kw_only=True)
class HardSigmoid(ActivationNode):
    """y = `slope` * x + `shift`, kept between 0 and 1; 2 y - 1 if `symmetric` (hard tanh)."""

    slope: Constant
    shift: Constant
    symmetric: bool = False


@dataclass(frozen=True, kw_only=True)
class Lookup(ActivationNode):
    """A function by table over [-span / 2, span / 2): sigmoid. The index is truncated towards zero and clipped."""

    table: Constant
    span: int


@dataclass(frozen=True, kw_only=True)
class ExponentialLinear(ActivationNode):
    """`positive` * x where x >= 0, elsewhere `negative` * table, which runs from 0 down to -`span`: elu, selu.

    An index that overflows 32 bits and comes out negative reads the last entry, or the first if `first_on_overflow`.
    """

    table: Constant
    span: int
    positive: Constant
    negative: Constant
    first_on_overflow: bool = False


@dataclass(frozen=True, kw_only=True)
class BitLookup(ActivationNode):
    """A table addressed by all bits of x as they stand, a negative x in the upper half."""

    table: Constant


@dataclass(frozen=True, kw_only=True)
class BinaryStep(ActivationNode):
    """1 where x >= 0; elsewhere -1, or 0 if `zero`."""

    zero: bool = False


@dataclass(frozen=True, kw_only=True)
class TernaryStep(ActivationNode):
    """1 above 1, -1 at -1 and below, 0 between; of 2 x cast to `doubled` (it may overflow) if that is given."""

    doubled: Fixed | None = None


ActivationOperation = (
    Cast
    | CastEach
    | Relu
    | LeakyRelu
    | ThresholdedRelu
    | HardSigmoid
    | Lookup
    | ExponentialLinear
    | BitLookup
    | BinaryStep
    | TernaryStep
)
