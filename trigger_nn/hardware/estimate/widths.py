"""How many bits values need, element by element, and which multipliers DSP slices take."""

import numpy as np

DSP_WIDE, DSP_NARROW = 27, 18  # operands of a DSP48E2 in bits, both signed (AMD UG579, figure 1-1)
SLICE = 17  # bits that one slice takes of an operand too wide for it, leaving the sign
LEAST_OPERAND, LEAST_PRODUCT = 2, 9  # bits below which Yosys leaves a product to LUTs (synth_xilinx, mul2dsp.v)


def bits(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Bits of two's complement that hold every integer from `low` to `high`, a sign only where there is one.

    0 where there is nothing but 0. From 2^53 on it may be one too many, by the rounding of float64.
    """
    largest = np.maximum(np.maximum(high, 0), -np.minimum(low, 0) - (low < 0))
    return np.frexp(largest.astype(np.float64))[1].astype(np.int64) + (low < 0)


def dsp_slices(left: np.ndarray, right: np.ndarray, signed: np.ndarray, product: np.ndarray) -> np.ndarray:
    """DSP slices that Yosys (`synth_xilinx -family xcup`) takes for products of variables, by its rule in mul2dsp.v.

    None below two bits of an operand or nine of the product; else one, and one more for every 17 bits (that is 18
    without the sign) by which an operand exceeds 27 and 18 bits. `left` and `right` are widths in bits, `signed`
    (2, ...) says which of them has a sign; the other gets one more bit. `product` is the width of the result.
    """
    least = np.minimum(left, right)
    wide, narrow = (f(left + ~signed[0], right + ~signed[1]) for f in (np.maximum, np.minimum))
    slices = (1 + _beyond(wide, DSP_WIDE)) * (1 + _beyond(narrow, DSP_NARROW))
    return np.where((least < LEAST_OPERAND) | (product < LEAST_PRODUCT), 0, slices)


def _beyond(width: np.ndarray, limit: int) -> np.ndarray:
    return np.maximum(-(-(width - limit) // SLICE), 0)
