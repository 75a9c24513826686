"""Windows sliding over images, as flat indices. A sequence (steps, channels) is an image of height 1."""

import numpy as np

from trigger_nn.program.operations.base import Window


def slid(window: Window, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Rows and columns of windows over an image of `shape`; of a sequence (rank 2) the columns alone."""
    top, bottom, left, right = window.padding
    height, width, _ = as_image(shape)
    rows = (height + top + bottom - window.size[0]) // window.stride[0] + 1
    return (rows, (width + left + right - window.size[1]) // window.stride[1] + 1)[3 - len(shape) :]


def patches(window: Window, shape: tuple[int, ...], output: tuple[int, ...]) -> np.ndarray:
    """Flat input index of each element of each window, -1 in the padding: (*positions, size * channels).

    `shape` is (rows, columns, channels) or (steps, channels); `output` starts with the positions: (rows, columns) or
    (steps,).
    """
    image, positions = as_image(shape), output[: len(shape) - 1]
    rows, columns = (1, *positions)[-2:]
    index = np.pad(np.arange(np.prod(image)).reshape(image), _image_padding(window), constant_values=-1)
    views = np.lib.stride_tricks.sliding_window_view(index, window.size, axis=(0, 1))
    views = views[:: window.stride[0], :: window.stride[1]][:rows, :columns]
    return views.transpose(0, 1, 3, 4, 2).reshape(*positions, -1)


def as_image(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(rows, columns, channels); a sequence (steps, channels) becomes one row."""
    return (1, *shape)[-3:]


def _image_padding(window: Window) -> list[tuple[int, int]]:
    top, bottom, left, right = window.padding
    return [(top, bottom), (left, right), (0, 0)]
