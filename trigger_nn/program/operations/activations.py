"""Functions of single elements: casts, the relu family, tables."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Constant, Node


@dataclass(frozen=True, kw_only=True)
class ActivationNode(Node):
    """A function of single elements."""


@dataclass(frozen=True, kw_only=True)
class Cast(ActivationNode):
    """Cast to `type` and nothing else: linear activations and quantizers."""


@dataclass(frozen=True, kw_only=True)
class Relu(ActivationNode):
    """max(x, 0), cast to `type`."""


@dataclass(frozen=True, kw_only=True)
class Lookup(ActivationNode):
    """A function by table over [-span / 2, span / 2): sigmoid. The index is truncated towards zero and clipped."""

    table: Constant
    span: int


ActivationOperation = Cast | Relu | Lookup
