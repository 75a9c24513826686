"""Moving values (nnet_merge.h, nnet_transpose.h, nnet_image.h, nnet_padding.h, nnet_cropping.h, nnet_stream.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.operations.arrangement import ArrangementOperation, Concatenate, Rearrange, Reshape
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: ArrangementOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The values in their new places."""
    match operation:
        case Reshape():
            places = np.arange(int(np.prod(operation.shape))).reshape(operation.shape)
            return domain.gather(operands[0].value, places, 0)
        case Concatenate():
            parts = [domain.cast(x.value, x.type.fraction, operation.type) for x in operands]
            return domain.concatenate(parts, operation.axis + 1)
        case Rearrange():
            x = operands[0]
            moved = domain.gather(x.value, places_of(operation, x.shape), 0)
            return domain.cast(moved, x.type.fraction, operation.type)
        case _:
            assert_never(operation)


def shape(operation: ArrangementOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the inputs do not fit."""
    match operation:
        case Reshape():
            return operation.shape if np.prod(operation.shape) == np.prod(shapes[0]) else ()
        case Concatenate():
            return _joined(operation.axis, shapes)
        case Rearrange():
            return places_of(operation, shapes[0]).shape if _fits(operation, shapes[0]) else ()
        case _:
            assert_never(operation)


def places_of(operation: Rearrange, shape: tuple[int, ...]) -> np.ndarray:
    """Flat index in the input of each element of the result, -1 where a zero is put."""
    index = np.arange(int(np.prod(shape))).reshape(shape)
    index = index.transpose(operation.permutation or range(len(shape)))
    for axis, times in enumerate(operation.repeats):
        index = index.repeat(times, axis)
    padding = operation.padding or ((0, 0),) * len(shape)
    cropped = index[tuple(slice(max(0, -a), n - max(0, -b)) for (a, b), n in zip(padding, index.shape, strict=True))]
    return np.pad(cropped, [(max(0, a), max(0, b)) for a, b in padding], constant_values=-1)


def _fits(operation: Rearrange, shape: tuple[int, ...]) -> bool:
    """Whether every part of the operation speaks of all axes of `shape`."""
    permuted = not operation.permutation or sorted(operation.permutation) == list(range(len(shape)))
    return permuted and all(len(part) in (0, len(shape)) for part in (operation.repeats, operation.padding))


def _joined(axis: int, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Shapes that differ along `axis` alone, added up."""
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(others) > 1 or not 0 <= axis < len(shapes[0]):
        return ()
    if len({len(shape) for shape in shapes}) > 1:
        return ()
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])
