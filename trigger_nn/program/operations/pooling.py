"""Pooling over windows of an image, or of a sequence, which is an image of height 1."""

from dataclasses import dataclass

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Node, Window


@dataclass(frozen=True, kw_only=True)
class PoolingNode(Node):
    """One value for each window and channel; shape (*positions, channels).

    `flat`: there is one window, and the result has shape (channels,), without positions.
    `cast_first`: every value is cast to the accumulator before anything is done with it (io_stream).
    """

    window: Window
    accumulator: Fixed
    flat: bool = False
    cast_first: bool = False


@dataclass(frozen=True, kw_only=True)
class MaxPool2D(PoolingNode):
    """Largest value of each window, cast to `accumulator`, then to `type`; `fill` is the padding's mantissa."""

    fill: int


@dataclass(frozen=True, kw_only=True)
class AveragePool2D(PoolingNode):
    """Sum in `accumulator`, divided (towards zero) by the number of image pixels in the window, cast to `type`.

    Values are added one by one from zero, or with `tree` in hls4ml's balanced tree (io_stream); every sum is cast.
    """

    count_padding: bool
    tree: bool = False


PoolingOperation = MaxPool2D | AveragePool2D
