"""Latency and resources estimated from the Program, before any synthesis.

A model of what Vitis makes of hls4ml's latency strategy, with the constants below. It ranks designs and shows where
cycles and LUTs go; no vendor tool stands behind it, so expect a factor of 1.5 to 2 either way.

Latency. A product with a constant is a tree of shifted additions (canonical signed digits), a sum is a balanced tree
of adders; as many adder levels as fit in the usable clock period go into one cycle. Convolutions compute
`partitions` groups of pixels one after the other. Layers run one after the other, each for a new event as soon as it
is free: the initiation interval is that of the slowest.

Resources. One LUT and one flip-flop a bit of each adder; a shared sub-expression saves some (SHARING); feeding a
convolution's window from several positions takes multiplexers, three inputs a LUT.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.parts import Device, device_of
from trigger_nn.program.operations import (
    AveragePool2D,
    Constant,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Scale,
    Softmax,
)
from trigger_nn.program.operations.arrangement import ArrangementNode
from trigger_nn.program.operations.convolutions import DepthwiseConv2D
from trigger_nn.program.operations.merging import Dot
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.operations.transformer import TransformerNode
from trigger_nn.program.program import Program
from trigger_nn.program.semantics.products import weight_matrix

UNMODELLED = (RecurrentNode, TransformerNode, Dot)
ADDER_DELAY = 0.9  # ns, carry chain and routing of a 10 to 20 bit adder in UltraScale+, speed grade 2
CLOCK_SHARE = 0.73  # of the period; hls4ml tells Vitis to keep 27 % for uncertainty
SHARING = 0.6  # adders left after common sub-expressions are shared
BUNCH_CROSSING = 25.0  # ns


@dataclass(frozen=True)
class LayerEstimate:
    """One layer: clock cycles from input to output, cycles between events, LUTs, flip-flops, DSPs, block RAMs."""

    layer: str
    kind: str
    latency: int
    interval: int
    lut: int
    ff: int
    dsp: int
    bram: int


@dataclass(frozen=True)
class Estimate:
    """The whole design at `clock_period` ns on `device`."""

    device: Device
    clock_period: float
    layers: tuple[LayerEstimate, ...]
    unmodelled: tuple[str, ...] = ()  # layers counted as one row of registers, for want of a model

    @property
    def cycles(self) -> int:
        """Clock cycles from input to output."""
        return sum(layer.latency for layer in self.layers)

    @property
    def latency(self) -> float:
        """Latency in ns."""
        return self.cycles * self.clock_period

    @property
    def bunch_crossings(self) -> int:
        """Latency in bunch crossings of 25 ns, rounded up."""
        return ceil(self.latency / BUNCH_CROSSING)

    @property
    def interval(self) -> int:
        """Clock cycles between two events that one instance can take."""
        return max((layer.interval for layer in self.layers), default=1)

    @property
    def instances(self) -> int:
        """Instances, or time multiplexing, needed to take an event every bunch crossing."""
        return ceil(self.interval * self.clock_period / BUNCH_CROSSING)

    def total(self, resource: str) -> int:
        """Sum over layers of 'lut', 'ff', 'dsp' or 'bram'."""
        return sum(getattr(layer, resource) for layer in self.layers)

    def share(self, resource: str) -> float:
        """That sum as a fraction of the device."""
        return float(self.total(resource) / getattr(self.device, resource))


def estimate(program: Program, clock_period: float, part: str) -> Estimate:
    """Estimate `program` at `clock_period` (ns) on `part`.

    Raises:
        RecipeError: the part is unknown, or the clock period leaves no time for one adder.
    """
    if clock_period * CLOCK_SHARE < ADDER_DELAY:
        least = ADDER_DELAY / CLOCK_SHARE
        raise RecipeError(
            f"A clock period of {clock_period:g} ns is too short for one adder; choose {least:.2f} ns or more."
        )
    layers = tuple(_layer(operation, program, clock_period) for operation in program.operations)
    unmodelled = tuple(op.name for op in program.operations if isinstance(op, UNMODELLED))
    return Estimate(device_of(part), clock_period, layers, unmodelled)


def _layer(operation: Operation, program: Program, period: float) -> LayerEstimate:
    size = int(np.prod(operation.shape))
    bits = operation.type.width
    source = program.type_of(operation.inputs[0])
    match operation:
        case Dense():
            return _products(operation, source.width, 1, 1, operation.reuse_factor, period)
        case Conv2D() | DepthwiseConv2D():
            pixels = int(np.prod(operation.shape[:-1]))
            parallel = pixels // operation.partitions
            return _products(operation, source.width, parallel, operation.partitions, operation.reuse_factor, period)
        case Scale():
            digits = int(csd_digits(operation.scale.mantissa).sum()) * size // operation.scale.mantissa.size
            return _plain(operation, 1, ceil(SHARING * digits * bits), size * bits)
        case MaxPool2D() | AveragePool2D():
            window = operation.window.size[0] * operation.window.size[1]
            levels = ceil(np.log2(max(window, 2)))
            return _plain(operation, _cycles(levels, period), size * (window - 1) * 2 * bits, size * bits)
        case ArrangementNode():
            return _plain(operation, 0, 0, 0)
        case Lookup():
            return _plain(operation, 2, 0, size * bits, bram=size * _brams(operation.table))
        case Softmax():
            tables = size * _brams(operation.exponential) + _brams(operation.inverse)
            levels = ceil(np.log2(max(size, 2)))
            cycles = 4 + 2 * _cycles(levels, period)
            return _plain(operation, cycles, 3 * size * operation.accumulator.width, size * bits, tables, dsp=size)
        case _:  # comparisons, additions; and, far too little for them, what `unmodelled` names
            return _plain(operation, 1, size * bits, size * bits)


def _products(
    operation: Dense | Conv2D | DepthwiseConv2D, width: int, parallel: int, partitions: int, reuse: int, period: float
) -> LayerEstimate:
    matrix = weight_matrix(operation.weights)
    digits = csd_digits(matrix)
    terms = int(digits.sum())
    adders = max(terms - int((digits.sum(axis=0) > 0).sum()), 0)  # a sum of k terms takes k - 1 adders
    levels = ceil(np.log2(max(int(digits.sum(axis=0).max(initial=0)) + 1, 2)))
    depth = _cycles(levels, period) + (1 if partitions > 1 else 0)
    adder_bits = (width + operation.accumulator.width) / 2
    lut = SHARING * adders * adder_bits * parallel / reuse
    if partitions > 1:
        lut += parallel * len(matrix) * width * (partitions - 1) / 3
    held = int(np.prod(operation.shape)) * operation.type.width
    ff = lut * depth / max(levels, 1) + held
    interval = partitions * reuse
    latency = depth + interval - 1
    return LayerEstimate(operation.name, type(operation).__name__, latency, interval, ceil(lut), ceil(ff), 0, 0)


def _plain(operation: Operation, latency: int, lut: int, ff: int, bram: int = 0, dsp: int = 0) -> LayerEstimate:
    return LayerEstimate(operation.name, type(operation).__name__, latency, 1, lut, ff, dsp, bram)


def _cycles(levels: int, period: float) -> int:
    return max(1, ceil(levels * ADDER_DELAY / (period * CLOCK_SHARE)))


def _brams(table: Constant) -> int:
    return ceil(table.mantissa.size * table.type.width / 36_864)


def csd_digits(mantissa: np.ndarray) -> np.ndarray:
    """Non-zero digits of each integer in canonical signed-digit form: bits set in x ^ 3x (Reitwieser, 1960)."""
    magnitude = np.abs(mantissa).astype(np.int64)
    return np.bitwise_count(magnitude ^ (3 * magnitude)).astype(np.int64)
