"""Moving values: reshaping, joining (nnet_merge.h, nnet_array.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.operations.arrangement import ArrangementOperation, Concatenate, Reshape
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: ArrangementOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The values in their new places."""
    match operation:
        case Reshape():
            places = np.arange(int(np.prod(operation.shape))).reshape(operation.shape)
            return domain.gather(operands[0].value, places, 0)
        case Concatenate():
            parts = [domain.cast(x.value, x.type.fraction, operation.type) for x in operands]
            return domain.concatenate(parts, operation.axis + 1)
        case _:
            assert_never(operation)


def shape(operation: ArrangementOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    match operation:
        case Reshape():
            return operation.shape if np.prod(operation.shape) == np.prod(shapes[0]) else ()
        case Concatenate():
            joined = list(shapes[0])
            joined[operation.axis] = sum(other[operation.axis] for other in shapes)
            return tuple(joined)
        case _:
            assert_never(operation)
