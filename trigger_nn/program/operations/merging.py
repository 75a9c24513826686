"""Two tensors into one, element by element or as a scalar product."""

from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Node


@dataclass(frozen=True, kw_only=True)
class MergingNode(Node):
    """Combines two tensors."""


class MergeKind(StrEnum):
    """How two elements become one."""

    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    AVERAGE = "average"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True, kw_only=True)
class Merge(MergingNode):
    """Element by element, exactly, then one cast.

    The tensor with fewer elements is read again from its start as often as needed, whatever the shapes.
    """

    kind: MergeKind


@dataclass(frozen=True, kw_only=True)
class Dot(MergingNode):
    """Scalar product of two vectors, shape (1,): products and partial sums, in order, cast to `accumulator`."""

    accumulator: Fixed


MergingOperation = Merge | Dot
