"""Softmax, in each of hls4ml's implementations."""

from dataclasses import dataclass
from enum import StrEnum

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.base import Constant, Node


class SoftmaxKind(StrEnum):
    """hls4ml's implementations of softmax."""

    STABLE = "stable"
    LATENCY = "latency"
    LEGACY = "legacy"
    ARGMAX = "argmax"


@dataclass(frozen=True, kw_only=True)
class Softmax(Node):
    """Softmax by two tables, exp and 1/x.

    Stable and latency address each by the top bits of its argument: `difference` is the type of max - x (stable only),
    `accumulator` that of the exponentials and their sum tree, `sum` the type that addresses the 1/x table. Legacy
    reads exp over [-8, 8) at every difference of two elements, adds those up in `accumulator` (the tables' own type)
    and reads 1/x over [0, 64). Argmax uses no table.

    The tensor is `outer` x (elements of one softmax) x `inner`, in flat order.
    """

    kind: SoftmaxKind
    exponential: Constant
    inverse: Constant
    difference: Fixed
    accumulator: Fixed
    sum: Fixed
    outer: int = 1
    inner: int = 1
