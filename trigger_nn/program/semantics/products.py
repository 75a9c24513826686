"""Dense layers (nnet_dense*.h) and batch normalisation (nnet_batchnorm*.h), by the products of nnet_mult.h."""

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow, Rounding, requantize
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.products import (
    BinaryThreshold,
    Dense,
    Product,
    ProductOperation,
    Scale,
    Strategy,
    SumOfProducts,
    TernaryThreshold,
)
from trigger_nn.program.semantics.domain import Domain, Operand, Step, V, fold
from trigger_nn.program.semantics.multiplication import (
    dot,
    factors_of,
    product_fraction,
    product_of,
    product_with,
    shift_loses,
    weight_matrix,
)

__all__ = [
    "accumulate",
    "adding",
    "apply",
    "balanced",
    "product_fraction",
    "product_of",
    "scaled",
    "shape",
    "summation_order",
    "weight_matrix",
]


def apply(operation: ProductOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The result of a sum of products, or of a comparison that took its place."""
    x = operands[0]
    match operation:
        case Dense():
            total = accumulate(domain, x.value, x.type, operation)
            return domain.cast(total, operation.accumulator.fraction, operation.type)
        case Scale():
            total, fraction = scaled(operation, domain, x.value, x.type)
            return domain.cast(total, fraction, operation.type)
        case BinaryThreshold():
            reached = first_reaching(operation.threshold, x.type.fraction)
            return domain.cast(_step(domain, x.value, reached, 1, _number(domain, 0)), 0, operation.type)
        case TernaryThreshold():
            above_low = first_reaching(operation.low, x.type.fraction, strictly=True)
            rest = domain.subtract(_step(domain, x.value, above_low, 1, _number(domain, 0)), _number(domain, 1))
            above_high = first_reaching(operation.high, x.type.fraction, strictly=True)
            return domain.cast(_step(domain, x.value, above_high, 1, rest), 0, operation.type)
        case _:
            assert_never(operation)


def shape(operation: ProductOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given = shapes[0]
    match operation:
        case Dense():
            rows, outputs = operation.weights.mantissa.shape
            return (outputs,) if given == (rows,) else ()
        case Scale():
            return _elementwise(given, operation.scale, operation.bias)
        case BinaryThreshold():
            return _elementwise(given, operation.threshold)
        case TernaryThreshold():
            return _elementwise(given, operation.high, operation.low)
        case _:
            assert_never(operation)


def summation_order(strategy: Strategy, reuse_factor: int, length: int) -> np.ndarray:
    """The order in which the C++ adds the `length` products of one output.

    Latency takes them as they come. Resource (nnet_dense_resource.h, rf_leq_nin, and the same loops unrolled) lets
    each multiplier serve `reuse_factor` neighbouring inputs, one a turn; with as many turns as inputs or more, every
    output takes them as they come again.
    """
    if strategy in (Strategy.LATENCY, Strategy.DISTRIBUTED) or reuse_factor >= length:
        return np.arange(length)
    return np.concatenate([np.arange(turn, length, reuse_factor) for turn in range(reuse_factor)])


def accumulate(domain: Domain[V], x: V, source: Fixed, operation: SumOfProducts) -> V:
    """Bias + sum of products over the last axis of `x`, each product and each partial sum cast to the accumulator.

    The result has the accumulator's fraction bits. When no partial sum can lose a bit, or only whole turns of a
    wrapping accumulator, casting once at the end gives the same.
    """
    accumulator, matrix = operation.accumulator, weight_matrix(operation.weights)
    fraction = product_fraction(operation, source)
    bias = domain.cast(domain.constant(operation.bias.mantissa), operation.bias.type.fraction, accumulator)
    if order_is_free(operation, source):
        exact = domain.shift(dot(domain, x, operation), accumulator.fraction - fraction)
        total = domain.cast(domain.add(exact, bias), accumulator.fraction, accumulator)
        return balanced(domain, total, operation)
    order = summation_order(operation.strategy, operation.reuse_factor, len(matrix))
    places = np.stack([_places(i, len(matrix), operation.shape[:-1]) for i in order])
    factors = factors_of(operation, source, matrix[order])
    total = fold(domain, adding(domain, source, operation), bias, [(x, places)], factors)
    return balanced(domain, total, operation)


def adding(domain: Domain[V], source: Fixed, operation: SumOfProducts) -> Step[V]:
    """Adds one more product to a sum; parts are the input, of type `source`, and the factors of its product."""
    accumulator, fraction = operation.accumulator, product_fraction(operation, source)

    def step(total: V, parts: Sequence[V]) -> V:
        product = product_with(domain, parts[0], source, parts[1:], operation)
        term = domain.cast(product, fraction, accumulator)
        return domain.cast(domain.add(total, term), accumulator.fraction, accumulator)

    return step


def scaled(operation: Scale, domain: Domain[V], x: V, source: Fixed) -> tuple[V, int]:
    """X * scale + bias without loss, and its fraction bits."""
    products = product_fraction(operation, source)
    fraction = max(products, operation.bias.type.fraction)
    product = product_of(domain, x, source, operation.scale.mantissa, operation)
    bias = domain.shift(domain.constant(operation.bias.mantissa), fraction - operation.bias.type.fraction)
    return domain.add(domain.shift(product, fraction - products), bias), fraction


def first_reaching(threshold: Constant, fraction: int, strictly: bool = False) -> np.ndarray:
    """The smallest mantissas with `fraction` bits behind the point that are >= (or >, strictly) the thresholds."""
    shift = fraction - threshold.type.fraction
    exact = threshold.mantissa.astype(object)
    if shift >= 0:
        return np.asarray((exact << shift) + int(strictly))
    floor = exact >> -shift
    return np.asarray(np.where((floor << -shift == exact) & (not strictly), floor, floor + 1))


def order_is_free(operation: SumOfProducts, source: Fixed) -> bool:
    """Whether casting only the whole sum gives what casting every product and partial sum gives."""
    fraction = product_fraction(operation, source)
    if shift_loses(operation, source) or fraction > operation.accumulator.fraction:
        return False
    return operation.accumulator.overflow is Overflow.WRAP or _never_overflows(operation, source)


def _never_overflows(operation: SumOfProducts, source: Fixed) -> bool:
    """Whether the accumulator holds every product and every partial sum, in any order (where int64 holds them)."""
    kind, matrix = operation.accumulator, weight_matrix(operation.weights)
    shift = kind.fraction - source.fraction - operation.weights.type.fraction
    bits = source.width + operation.weights.type.width + len(matrix).bit_length() + shift
    if operation.product is Product.AGREEMENT or max(bits, kind.width) > 61:
        return False
    ends = (-1, 1) if operation.product is Product.SIGN else (source.minimum, source.maximum)
    first, second = ((matrix * end) << shift for end in ends)
    low, high = np.minimum(np.minimum(first, second), 0), np.maximum(np.maximum(first, second), 0)
    bias = requantize(operation.bias.mantissa, operation.bias.type.fraction, kind)
    smallest = min(low.min(), (bias + low.sum(axis=0)).min())
    largest = max(high.max(), (bias + high.sum(axis=0)).max())
    symmetric = kind.overflow is Overflow.SAT_SYM and kind.signed
    return bool(smallest >= kind.minimum + symmetric and largest <= kind.maximum)


def balanced(domain: Domain[V], total: V, operation: SumOfProducts) -> V:
    """Of single bits, agreements less disagreements: `cast` of nnet_mult.h, which drops fractions towards zero."""
    if not operation.balance:
        return total
    fraction, bits = operation.accumulator.fraction, ceiling_log2(operation.balance) + 2
    difference = domain.subtract(domain.shift(total, 1), _number(domain, operation.balance << fraction))
    whole = domain.cast(difference, fraction, Fixed(True, bits, bits, Rounding.TRN_ZERO))
    return domain.shift(whole, fraction)


def ceiling_log2(number: int) -> int:
    """nnet::ceillog2 (nnet_helpers.h), which never falls below 1."""
    return max(1, (number - 1).bit_length())


def _step(domain: Domain[V], x: V, reached: np.ndarray, value: int, below: V) -> V:
    return domain.select(x, reached, _number(domain, value), below)


def _number(domain: Domain[V], value: int) -> V:
    return domain.constant(np.array([value]))


def _elementwise(given: tuple[int, ...], *constants: Constant) -> tuple[int, ...]:
    """`given`, if every constant is one number, one a channel, or one an element."""
    fits = all(constant.mantissa.shape in ((1,), given[-1:], given) for constant in constants)
    return given if fits else ()


def _places(i: int, length: int, positions: tuple[int, ...]) -> np.ndarray:
    """Flat index of element `i` of the last axis (of `length`) at every position; the axis is kept, with length 1."""
    count = int(np.prod(positions, dtype=np.int64))
    return (np.arange(count) * length + i).reshape(*positions, 1)
