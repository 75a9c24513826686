"""The same values in another place: reshaping, joining."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Node


@dataclass(frozen=True, kw_only=True)
class ArrangementNode(Node):
    """Moves values, computes nothing but casts."""


@dataclass(frozen=True, kw_only=True)
class Reshape(ArrangementNode):
    """The same values in another shape."""


@dataclass(frozen=True, kw_only=True)
class Concatenate(ArrangementNode):
    """Two tensors joined along `axis` (counted without events), each cast to `type`."""

    axis: int


ArrangementOperation = Reshape | Concatenate
