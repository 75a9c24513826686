"""Small programs made by hand for the estimates."""

from itertools import pairwise

import numpy as np

from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import Constant, Conv2D, Dense, MaxPool2D, Relu, Window
from trigger_nn.program.program import Port, Program

PART = "xcvu13p-flga2577-2-e"
BYTE = Fixed(False, 8, 8)


def dense(name, reads, matrix, source, bias=None, reuse=1, **more):
    """A dense layer whose accumulator holds every sum."""
    matrix = np.asarray(matrix)
    weight = covering(int(matrix.min(initial=0)), int(matrix.max(initial=0)), 0)
    given = np.zeros(matrix.shape[1], np.int64) if bias is None else np.asarray(bias)
    most = int(np.abs(matrix).sum(axis=0).max(initial=0)) * max(source.maximum, -source.minimum) + 1
    most += int(np.abs(given).max(initial=0))
    accumulator = covering(-most, most, source.fraction)
    return Dense(
        name=name, inputs=(reads,), shape=(matrix.shape[1],), type=accumulator, weights=Constant(matrix, weight),
        bias=Constant(given, accumulator), accumulator=accumulator, reuse_factor=reuse, **more,
    )  # fmt: skip


def one_dense(matrix, source, **more):
    layer = dense("d", "x", matrix, source, **more)
    return Program("one", (Port("x", (len(matrix),), source),), (layer,), ("d",))


def network(seed, widths=(16, 16, 5), weight_bits=6, activation_bits=6, density=0.6, reuse=1):
    """Dense layers with relus between them, weights by `seed`."""
    rng = np.random.default_rng(seed)
    activation = Fixed(False, activation_bits, activation_bits, Rounding.RND_CONV, Overflow.SAT)
    operations, reads, source, top = [], "x", BYTE, 2 ** (weight_bits - 1)
    for i, (rows, columns) in enumerate(pairwise(widths)):
        matrix = rng.integers(1 - top, top, (rows, columns)) * (rng.random((rows, columns)) < density)
        operations.append(dense(f"d{i}", reads, matrix, source, rng.integers(-9, 9, columns), reuse))
        reads = f"d{i}"
        if i < len(widths) - 2:
            operations.append(Relu(name=f"a{i}", inputs=(reads,), shape=(columns,), type=activation))
            reads, source = f"a{i}", activation
    return Program(f"net{seed}", (Port("x", (widths[0],), BYTE),), tuple(operations), (reads,))


def pooled(rows=8, size=2):
    """The largest of each `size` x `size` window of a square image of bytes."""
    window = Window(size=(size, size), stride=(size, size), padding=(0, 0, 0, 0))
    shape = (rows // size, rows // size, 1)
    layer = MaxPool2D(name="p", inputs=("x",), shape=shape, type=BYTE, accumulator=BYTE, fill=0, window=window)
    return Program("pooled", (Port("x", (rows, rows, 1), BYTE),), (layer,), ("p",))


def filtered(kernel, rows=6, partitions=1):
    """A square image of bytes, filtered by `kernel` (height, width, 1, filters), its border padded to keep its size."""
    kernel = np.asarray(kernel)
    top, left = (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2
    padding = (top, kernel.shape[0] - 1 - top, left, kernel.shape[1] - 1 - left)
    window = Window(size=kernel.shape[:2], stride=(1, 1), padding=padding)
    most = int(np.abs(kernel).sum(axis=(0, 1, 2)).max()) * 255
    wide = covering(-most, most, 0)
    filters = kernel.shape[-1]
    layer = Conv2D(
        name="c", inputs=("x",), shape=(rows, rows, filters), type=wide, accumulator=wide, reuse_factor=1,
        weights=Constant(kernel, covering(int(kernel.min()), int(kernel.max()), 0)), window=window,
        bias=Constant(np.zeros(filters, np.int64), wide), partitions=partitions,
    )  # fmt: skip
    return Program("filtered", (Port("x", (rows, rows, 1), BYTE),), (layer,), ("c",))
