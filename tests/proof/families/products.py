"""Layers that multiply by weights: dense, convolutions, depthwise, separable."""

from typing import Any

from tests.proof.families.quantizers import activation_quantizer, bias_quantizer, weight_quantizer
from tests.proof.sketch import Sketch, Tensor


def dense(sketch: Sketch, x: Tensor) -> Tensor:
    """Dense or QDense, on a vector or per position."""
    units = sketch.upto(1, 6)
    kind, args = _quantized(sketch, "Dense", "kernel")
    return sketch.add(kind, {"units": units} | args, x)


def conv1d(sketch: Sketch, x: Tensor) -> Tensor:
    """Conv1D or QConv1D; a kernel of 1 is pointwise."""
    kernel = sketch.upto(1, min(3, x.shape[0]))
    padding = sketch.pick("valid", "same", "causal")
    kind, args = _quantized(sketch, "Conv1D", "kernel")
    window = {"kernel_size": kernel, "strides": sketch.pick(1, 1, 2), "padding": padding}
    return sketch.add(kind, {"filters": sketch.upto(1, 4)} | window | args, x)


def conv2d(sketch: Sketch, x: Tensor) -> Tensor:
    """Conv2D, QConv2D or QConv2DBatchnorm."""
    kind, args = _quantized(sketch, "Conv2D", "kernel")
    window = _window2d(sketch, x)
    if kind == "QConv2D" and sketch.chance(0.25):
        kind = "QConv2DBatchnorm"
    return sketch.add(kind, {"filters": sketch.upto(1, 4)} | window | args, x)


def depthwise(sketch: Sketch, x: Tensor) -> Tensor:
    """DepthwiseConv1D, DepthwiseConv2D or QDepthwiseConv2D."""
    multiplier = {"depth_multiplier": sketch.pick(1, 1, 1, 2)}
    if x.rank == 2:
        kernel = sketch.upto(1, min(3, x.shape[0]))
        args = {"kernel_size": kernel, "strides": sketch.pick(1, 1, 2), "padding": sketch.pick("valid", "same")}
        return sketch.add("DepthwiseConv1D", args | multiplier | _plain(sketch), x)
    kind, args = _quantized(sketch, "DepthwiseConv2D", "depthwise")
    window = _window2d(sketch, x, equal_strides=True)
    return sketch.add(kind, window | multiplier | args, x)


def separable(sketch: Sketch, x: Tensor) -> Tensor:
    """SeparableConv1D/2D and their QKeras forms."""
    args: dict[str, Any] = {"filters": sketch.upto(1, 4)}
    if x.rank == 2:
        args |= {"kernel_size": sketch.upto(1, min(3, x.shape[0])), "strides": sketch.pick(1, 1, 2)}
        args |= {"padding": sketch.pick("valid", "same")}
    else:
        args |= _window2d(sketch, x, equal_strides=True)
    if sketch.chance(0.5):
        return sketch.add(f"SeparableConv{x.rank - 1}D", args | _plain(sketch), x)
    # hls4ml 1.3.0 can't convert a separable layer whose quantizer has a scale.
    scaled = sketch.chance(0.03)
    draw = weight_quantizer if scaled else bias_quantizer
    quantizers = {f"{name}_quantizer": draw(sketch) for name in ("depthwise", "pointwise")}
    quantizers |= {"bias_quantizer": bias_quantizer(sketch)}
    return sketch.add(f"QSeparableConv{x.rank - 1}D", args | quantizers, x)


def _window2d(sketch: Sketch, x: Tensor, equal_strides: bool = False) -> dict[str, Any]:
    square = sketch.upto(1, min(3, x.shape[0], x.shape[1]))
    kernel = [square, square]
    if sketch.io_type == "io_parallel" and sketch.chance(0.4):  # streams take square kernels only
        kernel = [sketch.upto(1, min(3, length)) for length in x.shape[:2]]
    stride = sketch.pick(1, 1, 2)
    strides = [stride, stride if equal_strides else sketch.pick(stride, stride, 1)]
    return {"kernel_size": kernel, "strides": strides, "padding": sketch.pick("valid", "same")}


def _quantized(sketch: Sketch, kind: str, kernel: str) -> tuple[str, dict[str, Any]]:
    """The layer as it is, or its QKeras form, with their arguments."""
    if sketch.chance(0.5):
        return kind, _plain(sketch)
    args: dict[str, Any] = {f"{kernel}_quantizer": weight_quantizer(sketch)}
    if sketch.chance(0.85):
        args["bias_quantizer"] = bias_quantizer(sketch)
    else:
        args["use_bias"] = False
    if sketch.chance(0.3):
        args["activation"] = activation_quantizer(sketch)
    return f"Q{kind}", args


def _plain(sketch: Sketch) -> dict[str, Any]:
    args: dict[str, Any] = {"use_bias": sketch.chance(0.8)}
    if sketch.chance(0.3):
        args["activation"] = sketch.pick("relu", "tanh", "sigmoid", "elu")
    return args
