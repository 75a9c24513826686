"""Tables of functions, entry by entry as `nnet_activation.h` computes them: float where it says float, else double.

Functions of the C library are called as the C++ calls them (expf for an exponential of a float, log for a logarithm of
a double): numpy's can differ in the last bit, and a cast can turn that into another table entry.
"""

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache

import numpy as np

from trigger_nn.program.fixed import Fixed, from_float, to_float
from trigger_nn.program.operations import Constant
from trigger_nn.program.semantics.activations import address_bits

SPAN = 16  # tables of sigmoid, softplus, softsign and the legacy exponential run from -8 to 8
TANH_SPAN = 8  # that of tanh from -4 to 4
NEGATIVE_SPAN = 8  # those of elu and selu from 0 down to -8
SUM_SPAN = 64  # the legacy softmax's 1 / x from 0 to 64

# selu's two constants, with the digits that the header has
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def sigmoid(size: int, kind: Fixed) -> Constant:
    """1 / (1 + exp(-x)) at `size` points from -8 to 8 (init_sigmoid_table)."""
    denominators = np.float32(1) + _call("expf", -_centred(size, SPAN))
    return _float_table(1.0 / denominators.astype(np.float64), kind)


def tanh(size: int, kind: Fixed) -> Constant:
    """The hyperbolic tangent at `size` points from -4 to 4 (init_tanh_table)."""
    return _float_table(_call("tanhf", _centred(size, TANH_SPAN)), kind)


def softplus(size: int, kind: Fixed) -> Constant:
    """log(exp(x) + 1) at `size` points from -8 to 8 (init_softplus_table); the logarithm is taken in double."""
    return _float_table(_call("log", _call("expf", _centred(size, SPAN)).astype(np.float64) + 1.0), kind)


def softsign(size: int, kind: Fixed) -> Constant:
    """X / (|x| + 1) at `size` points from -8 to 8 (init_softsign_table)."""
    points = _centred(size, SPAN).astype(np.float64)
    return _float_table(points / (np.abs(points) + 1.0), kind)


def elu(size: int, kind: Fixed) -> Constant:
    """exp(x) - 1 at `size` points from 0 down to -8 (init_elu_table)."""
    return _float_table(_call("expf", _negative(size)).astype(np.float64) - 1.0, kind)


def selu(size: int, kind: Fixed) -> Constant:
    """The negative branch of selu, both its constants included, from 0 down to -8 (init_selu_table)."""
    powers = _call("expf", _negative(size)).astype(np.float64) - 1.0
    return _float_table(_SELU_SCALE * (_SELU_ALPHA * powers), kind)


def exponential(size: int, argument: Fixed, kind: Fixed, negative: bool, scale: float = 1.0) -> Constant:
    """exp(scale * x), or exp(-scale * x), for x addressed by the top bits of type `argument` (init_exp_table)."""
    points = _points(size, argument) * np.float32(scale)
    return _float_table(_call("expf", -points if negative else points), kind)


def inverse(size: int, argument: Fixed, kind: Fixed) -> Constant:
    """1 / x for x addressed by the top bits of type `argument`; 1 / 0 is infinite (init_invert_table)."""
    with np.errstate(divide="ignore"):
        return _float_table(np.float32(1) / _points(size, argument), kind)


def legacy_exponential(size: int, kind: Fixed) -> Constant:
    """exp(x) at `size` points from -8 to 8 (init_exp_table_legacy)."""
    return _float_table(_call("expf", _centred(size, SPAN)), kind)


def legacy_inverse(size: int, kind: Fixed) -> Constant:
    """1 / x at `size` points from 0 to 64, in double; 0 at 0 (init_invert_table_legacy)."""
    points = (SUM_SPAN * np.arange(size, dtype=np.float64) / np.float64(np.float32(size))).astype(np.float32)
    values = np.divide(1.0, points, out=np.zeros(size, np.float64), where=points > 0, dtype=np.float64)
    return Constant(from_float(values, kind), kind)


def _centred(size: int, span: int) -> np.ndarray:
    """float(span * (i - size / 2) / size), the arithmetic in double."""
    length = np.float64(np.float32(size))
    return (span * (np.arange(size, dtype=np.float64) - length / 2.0) / length).astype(np.float32)


def _negative(size: int) -> np.ndarray:
    """float(-8 * i / size), the arithmetic in double."""
    return (-NEGATIVE_SPAN * np.arange(size, dtype=np.float64) / np.float64(np.float32(size))).astype(np.float32)


def _points(size: int, argument: Fixed) -> np.ndarray:
    """The number each address stands for: its bits are the top bits of the mantissa, the others zero."""
    shift = argument.width - address_bits(size)
    mantissa = np.arange(size, dtype=object) * (1 << max(shift, 0))
    wrapped = np.where(mantissa > argument.maximum, mantissa - (1 << argument.width), mantissa)
    return to_float(wrapped, argument).astype(np.float32)


def _float_table(values: np.ndarray, kind: Fixed) -> Constant:
    """Entries that pass through a float on their way to the table's type."""
    with np.errstate(over="ignore"):
        entries = values.astype(np.float32).astype(np.float64)
    return Constant(from_float(entries, kind), kind)


def _call(name: str, arguments: np.ndarray) -> np.ndarray:
    """A function of the C library of every element; in and out the elements' own type, float32 or float64."""
    function = _library_function(name, arguments.dtype == np.float32)
    return np.array([function(float(value)) for value in arguments], arguments.dtype)


@cache
def _library_function(name: str, single: bool) -> Callable[[float], float]:
    function = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")[name]
    function.restype = ctypes.c_float if single else ctypes.c_double
    function.argtypes = [function.restype]
    return function
