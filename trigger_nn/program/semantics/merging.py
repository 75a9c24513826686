"""Two tensors into one (nnet_merge.h, nnet_merge_stream.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.merging import Dot, Merge, MergeKind, MergingOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: MergingOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The merged tensor."""
    match operation:
        case Merge():
            value, fraction = combined(operation, domain, operands[0], operands[1])
            return domain.cast(value, fraction, operation.type)
        case Dot():
            total = _scalar_product(operation, domain, operands[0], operands[1])
            return domain.cast(total, operation.accumulator.fraction, operation.type)
        case _:
            assert_never(operation)


def shape(operation: MergingOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    match operation:
        case Merge():
            return max(shapes, key=lambda given: int(np.prod(given)))  # the first of equals
        case Dot():
            return (1,) if shapes[0] == shapes[1] and len(shapes[0]) == 1 else ()
        case _:
            assert_never(operation)


def combined(operation: Merge, domain: Domain[V], left: Operand[V], right: Operand[V]) -> tuple[V, int]:
    """The exact result, in the shape of the operation, and its bits behind the point."""
    a, b = (_spread(x, domain, operation.shape) for x in (left, right))
    if operation.kind is MergeKind.MULTIPLY:
        return domain.multiply(a, b), left.type.fraction + right.type.fraction
    fraction = max(left.type.fraction, right.type.fraction)
    a, b = domain.shift(a, fraction - left.type.fraction), domain.shift(b, fraction - right.type.fraction)
    match operation.kind:
        case MergeKind.ADD:
            return domain.add(a, b), fraction
        case MergeKind.AVERAGE:
            return domain.add(a, b), fraction + 1
        case MergeKind.SUBTRACT:
            return domain.subtract(a, b), fraction
        case MergeKind.MAXIMUM | MergeKind.MINIMUM:
            return _extreme(operation, domain, (a, left.type), (b, right.type)), fraction
        case _:
            assert_never(operation.kind)


def _spread(x: Operand[V], domain: Domain[V], shape: tuple[int, ...]) -> V:
    """The operand in the shape of the result, from its start again where it ends (the C++ counts modulo its size)."""
    if x.shape == shape:
        return x.value
    places = np.arange(int(np.prod(shape))) % int(np.prod(x.shape))
    return domain.gather(x.value, places.reshape(shape), 0)


def _extreme(operation: Merge, domain: Domain[V], left: tuple[V, Fixed], right: tuple[V, Fixed]) -> V:
    """The larger or the smaller, as ap_fixed compares: a negative value can count as larger than any unsigned one."""
    (a, first), (b, second) = left, right
    largest = operation.kind is MergeKind.MAXIMUM
    usual = domain.maximum(a, b) if largest else domain.minimum(a, b)
    if not compared_as_unsigned(first, second):
        return usual
    signed, unsigned = (a, b) if first.signed else (b, a)
    zero = np.zeros(operation.shape, np.int64)
    return domain.select(signed, zero, usual, signed if largest else unsigned)


def compared_as_unsigned(left: Fixed, right: Fixed) -> bool:
    """Whether a comparison in C++ takes the sign bit of the one signed type for a large number (ap_private.h).

    As with C's integers, it does from 32 bits on, when the unsigned type is at least as wide as the signed one, once
    both have the same point.
    """
    if left.signed == right.signed:
        return False
    extra = left.fraction - right.fraction
    # The C++ gives a left side that must be shifted one bit more than it needs.
    widths = (left.width - extra + 1, right.width) if extra < 0 else (left.width, right.width + extra)
    signed, unsigned = widths if left.signed else widths[::-1]
    return max(widths) >= 32 and unsigned >= signed


def _scalar_product(operation: Dot, domain: Domain[V], left: Operand[V], right: Operand[V]) -> V:
    """In the accumulator, whose modes count at every step."""
    accumulator = operation.accumulator
    exact = domain.multiply(left.value, right.value)
    products = domain.cast(exact, left.type.fraction + right.type.fraction, operation.accumulator)
    total = domain.constant(np.zeros(1, np.int64))
    for place in range(left.shape[0]):
        term = domain.gather(products, np.array([place]), 0)
        total = domain.cast(domain.add(total, term), accumulator.fraction, operation.accumulator)
    return total
