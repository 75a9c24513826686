"""What each operation means, written once, over any domain of values.

A domain supplies arithmetic on arrays whose first axis counts events: integers (the reference engine), intervals (the
range pass), later RTL symbols. Nothing here knows which. The meaning is that of the C++ that hls4ml 1.3.0 generates
for Vitis (`firmware/nnet_utils`), for the latency strategy with parallel io.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar, assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Relu,
    Reshape,
    Scale,
    Softmax,
    SoftmaxKind,
    Window,
)
from trigger_nn.program.program import Program

V = TypeVar("V")


class Domain(Protocol[V]):
    """Arithmetic on mantissas. Every array has events on its first axis; constants broadcast."""

    def constant(self, mantissa: np.ndarray) -> V:
        """The same constant for every event."""

    def gather(self, value: V, index: np.ndarray, fill: int) -> V:
        """Elements of each event's flattened values, in the shape of `index`; index -1 gives `fill`."""

    def concatenate(self, values: list[V], axis: int) -> V:
        """Join along `axis`, events being axis 0."""

    def add(self, left: V, right: V) -> V:
        """Exact sum."""

    def subtract(self, left: V, right: V) -> V:
        """Exact difference."""

    def multiply(self, left: V, right: V) -> V:
        """Exact product."""

    def maximum(self, left: V, right: V) -> V:
        """The larger."""

    def shift(self, value: V, bits: int) -> V:
        """Exact value * 2^bits, bits not negative."""

    def divide(self, value: V, by: np.ndarray) -> V:
        """Quotient truncated towards zero, `by` positive."""

    def dot(self, value: V, weights: np.ndarray) -> V:
        """Exact sum over the last axis of value times weights (in, out)."""

    def cast(self, value: V, fraction: int, target: Fixed) -> V:
        """Cast mantissas with `fraction` bits behind the point to `target`."""

    def lookup(self, index: V, table: np.ndarray) -> V:
        """Table entries; every index is in range."""

    def one_hot_maximum(self, value: V) -> V:
        """1 at the first largest element of the last axis, 0 elsewhere."""


Watch = Callable[[str, str, V], None]


def run(program: Program, domain: Domain[V], inputs: Mapping[str, V]) -> dict[str, V]:
    """Every tensor of `program` by name, given its `inputs` as mantissas of their ports' types."""
    tensors = dict(inputs)
    for operation in program.operations:
        tensors[operation.name] = apply(operation, domain, program, [tensors[name] for name in operation.inputs])
    return tensors


def apply(operation: Operation, domain: Domain[V], program: Program, values: list[V]) -> V:
    """The result of one operation from its input tensors."""
    types = [program.type_of(name) for name in operation.inputs]
    shapes = [program.shape_of(name) for name in operation.inputs]
    x, source = values[0], types[0]
    match operation:
        case Dense() | Conv2D():
            total = accumulate(domain, contracted(operation, domain, x, shapes[0]), source, operation)
            return domain.cast(total, operation.accumulator.fraction, operation.type)
        case Scale():
            total, fraction = scaled(operation, domain, x, source)
            return domain.cast(total, fraction, operation.type)
        case Cast():
            return domain.cast(x, source.fraction, operation.type)
        case Relu():
            positive = domain.maximum(x, domain.constant(np.zeros(1, np.int64)))
            return domain.cast(positive, source.fraction, operation.type)
        case MaxPool2D():
            largest = pooled(operation, domain, x, shapes[0], domain.maximum)
            largest = domain.cast(largest, source.fraction, operation.accumulator)
            return domain.cast(largest, operation.accumulator.fraction, operation.type)
        case AveragePool2D():
            average = averaged(operation, domain, x, shapes[0], source)
            return domain.cast(average, operation.accumulator.fraction, operation.type)
        case Reshape():
            return domain.gather(x, np.arange(int(np.prod(operation.shape))).reshape(operation.shape), 0)
        case Concatenate():
            parts = [domain.cast(v, t.fraction, operation.type) for v, t in zip(values, types, strict=True)]
            return domain.concatenate(parts, operation.axis + 1)
        case Lookup():
            entry = domain.lookup(lookup_index(operation, domain, x, source), operation.table.mantissa)
            return domain.cast(entry, operation.table.type.fraction, operation.type)
        case Softmax():
            return softmax(operation, domain, x, source)
        case _:
            assert_never(operation)


# --- sums of products ------------------------------------------------------------------------------------------


def contracted(operation: Dense | Conv2D, domain: Domain[V], x: V, shape: tuple[int, ...]) -> V:
    """The operand whose last axis is summed over: the vector itself, or the patches of the image."""
    if isinstance(operation, Dense):
        return x
    return domain.gather(x, patches(operation.window, shape, operation.shape[:2]), 0)


def patches(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (rows, columns, size * channels)."""
    height, width, channels = shape
    index = np.pad(np.arange(height * width * channels).reshape(shape), _image_padding(window), constant_values=-1)
    views = np.lib.stride_tricks.sliding_window_view(index, window.size, axis=(0, 1))
    views = views[:: window.stride[0], :: window.stride[1]][: output[0], : output[1]]
    return views.transpose(0, 1, 3, 4, 2).reshape(*output[:2], -1)


def weight_matrix(weights: Constant) -> np.ndarray:
    """Weights as (elements of the sum, outputs)."""
    return weights.mantissa.reshape(-1, weights.mantissa.shape[-1])


def accumulate(domain: Domain[V], x: V, source: Fixed, operation: Dense | Conv2D) -> V:
    """Bias + sum of products, each product and each partial sum cast to the accumulator, in order.

    When the accumulator keeps every bit behind the point and wraps, casting once at the end gives the same: addition
    modulo 2^width does not depend on the order.
    """
    accumulator, matrix = operation.accumulator, weight_matrix(operation.weights)
    fraction = source.fraction + operation.weights.type.fraction
    bias = domain.cast(domain.constant(operation.bias.mantissa), operation.bias.type.fraction, accumulator)
    if fraction <= accumulator.fraction and accumulator.overflow is Overflow.WRAP:
        total = domain.shift(domain.dot(x, matrix), accumulator.fraction - fraction)
        return domain.cast(domain.add(total, bias), accumulator.fraction, accumulator)
    total = bias
    for i, row in enumerate(matrix):
        element = _element(domain, x, i, len(matrix), operation.shape[:-1])
        product = domain.cast(domain.multiply(element, domain.constant(row)), fraction, accumulator)
        total = domain.cast(domain.add(total, product), accumulator.fraction, accumulator)
    return total


def exact_sum(operation: Dense | Conv2D, domain: Domain[V], x: V, source: Fixed) -> tuple[V, int]:
    """Bias + sum of products of the contracted operand without any loss, and its fraction bits."""
    products = source.fraction + operation.weights.type.fraction
    fraction = max(products, operation.bias.type.fraction)
    total = domain.shift(domain.dot(x, weight_matrix(operation.weights)), fraction - products)
    bias = domain.shift(domain.constant(operation.bias.mantissa), fraction - operation.bias.type.fraction)
    return domain.add(total, bias), fraction


def scaled(operation: Scale, domain: Domain[V], x: V, source: Fixed) -> tuple[V, int]:
    """X * scale + bias without loss, and its fraction bits."""
    products = source.fraction + operation.scale.type.fraction
    fraction = max(products, operation.bias.type.fraction)
    product = domain.shift(domain.multiply(x, domain.constant(operation.scale.mantissa)), fraction - products)
    bias = domain.shift(domain.constant(operation.bias.mantissa), fraction - operation.bias.type.fraction)
    return domain.add(product, bias), fraction


def _element(domain: Domain[V], x: V, i: int, length: int, positions: tuple[int, ...]) -> V:
    """Element `i` of the last axis (of `length`) at every position; the axis is kept, with length 1."""
    count = int(np.prod(positions, dtype=np.int64))
    return domain.gather(x, (np.arange(count) * length + i).reshape(*positions, 1), 0)


# --- pooling ---------------------------------------------------------------------------------------------------


def pooled(operation: MaxPool2D, domain: Domain[V], x: V, shape: tuple[int, ...], combine: Callable[[V, V], V]) -> V:
    """Combine the elements of each window, in order."""
    index = pool_index(operation.window, shape, operation.shape)
    total = domain.gather(x, index[..., 0], operation.fill)
    for k in range(1, index.shape[-1]):
        total = combine(total, domain.gather(x, index[..., k], operation.fill))
    return total


def averaged(operation: AveragePool2D, domain: Domain[V], x: V, shape: tuple[int, ...], source: Fixed) -> V:
    """Add up each window from zero, every partial sum cast to the accumulator; divide towards zero."""
    index = pool_index(operation.window, shape, operation.shape)
    accumulator = operation.accumulator
    fraction = max(source.fraction, accumulator.fraction)
    total = domain.constant(np.zeros(operation.shape, np.int64))
    for k in range(index.shape[-1]):
        term = domain.shift(domain.gather(x, index[..., k], 0), fraction - source.fraction)
        wide = domain.shift(total, fraction - accumulator.fraction)
        total = domain.cast(domain.add(wide, term), fraction, accumulator)
    return domain.divide(total, pool_counts(operation, index))


def pool_counts(operation: AveragePool2D, index: np.ndarray) -> np.ndarray:
    """What each window's sum is divided by."""
    pixels: np.ndarray = (index >= 0).sum(axis=-1)
    return np.full_like(pixels, index.shape[-1]) if operation.count_padding else pixels


def pool_index(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (rows, columns, channels, size)."""
    flat = patches(window, shape, output[:2])
    return flat.reshape(*output[:2], -1, shape[-1]).swapaxes(-1, -2)


def _image_padding(window: Window) -> list[tuple[int, int]]:
    top, bottom, left, right = window.padding
    return [(top, bottom), (left, right), (0, 0)]


# --- tables ----------------------------------------------------------------------------------------------------


def lookup_index(operation: Lookup, domain: Domain[V], x: V, source: Fixed) -> V:
    """int(x * size / span) + size / 2, clipped to the table; int truncates towards zero."""
    size = len(operation.table.mantissa)
    numerator = domain.multiply(x, domain.constant(np.array([size])))
    numerator = domain.shift(numerator, max(0, -source.fraction))
    divisor = np.array([operation.span << max(0, source.fraction)], object if source.fraction > 55 else np.int64)
    index = domain.add(domain.divide(numerator, divisor), domain.constant(np.array([size // 2])))
    clipped = Fixed(False, address_bits(size), address_bits(size), overflow=Overflow.SAT)
    return domain.cast(index, 0, clipped)


def address_bits(size: int) -> int:
    """Bits that address a table of `size` entries."""
    return max(1, (size - 1).bit_length())


def top_bits(domain: Domain[V], x: V, kind: Fixed, size: int) -> V:
    """The most significant bits of a mantissa, read as an unsigned table address."""
    bits = address_bits(size)
    return domain.cast(x, kind.width - bits, Fixed(False, bits, bits))


def softmax(operation: Softmax, domain: Domain[V], x: V, source: Fixed) -> V:
    """Softmax as nnet_activation.h has it: argmax, or exponentials times the inverse of their sum."""
    if operation.kind is SoftmaxKind.ARGMAX:
        return domain.cast(domain.one_hot_maximum(x), 0, operation.type)
    argument, kind = x, source
    if operation.kind is SoftmaxKind.STABLE:
        elements = _elements(domain, x, operation.shape[-1])
        largest = tree(domain.maximum, elements)
        argument = domain.cast(domain.subtract(largest, x), source.fraction, operation.difference)
        kind = operation.difference
    table, accumulator = operation.exponential, operation.accumulator
    exponential = domain.lookup(top_bits(domain, argument, kind, len(table.mantissa)), table.mantissa)
    exponential = domain.cast(exponential, table.type.fraction, accumulator)
    total = tree(
        lambda a, b: domain.cast(domain.add(a, b), accumulator.fraction, accumulator),
        _elements(domain, exponential, operation.shape[-1]),
    )
    total = domain.cast(total, accumulator.fraction, operation.sum)
    address = top_bits(domain, total, operation.sum, len(operation.inverse.mantissa))
    inverse = domain.lookup(address, operation.inverse.mantissa)
    fraction = accumulator.fraction + operation.inverse.type.fraction
    return domain.cast(domain.multiply(exponential, inverse), fraction, operation.type)


def _elements(domain: Domain[V], x: V, length: int) -> list[V]:
    """Elements of a vector, each keeping an axis of length 1."""
    return [domain.gather(x, np.array([i]), 0) for i in range(length)]


def tree(combine: Callable[[V, V], V], values: list[V]) -> V:
    """hls4ml's balanced reduction: the left half has the largest power of two below the length."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    return combine(tree(combine, values[:left]), tree(combine, values[left:]))
