"""Convolutions of images and sequences; dense layers over the last of several axes, which hls4ml makes convolutions."""

from math import prod
from typing import Any

from trigger_nn.frontend.lowering.distributed import distributed_sum, is_distributed
from trigger_nn.frontend.lowering.encoded import image_of, is_plain
from trigger_nn.frontend.lowering.products import constants_of
from trigger_nn.frontend.lowering.reading import (
    Handler,
    assigned_type,
    is_stream,
    refusal,
    reuse,
    shape_of,
    strategy,
    type_of,
    window_of,
)
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Conv2D, DepthwiseConv2D, Operation, Strategy


def _convolution(layer: Any, common: dict[str, Any]) -> Operation:
    _check(layer)
    if is_distributed(layer):
        return Conv2D(**(common | _distributed(layer)))
    if strategy(layer) != "latency":
        _check_reuse(layer)
    return Conv2D(**(common | _fields(layer)))


def _depthwise(layer: Any, common: dict[str, Any]) -> Operation:
    _check(layer)
    channels, filters = int(layer.get_attr("n_chan")), int(layer.get_attr("n_filt"))
    if channels != filters:
        reason = f"its depth multiplier is {filters // channels}, and hls4ml's C++ knows 1 alone"
        raise refusal(layer, reason, "depth_multiplier=1, or a Conv layer")
    if not is_stream(layer) and strategy(layer) != "latency":
        raise refusal(layer, f"hls4ml has no depthwise C++ for io_parallel and {strategy(layer)!r}", "'latency'")
    return DepthwiseConv2D(**(common | _fields(layer)))


def _fields(layer: Any) -> dict[str, Any]:
    """What all convolutions have beside what all operations have; the type as well, for what it rounds."""
    constants = constants_of(layer)
    accumulator = assigned_type(layer.get_attr("accum_t"), layer, *_added(layer, constants))
    return constants | {
        "type": assigned_type(layer.get_output_variable().type, layer, accumulator),
        "weights": _in_order(layer, constants["weights"]),
        "balance": constants["balance"] * _miscount(layer),
        "accumulator": accumulator,
        "reuse_factor": reuse(layer),
        "strategy": Strategy(strategy(layer)),
        "window": window_of(layer, "filt"),
        "partitions": int(layer.get_attr("n_partitions")),
    }


def _distributed(layer: Any) -> dict[str, Any]:
    """Those of a convolution by distributed arithmetic, which da4ml makes of (height * width * channels, filters)."""
    if not is_stream(layer) and layer.get_attr("implementation") != "linebuffer":
        reason = "hls4ml writes no C++ for distributed arithmetic in its encoded implementation with io_parallel"
        raise refusal(layer, reason, "ConvImplementation LineBuffer")
    fields, window = distributed_sum(layer), window_of(layer, "filt")
    kernel = fields["weights"].mantissa.reshape(*window.size, int(layer.get_attr("n_chan")), -1)
    weights = Constant(kernel, fields["weights"].type)
    return fields | {"weights": weights, "window": window, "partitions": int(layer.get_attr("n_partitions"))}


def _added(layer: Any, constants: dict[str, Any]) -> tuple[Fixed, Fixed]:
    """The types of products (nnet_mult.h) and bias before they become the accumulator's."""
    source, weights = type_of(layer.get_input_variable().type, layer), constants["weights"].type
    precisions = (layer.get_input_variable().type.precision, layer.weights["weight"].type.precision)
    match layer.model.config.backend.product_type(*precisions):
        case "weight_binary" | "weight_ternary":  # a change of sign
            product = Fixed(True, source.width + 1, source.integer + 1)
        case "data_binary":
            product = Fixed(True, weights.width + 1, weights.integer + 1)
        case "weight_exponential":
            half = int(constants["exponent_width"]) + source.width
            product = Fixed(True, 2 * half, half)
        case _:
            signed = source.signed or weights.signed
            product = Fixed(signed, source.width + weights.width, source.integer + weights.integer)
    return product, constants["bias"].type


def _in_order(layer: Any, weights: Constant) -> Constant:
    """Weights as (height, width, channels, filters), or (height, width, channels) of a depthwise layer.

    The C++ reads them from one row of numbers, by filter first where resources are shared, whatever shape hls4ml
    gives its array (it transposes those of QConv2DBatchnorm twice for Vivado), and no more of them than it needs.
    """
    kernel = (*window_of(layer, "filt").size, int(layer.get_attr("n_chan")))
    if "Depthwise" in layer.class_name:
        # A normalisation folded into a depthwise layer makes (height, width, channels, channels) of its weights.
        return Constant(weights.mantissa.ravel()[: prod(kernel)].reshape(kernel), weights.type)
    if strategy(layer) == "latency":
        return Constant(weights.mantissa.reshape(*kernel, -1), weights.type)
    return Constant(weights.mantissa.reshape(-1, *kernel).transpose(1, 2, 3, 0), weights.type)


def _miscount(layer: Any) -> int:
    """How many times too many products the C++ believes a sum of single bits to have (n_in of its configuration).

    A depthwise layer counts all channels for each; a pointwise layer over a sequence, all steps.
    """
    if "Depthwise" in layer.class_name:
        return int(layer.get_attr("n_chan"))
    batched = layer.class_name == "PointwiseConv1D" and strategy(layer) == "latency" and not is_stream(layer)
    return int(layer.get_attr("in_width")) if batched and int(layer.get_attr("n_partitions")) == 1 else 1


def _check(layer: Any) -> None:
    """Refuse what hls4ml converts into C++ that can't be built, stops, or does something else."""
    if layer.get_attr("data_format") == "channels_first":
        raise refusal(layer, "its data format is channels_first, and hls4ml has no C++ for that", "channels_last")
    dilation = {int(layer.get_attr(name, 1) or 1) for name in ("dilation", "dilation_height", "dilation_width")}
    if dilation != {1}:
        raise refusal(layer, f"its dilation is {max(dilation)}, which hls4ml ignores", "dilation 1")
    if is_stream(layer):
        _check_image(layer)
        if "Pointwise" not in layer.class_name:
            _check_stream(layer)


def _check_image(layer: Any) -> None:
    """Refuse streams longer or shorter than what the C++ reads: another layer got the padding.

    hls4ml 1.3.0 puts the padding of a 1D layer before the first layer that reads the same tensor, whichever it is.
    """
    expected, given = image_of(layer), shape_of(layer.get_input_variable().shape)[:-1]
    if expected != given:
        reason = f"it reads {expected} pixels of a stream of {given}: hls4ml padded another layer in its place"
        raise refusal(layer, reason, "a ZeroPadding1D layer before it and padding='valid', or io_parallel")


def _check_stream(layer: Any) -> None:
    """Refuse windows that the line buffer or the encoded instructions of io_stream slide differently."""
    window = window_of(layer, "filt")
    if layer.get_attr("implementation") == "encoded":
        if not is_plain(layer):
            reason = f"hls4ml's encoded implementation goes wrong for window {window.size} and stride {window.stride}"
            raise refusal(layer, reason, "ConvImplementation LineBuffer")
    elif window.size[0] == 1 and window.stride[0] != 1:
        reason = f"hls4ml's line buffer takes no vertical stride ({window.stride[0]}) for a window of height 1"
        raise refusal(layer, reason, "stride 1, or io_parallel")


def _check_reuse(layer: Any) -> None:
    """Refuse reuse factors for which nnet_conv*_resource.h stops, or reads beyond its buffer or its weights.

    A stream's kernel (nnet_dense_resource.h) has loops of its own for more than the products of one sum.
    """
    size = window_of(layer, "filt").size
    products = size[0] * size[1] * int(layer.get_attr("n_chan"))
    if reuse(layer) > products and not is_stream(layer):
        reason = f"its reuse factor {reuse(layer)} exceeds the {products} products of one sum"
        raise refusal(layer, reason, f"a reuse factor up to {products}, or io_stream")
    if reuse(layer) <= products and products % reuse(layer):
        reason = f"its reuse factor {reuse(layer)} does not divide the {products} products of one sum"
        raise refusal(layer, reason, "a reuse factor that does")


HANDLERS: dict[str, Handler] = {
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv2DBatchnorm": _convolution,
    "PointwiseConv1D": _convolution,
    "PointwiseConv2D": _convolution,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
}
