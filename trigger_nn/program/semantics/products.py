"""Sums of products: dense layers (nnet_dense*.h), batch normalisation (nnet_batchnorm.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.products import Dense, ProductOperation, Scale, SumOfProducts
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: ProductOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The result of a sum of products."""
    x = operands[0]
    match operation:
        case Dense():
            total = accumulate(domain, x.value, x.type, operation)
            return domain.cast(total, operation.accumulator.fraction, operation.type)
        case Scale():
            total, fraction = scaled(operation, domain, x.value, x.type)
            return domain.cast(total, fraction, operation.type)
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
            return given if operation.scale.mantissa.shape[-1] in (1, given[-1]) else ()
        case _:
            assert_never(operation)


def weight_matrix(weights: Constant) -> np.ndarray:
    """Weights as (elements of the sum, outputs)."""
    return weights.mantissa.reshape(-1, weights.mantissa.shape[-1])


def accumulate(domain: Domain[V], x: V, source: Fixed, operation: SumOfProducts) -> V:
    """Bias + sum of products, each product and each partial sum cast to the accumulator, in order.

    When the accumulator keeps every bit behind the point and wraps, casting once at the end gives the same: addition
    modulo 2^width does not depend on the order.
    """
    accumulator, matrix = operation.accumulator, weight_matrix(operation.weights)
    fraction = source.fraction + operation.weights.type.fraction
    bias = domain.cast(domain.constant(operation.bias.mantissa), operation.bias.type.fraction, accumulator)
    if fraction <= accumulator.fraction and accumulator.overflow is Overflow.WRAP:
        total = domain.shift(domain.dot(x, matrix), accumulator.fraction - fraction)
        return domain.cast(domain.add(total, bias), accumulator.fraction, accumulator)
    total = bias
    for i, row in enumerate(matrix):
        element = _element(domain, x, i, len(matrix), operation.shape[:-1])
        product = domain.cast(domain.multiply(element, domain.constant(row)), fraction, accumulator)
        total = domain.cast(domain.add(total, product), accumulator.fraction, accumulator)
    return total


def exact_sum(operation: SumOfProducts, domain: Domain[V], x: V, source: Fixed) -> tuple[V, int]:
    """Bias + sum of products of the contracted operand without any loss, and its fraction bits."""
    products = source.fraction + operation.weights.type.fraction
    fraction = max(products, operation.bias.type.fraction)
    total = domain.shift(domain.dot(x, weight_matrix(operation.weights)), fraction - products)
    bias = domain.shift(domain.constant(operation.bias.mantissa), fraction - operation.bias.type.fraction)
    return domain.add(total, bias), fraction


def scaled(operation: Scale, domain: Domain[V], x: V, source: Fixed) -> tuple[V, int]:
    """X * scale + bias without loss, and its fraction bits."""
    products = source.fraction + operation.scale.type.fraction
    fraction = max(products, operation.bias.type.fraction)
    product = domain.shift(domain.multiply(x, domain.constant(operation.scale.mantissa)), fraction - products)
    bias = domain.shift(domain.constant(operation.bias.mantissa), fraction - operation.bias.type.fraction)
    return domain.add(product, bias), fraction


def _element(domain: Domain[V], x: V, i: int, length: int, positions: tuple[int, ...]) -> V:
    """Element `i` of the last axis (of `length`) at every position; the axis is kept, with length 1."""
    count = int(np.prod(positions, dtype=np.int64))
    return domain.gather(x, (np.arange(count) * length + i).reshape(*positions, 1), 0)
