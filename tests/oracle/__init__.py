"""A second opinion in plain Python: exact fractions, loops, no numpy and nothing of `trigger_nn` but its types' fields.

Values are Fractions. A type is anything with signed, width, integer, rounding and overflow.
"""

from fractions import Fraction
from math import floor


def fit(value, kind):
    """Cast an exact value to a fixed-point type, returning the value that remains."""
    lsb = Fraction(2) ** (kind.integer - kind.width)
    return overflow(round_to(Fraction(value) / lsb, str(kind.rounding)), kind) * lsb


def round_to(x, mode):
    """Round a Fraction to an integer."""
    low = floor(x)
    rest = x - low
    if mode == "TRN" or rest == 0:
        return low
    if mode == "TRN_ZERO":
        return low + 1 if x < 0 else low
    if rest != Fraction(1, 2):
        return low + 1 if rest > Fraction(1, 2) else low
    ties = {
        "RND": low + 1,
        "RND_MIN_INF": low,
        "RND_ZERO": low + 1 if x < 0 else low,
        "RND_INF": low if x < 0 else low + 1,
        "RND_CONV": low if low % 2 == 0 else low + 1,
    }
    return ties[mode]


def overflow(n, kind):
    """Bring an integer into range by the overflow mode."""
    top = 2 ** (kind.width - 1) - 1 if kind.signed else 2**kind.width - 1
    bottom = -top - 1 if kind.signed else 0
    mode = str(kind.overflow)
    if mode == "WRAP":
        n %= 2**kind.width
        return n - 2**kind.width if n > top else n
    if mode == "SAT_SYM" and kind.signed and kind.width > 1:  # ap_fixed leaves one signed bit its -1
        return max(-top, min(top, n))
    if mode == "SAT_ZERO":
        return n if bottom <= n <= top else 0
    return max(bottom, min(top, n))


def dense(x, weights, bias, accumulator, result):
    """x: list; weights: list of rows (in, out). Every product and partial sum is cast to the accumulator, in order."""
    outputs = []
    for j in range(len(bias)):
        total = fit(bias[j], accumulator)
        for i in range(len(x)):
            total = fit(total + fit(x[i] * weights[i][j], accumulator), accumulator)
        outputs.append(fit(total, result))
    return outputs


def window(image, row, column, size, padding, fill):
    """The pixels (lists of channels) under a window whose corner is at (row, column) of the padded image."""
    pixels = []
    for i in range(size[0]):
        for j in range(size[1]):
            r, c = row + i - padding[0], column + j - padding[2]
            inside = 0 <= r < len(image) and 0 <= c < len(image[0])
            pixels.append(image[r][c] if inside else [fill] * len(image[0][0]))
    return pixels


def slide(image, size, stride, padding):
    """Corners of all windows, row by row."""
    rows = len(image) + padding[0] + padding[1] - size[0]
    columns = len(image[0]) + padding[2] + padding[3] - size[1]
    return [[(r, c) for c in range(0, columns + 1, stride[1])] for r in range(0, rows + 1, stride[0])]


def conv2d(image, weights, bias, accumulator, result, stride, padding):
    """weights: nested lists (height, width, channels, filters)."""
    size = (len(weights), len(weights[0]))
    flat = [filters for row in weights for pixel in row for filters in pixel]
    return [
        [
            dense(
                [v for p in window(image, r, c, size, padding, Fraction(0)) for v in p], flat, bias, accumulator, result
            )
            for r, c in line
        ]
        for line in slide(image, size, stride, padding)
    ]


def max_pool(image, size, stride, padding, fill, accumulator, result):
    """Largest value of each window and channel."""
    return [
        [
            [
                fit(fit(max(channel), accumulator), result)
                for channel in zip(*window(image, r, c, size, padding, fill), strict=True)
            ]
            for r, c in line
        ]
        for line in slide(image, size, stride, padding)
    ]


def average_pool(image, size, stride, padding, count_padding, accumulator, result):
    """Mean of each window and channel: the sum cast at each step, the quotient truncated to the accumulator's grid."""
    ones = [[[1] for _ in row] for row in image]
    lsb = Fraction(2) ** (accumulator.integer - accumulator.width)
    lines = []
    for line in slide(image, size, stride, padding):
        lines.append([])
        for r, c in line:
            inside = sum(p[0] for p in window(ones, r, c, size, padding, 0))
            divisor = size[0] * size[1] if count_padding else inside
            pixel = []
            for channel in zip(*window(image, r, c, size, padding, Fraction(0)), strict=True):
                total = Fraction(0)
                for value in channel:
                    total = fit(total + value, accumulator)
                quotient = total / lsb / divisor
                pixel.append(fit(round_to(quotient, "TRN_ZERO") * lsb, result))
            lines[-1].append(pixel)
    return lines


def relu(x, result):
    """max(x, 0)."""
    return fit(max(x, Fraction(0)), result)


def scale(x, factor, bias, result):
    """x * factor + bias."""
    return fit(x * factor + bias, result)


def look_up(x, table, span, result):
    """Table over [-span / 2, span / 2), index truncated towards zero."""
    index = round_to(x * len(table) / span, "TRN_ZERO") + len(table) // 2
    return fit(table[max(0, min(len(table) - 1, index))], result)


def address(x, kind, size):
    """The top bits of a value's bit pattern."""
    bits = (size - 1).bit_length()
    pattern = int(x / Fraction(2) ** (kind.integer - kind.width)) % 2**kind.width
    return pattern >> (kind.width - bits)


def add_up(values, kind):
    """hls4ml's balanced tree of sums, each cast."""
    if len(values) == 1:
        return values[0]
    left = 1
    while left * 2 < len(values):
        left *= 2
    return fit(add_up(values[:left], kind) + add_up(values[left:], kind), kind)
