"""How many cycles one pass through a loop's body takes, for want of the tool's schedule: assumptions, in one place.

None of these figures was compared with a vendor's tool. They move latencies by a few cycles a layer, and with them the
depth that a FIFO beside a branch needs; they move no interval but that of layers that take one pack an event. Where a
report of the tool is at hand, its figures take their place (`Rate`).
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.program.operations import (
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    ExponentialLinear,
    Gru,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    Lstm,
    MaxPool2D,
    Merge,
    MergeKind,
    Operation,
    Scale,
    Softmax,
    Strategy,
)
from trigger_nn.program.semantics.products import weight_matrix
from trigger_nn.recipe import HardwareSpec

ENDS = 2  # cycles: a pack is read in the first cycle of a body and written in its last
TABLE = 1  # cycle more for a table in a ROM with a register at its output
PRODUCT = 4  # levels that a product of two variables counts for
ADDER_DELAY = 0.9  # ns for one level: carry chain and routing of an adder of 10 to 20 bits in UltraScale+, assumed
UNCERTAINTY = {"Vitis": 27.0, "Vivado": 12.5}  # % of the period: defaults of hls4ml 1.3.0's backends


@dataclass(frozen=True)
class Rate:
    """What a report of the HLS tool says about a layer's loop, in cycles: its interval and one iteration's latency.

    Raises:
        RecipeError: one of them is below a cycle.
    """

    interval: int
    latency: int

    def __post_init__(self) -> None:
        """Refuse what no loop has."""
        if min(self.interval, self.latency) < 1:
            raise RecipeError(f"A loop can't have {self}; give an interval and a latency of 1 cycle or more.")


@dataclass(frozen=True)
class Clock:
    """How many levels of adders fit in a cycle."""

    levels: int

    @staticmethod
    def of(hardware: HardwareSpec) -> "Clock":
        """That of a period less its uncertainty."""
        uncertainty = hardware.clock_uncertainty or UNCERTAINTY[hardware.backend]
        return Clock(max(1, int(hardware.clock_period * (1 - uncertainty / 100) / ADDER_DELAY)))

    def cycles(self, levels: float) -> int:
        """Cycles of a body with so many levels one after the other."""
        return ENDS + ceil(levels / self.levels)


def latency(operation: Operation, clock: Clock) -> int:
    """Cycles of one iteration of `operation`'s loop, the first reads and the last writes; without waiting for reuse."""
    match operation:
        case Dense() | Conv2D() | DepthwiseConv2D() | Scale():
            return clock.cycles(_product_levels(operation))
        case MaxPool2D() | AveragePool2D():
            divided = PRODUCT if isinstance(operation, AveragePool2D) else 0
            terms = 2 if operation.flat else operation.window.size[0] * operation.window.size[1]
            return clock.cycles(tree(terms) + divided)
        case Softmax():
            return 2 * TABLE + clock.cycles(_softmax_levels(operation))
        case Lookup() | ExponentialLinear():
            return TABLE + clock.cycles(PRODUCT if isinstance(operation, ExponentialLinear) else 1)
        case LeakyRelu() | HardSigmoid() | Merge(kind=MergeKind.MULTIPLY):
            return clock.cycles(PRODUCT)
        case Lstm() | Gru():
            return _recurrent_step(operation, clock)
        case _:
            return clock.cycles(1)


def tree(terms: int) -> int:
    """Levels of a balanced tree over so many terms."""
    return ceil(np.log2(max(terms, 1)))


def _product_levels(operation: Dense | Conv2D | DepthwiseConv2D | Scale) -> int:
    """Levels of sums of products with constants: trees over signed digits, or multipliers where they are shared."""
    if isinstance(operation, Scale):
        return PRODUCT + 1
    matrix = weight_matrix(operation.weights)
    if operation.strategy in (Strategy.RESOURCE, Strategy.UNROLLED):
        return PRODUCT + tree(ceil(len(matrix) / operation.reuse_factor)) + 1
    return tree(int(_digits(matrix).sum(axis=0).max(initial=0)) + 1)


def _digits(mantissa: np.ndarray) -> np.ndarray:
    """Non-zero digits of each integer in canonical signed-digit form: bits set in x ^ 3x (Reitwieser, 1960)."""
    magnitude = np.abs(mantissa).astype(np.int64)
    return np.bitwise_count(magnitude ^ (3 * magnitude)).astype(np.int64)


def _softmax_levels(operation: Softmax) -> int:
    """The largest, its differences, the sum of exponentials, the product with its inverse."""
    elements = int(np.prod(operation.shape)) // (operation.outer * operation.inner)
    return 2 * tree(elements) + 1 + PRODUCT


def _recurrent_step(operation: Lstm | Gru, clock: Clock) -> int:
    """Both products side by side, the gates' tables, the new state."""
    products = (operation.kernel, operation.recurrent)
    sums = max(clock.cycles(_product_levels(dense)) + dense.reuse_factor - 1 for dense in products)
    return sums + 2 * TABLE + clock.cycles(2 * PRODUCT + 2)
