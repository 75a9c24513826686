"""Sums of products with weights as the generated C++ lays them out: how many, how many at once, how often."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trigger_nn.hardware.lint.context import Context, is_step, packets
from trigger_nn.hardware.lint.reuse import closest, valid_reuse_factors
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Conv2D, Dense, DepthwiseConv2D, Product, Strategy, SumOfProducts
from trigger_nn.program.operations.recurrent import RecurrentNode


@dataclass(frozen=True)
class Products:
    """The products of one layer, or of one of the two matrices of a recurrent one.

    A kernel of `fan_in` products a sum and `sums` sums exists `copies` times (the pixels of a convolution that are
    computed at once, the cells of a recurrent layer) and runs `turns` times an event. `rows` is what hls4ml calls n_in.
    """

    layer: str
    node: SumOfProducts
    source: Fixed
    fan_in: int
    rows: int
    sums: int
    copies: int
    turns: int

    @property
    def count(self) -> int:
        """Products of one kernel."""
        return self.fan_in * self.sums

    @property
    def weights(self) -> Constant:
        """The factors."""
        return self.node.weights

    @property
    def reuse(self) -> int:
        """How often each multiplier is used in one turn."""
        return self.node.reuse_factor

    @property
    def strategy(self) -> Strategy:
        """As hls4ml took it."""
        return self.node.strategy

    @property
    def is_shared(self) -> bool:
        """Whether weights are read from memories, `reuse` words each, rather than built into logic."""
        return self.strategy in (Strategy.RESOURCE, Strategy.UNROLLED)

    @property
    def in_each_cycle(self) -> int:
        """Products of one kernel in one cycle: hls4ml's block_factor."""
        return -(-self.count // self.reuse)

    @cached_property
    def reused_valid(self) -> tuple[int, ...]:
        """Reuse factors that strategy `resource` can have here."""
        return valid_reuse_factors(self.rows, self.sums)

    @cached_property
    def multiplications(self) -> int:
        """Products of one kernel that take a multiplier: not by 0, a power of two, or a sign.

        Loops over weights in memory multiply by zeros too; unrolled code leaves them out (unrolled_codegen.py).
        """
        if self.node.product is not Product.MULTIPLY or self.strategy is Strategy.DISTRIBUTED:
            return 0
        magnitude = np.abs(self.weights.mantissa.astype(np.int64))
        if not self.is_shared:
            return int(np.count_nonzero(np.bitwise_count(magnitude) > 1))
        if int(magnitude.max()) < 2:
            return 0
        return self.count if self.strategy is Strategy.RESOURCE else int(np.count_nonzero(magnitude))

    @property
    def multipliers(self) -> int:
        """Multipliers that work at once (multiplier_limit of hls4ml's configurations, in all copies)."""
        return -(-self.multiplications // self.reuse) * self.copies


def products_of(context: Context) -> tuple[Products, ...]:
    """All of them, in the order of the program."""
    return tuple(found for operation in context.program.operations for found in _of(operation, context))


def once_a_layer(context: Context) -> Iterator[Products]:
    """Without the steps of a repeated layer, which are alike."""
    return (products for products in products_of(context) if not is_step(products.layer))


def _of(operation: object, context: Context) -> Iterator[Products]:
    program = context.program
    match operation:
        case Dense():
            rows, sums = operation.weights.mantissa.shape
            yield Products(operation.name, operation, program.type_of(operation.inputs[0]), rows, rows, sums, 1, 1)
        case Conv2D():
            height, width, channels, filters = operation.weights.mantissa.shape
            rows = height * width * channels
            source = program.type_of(operation.inputs[0])
            yield Products(operation.name, operation, source, rows, rows, filters, *_pixels(operation, context))
        case DepthwiseConv2D():
            height, width, channels = operation.weights.mantissa.shape
            source, window = program.type_of(operation.inputs[0]), height * width
            rows = window * channels
            yield Products(operation.name, operation, source, window, rows, channels, *_pixels(operation, context))
        case RecurrentNode():
            steps = program.shape_of(operation.inputs[0])[0]
            cells, turns = (1, steps) if operation.static else (steps, 1)
            sources = ((operation.kernel, program.type_of(operation.inputs[0])), (operation.recurrent, operation.type))
            for node, source in sources:
                rows, sums = node.weights.mantissa.shape
                yield Products(operation.name, node, source, rows, rows, sums, cells, turns)


def _pixels(operation: Conv2D | DepthwiseConv2D, context: Context) -> tuple[int, int]:
    """Pixels at once, and turns; a stream computes one after the other."""
    pixels = packets(operation.shape)
    return (1, pixels) if context.is_stream else (pixels // operation.partitions, operation.partitions)


def taken_reuse(products: Products, strategy: Strategy, asked: int) -> int:
    """The reuse factor that hls4ml makes of the one asked for."""
    if strategy is Strategy.DISTRIBUTED:
        return 1
    valid = products.reused_valid
    if strategy is Strategy.UNROLLED:
        return closest(valid[:-1] or (1,), asked)
    return closest(valid, asked) if strategy is Strategy.RESOURCE else asked
