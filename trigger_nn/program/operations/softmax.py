"""Softmax, in each of hls4ml's implementations."""

from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant, Node


class SoftmaxKind(StrEnum):
    """hls4ml's implementations of softmax that are supported."""

    STABLE = "stable"
    LATENCY = "latency"
    ARGMAX = "argmax"


@dataclass(frozen=True, kw_only=True)
class Softmax(Node):
    """Softmax over a vector by two tables, exp and 1/x, each addressed by the top bits of its argument.

    `difference` is the type of max - x (stable only), `accumulator` that of the exponentials and their sum tree,
    `sum` the type that addresses the 1/x table.
    """

    kind: SoftmaxKind
    exponential: Constant
    inverse: Constant
    difference: Fixed
    accumulator: Fixed
    sum: Fixed
