"""Convolutions of images (rows, columns, channels); a sequence (steps, channels) is an image of height 1."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Node, Window
from trigger_nn.program.operations.products import SumOfProducts


@dataclass(frozen=True, kw_only=True)
class ConvolutionNode(Node):
    """A convolution."""


@dataclass(frozen=True, kw_only=True)
class Conv2D(SumOfProducts, ConvolutionNode):
    """Convolution of a channels-last image or sequence: weights (height, width, channels, filters), bias (filters,).

    The firmware computes the pixels in `partitions` groups, one after the other; no bit depends on it.
    """

    window: Window
    partitions: int


@dataclass(frozen=True, kw_only=True)
class DepthwiseConv2D(SumOfProducts, ConvolutionNode):
    """Convolution of each channel by itself: weights (height, width, channels), bias (channels,)."""

    window: Window
    partitions: int


ConvolutionOperation = Conv2D | DepthwiseConv2D
