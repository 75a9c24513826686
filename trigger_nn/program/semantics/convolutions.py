"""Convolutions as sums of products over the patches of an image or sequence (nnet_conv*.h, nnet_sepconv*.h)."""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.convolutions import Conv2D, ConvolutionOperation, DepthwiseConv2D
from trigger_nn.program.operations.products import Strategy
from trigger_nn.program.semantics.domain import Domain, Operand, V, fold
from trigger_nn.program.semantics.multiplication import factors_of, product_fraction, product_of, weight_matrix
from trigger_nn.program.semantics.products import accumulate, adding, balanced, order_is_free
from trigger_nn.program.semantics.windows import patches, slid


def apply(operation: ConvolutionOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The filtered image."""
    x = operands[0]
    match operation:
        case Conv2D():
            total = accumulate(domain, contracted(operation, domain, x.value, x.shape), x.type, operation)
        case DepthwiseConv2D():
            total = accumulate_depthwise(operation, domain, x.value, x.shape, x.type)
        case _:
            assert_never(operation)
    return domain.cast(total, operation.accumulator.fraction, operation.type)


def shape(operation: ConvolutionOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given = shapes[0]
    height, width, channels, *_ = operation.weights.mantissa.shape
    fits = len(given) in (2, 3) and given[-1] == channels and operation.window.size == (height, width)
    return (*slid(operation.window, given), operation.weights.mantissa.shape[-1]) if fits else ()


def contracted(operation: Conv2D, domain: Domain[V], x: V, shape: tuple[int, ...]) -> V:
    """The patches of the image; their last axis is summed over."""
    return domain.gather(x, patches(operation.window, shape, operation.shape), 0)


def accumulate_depthwise(
    operation: DepthwiseConv2D, domain: Domain[V], x: V, shape: tuple[int, ...], source: Fixed
) -> V:
    """Bias + sum over the window of products, channel by channel, cast as in `products.accumulate`."""
    accumulator, weights = operation.accumulator, weight_matrix(operation.weights)
    fraction = product_fraction(operation, source)
    index = patches(operation.window, shape, operation.shape).reshape(*operation.shape[:-1], *weights.shape)
    total = domain.cast(domain.constant(operation.bias.mantissa), operation.bias.type.fraction, accumulator)
    if order_is_free(operation, source):
        by_channel = domain.gather(x, index.swapaxes(-1, -2), 0)
        whole = domain.sum(product_of(domain, by_channel, source, weights.T, operation))
        exact = domain.add(domain.shift(whole, accumulator.fraction - fraction), total)
        return balanced(domain, domain.cast(exact, accumulator.fraction, accumulator), operation)
    channels, order = np.arange(weights.shape[1]), depthwise_order(operation)
    places = np.stack([index[..., taps, channels] for taps in order])
    factors = factors_of(operation, source, weights[order, channels])
    total = fold(domain, adding(domain, source, operation), total, [(x, places)], factors)
    return balanced(domain, total, operation)


def depthwise_order(operation: DepthwiseConv2D) -> np.ndarray:
    """Which element of the window each channel adds, step by step: (steps, channels).

    With the resource strategy every multiplier takes one in `reuse_factor` of the products of all channels
    (nnet_depthwise_product.h), so channels differ.
    """
    weights = operation.weights.mantissa
    channels = weights.shape[-1]
    taps = np.arange(weights.size).reshape(-1, channels)
    if operation.strategy is Strategy.LATENCY:
        return taps // channels
    turn = taps % min(operation.reuse_factor, weights.size)
    return np.argsort(turn, axis=0, kind="stable")
