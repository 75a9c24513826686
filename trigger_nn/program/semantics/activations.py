"""Functions of single elements (nnet_activation.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.operations.activations import ActivationOperation, Cast, Lookup, Relu
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: ActivationOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The function of every element."""
    x = operands[0]
    match operation:
        case Cast():
            return domain.cast(x.value, x.type.fraction, operation.type)
        case Relu():
            positive = domain.maximum(x.value, domain.constant(np.zeros(1, np.int64)))
            return domain.cast(positive, x.type.fraction, operation.type)
        case Lookup():
            entry = domain.lookup(lookup_index(operation, domain, x.value, x.type), operation.table.mantissa)
            return domain.cast(entry, operation.table.type.fraction, operation.type)
        case _:
            assert_never(operation)


def shape(_: ActivationOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result."""
    return shapes[0]


def lookup_index(operation: Lookup, domain: Domain[V], x: V, source: Fixed) -> V:
    """int(x * size / span) + size / 2, clipped to the table; int truncates towards zero."""
    size = len(operation.table.mantissa)
    numerator = domain.multiply(x, domain.constant(np.array([size])))
    numerator = domain.shift(numerator, max(0, -source.fraction))
    divisor = np.array([operation.span << max(0, source.fraction)], object if source.fraction > 55 else np.int64)
    index = domain.add(domain.divide(numerator, divisor), domain.constant(np.array([size // 2])))
    clipped = Fixed(False, address_bits(size), address_bits(size), overflow=Overflow.SAT)
    return domain.cast(index, 0, clipped)


def address_bits(size: int) -> int:
    """Bits that address a table of `size` entries."""
    return max(1, (size - 1).bit_length())


def top_bits(domain: Domain[V], x: V, kind: Fixed, size: int) -> V:
    """The most significant bits of a mantissa, read as an unsigned table address."""
    bits = address_bits(size)
    return domain.cast(x, kind.width - bits, Fixed(False, bits, bits))
