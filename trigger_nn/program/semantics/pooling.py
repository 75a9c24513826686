"""Pooling over windows (nnet_pooling.h)."""

from collections.abc import Callable
from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Window
from trigger_nn.program.operations.pooling import AveragePool2D, MaxPool2D, PoolingOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V
from trigger_nn.program.semantics.windows import patches, slid


def apply(operation: PoolingOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The pooled image."""
    x = operands[0]
    match operation:
        case MaxPool2D():
            largest = pooled(operation, domain, x.value, x.shape, domain.maximum)
            largest = domain.cast(largest, x.type.fraction, operation.accumulator)
            return domain.cast(largest, operation.accumulator.fraction, operation.type)
        case AveragePool2D():
            average = averaged(operation, domain, x.value, x.shape, x.type)
            return domain.cast(average, operation.accumulator.fraction, operation.type)
        case _:
            assert_never(operation)


def shape(operation: PoolingOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given = shapes[0]
    return (*slid(operation.window, given), given[-1]) if len(given) == 3 else ()


def pooled(operation: MaxPool2D, domain: Domain[V], x: V, shape: tuple[int, ...], combine: Callable[[V, V], V]) -> V:
    """Combine the elements of each window, in order."""
    index = pool_index(operation.window, shape, operation.shape)
    total = domain.gather(x, index[..., 0], operation.fill)
    for k in range(1, index.shape[-1]):
        total = combine(total, domain.gather(x, index[..., k], operation.fill))
    return total


def averaged(operation: AveragePool2D, domain: Domain[V], x: V, shape: tuple[int, ...], source: Fixed) -> V:
    """Add up each window from zero, every partial sum cast to the accumulator; divide towards zero."""
    index = pool_index(operation.window, shape, operation.shape)
    accumulator = operation.accumulator
    fraction = max(source.fraction, accumulator.fraction)
    total = domain.constant(np.zeros(operation.shape, np.int64))
    for k in range(index.shape[-1]):
        term = domain.shift(domain.gather(x, index[..., k], 0), fraction - source.fraction)
        wide = domain.shift(total, fraction - accumulator.fraction)
        total = domain.cast(domain.add(wide, term), fraction, accumulator)
    return domain.divide(total, pool_counts(operation, index))


def pool_counts(operation: AveragePool2D, index: np.ndarray) -> np.ndarray:
    """What each window's sum is divided by."""
    pixels: np.ndarray = (index >= 0).sum(axis=-1)
    return np.full_like(pixels, index.shape[-1]) if operation.count_padding else pixels


def pool_index(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (rows, columns, channels, size)."""
    flat = patches(window, shape, output[:2])
    return flat.reshape(*output[:2], -1, shape[-1]).swapaxes(-1, -2)
