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
    """What the C++ takes for a product (nnet_mult.h)."""

    MULTIPLY = "mult"


@dataclass(frozen=True, kw_only=True)
class SumOfProducts(Node):
    """Bias plus products of inputs with weights; products and partial sums are cast to `accumulator`, in order.

    The last axis of `weights` counts outputs. `reuse_factor` is how often the firmware uses each multiplier for one
    event.
    """

    weights: Constant
    bias: Constant
    accumulator: Fixed
    reuse_factor: int
    strategy: Strategy = Strategy.LATENCY
    product: Product = Product.MULTIPLY


@dataclass(frozen=True, kw_only=True)
class ProductNode(Node):
    """Products with constants."""


@dataclass(frozen=True, kw_only=True)
class Dense(SumOfProducts, ProductNode):
    """Matrix product: weights (in, out), bias (out,)."""


@dataclass(frozen=True, kw_only=True)
class Scale(ProductNode):
    """Unfused batch normalisation: x * scale + bias, exactly, then one cast; constants of shape (channels,)."""

    scale: Constant
    bias: Constant


ProductOperation = Dense | Scale
