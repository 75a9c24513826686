"""Batch normalisation and everything that acts element by element, and softmax."""

from typing import Any

from tests.proof.families.quantizers import activation_quantizer, bias_quantizer
from tests.proof.sketch import Sketch, Tensor

NAMED = ("relu", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "hard_sigmoid", "linear", "leaky_relu")


def batchnorm(sketch: Sketch, x: Tensor) -> Tensor:
    """BatchNormalization or QBatchNormalization, alone, after a layer it may fold into, or before binary or ternary."""
    if sketch.chance(0.4) and x.rank == 1:
        x = sketch.add("Dense", {"units": sketch.upto(1, 5), "use_bias": sketch.chance(0.5)}, x)
    args: dict[str, Any] = {"center": sketch.chance(0.8), "scale": sketch.chance(0.8)}
    if sketch.chance(0.4):
        names = ("gamma", "beta", "mean")
        quantizers = {f"{name}_quantizer": f"quantized_bits({sketch.upto(4, 8)},2,alpha=1)" for name in names}
        quantizers["variance_quantizer"] = "quantized_bits(8,3,keep_negative=0,alpha=1)"
        x = sketch.add("QBatchNormalization", args | quantizers, x)
    else:
        x = sketch.add("BatchNormalization", args, x)
    if sketch.chance(0.4):
        x = sketch.add("QActivation", {"activation": _signs(sketch)}, x)
    return x


def activation(sketch: Sketch, x: Tensor) -> Tensor:
    """A Keras activation by name, or an activation layer with a parameter."""
    if sketch.chance(0.6):
        return sketch.add("Activation", {"activation": sketch.pick(*NAMED)}, x)
    slope = sketch.pick(0.1, 0.25, 0.5, 0.3)
    kind, args = sketch.pick(
        ("LeakyReLU", {"alpha": slope}),
        ("ThresholdedReLU", {"theta": slope}),
        ("ELU", {"alpha": slope}),
        ("PReLU", {}),
        ("ReLU", {}),
        ("ReLU", {"negative_slope": slope}),
    )
    return sketch.add(kind, args, x)


def quantized(sketch: Sketch, x: Tensor) -> Tensor:
    """QActivation."""
    return sketch.add("QActivation", {"activation": activation_quantizer(sketch)}, x)


def softmax(sketch: Sketch, x: Tensor) -> Tensor:
    """Softmax on a vector, or per position."""
    if sketch.chance(0.3) and x.rank == 1:
        x = sketch.add("QDense", _classes(sketch), x)
    if sketch.chance(0.05):
        return sketch.add("Softmax", {}, x)  # does not compile in hls4ml 1.3.0
    return sketch.add("Activation", {"activation": "softmax"}, x)


def _classes(sketch: Sketch) -> dict[str, Any]:
    quantizer = f"quantized_bits({sketch.upto(4, 8)},1,alpha=1)"
    return {"units": sketch.upto(2, 6), "kernel_quantizer": quantizer, "bias_quantizer": bias_quantizer(sketch)}


def _signs(sketch: Sketch) -> str:
    """Binary or ternary; the latter does not compile in streams."""
    ternary = sketch.chance(0.05 if sketch.io_type == "io_stream" else 0.5)
    return "ternary(alpha=1)" if ternary else "binary(alpha=1)"
