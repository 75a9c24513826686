"""Softmax by tables, or as argmax (nnet_activation.h, nnet_activation_stream.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.softmax import Softmax, SoftmaxKind
from trigger_nn.program.semantics.activations import scaled_index, table_index, top_bits
from trigger_nn.program.semantics.domain import Domain, Operand, V
from trigger_nn.program.semantics.trees import tree

EXPONENTIAL_SPAN = 16  # the legacy table runs from -8 to 8
INVERSE_SPAN = 64  # and that of 1 / x from 0 to 64


def apply(operation: Softmax, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """Softmax over the middle one of the axes (outer, elements, inner), as which the tensor is read."""
    size = int(np.prod(operation.shape))
    outer, inner = operation.outer, operation.inner
    if len(operation.shape) == 1 and outer == inner == 1:
        return softmax(operation, domain, operands[0].value, operands[0].type, size)
    length = size // (outer * inner)
    places = np.arange(size).reshape(outer, length, inner).swapaxes(1, 2)
    rows = domain.gather(operands[0].value, places, 0)
    result = softmax(operation, domain, rows, operands[0].type, length)
    back = np.arange(size).reshape(outer, inner, length).swapaxes(1, 2)
    return domain.gather(result, back.reshape(operation.shape), 0)


def shape(operation: Softmax, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    return shapes[0] if int(np.prod(shapes[0])) % (operation.outer * operation.inner) == 0 else ()


def softmax(operation: Softmax, domain: Domain[V], x: V, source: Fixed, length: int) -> V:
    """Softmax over the last axis, of `length`."""
    match operation.kind:
        case SoftmaxKind.ARGMAX:
            return domain.cast(domain.one_hot_maximum(x), 0, operation.type)
        case SoftmaxKind.LEGACY:
            return _legacy(operation, domain, x, source, length)
        case SoftmaxKind.STABLE:
            largest = tree(domain.maximum, _elements(operation, domain, x, length))
            argument = domain.cast(domain.subtract(largest, x), source.fraction, operation.difference)
            return _by_top_bits(operation, domain, argument, operation.difference, length)
        case SoftmaxKind.LATENCY:
            return _by_top_bits(operation, domain, x, source, length)
        case _:
            assert_never(operation.kind)


def _by_top_bits(operation: Softmax, domain: Domain[V], argument: V, kind: Fixed, length: int) -> V:
    """Exponentials times the inverse of their sum."""
    table, accumulator = operation.exponential, operation.accumulator
    exponential = domain.lookup(top_bits(domain, argument, kind, len(table.mantissa)), table.mantissa)
    exponential = domain.cast(exponential, table.type.fraction, accumulator)
    total = tree(
        lambda a, b: domain.cast(domain.add(a, b), accumulator.fraction, accumulator),
        _elements(operation, domain, exponential, length),
    )
    total = domain.cast(total, accumulator.fraction, operation.sum)
    address = top_bits(domain, total, operation.sum, len(operation.inverse.mantissa))
    inverse = domain.lookup(address, operation.inverse.mantissa)
    fraction = accumulator.fraction + operation.inverse.type.fraction
    return domain.cast(domain.multiply(exponential, inverse), fraction, operation.type)


def _legacy(operation: Softmax, domain: Domain[V], x: V, source: Fixed, length: int) -> V:
    """1 / (1 + sum of exp(other - own)), the partial sums cast in order."""
    table, accumulator = operation.exponential, operation.accumulator
    total = domain.constant(np.zeros(1, np.int64))
    for j, other in enumerate(_elements(operation, domain, x, length)):
        difference = domain.subtract(other, x)
        index = scaled_index(domain, difference, source.fraction, len(table.mantissa), EXPONENTIAL_SPAN)
        index = table_index(domain, index, len(table.mantissa), len(table.mantissa) // 2)
        term = domain.cast(domain.lookup(index, table.mantissa), table.type.fraction, accumulator)
        total = domain.cast(
            domain.add(total, _with_one(operation, domain, term, j, length)), accumulator.fraction, accumulator
        )
    size = len(operation.inverse.mantissa)
    index = table_index(domain, scaled_index(domain, total, accumulator.fraction, size, INVERSE_SPAN), size, 0)
    return domain.cast(
        domain.lookup(index, operation.inverse.mantissa), operation.inverse.type.fraction, operation.type
    )


def _with_one(operation: Softmax, domain: Domain[V], term: V, j: int, length: int) -> V:
    """`term` with 1 in place of element `j` of every row, where the table would have it only nearly."""
    accumulator = operation.accumulator
    one = domain.cast(domain.constant(np.ones(1, np.int64)), 0, accumulator)
    own = domain.constant((np.arange(length) == j).astype(np.int64))
    kept = domain.multiply(term, domain.constant((np.arange(length) != j).astype(np.int64)))
    return domain.add(kept, domain.multiply(own, one))


def _elements(operation: Softmax, domain: Domain[V], x: V, length: int) -> list[V]:
    """Elements of each row, each keeping an axis of length 1."""
    rows = operation.outer * operation.inner
    leading = () if len(operation.shape) == 1 and rows == 1 else (operation.outer, operation.inner)
    return [domain.gather(x, (np.arange(rows) * length + i).reshape(*leading, 1), 0) for i in range(length)]
