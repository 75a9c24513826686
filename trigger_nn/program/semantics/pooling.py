"""Pooling over windows (nnet_pooling.h; of streams nnet_pooling_stream.h)."""

from collections.abc import Callable
from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Window
from trigger_nn.program.operations.pooling import AveragePool2D, MaxPool2D, PoolingOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V
from trigger_nn.program.semantics.trees import tree
from trigger_nn.program.semantics.windows import patches, slid


def apply(operation: PoolingOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The pooled image."""
    x = operands[0]
    value, source = x.value, x.type
    if operation.cast_first:
        value, source = domain.cast(value, source.fraction, operation.accumulator), operation.accumulator
    match operation:
        case MaxPool2D():
            result = pooled(operation, domain, value, x.shape, domain.maximum)
            if not operation.cast_first:
                result = domain.cast(result, source.fraction, operation.accumulator)
        case AveragePool2D():
            result = averaged(operation, domain, value, x.shape, source)
        case _:
            assert_never(operation)
    return domain.cast(result, operation.accumulator.fraction, operation.type)


def shape(operation: PoolingOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given = shapes[0]
    if len(given) not in (2, 3):
        return ()
    positions = slid(operation.window, given)
    if operation.flat:
        return given[-1:] if set(positions) == {1} else ()
    return (*positions, given[-1]) if min(positions) > 0 else ()


def pooled(operation: MaxPool2D, domain: Domain[V], x: V, shape: tuple[int, ...], combine: Callable[[V, V], V]) -> V:
    """Combine the elements of each window, in order."""
    index = pool_index(operation.window, shape, operation.shape)
    total = domain.gather(x, index[..., 0], operation.fill)
    for k in range(1, index.shape[-1]):
        total = combine(total, domain.gather(x, index[..., k], operation.fill))
    return total


def averaged(operation: AveragePool2D, domain: Domain[V], x: V, shape: tuple[int, ...], source: Fixed) -> V:
    """Add up each window, every partial sum cast to the accumulator; divide towards zero."""
    index = pool_index(operation.window, shape, operation.shape)
    terms = [domain.gather(x, index[..., k], 0) for k in range(index.shape[-1])]
    if operation.tree:
        total = _by_tree(terms, domain, operation.accumulator)
    else:
        total = _one_by_one(terms, domain, source, operation)
    return domain.divide(total, pool_counts(operation, index))


def _one_by_one(terms: list[V], domain: Domain[V], source: Fixed, operation: AveragePool2D) -> V:
    """Terms of type `source` added in order, from zero."""
    accumulator = operation.accumulator
    fraction = max(source.fraction, accumulator.fraction)
    total = domain.constant(np.zeros(operation.shape, np.int64))
    for term in terms:
        wide = domain.shift(total, fraction - accumulator.fraction)
        total = domain.cast(
            domain.add(wide, domain.shift(term, fraction - source.fraction)), fraction, operation.accumulator
        )
    return total


def _by_tree(terms: list[V], domain: Domain[V], accumulator: Fixed) -> V:
    """Terms of the accumulator's type added in hls4ml's tree."""
    return tree(lambda a, b: domain.cast(domain.add(a, b), accumulator.fraction, accumulator), terms)


def pool_counts(operation: AveragePool2D, index: np.ndarray) -> np.ndarray:
    """What each window's sum is divided by; 1 where it holds padding alone, whose sum is 0."""
    pixels: np.ndarray = np.maximum((index >= 0).sum(axis=-1), 1)
    return np.full_like(pixels, index.shape[-1]) if operation.count_padding else pixels


def pool_index(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (*output, size); output ends in channels."""
    positions = slid(window, shape)
    flat = patches(window, shape, positions).reshape(*positions, -1, shape[-1])
    return flat.swapaxes(-1, -2).reshape(*output, -1)
