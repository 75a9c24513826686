"""DSP slices of the products of a layer, by the rule of `hardware.dsp`."""

from trigger_nn.hardware.dsp import DSP48E1, DSP48E2, DSP58, Slice, signed_bits, slice_of, slices
from trigger_nn.hardware.lint.products import Products
from trigger_nn.program.operations import Constant

__all__ = [
    "DSP48E1", "DSP48E2", "DSP58", "Slice", "factor_bits", "signed_bits", "slice_of", "slices", "slices_a_product",
]  # fmt: skip


def factor_bits(products: Products) -> int:
    """Bits of the widest weight: of its type where it is read from memory, its own where it is built into logic."""
    weights: Constant = products.weights
    if products.is_shared:
        return signed_bits(weights.type)
    ends = (int(weights.mantissa.min()), int(weights.mantissa.max()))
    return max((~end if end < 0 else end).bit_length() for end in ends) + 1


def slices_a_product(products: Products, kind: Slice) -> int:
    """DSP slices of the widest product, if DSP slices compute it."""
    return slices(signed_bits(products.source), factor_bits(products), kind)
