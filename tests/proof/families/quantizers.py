"""QKeras quantizers, as the strings that QKeras and hls4ml both read."""

from tests.proof.sketch import Sketch


def weight_quantizer(sketch: Sketch) -> str:
    """One for a kernel."""
    bits = sketch.upto(3, 8)
    alpha = sketch.pick("alpha=1", "alpha=1", "alpha=1", "alpha='auto'", "alpha='auto_po2'")
    return sketch.pick(
        *[f"quantized_bits({bits},{sketch.upto(0, 2)},{alpha})"] * 4,
        f"quantized_bits({bits},0,alpha=1,symmetric=1)",
        f"quantized_bits({bits},0)",
        f"quantized_bits(2,1,{alpha})",
        f"quantized_bits(1,0,{alpha})",
        f"binary({alpha})",
        f"ternary({alpha})",
        f"stochastic_binary({alpha})",
        f"stochastic_ternary({alpha})",
        f"quantized_po2({bits})",
        f"quantized_po2({bits},max_value={sketch.pick(1, 2, 4)})",
    )


def bias_quantizer(sketch: Sketch) -> str:
    """One for a bias: alpha other than 1 makes no sense there; a power of two does not compile in hls4ml 1.3.0."""
    if sketch.chance(0.01):
        return f"quantized_po2({sketch.upto(3, 6)})"
    return f"quantized_bits({sketch.upto(3, 8)},{sketch.upto(0, 2)},alpha=1)"


def activation_quantizer(sketch: Sketch) -> str:
    """One for an activation, of those that hls4ml reads."""
    bits, integer = sketch.upto(2, 9), sketch.upto(0, 3)
    real = sketch.pick("", ",use_real_tanh=True")
    ternary = ["ternary(alpha=1)", "ternary(alpha=1,threshold=0.5)"]
    if sketch.io_type == "io_stream" and sketch.chance(0.9):
        ternary = []  # nnet_batchnorm_stream.h of hls4ml 1.3.0 does not compile for it
    return sketch.pick(
        f"quantized_bits({bits},{integer},alpha=1)",
        f"quantized_bits({bits},{integer},keep_negative=0,alpha=1)",
        f"quantized_relu({bits},{integer})",
        f"quantized_relu({bits},{integer},negative_slope={sketch.pick(0.125, 0.25, 0.5)})",
        f"quantized_relu({bits},{integer},relu_upper_bound={sketch.pick(1, 1.5)})",
        f"quantized_relu({bits},{integer},use_sigmoid=1)",
        f"quantized_tanh({bits}{real})",
        f"quantized_tanh({bits},symmetric=True{real})",
        f"quantized_sigmoid({bits}{real.replace('tanh', 'sigmoid')})",
        "binary(alpha=1)",
        *ternary,
    )
