"""Reuse and parallelization factors as hls4ml 1.3.0 takes them (backends/fpga/fpga_backend.py).

Asked for a factor that its loops can't have, hls4ml takes the nearest that they can, and says so in a print alone.
"""

from collections.abc import Sequence
from functools import cache


@cache
def divisors(number: int) -> tuple[int, ...]:
    """All divisors, ascending."""
    small = [i for i in range(1, int(number**0.5) + 1) if number % i == 0]
    return tuple(sorted({*small, *(number // i for i in small)}))


@cache
def valid_reuse_factors(rows: int, columns: int) -> tuple[int, ...]:
    """Those that the loops of nnet_dense_resource.h can have, for weights (rows, columns), ascending.

    As `_validate_reuse_factor`: the factor divides the products; up to `rows` it also leaves every sum a whole number
    of products a cycle, beyond it is a multiple of `rows`.
    """
    return tuple(factor for factor in divisors(rows * columns) if _fits(factor, rows, columns))


def _fits(factor: int, rows: int, columns: int) -> bool:
    multipliers = -(-rows * columns // min(rows, factor))
    return (multipliers % columns == 0 or factor >= rows) and (factor % rows == 0 or factor < rows)


def closest(valid: Sequence[int], asked: int) -> int:
    """The valid factor nearest to `asked`, the smaller of two equally near, as `get_closest_reuse_factor`."""
    return min(valid, key=lambda factor: (abs(factor - asked), factor))


def valid_parallelization(pixels: int) -> tuple[int, ...]:
    """How many of a convolution's pixels can be computed at once, as `get_valid_conv_partition_splits`."""
    return divisors(pixels)
