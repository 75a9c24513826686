"""The encoded implementation of convolutions in io_stream (nnet_conv_stream.h, Vivado): whether it is a convolution.

Every pixel that arrives is copied into one FIFO for each place of the window that it will ever take; a table of
instructions, indexed by a compressed row and column, says which. For some sizes and strides that table is wrong. The
instructions are followed here once, with pixel numbers in place of values.
"""

from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.reading import window_of
from trigger_nn.program.operations import Window
from trigger_nn.program.semantics.windows import patches


def is_plain(layer: Any) -> bool:
    """Whether the layer's instructions gather the windows that its sizes and strides call for."""
    window, image = window_of(layer, "filt"), image_of(layer)
    if len(image) == 2 and window.size[0] != window.size[1]:  # the C++ stops
        return False
    positions = layer.get_output_variable().shape[:-1]
    expected = patches(window, (*image, 1), tuple(int(size) for size in positions))
    found = _gathered(layer, window, image)
    return found is not None and np.array_equal(np.array(found), expected.reshape(-1, expected.shape[-1]))


def image_of(layer: Any) -> tuple[int, ...]:
    """Rows and columns of the input as the layer's configuration in C++ has them; of a sequence, the columns."""
    names = ("in_height", "in_width") if "2D" in layer.class_name else ("in_width",)
    return tuple(int(layer.get_attr(name)) for name in names)


def _gathered(layer: Any, window: Window, image: tuple[int, ...]) -> list[list[int]] | None:
    """The pixels of each window, in the order of outputs; None where the C++ reads what is not there."""
    instructions = [int(text) for text in str(layer.get_attr("instructions")).split(",")]
    least = (1, *(int(layer.get_attr(name)) for name in ("min_height", "min_width")[2 - len(image) :]))[-2:]
    rows, columns = (
        _compressed(full, part, size, stride)
        for full, part, size, stride in zip((1, *image)[-2:], least, window.size, window.stride, strict=True)
    )
    places: list[list[int]] = [[] for _ in range(window.size[0] * window.size[1])]
    outputs: list[list[int]] = []
    for pixel, (row, column) in enumerate((row, column) for row in rows for column in columns):
        if row * least[1] + column >= len(instructions):
            return None
        bits = instructions[row * least[1] + column]
        for place, waiting in enumerate(places):
            if bits >> place & 1:
                waiting.append(pixel)
        if bits >> (len(places) - 1) & 1:
            if not all(places):
                return None
            outputs.append([waiting.pop(0) for waiting in places])
    return outputs


def _compressed(full: int, least: int, size: int, stride: int) -> list[int]:
    """The row (or column) of the table of instructions for each row (or column) of the image: `scale_index`."""
    return [index if full == least else _scaled(index, full, size, stride) for index in range(full)]


def _scaled(index: int, full: int, size: int, stride: int) -> int:
    more, less = max(size, stride), min(size, stride)
    overlap = more - less
    used = (full - size) // stride * stride + size
    scaled = (-(-more // less) - 1) * stride + size
    if index < overlap:
        return index
    if index >= used:
        return scaled
    if used - index <= overlap:
        return scaled - (used - index)
    return overlap + (index - overlap) % stride
