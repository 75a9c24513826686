"""What hls4ml's C++ takes for a product of an input and a constant, by the types of both (nnet_mult.h)."""

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.products import Product, Scale, SumOfProducts
from trigger_nn.program.semantics.domain import Domain, V


def weight_matrix(weights: Constant) -> np.ndarray:
    """Weights as (elements of the sum, outputs)."""
    return weights.mantissa.reshape(-1, weights.mantissa.shape[-1])


def product_of(domain: Domain[V], x: V, source: Fixed, factor: np.ndarray, operation: SumOfProducts | Scale) -> V:
    """Products of `x` with mantissas `factor` of the operation's constant; see `product_fraction` for their point."""
    return product_with(
        domain, x, source, [domain.constant(f) for f in factors_of(operation, source, factor)], operation
    )


def factors_of(operation: SumOfProducts | Scale, source: Fixed, factor: np.ndarray) -> list[np.ndarray]:
    """What of mantissas `factor` of the operation's constant `product_with` needs."""
    if operation.product is Product.AGREEMENT:
        return [factor, (factor < 0).astype(np.int64)]
    if shift_loses(operation, source):
        return [np.abs(factor), np.sign(factor)]
    return [factor]


def product_with(domain: Domain[V], x: V, source: Fixed, factors: Sequence[V], operation: SumOfProducts | Scale) -> V:
    """Products of `x`, given the parts of the constant that `factors_of` names."""
    match operation.product:
        case Product.MULTIPLY:
            return domain.multiply(x, factors[0])
        case Product.AGREEMENT:
            return domain.add(domain.multiply(x, factors[0]), factors[1])
        case Product.SIGN:
            return domain.multiply(_signs(domain, x), factors[0])
        case Product.SHIFT:
            return _shifted(domain, x, source, factors, operation)
        case _:
            assert_never(operation.product)


def product_fraction(operation: SumOfProducts | Scale, source: Fixed) -> int:
    """Bits behind the point of the operation's products with an input of type `source`."""
    if shift_loses(operation, source):
        return shift_type(operation, source).fraction
    return source.fraction + _factors(operation).type.fraction


def shift_type(operation: SumOfProducts | Scale, source: Fixed) -> Fixed:
    """The type in which weight_exponential shifts: half its bits behind the point."""
    half = operation.exponent_width + source.width
    return Fixed(True, 2 * half, half)


def dot(domain: Domain[V], x: V, operation: SumOfProducts) -> V:
    """The exact sum of products where each of them is exact."""
    matrix = weight_matrix(operation.weights)
    match operation.product:
        case Product.MULTIPLY | Product.SHIFT:
            return domain.dot(x, matrix)
        case Product.AGREEMENT:
            return domain.add(domain.dot(x, matrix), domain.constant((matrix < 0).sum(axis=0)))
        case Product.SIGN:
            return domain.dot(_signs(domain, x), matrix)
        case _:
            assert_never(operation.product)


def _shifted(domain: Domain[V], x: V, source: Fixed, factors: Sequence[V], operation: SumOfProducts | Scale) -> V:
    """X shifted by each exponent within `shift_type`, then given the weight's sign."""
    if not shift_loses(operation, source):
        return domain.multiply(x, factors[0])
    kind = shift_type(operation, source)
    start = domain.cast(x, source.fraction, kind)
    moved = domain.multiply(start, factors[0])
    kept = domain.cast(moved, kind.fraction + _factors(operation).type.fraction, kind)
    return domain.cast(domain.multiply(kept, factors[1]), kind.fraction, kind)


def shift_loses(operation: SumOfProducts | Scale, source: Fixed) -> bool:
    """Whether some input of type `source` loses bits when shifted by some weight of the operation."""
    if operation.product is not Product.SHIFT:
        return False
    factors, kind = _factors(operation), shift_type(operation, source)
    low_bits = max(source.fraction, source.fraction + factors.type.fraction)
    largest = int(np.abs(factors.mantissa).max()).bit_length() - 1 - factors.type.fraction  # the largest exponent
    high_bits = source.integer + (not source.signed) + max(largest, 0) + 1  # one more for a change of sign
    return low_bits > kind.fraction or high_bits > kind.integer


def _factors(operation: SumOfProducts | Scale) -> Constant:
    return operation.scale if isinstance(operation, Scale) else operation.weights


def _signs(domain: Domain[V], x: V) -> V:
    """-1 for 0, 1 for 1."""
    return domain.subtract(domain.shift(x, 1), domain.constant(np.array([1])))
