"""Dense layers, batch normalisation, and the thresholds that hls4ml makes of a normalisation before a binary tanh."""

from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.distributed import distributed_sum, is_distributed
from trigger_nn.frontend.lowering.reading import (
    Handler,
    attribute_type,
    constant,
    is_stream,
    refusal,
    reuse,
    strategy,
)
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Dense, Operation, Product, Scale, Strategy
from trigger_nn.program.operations.products import BinaryThreshold, TernaryThreshold

BIT = "uint<1>"  # hls4ml's text for ap_uint<1>, binary or not
TERNARY = Fixed(True, 2, 2)
FILE_BITS = 62  # what a constant's mantissas may take


def _dense(layer: Any, common: dict[str, Any]) -> Operation:
    if is_distributed(layer):
        return Dense(**common, **distributed_sum(layer))
    constants = constants_of(layer)
    if layer.get_attr("_weights_transposed"):  # strategies that share resources keep (out, in)
        weights = constants["weights"]
        constants["weights"] = Constant(np.ascontiguousarray(weights.mantissa.T), weights.type)
    return Dense(
        **common,
        **constants,
        accumulator=attribute_type(layer, "accum_t"),
        reuse_factor=reuse(layer),
        strategy=Strategy.RESOURCE if _is_streamed_unrolled(layer) else Strategy(strategy(layer)),
    )


def _batch_normalization(layer: Any, common: dict[str, Any]) -> Operation:
    fields = factors_of(layer, "scale")
    scale = fields.pop("factors")
    return Scale(
        **common,
        **fields,
        scale=_by_element(layer, scale, "scale"),
        bias=_by_element(layer, plain_constant(layer, "bias"), "bias"),
    )


def _threshold(layer: Any, common: dict[str, Any]) -> Operation:
    if is_stream(layer) and layer.get_attr("n_filt", -1) == -1 and len(common["shape"]) > 1:
        reason = f"hls4ml's C++ for io_stream can't compare {common['shape']} values each with a threshold of its own"
        raise refusal(layer, reason, "ternary(threshold=0.5) after a BatchNormalization, or io_parallel")

    def read(which: str) -> Constant:
        if not np.all(np.isfinite(layer.weights[which].data)):
            reason = "the normalisation before it has a scale of 0, and its threshold is infinite"
            raise refusal(layer, reason, "a scale (gamma) other than 0")
        return _by_element(layer, constant(layer, which), which)

    if layer.get_attr("quantize") == 2:
        return BinaryThreshold(**common, threshold=read("threshold"))
    return TernaryThreshold(**common, high=read("threshold_hi"), low=read("threshold_lo"))


def constants_of(layer: Any) -> dict[str, Any]:
    """Fields of a `SumOfProducts`: weights in the order in which hls4ml keeps them, bias, kind of product."""
    check_strategy(layer)
    fields = factors_of(layer, "weight")
    weights, bias = fields.pop("factors"), plain_constant(layer, "bias")
    if _skips_unset(layer):
        unset = np.asarray(layer.weights["weight"].data) == 0
        weights = Constant(np.where(unset, 0, weights.mantissa), weights.type)
    bits = _precision(layer.get_input_variable()) == BIT and _precision(layer.weights["weight"]) == BIT
    return fields | {
        "weights": weights,
        "bias": bias,
        "balance": _balance(layer, weights.mantissa.size // bias.mantissa.size) if bits else 0,
    }


def check_strategy(layer: Any) -> None:
    """Refuse strategies of which hls4ml makes no C++, or C++ of another package."""
    if strategy(layer) == Strategy.UNROLLED and reuse(layer) == 1:
        reason = "no reuse factor near the one asked for but 1 fits it, and hls4ml then leaves out the unrolled code"
        raise refusal(layer, reason, "'resource', or a reuse factor that divides its inputs")
    if strategy(layer) == "compressed":
        reason = "it asks for compression, for which hls4ml writes no C++"
        raise refusal(layer, reason, "Compression False; zero weights cost nothing with 'latency' either")
    if strategy(layer) == Strategy.DISTRIBUTED:
        reason = "its strategy is distributed arithmetic, for which hls4ml has no C++ of this kind of layer"
        raise refusal(layer, reason, "'latency' with an accumulator that loses nothing, which means the same")
    if strategy(layer) not in list(Strategy):
        raise refusal(layer, f"its strategy is {strategy(layer)!r}", "'latency', 'resource' or 'resource_unrolled'")


def factors_of(layer: Any, which: str) -> dict[str, Any]:
    """The constant factors `which` of a layer's products as numbers (`factors`), and how the C++ multiplies by them."""
    variable = layer.weights[which]
    backend = layer.model.config.backend
    match backend.product_type(layer.get_input_variable().type.precision, variable.type.precision):
        case "weight_exponential":
            powers = _powers_of_two(layer, which)
            return {"factors": powers, "product": Product.SHIFT, "exponent_width": int(variable.type.precision.width)}
        case "both_binary":
            return {"factors": _signs(constant(layer, which)), "product": Product.AGREEMENT}
        case "weight_binary":
            return {"factors": _signs(constant(layer, which))}
        case "weight_ternary":  # whatever is neither 0 nor -1 counts as 1: -2 as well
            read = constant(layer, which)
            return {"factors": Constant(np.where(read.mantissa == -2, 1, read.mantissa), TERNARY)}
        case "data_binary":
            return {"factors": constant(layer, which), "product": Product.SIGN}
        case _:
            return {"factors": constant(layer, which)}


def _signs(bits: Constant) -> Constant:
    return Constant(2 * bits.mantissa - 1, TERNARY)


def _powers_of_two(layer: Any, which: str) -> Constant:
    """Weights that hls4ml writes as pairs of a sign (1 or 0) and an exponent."""
    variable = layer.weights[which]
    # The same pairs as in the text, as numbers; a graph made by hls4ml alone can't write them beside numpy 2.
    pairs = variable._format()
    if not np.all(variable.data):
        raise refusal(layer, "one of its powers of two is 0, which has no exponent", "weights other than 0")
    positive, exponents = pairs[..., 0] == 1, pairs[..., 1].astype(np.int64)
    smallest, width = int(exponents.min()), int(np.ptp(exponents)) + 2
    if width > FILE_BITS:
        raise refusal(layer, f"its powers of two span {width} bits", "max_value, or fewer bits, in quantized_po2")
    magnitude = np.left_shift(np.int64(1), exponents - smallest)
    return Constant(np.where(positive, magnitude, -magnitude), Fixed(True, width, width + smallest))


def plain_constant(layer: Any, which: str) -> Constant:
    """A constant that the C++ adds, and so can't be a power of two."""
    if "ExponentWeightVariable" in type(layer.weights[which]).__name__ or hasattr(layer.weights[which].type, "sign"):
        reason = f"its {which} is a power of two, which hls4ml's C++ can't add"
        raise refusal(layer, reason, f"quantized_bits for the {which}")
    return constant(layer, which)


def _precision(variable: Any) -> str:
    return str(variable.type.precision)


def _balance(layer: Any, products: int) -> int:
    """How many products there are in a sum of single bits, for `SumOfProducts.balance`."""
    accumulator = attribute_type(layer, "accum_t")
    if accumulator.fraction < 0:
        raise refusal(layer, f"its accumulator {accumulator} can't count single bits", "an accumulator of integers")
    return products


def _is_streamed_unrolled(layer: Any) -> bool:
    """Vitis' nnet_dense_stream.h takes the rolled loops, whatever code hls4ml unrolled."""
    vitis = layer.model.config.backend.name == "Vitis"
    return strategy(layer) == Strategy.UNROLLED and is_stream(layer) and vitis and layer.class_name == "Dense"


def _skips_unset(layer: Any) -> bool:
    """Whether unrolled code runs, which leaves out weights stored as 0: those of a binary layer mean -1."""
    uses_code = layer.class_name == "Dense" or is_stream(layer)
    return strategy(layer) == Strategy.UNROLLED and uses_code and not _is_streamed_unrolled(layer)


def _by_element(layer: Any, given: Constant, which: str) -> Constant:
    """A constant as (channels,) or in the shape of the input: nnet_batchnorm*.h count by n_filt, or by element."""
    shape = tuple(int(size) for size in layer.get_input_variable().shape)
    count, period = int(np.prod(shape)), int(layer.get_attr("n_filt", -1))
    index = np.arange(count)
    if period != -1:  # a stream counts channels of a pixel, an array all elements
        index = (index % shape[-1] if is_stream(layer) else index) % period
    flat = given.mantissa.ravel()
    if index.max() >= flat.size:
        reason = f"its {which} has {flat.size} values for {int(index.max()) + 1}, and hls4ml's C++ reads beyond them"
        nearest = "normalisation over the last axis of one, two or three; for dense layers on several axes, alpha=1"
        raise refusal(layer, reason, nearest)
    whole = index.reshape(shape)
    by_channel = period == shape[-1] or len(shape) == 1
    return Constant(flat[whole.reshape(-1, shape[-1])[0] if by_channel else whole], given.type)


HANDLERS: dict[str, Handler] = {
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "ApplyAlpha": _batch_normalization,
    "BatchNormalizationQuantizedTanh": _threshold,
}
