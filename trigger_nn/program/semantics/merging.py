"""Two tensors into one (nnet_merge.h)."""

from trigger_nn.program.operations.merging import MergingOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: MergingOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The merged tensor."""
    raise NotImplementedError(operation, domain, operands)


def shape(_: MergingOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    return shapes[0]
