"""Sums of products by distributed arithmetic: da4ml lays out adders, and the C++ has no weights.

What da4ml writes means: the exact sum of the inputs by the weights and the bias, then one cast to the result's type
(hls4ml's backends/vivado/passes/distributed_arithmetic.py). The numbers are those of the model (or of its quantizers)
as float32; the types of weights, bias and accumulator play no part. da4ml counts in float64 and in 28 decimal
digits, and is followed only where neither can lose a bit.
"""

from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.reading import is_whole, refusal, strategy, type_of
from trigger_nn.program.fixed import Fixed, Rounding, covering
from trigger_nn.program.operations import Constant, Strategy

FACTORS = "distributed_factors"  # the attribute under which `frontend.graph` keeps what hls4ml gave to da4ml
SUM_BITS = 47  # of any partial sum: beyond, the logarithm that yields the width of da4ml's types may round down
STEP_BITS = 40  # behind the point: 5^40 still has 28 digits
BIAS_BITS = 32  # behind the point, in units of its largest adder: da4ml's constants have no more
DIGITS = 28  # of a decimal number of da4ml
QUANTIZE = "quantized_bits of fewer bits for its weights and bias, fewer bits in its input, or strategy 'latency'"


def is_distributed(layer: Any) -> bool:
    """Whether da4ml writes the C++ of the layer."""
    return strategy(layer) == Strategy.DISTRIBUTED


def distributed_sum(layer: Any) -> dict[str, Any]:
    """Fields of a `SumOfProducts`: weights (in, out), bias (out,), an accumulator that holds any sum, the strategy.

    Raises:
        UnsupportedLayerError: the weights are gone, or so wide that da4ml may round them.
    """
    kept = layer.get_attr(FACTORS)
    if kept is None:
        reason = "hls4ml hands its weights to da4ml and then drops them from its graph"
        raise refusal(layer, reason, "the same model compiled by trigger_nn, which keeps them, or strategy 'latency'")
    if is_whole(layer.get_output_variable().type):
        reason = "distributed arithmetic adds in types of da4ml's own, which C++ rounds to an integer in several ways"
        raise refusal(layer, reason, "fixed<width,integer> for its result")
    source = type_of(layer.get_input_variable().type, layer)
    weights, bias = _on_grid(layer, kept[0].astype(np.float32)), _on_grid(layer, kept[1])
    _check_bits(layer, source, weights, bias)
    _check_rounding(layer, source, weights, bias)
    return {"weights": weights, "bias": bias, "accumulator": _exact(source, weights, bias), "reuse_factor": 1,
            "strategy": Strategy.DISTRIBUTED}  # fmt: skip


def _on_grid(layer: Any, numbers: np.ndarray) -> Constant:
    """Numbers as mantissas of the narrowest type that holds all of them exactly."""
    if not np.all(np.isfinite(numbers)):
        raise refusal(layer, "its weights are not all finite numbers", "alpha=1, or a quantizer of more bits")
    ratios = [float(number).as_integer_ratio() for number in numbers.ravel()]
    fraction = max(denominator.bit_length() - 1 for _, denominator in ratios)
    mantissas = [(numerator << fraction) // denominator for numerator, denominator in ratios]
    common = int(np.bitwise_or.reduce(np.array(mantissas, object)))
    zeros = _zeros(common)
    mantissas, fraction = [mantissa >> zeros for mantissa in mantissas], fraction - zeros
    kind = covering(min(mantissas), max(mantissas), fraction)
    if kind.width > SUM_BITS:
        raise refusal(layer, f"its weights or its bias take {kind.width} bits together, and da4ml rounds", QUANTIZE)
    return Constant(np.array(mantissas, np.int64).reshape(numbers.shape), kind)


def _check_bits(layer: Any, source: Fixed, weights: Constant, bias: Constant) -> None:
    """Refuse sums that da4ml may round.

    Four times the largest sum bounds the difference of two columns in signed digits; a column may be put together
    from as many of them as there are columns.
    """
    fraction, largest = _largest(source, weights, bias)
    bits = (4 * weights.mantissa.shape[1] * largest).bit_length()
    if bits > SUM_BITS or fraction > STEP_BITS:
        reason = f"its sums take up to {bits} bits, {fraction} of them behind the point, and da4ml may round them"
        raise refusal(layer, reason, QUANTIZE)
    scaled = bias.type.fraction + max(0, weights.type.integer + 1)  # da4ml divides it by a power of two in the weights
    digits = len(str(int(np.abs(bias.mantissa).max()) * 5 ** max(0, scaled)))
    if np.any(bias.mantissa) and (scaled > BIAS_BITS or digits > DIGITS):
        reason = f"its bias has {bias.type.fraction} bits behind the point, and da4ml may round it"
        raise refusal(layer, reason, QUANTIZE)


def _check_rounding(layer: Any, source: Fixed, weights: Constant, bias: Constant) -> None:
    """Refuse an output of so few bits that C++ stops: rounding, ap_fixed_base.h reads a bit that it does not have.

    da4ml gives each output the narrowest type for its range, which may lie wholly behind the last bit of the result.
    """
    result = type_of(layer.get_output_variable().type, layer)
    fraction, _ = _largest(source, weights, bias)
    factors = weights.mantissa.astype(object) << (fraction - source.fraction - weights.type.fraction)
    offsets = bias.mantissa.astype(object) << (fraction - bias.type.fraction)
    ends = factors * source.minimum, factors * source.maximum
    lows, highs = np.minimum(*ends).sum(axis=0) + offsets, np.maximum(*ends).sum(axis=0) + offsets
    steps = [int(np.bitwise_or.reduce([*column, offset])) for column, offset in zip(factors.T, offsets, strict=True)]
    for low, high, step in zip(lows.tolist(), highs.tolist(), steps, strict=True):
        zeros = _zeros(step)
        kind = covering(low >> zeros, high >> zeros, fraction - zeros)
        truncates = result.rounding is Rounding.TRN or (result.rounding is Rounding.TRN_ZERO and not kind.signed)
        if step and not truncates and kind.fraction - result.fraction > kind.width:
            reason = f"C++ stops when it rounds one of its outputs, all of it behind the point, to {result}"
            raise refusal(layer, reason, "a result that truncates, or more bits in it")


def _zeros(mantissa: int) -> int:
    """How many zeros the binary number ends in; none if it is 0."""
    return (mantissa & -mantissa).bit_length() - 1 if mantissa else 0


def _exact(source: Fixed, weights: Constant, bias: Constant) -> Fixed:
    """A wrapping type that holds the sum of any inputs of type `source`."""
    fraction, largest = _largest(source, weights, bias)
    return covering(-largest, largest, fraction)


def _largest(source: Fixed, weights: Constant, bias: Constant) -> tuple[int, int]:
    """Bits behind the point of a sum, and a mantissa with so many that no sum exceeds, whatever its sign."""
    products = source.fraction + weights.type.fraction
    fraction = max(products, bias.type.fraction)
    columns = np.abs(weights.mantissa.astype(object)).sum(axis=0) * max(source.maximum, -source.minimum)
    offsets = np.abs(bias.mantissa.astype(object))
    sums = (columns << (fraction - products)) + (offsets << (fraction - bias.type.fraction))
    return fraction, int(sums.max())
