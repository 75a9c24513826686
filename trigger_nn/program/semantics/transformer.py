"""Layers of transformers: Einstein sums, embedding, layer normalisation."""

from trigger_nn.program.operations.transformer import TransformerOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: TransformerOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The result."""
    raise NotImplementedError(operation, domain, operands)


def shape(operation: TransformerOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    raise NotImplementedError(operation, shapes)
