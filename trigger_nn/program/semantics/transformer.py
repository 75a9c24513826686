"""Layers of transformers (nnet_embed.h, nnet_layernorm.h, nnet_einsum*.h, nnet_time_distributed.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed, from_float
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.products import Dense
from trigger_nn.program.operations.transformer import (
    Einsum,
    EinsumDense,
    Embedding,
    LayerNormalization,
    Stack,
    TimeStep,
    TransformerOperation,
)
from trigger_nn.program.semantics.domain import Domain, Operand, V
from trigger_nn.program.semantics.products import accumulate

_INT = Fixed(True, 32, 32)  # what an int of the C++ holds


def apply(operation: TransformerOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The result."""
    x = operands[0]
    match operation:
        case Embedding():
            return _embedding(operation, domain, x)
        case LayerNormalization():
            return _layer_normalization(operation, domain, x)
        case EinsumDense():
            return _einsum_dense(operation, domain, x)
        case Einsum():
            return _einsum(operation, domain, x, operands[1])
        case TimeStep():
            size = int(np.prod(operation.shape))
            return domain.gather(x.value, operation.step * size + np.arange(size).reshape(operation.shape), 0)
        case Stack():
            return _stack(operation, domain, operands)
        case _:
            assert_never(operation)


def shape(operation: TransformerOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    given = shapes[0]
    match operation:
        case Embedding():
            return (*given, operation.table.mantissa.shape[1])
        case LayerNormalization():
            return given if operation.scale.mantissa.shape == operation.bias.mantissa.shape == given[-1:] else ()
        case EinsumDense():
            batch, contracted, outputs = operation.weights.mantissa.shape
            free = operation.bias.mantissa.shape[1]
            fits = (
                operation.bias.mantissa.shape == (batch, free, outputs) and np.prod(given) == batch * free * contracted
            )
            return _result_shape(operation, batch * free * outputs) if fits else ()
        case Einsum():
            batch, left, right, contracted = operation.sizes
            sizes = [batch * free * contracted for free in (left, right)]
            return _result_shape(operation, batch * left * right) if [np.prod(s) for s in shapes] == sizes else ()
        case TimeStep():
            return given[1:] if operation.step < given[0] else ()
        case Stack():
            return (len(shapes), *given) if len(set(shapes)) == 1 else ()
        case _:
            assert_never(operation)


def _result_shape(operation: EinsumDense | Einsum, size: int) -> tuple[int, ...]:
    inner = operation.inner_shape
    return tuple(inner[axis] for axis in operation.result_order) if np.prod(inner) == size else ()


def _embedding(operation: Embedding, domain: Domain[V], x: Operand[V]) -> V:
    width = operation.table.mantissa.shape[1]
    fraction = max(0, x.type.fraction)
    index = domain.gather(x.value, np.arange(int(np.prod(x.shape))).reshape(*x.shape, 1), 0)
    scaled = domain.shift(domain.multiply(index, domain.constant(np.array([width]))), fraction - x.type.fraction)
    columns = np.array([column << fraction for column in range(width)], object if fraction > 40 else np.int64)
    address = _whole(domain, domain.add(scaled, domain.constant(columns)), fraction)
    entry = domain.lookup(_clipped(domain, address, operation.table.mantissa.size), operation.table.mantissa.ravel())
    return domain.cast(entry, operation.table.type.fraction, operation.type)


def _layer_normalization(operation: LayerNormalization, domain: Domain[V], x: Operand[V]) -> V:
    accumulator, length = operation.accumulator, operation.shape[-1]
    inverse = domain.constant(from_float(np.array([1.0 / length]), accumulator))

    def mean(values: V) -> V:
        elements = [_element(domain, values, operation.shape, i) for i in range(length)]
        total = elements[0]
        for element in elements[1:]:
            total = domain.cast(domain.add(total, element), accumulator.fraction, accumulator)
        return domain.cast(domain.multiply(total, inverse), 2 * accumulator.fraction, accumulator)

    given = domain.cast(x.value, x.type.fraction, accumulator)
    difference = domain.cast(domain.subtract(given, mean(given)), accumulator.fraction, accumulator)
    square = domain.cast(domain.multiply(difference, difference), 2 * accumulator.fraction, accumulator)
    factor = domain.lookup(_variance_index(operation, domain, mean(square)), operation.table.mantissa)
    return _scaled(operation, domain, domain.multiply(difference, factor))


def _variance_index(operation: LayerNormalization, domain: Domain[V], variance: V) -> V:
    """int(variance * entries * 2^range_power), clipped to the table."""
    fraction, size = operation.accumulator.fraction, operation.table.mantissa.size
    product = domain.multiply(domain.shift(variance, operation.range_power), domain.constant(np.array([size])))
    whole = _whole(domain, domain.shift(product, max(0, -fraction)), max(0, fraction))
    return _clipped(domain, domain.cast(whole, 0, _INT), size)


def _scaled(operation: LayerNormalization, domain: Domain[V], normalised: V) -> V:
    """Times scale, plus bias, exactly, then one cast."""
    scale, bias = operation.scale, operation.bias
    products = operation.accumulator.fraction + operation.table.type.fraction + scale.type.fraction
    fraction = max(products, bias.type.fraction)
    product = domain.shift(domain.multiply(normalised, domain.constant(scale.mantissa)), fraction - products)
    shifted = domain.shift(domain.constant(bias.mantissa), fraction - bias.type.fraction)
    return domain.cast(domain.add(product, shifted), fraction, operation.type)


def _einsum_dense(operation: EinsumDense, domain: Domain[V], x: Operand[V]) -> V:
    batch, contracted, outputs = operation.weights.mantissa.shape
    free = operation.bias.mantissa.shape[1]
    places = _reordered(x.shape, operation.order).reshape(batch, free, contracted)
    parts = []
    for i in range(batch):
        dense = Dense(
            name=operation.name, inputs=(), shape=(free, outputs), type=operation.type, reuse_factor=1,
            weights=Constant(operation.weights.mantissa[i], operation.weights.type),
            bias=Constant(operation.bias.mantissa[i], operation.bias.type), accumulator=operation.accumulator,
        )  # fmt: skip
        total = accumulate(domain, domain.gather(x.value, places[i], 0), x.type, dense)
        parts.append(domain.cast(total, operation.accumulator.fraction, operation.type))
    return _rearranged(operation, domain, domain.concatenate(parts, 1))


def _einsum(operation: Einsum, domain: Domain[V], left: Operand[V], right: Operand[V]) -> V:
    batch, free0, free1, contracted = operation.sizes
    accumulator, fraction = operation.accumulator, left.type.fraction + right.type.fraction
    common = max(fraction, accumulator.fraction)
    places0 = _reordered(left.shape, operation.orders[0]).reshape(batch, free0, 1, contracted)
    places1 = _reordered(right.shape, operation.orders[1]).reshape(batch, 1, free1, contracted)
    total = domain.constant(np.zeros((batch, free0, free1), np.int64))
    for c in range(contracted):
        factors = domain.gather(left.value, places0[..., c], 0), domain.gather(right.value, places1[..., c], 0)
        product = domain.shift(domain.multiply(*factors), common - fraction)
        exact = domain.add(domain.shift(total, common - accumulator.fraction), product)
        total = domain.cast(exact, common, accumulator)
    result = domain.cast(total, accumulator.fraction, operation.type)
    return _rearranged(operation, domain, result)


def _reordered(shape: tuple[int, ...], order: tuple[int, ...]) -> np.ndarray:
    """Flat indices of a tensor of `shape` with its axes in `order`."""
    return np.arange(int(np.prod(shape))).reshape(shape).transpose(order)


def _rearranged(operation: EinsumDense | Einsum, domain: Domain[V], result: V) -> V:
    return domain.gather(result, _reordered(operation.inner_shape, operation.result_order), 0)


def _stack(operation: Stack, domain: Domain[V], operands: list[Operand[V]]) -> V:
    places = np.arange(int(np.prod(operation.shape[1:]))).reshape(1, *operation.shape[1:])
    parts = [domain.cast(x.value, x.type.fraction, operation.type) for x in operands]
    return domain.concatenate([domain.gather(part, places, 0) for part in parts], 1)


def _element(domain: Domain[V], x: V, shape: tuple[int, ...], i: int) -> V:
    """Element `i` of the last axis, which is kept with length 1."""
    return domain.gather(x, np.arange(int(np.prod(shape))).reshape(shape)[..., i : i + 1], 0)


def _whole(domain: Domain[V], x: V, fraction: int) -> V:
    """The value without its `fraction` bits behind the point, towards zero."""
    return domain.divide(x, np.array([1 << fraction], object if fraction > 61 else np.int64))


def _clipped(domain: Domain[V], index: V, size: int) -> V:
    """Index brought into a table of `size` entries."""
    positive = domain.maximum(index, domain.constant(np.zeros(1, np.int64)))
    return domain.minimum(positive, domain.constant(np.array([size - 1])))
