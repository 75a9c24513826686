"""Tables of functions, entry by entry as `nnet_activation.h` computes them: in float32, with the C library's expf.

numpy's exp can differ from expf in the last bit, and a cast can turn that into another table entry.
"""

import ctypes
import ctypes.util
from collections.abc import Iterable

import numpy as np

from trigger_nn.program.fixed import Fixed, from_float, to_float
from trigger_nn.program.operations import Constant
from trigger_nn.program.semantics.activations import address_bits

SPAN = 16  # the sigmoid table runs from -8 to 8


def sigmoid(size: int, kind: Fixed) -> Constant:
    """1 / (1 + exp(-x)) at `size` points from -8 to 8 (init_sigmoid_table)."""
    points = np.float32(SPAN) * ((np.arange(size, dtype=np.float64) - size / 2) / size)
    exponentials = _expf(-points.astype(np.float32))
    values = 1.0 / (np.float32(1) + exponentials).astype(np.float64)
    return _table(values.astype(np.float32), kind)


def exponential(size: int, argument: Fixed, kind: Fixed, negative: bool) -> Constant:
    """exp(x), or exp(-x), for x addressed by the top bits of type `argument` (init_exp_table)."""
    points = _points(size, argument)
    return _table(_expf(-points if negative else points), kind)


def inverse(size: int, argument: Fixed, kind: Fixed) -> Constant:
    """1 / x for x addressed by the top bits of type `argument`; 1 / 0 is infinite (init_invert_table)."""
    with np.errstate(divide="ignore"):
        return _table(np.float32(1) / _points(size, argument), kind)


def _points(size: int, argument: Fixed) -> np.ndarray:
    """The number each address stands for: its bits are the top bits of the mantissa, the others zero."""
    shift = argument.width - address_bits(size)
    mantissa = np.arange(size, dtype=object) * (1 << max(shift, 0))
    wrapped = np.where(mantissa > argument.maximum, mantissa - (1 << argument.width), mantissa)
    return to_float(wrapped, argument).astype(np.float32)


def _table(values: np.ndarray, kind: Fixed) -> Constant:
    return Constant(from_float(values.astype(np.float64), kind), kind)


def _expf(values: Iterable[np.float32]) -> np.ndarray:
    library = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
    library.expf.restype, library.expf.argtypes = ctypes.c_float, [ctypes.c_float]
    return np.array([library.expf(float(value)) for value in values], np.float32)
