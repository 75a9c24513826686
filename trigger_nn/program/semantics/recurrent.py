"""Networks that keep a state from step to step."""

from trigger_nn.program.operations.recurrent import RecurrentOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: RecurrentOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The result."""
    raise NotImplementedError(operation, domain, operands)


def shape(operation: RecurrentOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    raise NotImplementedError(operation, shapes)
