"""Convolutions in plain Python, of images as nested lists (rows, columns, channels); loops as in hls4ml's headers."""

from fractions import Fraction

from tests.oracle import fit, round_to, slide, window


def convolution(image, weights, bias, operation):
    """weights: nested lists (height, width, channels, filters); `operation` gives types, window, strategy, reuse."""
    flat = [filters for row in weights for pixel in row for filters in pixel]
    pixels = []
    for taps in _windows(image, operation):
        x = [value for pixel in taps for value in pixel]
        pixels.append([])
        for j in range(len(bias)):
            pairs = [(x[i], flat[i][j]) for i in turns(len(x), operation)]
            pixels[-1].append(_sum(pairs, bias[j], operation))
    return _lines(pixels, operation)


def depthwise(image, weights, bias, operation):
    """weights: nested lists (height, width, channels); the products of all channels share the multipliers."""
    channels = len(bias)
    flat = [weight for row in weights for pixel in row for weight in pixel]
    pixels = []
    for taps in _windows(image, operation):
        x = [value for pixel in taps for value in pixel]
        pairs = [[] for _ in range(channels)]
        for i in turns(len(x), operation):
            pairs[i % channels].append((x[i], flat[i]))
        pixels.append([_sum(pairs[c], bias[c], operation) for c in range(channels)])
    return _lines(pixels, operation)


def turns(count, operation):
    """Which product is added when: in order, or every `reuse_factor`-th first."""
    if str(operation.strategy) == "latency" or operation.reuse_factor >= count:
        return list(range(count))
    order = []
    for turn in range(operation.reuse_factor):
        i = turn
        while i < count:
            order.append(i)
            i += operation.reuse_factor
    return order


def product(x, weight, operation):
    """Of numbers; of a bit (0 for -1) and a number; of two bits, 1 where they agree."""
    kind = str(operation.product)
    if kind == "data_binary":
        return weight if x else -weight
    if kind == "both_binary":
        return int((x == 1) == (weight == 1))
    return x * weight


def _sum(pairs, start, operation):
    accumulator = operation.accumulator
    total = fit(start, accumulator)
    for x, weight in pairs:
        total = fit(total + fit(product(x, weight, operation), accumulator), accumulator)
    if operation.balance:
        bits = 2 + len(bin(operation.balance - 1)[2:])
        whole = round_to(2 * total - operation.balance, "TRN_ZERO") % 2**bits
        total = Fraction(whole - 2**bits if whole >= 2 ** (bits - 1) else whole)
    return fit(total, operation.type)


def _windows(image, operation):
    slid = operation.window
    for line in slide(image, slid.size, slid.stride, slid.padding):
        for row, column in line:
            yield window(image, row, column, slid.size, slid.padding, Fraction(0))


def _lines(pixels, operation):
    columns = operation.shape[-2]
    return [pixels[i : i + columns] for i in range(0, len(pixels), columns)]
