"""What the generated C++ lays out at once: arrays in registers, unrolled loops, words of reshaped arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

from trigger_nn.hardware.lint.context import Context, elements
from trigger_nn.hardware.lint.products import Products, products_of
from trigger_nn.program.operations import BitLookup, Conv2D, DepthwiseConv2D, Strategy


@dataclass(frozen=True)
class Laid:
    """`size` elements, loop bodies or bits of what is called `name` in a layer's C++."""

    layer: str
    name: str
    size: int


def arrays(context: Context) -> Iterator[Laid]:
    """Arrays that are partitioned completely, by their elements.

    A tensor between layers (io_parallel), the products of a latency kernel (nnet_dense_latency.h,
    nnet_conv*_latency.h), pixels gathered for a convolution, sums of its pixels, what a stream's layer collects, a
    table addressed by all bits (nnet_activation.h, unary_lut).
    """
    if not context.is_stream:
        inputs = {port.name for port in context.program.inputs}
        yield from (
            Laid(port.name, "result", elements(port.shape)) for port in context.tensors() if port.name not in inputs
        )
    for products in products_of(context):
        yield from _arrays_of(products, context)
    for operation in context.program.operations:
        if isinstance(operation, BitLookup):
            yield Laid(operation.name, "table", operation.table.mantissa.size)


def _arrays_of(products: Products, context: Context) -> Iterator[Laid]:
    if products.strategy is Strategy.LATENCY:
        yield Laid(products.layer, "products", products.count)
    if is_convolution(products):
        yield Laid(products.layer, "gathered pixels", products.copies * products.rows)
        if products.is_shared:
            yield Laid(products.layer, "sums", products.copies * products.sums)
    elif context.is_stream:
        yield Laid(products.layer, "collected inputs", products.rows)


def loops(context: Context) -> Iterator[Laid]:
    """Products that loops are unrolled to: all of a latency kernel, those of one cycle otherwise.

    A reuse factor does not help a latency kernel: PIPELINE unrolls all loops in it, and only then shares multipliers.
    Code written out by hls4ml (resource_unrolled, distributed arithmetic) has no loops.
    """
    for products in products_of(context):
        pixels = products.copies if is_convolution(products) else 1
        if products.strategy is Strategy.LATENCY:
            yield Laid(products.layer, "Product1", products.count * pixels)
        elif products.strategy is Strategy.RESOURCE:
            yield Laid(products.layer, "MultLoop", products.in_each_cycle * pixels)


def words(context: Context) -> Iterator[Laid]:
    """Arrays that are reshaped into wide words, by the bits of a word.

    An input of io_parallel (transform_types.py), and the weights of the kernels that share multipliers
    (nnet_dense_resource.h); Vitis' convolutions of io_parallel leave that to the tool (nnet_conv2d_resource.h).
    """
    if not context.is_stream:
        for port in context.program.inputs:
            yield Laid(port.name, "input", elements(port.shape) * port.type.width)
    for products in products_of(context):
        left_to_tool = context.is_vitis and not context.is_stream and is_convolution(products)
        if products.is_shared and not left_to_tool:
            yield Laid(products.layer, "weights", products.in_each_cycle * products.weights.type.width)


def is_convolution(products: Products) -> bool:
    """Whether the kernel runs over pixels."""
    return isinstance(products.node, Conv2D | DepthwiseConv2D)
