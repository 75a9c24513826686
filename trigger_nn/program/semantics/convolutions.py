"""Convolutions as sums of products over the patches of an image (nnet_conv2d*.h)."""

from trigger_nn.program.operations.convolutions import Conv2D, ConvolutionOperation
from trigger_nn.program.semantics.domain import Domain, Operand, V
from trigger_nn.program.semantics.products import accumulate
from trigger_nn.program.semantics.windows import patches, slid


def apply(operation: ConvolutionOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The filtered image."""
    x = operands[0]
    total = accumulate(domain, contracted(operation, domain, x.value, x.shape), x.type, operation)
    return domain.cast(total, operation.accumulator.fraction, operation.type)


def shape(operation: ConvolutionOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given = shapes[0]
    height, width, channels, filters = operation.weights.mantissa.shape
    fits = len(given) == 3 and given[2] == channels and operation.window.size == (height, width)
    return (*slid(operation.window, given), filters) if fits else ()


def contracted(operation: Conv2D, domain: Domain[V], x: V, shape: tuple[int, ...]) -> V:
    """The patches of the image; their last axis is summed over."""
    return domain.gather(x, patches(operation.window, shape, operation.shape[:2]), 0)
