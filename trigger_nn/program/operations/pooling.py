"""Pooling over windows."""

from dataclasses import dataclass

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Node, Window


@dataclass(frozen=True, kw_only=True)
class PoolingNode(Node):
    """One value for each window and channel."""


@dataclass(frozen=True, kw_only=True)
class MaxPool2D(PoolingNode):
    """Largest value of each window, cast to `accumulator`, then to `type`; `fill` is the padding's mantissa."""

    window: Window
    accumulator: Fixed
    fill: int


@dataclass(frozen=True, kw_only=True)
class AveragePool2D(PoolingNode):
    """Sum in `accumulator`, divided (towards zero) by the number of image pixels in the window, cast to `type`."""

    window: Window
    accumulator: Fixed
    count_padding: bool


PoolingOperation = MaxPool2D | AveragePool2D
