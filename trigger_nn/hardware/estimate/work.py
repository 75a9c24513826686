"""What an unrolled design is made of, counted: the features of which the fitted constants make LUTs and flip-flops."""

from dataclasses import dataclass, fields

import numpy as np

Count = np.ndarray | float


@dataclass(frozen=True)
class Work:
    """Hardware of one layer or of a sum of them: counts of bits, adders or cells.

    Of sums of products: `adders` of two operands before any sharing, their `adder_bits` (adders times the width of
    what is added), and `lonely_bits`, these times `digits.unshared`. `constant_bits` are of additions of known
    numbers, `sum_bits` of additions outside sums of products, `clip_bits` of comparisons with known numbers (relu and
    saturation), `select_bits` of choices between two values, `round_bits` of the additions that rounding takes.
    `table_luts` by `tables.table_luts`; `table_bits` is entries times width; `lookups` counts tables. `product_bits`
    is the sum over products of variables of width times width, `dsp` by `widths.dsp_slices`.
    """

    adders: float = 0
    adder_bits: float = 0
    lonely_bits: float = 0
    constant_bits: float = 0
    sum_bits: float = 0
    clip_bits: float = 0
    select_bits: float = 0
    round_bits: float = 0
    table_luts: float = 0
    table_bits: float = 0
    lookups: float = 0
    product_bits: float = 0
    dsp: float = 0

    def __add__(self, other: "Work") -> "Work":
        """Both together."""
        return Work(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Bill:
    """`Work` element by element: arrays that broadcast to the shape of the result that they are built for."""

    adders: Count = 0
    adder_bits: Count = 0
    lonely_bits: Count = 0
    constant_bits: Count = 0
    sum_bits: Count = 0
    clip_bits: Count = 0
    select_bits: Count = 0
    round_bits: Count = 0
    table_luts: Count = 0
    table_bits: Count = 0
    lookups: Count = 0
    product_bits: Count = 0
    dsp: Count = 0

    def of(self, wanted: np.ndarray) -> Work:
        """The sum over the elements that are `wanted`."""
        return Work(*(float(np.sum(wanted * getattr(self, f.name))) for f in fields(self)))
