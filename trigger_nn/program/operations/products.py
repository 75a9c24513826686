"""Sums of products with constants: what dense layers and convolutions share; dense layers, batch normalisation."""

from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant, Node


class Strategy(StrEnum):
    """How hls4ml's C++ orders a sum of products; matters to bits where partial sums saturate."""

    LATENCY = "latency"
    RESOURCE = "resource"
    UNROLLED = "resource_unrolled"
    DISTRIBUTED = "distributed_arithmetic"


class Product(StrEnum):
    """What the C++ takes for a product (nnet_mult.h).

    Binary and ternary weights (weight_binary, weight_ternary) are plain factors of -1, 0 and 1 here.
    """

    MULTIPLY = "mult"
    AGREEMENT = "both_binary"  # of two bits: 1 if they agree; the weight is 1 for a set bit, -1 for none, 0 if skipped
    SIGN = "data_binary"  # the input is a bit that stands for -1 or 1
    SHIFT = "weight_exponential"  # the weight is a power of two; bits shifted out are lost


@dataclass(frozen=True, kw_only=True)
class SumOfProducts(Node):
    """Bias plus products of inputs with weights; products and partial sums are cast to `accumulator`, in order.

    The last axis of `weights` counts outputs. `reuse_factor` is how often the firmware uses each multiplier for one
    event. `exponent_width` is the width of the exponents that SHIFT shifts by. `balance` is the number of products
    where inputs and weights are single bits, so that the C++ turns the sum into 2 * sum - balance; 0 elsewhere.
    """

    weights: Constant
    bias: Constant
    accumulator: Fixed
    reuse_factor: int
    strategy: Strategy = Strategy.LATENCY
    product: Product = Product.MULTIPLY
    exponent_width: int = 0
    balance: int = 0


@dataclass(frozen=True, kw_only=True)
class ProductNode(Node):
    """Products with constants, and what is left of them when only a comparison follows."""


@dataclass(frozen=True, kw_only=True)
class Dense(SumOfProducts, ProductNode):
    """Matrix product: weights (in, out), bias (out,)."""


@dataclass(frozen=True, kw_only=True)
class Scale(ProductNode):
    """Unfused batch normalisation: x * scale + bias, exactly, then one cast.

    Constants have shape (channels,) or that of the input. `exponent_width` as in `SumOfProducts`.
    """

    scale: Constant
    bias: Constant
    product: Product = Product.MULTIPLY
    exponent_width: int = 0


@dataclass(frozen=True, kw_only=True)
class BinaryThreshold(ProductNode):
    """Batch normalisation merged with a binary tanh: 1 where x >= threshold, 0 elsewhere; shapes as in `Scale`."""

    threshold: Constant


@dataclass(frozen=True, kw_only=True)
class TernaryThreshold(ProductNode):
    """Batch normalisation merged with a ternary tanh: 1 where x > high; else -1 where x <= low; else 0."""

    high: Constant
    low: Constant


ProductOperation = Dense | Scale | BinaryThreshold | TernaryThreshold
