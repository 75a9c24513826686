"""Two tensors into one, element by element or as a scalar product."""

from dataclasses import dataclass
from enum import StrEnum

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
    """Element by element, exactly, then one cast."""

    kind: MergeKind


MergingOperation = Merge
