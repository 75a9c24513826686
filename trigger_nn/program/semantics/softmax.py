"""Softmax by tables, or as argmax (nnet_activation.h)."""

from collections.abc import Callable

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.softmax import Softmax, SoftmaxKind
from trigger_nn.program.semantics.activations import top_bits
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: Softmax, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """Softmax as nnet_activation.h has it: argmax, or exponentials times the inverse of their sum."""
    return softmax(operation, domain, operands[0].value, operands[0].type)


def shape(_: Softmax, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    return shapes[0] if len(shapes[0]) == 1 else ()


def softmax(operation: Softmax, domain: Domain[V], x: V, source: Fixed) -> V:
    """Softmax as nnet_activation.h has it: argmax, or exponentials times the inverse of their sum."""
    if operation.kind is SoftmaxKind.ARGMAX:
        return domain.cast(domain.one_hot_maximum(x), 0, operation.type)
    argument, kind = x, source
    if operation.kind is SoftmaxKind.STABLE:
        elements = _elements(domain, x, operation.shape[-1])
        largest = tree(domain.maximum, elements)
        argument = domain.cast(domain.subtract(largest, x), source.fraction, operation.difference)
        kind = operation.difference
    table, accumulator = operation.exponential, operation.accumulator
    exponential = domain.lookup(top_bits(domain, argument, kind, len(table.mantissa)), table.mantissa)
    exponential = domain.cast(exponential, table.type.fraction, accumulator)
    total = tree(
        lambda a, b: domain.cast(domain.add(a, b), accumulator.fraction, accumulator),
        _elements(domain, exponential, operation.shape[-1]),
    )
    total = domain.cast(total, accumulator.fraction, operation.sum)
    address = top_bits(domain, total, operation.sum, len(operation.inverse.mantissa))
    inverse = domain.lookup(address, operation.inverse.mantissa)
    fraction = accumulator.fraction + operation.inverse.type.fraction
    return domain.cast(domain.multiply(exponential, inverse), fraction, operation.type)


def _elements(domain: Domain[V], x: V, length: int) -> list[V]:
    """Elements of a vector, each keeping an axis of length 1."""
    return [domain.gather(x, np.array([i]), 0) for i in range(length)]


def tree(combine: Callable[[V, V], V], values: list[V]) -> V:
    """hls4ml's balanced reduction: the left half has the largest power of two below the length."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    return combine(tree(combine, values[:left]), tree(combine, values[left:]))
