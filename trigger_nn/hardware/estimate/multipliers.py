"""Sums of products in hls4ml's strategies: how many multipliers, of what, and where the weights are.

* latency (nnet_dense_latency.h, PIPELINE II=reuse_factor): a product with a constant is a chain of shifted additions,
  built once for equal products of one input; sums are trees of whole products, a LUT a bit. A reuse factor limits the
  multipliers (ALLOCATION operation instances=mul) and nothing else: sums stay, and products share multipliers of two
  variables behind multiplexers, in logic only where these are less than the chains that they stand for.
* distributed_arithmetic: the adders of our own RTL, whose solver is the same.
* resource (nnet_dense_resource.h): ceil(products / reuse_factor) multipliers of two variables, each with its
  accumulator; weights in a memory read once a cycle, block RAM where the reuse factor is above 1.
* resource_unrolled: the same, its constants spread over the code: zeros take no multiplier and weights no memory.

Which product takes a DSP slice is for the HLS tool to decide, by a rule that AMD does not publish (UG1399 says that it
weighs the clock and the delays of the device). Here: one whose narrower operand has OPERAND bits or more, and FEWEST
and MOST for the ends of the interval. How many slices a product takes is told by `hardware.dsp`.
"""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from trigger_nn.hardware.dsp import Slice, signed_bits, slices
from trigger_nn.hardware.estimate.constants import Constants
from trigger_nn.hardware.estimate.digits import csd_digits, distinct_products
from trigger_nn.hardware.estimate.features import lut_features
from trigger_nn.hardware.estimate.rtl import predicted
from trigger_nn.hardware.estimate.widths import bits
from trigger_nn.hardware.estimate.work import Work
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, Strategy
from trigger_nn.program.semantics.multiplication import weight_matrix

OPERAND, FEWEST, MOST = 10, 18, 4  # bits
PORT, DEPTH = 36, 512  # half a block RAM reads so many bits at once, of so many words (AMD UG573, simple dual port)
MULTIPLEXED = 3  # inputs of a multiplexer of one bit in one LUT, the select included in what is left of its 6
SumOfProducts = Dense | Conv2D | DepthwiseConv2D


@dataclass(frozen=True)
class Part:
    """Resources of one layer, and its initiation interval in cycles. `dsp_range`: fewest and most DSP slices."""

    lut: float
    ff: float
    dsp: int
    dsp_range: tuple[int, int]
    bram: float
    interval: int


def products(
    operation: SumOfProducts, source: Fixed, kind: Slice, work: Work, ff: float, turns: int, constants: Constants
) -> Part:
    """`operation` over inputs of type `source`, its hardware used `turns` times an event beside its reuse factor.

    `kind` is the DSP slice of the device. `work` and `ff` are those of the unrolled layer, `ff` for one turn.
    """
    match operation.strategy:
        case Strategy.DISTRIBUTED:
            lut = predicted(constants.lut, lut_features(work)) / turns
            return Part(lut, ff, 0, (0, 0), 0.0, turns)
        case Strategy.LATENCY:
            return _constant_products(operation, source, kind, work, ff, turns, constants)
        case _:
            return _shared_multipliers(operation, source, kind, work, turns, constants)


def _constant_products(
    operation: SumOfProducts, source: Fixed, kind: Slice, work: Work, ff: float, turns: int, constants: Constants
) -> Part:
    matrix, reuse, width = weight_matrix(operation.weights), operation.reuse_factor, source.width
    odd = distinct_products(matrix)
    copies = _positions(operation) / turns
    in_slices = [_in_slices(odd, source, least, kind) for least in (OPERAND, FEWEST, MOST)]
    taken = [ceil(copies * sum(each) / reuse) for each in in_slices]
    digits = csd_digits(odd[_narrow(odd, width) < OPERAND]) - 1
    sums = float(np.maximum((matrix != 0).sum(axis=0) - 1, 0).sum())
    product = width + operation.weights.type.width
    logic = _in_logic(digits, width, operation.weights.type.width, reuse)
    logic += _multiplexers(len(in_slices[0]), product, reuse)
    spent = logic + sums * (product + operation.accumulator.width) / 2
    lut = copies * spent + predicted(constants.lut, lut_features(_without_sums(work))) / turns
    shared = max(float(np.maximum(csd_digits(matrix).sum(axis=0) - 1, 0).sum()), 1.0)
    held = min((float(digits.sum()) + sums) / shared, 1.0)
    return Part(lut, ff * held, taken[0], (taken[1], taken[2]), 0.0, turns * reuse)


def _in_logic(digits: np.ndarray, width: int, weight: int, reuse: int) -> float:
    """LUTs of products in logic: a chain of `digits` additions each, or shared arrays of partial products if less."""
    chains = float(digits.sum()) * (width + weight)
    arrays = ceil(len(digits) / reuse) * width * weight + _multiplexers(len(digits), width + weight, reuse)
    return min(chains, arrays) if reuse > 1 else chains


def _multiplexers(count: int, factors: int, reuse: int) -> float:
    """LUTs that choose among `reuse` pairs of factors, `factors` bits together, for each multiplier of `count`'s."""
    return ceil(count / reuse) * factors * (reuse - 1) / MULTIPLEXED


def _shared_multipliers(
    operation: SumOfProducts, source: Fixed, kind: Slice, work: Work, turns: int, constants: Constants
) -> Part:
    matrix, reuse, width = weight_matrix(operation.weights), operation.reuse_factor, source.width
    unrolled = operation.strategy is Strategy.UNROLLED
    products = int((matrix != 0).sum()) if unrolled else matrix.size
    multipliers = ceil(products / reuse) * max(_positions(operation) // turns, 1)
    weight, sum_width = operation.weights.type.width, operation.accumulator.width
    each = slices(signed_bits(source), signed_bits(operation.weights.type), kind)
    in_slices = [multipliers * each if min(width, weight) >= least else 0 for least in (OPERAND, FEWEST, MOST)]
    array = 0 if in_slices[0] else multipliers * width * weight  # a LUT for each bit of the array of partial products
    lut = array + multipliers * sum_width + predicted(constants.lut, lut_features(_without_sums(work))) / turns
    memory = 0.0
    if reuse > 1 and not unrolled:
        memory = ceil(ceil(matrix.size / reuse) * weight / PORT) * ceil(min(reuse, matrix.size) / DEPTH) / 2
    ff = multipliers * (width + weight) + matrix.shape[1] * sum_width
    return Part(lut, ff, in_slices[0], (in_slices[1], in_slices[2]), memory, turns * reuse)


def _without_sums(work: Work) -> Work:
    """`work` but for the adders of its sums of products."""
    return replace(work, adders=0, adder_bits=0, lonely_bits=0)


def _narrow(odd: np.ndarray, width: int) -> np.ndarray:
    """Bits of the narrower operand of products of inputs of `width` bits with these odd constants."""
    return np.minimum(bits(np.zeros_like(odd), odd), width)


def _in_slices(odd: np.ndarray, source: Fixed, least: int, kind: Slice) -> list[int]:
    """DSP slices of each of the products with `odd` whose narrower operand has `least` bits or more."""
    wide = odd[_narrow(odd, source.width) >= least].tolist()
    return [slices(signed_bits(source), constant.bit_length() + 1, kind) for constant in wide]


def _positions(operation: SumOfProducts) -> int:
    """How often the matrix is applied for one event."""
    return int(np.prod(operation.shape[:-1], dtype=np.int64))
