"""Windows sliding over images, as flat indices. A sequence (steps, channels) is an image of height 1."""

import numpy as np

from trigger_nn.program.operations.base import Window


def slid(window: Window, shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of windows over an image of `shape`."""
    top, bottom, left, right = window.padding
    rows = (shape[0] + top + bottom - window.size[0]) // window.stride[0] + 1
    return rows, (shape[1] + left + right - window.size[1]) // window.stride[1] + 1


def patches(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (rows, columns, size * channels)."""
    height, width, channels = shape
    index = np.pad(np.arange(height * width * channels).reshape(shape), _image_padding(window), constant_values=-1)
    views = np.lib.stride_tricks.sliding_window_view(index, window.size, axis=(0, 1))
    views = views[:: window.stride[0], :: window.stride[1]][: output[0], : output[1]]
    return views.transpose(0, 1, 3, 4, 2).reshape(*output[:2], -1)


def _image_padding(window: Window) -> list[tuple[int, int]]:
    top, bottom, left, right = window.padding
    return [(top, bottom), (left, right), (0, 0)]
