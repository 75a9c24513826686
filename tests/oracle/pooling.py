"""Pooling, window by window. An image is a list of rows, a row a list of pixels, a pixel a list of channels."""

from fractions import Fraction

from tests.oracle import fit, round_to, slide, window


def pool(image, operation, fill, one_window):
    """`one_window(values, inside)` of each window and channel; padding holds `fill`, `inside` pixels are none."""
    shape, lines = operation.window, []
    for line in slide(image, shape.size, shape.stride, shape.padding):
        lines.append([])
        for r, c in line:
            pixels = window(image, r, c, shape.size, shape.padding, None)
            inside = sum(pixel[0] is not None for pixel in pixels)
            values = [[fill if value is None else value for value in channel] for channel in zip(*pixels, strict=True)]
            lines[-1].append([fit(one_window(v, inside), operation.type) for v in values])
    return lines


def array_max(values, accumulator):
    """The largest, cast."""
    return fit(max(values), accumulator)


def array_average(values, divisor, accumulator):
    """Added as they are, every sum cast, divided towards zero on the accumulator's grid."""
    return quotient(one_by_one(values, accumulator), divisor, accumulator)


def stream_max(values, accumulator):
    """Every value cast, then the largest."""
    return max(fit(value, accumulator) for value in values)


def stream_average(values, accumulator, tree):
    """Every value cast, then added, then divided by how many there are, towards zero on the accumulator's grid."""
    cast = [fit(value, accumulator) for value in values]
    total = by_tree(cast, accumulator) if tree else one_by_one(cast, accumulator)
    return quotient(total, len(values), accumulator)


def quotient(total, divisor, accumulator):
    """Towards zero on the accumulator's grid."""
    lsb = Fraction(2) ** (accumulator.integer - accumulator.width)
    return round_to(total / lsb / divisor, "TRN_ZERO") * lsb


def by_tree(values, accumulator):
    """The left branch holds as many values as the largest power of two below their number; every sum is cast."""
    if len(values) == 1:
        return values[0]
    left = 1
    while left * 2 < len(values):
        left *= 2
    return fit(by_tree(values[:left], accumulator) + by_tree(values[left:], accumulator), accumulator)


def one_by_one(values, accumulator):
    """From zero, in order, every sum cast."""
    total = Fraction(0)
    for value in values:
        total = fit(total + value, accumulator)
    return total
