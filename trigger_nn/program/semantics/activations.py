"""Functions of single elements (nnet_activation.h, nnet_activation_stream.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.activations import (
    ActivationOperation,
    BinaryStep,
    BitLookup,
    Cast,
    CastEach,
    ExponentialLinear,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    Relu,
    TernaryStep,
    ThresholdedRelu,
)
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.semantics.domain import Domain, Operand, V

INT = Fixed(True, 32, 32)
UNSIGNED = Fixed(False, 32, 32)


def apply(operation: ActivationOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The function of every element."""
    x = operands[0]
    value, fraction = _exact(operation, domain, x)
    return domain.cast(value, fraction, operation.type)


def shape(operation: ActivationOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when a constant does not fit."""
    given = shapes[0]
    match operation:
        case LeakyRelu():
            return given if operation.slope.mantissa.shape in ((1,), given) else ()
        case CastEach():
            return given if len(operation.kinds) == int(np.prod(given)) else ()
        case _:
            return given


def _exact(operation: ActivationOperation, domain: Domain[V], x: Operand[V]) -> tuple[V, int]:
    """The result before its cast to the operation's type, and how many bits it has behind the point."""
    match operation:
        case Cast():
            return x.value, x.type.fraction
        case CastEach():
            return _cast_each(operation, domain, x)
        case Relu():
            return _relu(operation, domain, x)
        case LeakyRelu():
            positive, negative = _halves(domain, x)
            parts = positive, _times(domain, negative, operation.slope)
            return _piecewise(domain, x.value, parts, np.ones(1, np.int64))
        case ThresholdedRelu():
            return _thresholded(operation, domain, x), x.type.fraction
        case HardSigmoid():
            return _hard_sigmoid(operation, domain, x)
        case Lookup():
            index = lookup_index(operation, domain, x.value, x.type)
            return domain.lookup(index, operation.table.mantissa), operation.table.type.fraction
        case ExponentialLinear():
            return _exponential_linear(operation, domain, x)
        case BitLookup():
            index = top_bits(domain, x.value, x.type, 1 << x.type.width)
            return domain.lookup(index, operation.table.mantissa), operation.table.type.fraction
        case BinaryStep():
            below = _number(domain, 0 if operation.zero else -1)
            return domain.select(x.value, np.zeros(1, np.int64), _number(domain, 1), below), 0
        case TernaryStep():
            return _ternary(operation, domain, x), 0
        case _:
            assert_never(operation)


def lookup_index(operation: Lookup, domain: Domain[V], x: V, source: Fixed) -> V:
    """int(x * size / span) + size / 2, clipped to the table; int truncates towards zero."""
    size = len(operation.table.mantissa)
    return table_index(domain, scaled_index(domain, x, source.fraction, size, operation.span), size, size // 2)


def scaled_index(domain: Domain[V], x: V, fraction: int, size: int, span: int) -> V:
    """int(x * size / span), before it is cut to 32 bits.

    The quotient keeps the fraction bits of x. So it loses more than the int when those are fewer than none.
    """
    product = domain.multiply(x, domain.constant(np.array([size])))
    divisor = span << max(0, fraction)
    quotient = domain.divide(product, np.array([divisor], object if divisor.bit_length() > 62 else np.int64))
    return domain.shift(quotient, max(0, -fraction))


def table_index(domain: Domain[V], index: V, size: int, offset: int) -> V:
    """The sum as an int of 32 bits, clipped to a table of `size` entries."""
    whole = domain.cast(domain.add(index, _number(domain, offset)), 0, INT)
    return domain.minimum(domain.maximum(whole, _number(domain, 0)), _number(domain, size - 1))


def address_bits(size: int) -> int:
    """Bits that address a table of `size` entries."""
    return max(1, (size - 1).bit_length())


def top_bits(domain: Domain[V], x: V, kind: Fixed, size: int) -> V:
    """The most significant bits of a mantissa, read as an unsigned table address."""
    bits = address_bits(size)
    return domain.cast(x, kind.width - bits, Fixed(False, bits, bits))


def _number(domain: Domain[V], number: int) -> V:
    """A constant for every element."""
    return domain.constant(_integers([number]))


def _integers(numbers: list[int]) -> np.ndarray:
    """An array that holds `numbers`, of Python integers if int64 can't."""
    return np.array(numbers, object if any(number.bit_length() > 62 for number in numbers) else np.int64)


def _halves(domain: Domain[V], x: Operand[V]) -> tuple[tuple[V, int], tuple[V, int]]:
    """max(x, 0) and min(x, 0), each with its fraction bits."""
    zero = _number(domain, 0)
    return (domain.maximum(x.value, zero), x.type.fraction), (domain.minimum(x.value, zero), x.type.fraction)


def _times(domain: Domain[V], x: tuple[V, int], constant: Constant) -> tuple[V, int]:
    """The exact product and its fraction bits."""
    return domain.multiply(x[0], domain.constant(constant.mantissa)), x[1] + constant.type.fraction


def _piecewise(domain: Domain[V], x: V, parts: tuple[tuple[V, int], tuple[V, int]], least: np.ndarray) -> tuple[V, int]:
    """The first of two parts where x is `least` or more, the second elsewhere; both brought to one binary point."""
    fraction = max(part[1] for part in parts)
    reached, below = (domain.shift(value, fraction - own) for value, own in parts)
    return domain.select(x, least, reached, below), fraction


def _above(mantissas: list[int], fraction: int, target: int) -> np.ndarray:
    """With `target` fraction bits, the smallest mantissas that exceed `mantissas`, which have `fraction`."""
    shift = target - fraction
    return _integers([(m << shift if shift >= 0 else m >> -shift) + 1 for m in mantissas])


def _relu(operation: Relu, domain: Domain[V], x: Operand[V]) -> tuple[V, int]:
    """max(x, 0), and no more than the limit."""
    (positive, fraction), _ = _halves(domain, x)
    if operation.limit is None:
        return positive, fraction
    whole = max(fraction, 0)
    limit = _number(domain, operation.limit << whole)
    return domain.minimum(domain.shift(positive, whole - fraction), limit), whole


def _thresholded(operation: ThresholdedRelu, domain: Domain[V], x: Operand[V]) -> V:
    """Keep x where it exceeds the threshold; also where it is negative, if compared as unsigned."""
    zero, threshold = _number(domain, 0), operation.threshold
    least = _above([int(m) for m in threshold.mantissa.ravel()], threshold.type.fraction, x.type.fraction)
    reached = domain.maximum(x.value, domain.constant(least))  # the same there, and known to be large
    below = domain.minimum(x.value, zero) if operation.unsigned else zero
    return domain.select(x.value, least, reached, below)


def _hard_sigmoid(operation: HardSigmoid, domain: Domain[V], x: Operand[V]) -> tuple[V, int]:
    """The line slope * x + shift between 0 and 1, all of it exact."""
    product, fraction = _times(domain, (x.value, x.type.fraction), operation.slope)
    whole = max(fraction, operation.shift.type.fraction, 0)
    shift = domain.shift(domain.constant(operation.shift.mantissa), whole - operation.shift.type.fraction)
    line = domain.add(domain.shift(product, whole - fraction), shift)
    one = _number(domain, 1 << whole)
    clipped = domain.minimum(domain.maximum(line, _number(domain, 0)), one)
    return (domain.subtract(domain.shift(clipped, 1), one) if operation.symmetric else clipped), whole


def _exponential_linear(operation: ExponentialLinear, domain: Domain[V], x: Operand[V]) -> tuple[V, int]:
    """A straight line from 0 up, a table below."""
    positive, (negative, fraction) = _halves(domain, x)
    size = len(operation.table.mantissa)
    distance = domain.subtract(_number(domain, 0), negative)
    index = scaled_index(domain, distance, fraction, size, operation.span)
    if operation.first_on_overflow:
        index = table_index(domain, index, size, 0)
    else:  # compared as unsigned, so that one that came out negative is past the end
        index = domain.minimum(domain.cast(index, 0, UNSIGNED), _number(domain, size - 1))
    entry = domain.lookup(index, operation.table.mantissa), operation.table.type.fraction
    parts = _times(domain, positive, operation.positive), _times(domain, entry, operation.negative)
    return _piecewise(domain, x.value, parts, np.zeros(1, np.int64))


def _ternary(operation: TernaryStep, domain: Domain[V], x: Operand[V]) -> V:
    """-1, 0 or 1."""
    value = x.value
    if operation.doubled is not None:
        value = domain.cast(domain.shift(value, 1), x.type.fraction, operation.doubled)
    fraction = x.type.fraction if operation.doubled is None else operation.doubled.fraction
    above_one, above_minus_one = (_above([number], 0, fraction) for number in (1, -1))
    middle = domain.select(value, above_minus_one, _number(domain, 0), _number(domain, -1))
    return domain.select(value, above_one, _number(domain, 1), middle)


def _cast_each(operation: CastEach, domain: Domain[V], x: Operand[V]) -> tuple[V, int]:
    """Elements of one type together, then all back in their places."""
    kinds = list(dict.fromkeys(operation.kinds))
    fraction = max([kind.fraction for kind in kinds if kind is not None], default=0)
    parts: list[V] = []
    order: list[int] = []
    for kind in kinds:
        places = [i for i, own in enumerate(operation.kinds) if own == kind]
        order += places
        part = domain.gather(x.value, np.array(places if kind is not None else [-1] * len(places)), 0)
        if kind is not None:
            part = domain.shift(domain.cast(part, x.type.fraction, kind), fraction - kind.fraction)
        parts.append(part)
    return domain.gather(domain.concatenate(parts, 1), np.argsort(order).reshape(operation.shape), 0), fraction
