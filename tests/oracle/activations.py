"""Functions of single elements and softmax in plain Python: Fractions, loops, nothing of `trigger_nn` but its types."""

from fractions import Fraction
from math import floor

from tests.oracle import add_up, address, fit, round_to


def to_int(value):
    """C's conversion to a signed integer of 32 bits."""
    n = round_to(value, "TRN_ZERO") % 2**32
    return n - 2**32 if n >= 2**31 else n


def span_index(x, kind, size, span):
    """x * size / span as ap_fixed divides: the quotient is truncated to the bits of x, then to an integer."""
    lsb = Fraction(2) ** (kind.integer - kind.width)
    return round_to(x / lsb * size / span, "TRN_ZERO") * lsb


def look_up(x, kind, table, span, result):
    """A table over [-span / 2, span / 2)."""
    index = to_int(to_int(span_index(x, kind, len(table), span)) + len(table) // 2)
    return fit(table[max(0, min(len(table) - 1, index))], result)


def exponential_linear(x, kind, table, span, positive, negative, first_on_overflow, result):
    """A line from 0 up, a table below."""
    if x >= 0:
        return fit(positive * x, result)
    index = to_int(-span_index(x, kind, len(table), span))
    if index < 0:
        index = 0 if first_on_overflow else len(table) - 1
    return fit(negative * table[min(index, len(table) - 1)], result)


def clipped_relu(x, limit, result):
    """Between 0 and a limit."""
    return fit(min(max(x, Fraction(0)), limit), result)


def leaky_relu(x, slope, result):
    """x, or slope * x where it is not positive."""
    return fit(x if x > 0 else slope * x, result)


def thresholded_relu(x, threshold, unsigned, result):
    """x above the threshold; a negative x counts as large if compared as unsigned."""
    return fit(x if x > threshold or (unsigned and x < 0) else 0, result)


def hard_sigmoid(x, slope, shift, symmetric, result):
    """A line between 0 and 1, or between -1 and 1."""
    y = max(Fraction(0), min(Fraction(1), slope * x + shift))
    return fit(2 * y - 1 if symmetric else y, result)


def binary(x, zero, result):
    """The sign."""
    return fit(1 if x >= 0 else 0 if zero else -1, result)


def ternary(x, doubled, result):
    """-1, 0 or 1; of 2 x in type `doubled` if that is given."""
    y = x if doubled is None else fit(2 * x, doubled)
    return fit(1 if y > 1 else 0 if y > -1 else -1, result)


def bit_lookup(x, kind, table, result):
    """The entry at the bit pattern of x."""
    return fit(table[floor(x / Fraction(2) ** (kind.integer - kind.width)) % 2**kind.width], result)


def legacy_softmax(x, source, exponential, inverse, accumulator, result):
    """1 / sum over j of exp(x_j - x_i), by tables over [-8, 8) and [0, 64)."""
    outputs = []
    for i in range(len(x)):
        total = Fraction(0)
        for j in range(len(x)):
            entry = Fraction(1) if i == j else look_up(x[j] - x[i], source, exponential, 16, accumulator)
            total = fit(total + fit(entry, accumulator), accumulator)
        index = to_int(span_index(total, accumulator, len(inverse), 64))
        outputs.append(fit(inverse[max(0, min(len(inverse) - 1, index))], result))
    return outputs


def table_softmax(x, source, operation, exponential, inverse):
    """Stable and latency: tables addressed by top bits."""
    kind = source
    if str(operation.kind) == "stable":
        kind = operation.difference
        x = [fit(max(x) - value, kind) for value in x]
    powers = [fit(exponential[address(v, kind, len(exponential))], operation.accumulator) for v in x]
    total = fit(add_up(powers, operation.accumulator), operation.sum)
    factor = inverse[address(total, operation.sum, len(inverse))]
    return [fit(power * factor, operation.type) for power in powers]


def softmax(x, source, operation, exponential, inverse):
    """One row, in any implementation."""
    if str(operation.kind) == "argmax":
        first = x.index(max(x))
        return [fit(int(i == first), operation.type) for i in range(len(x))]
    if str(operation.kind) == "legacy":
        return legacy_softmax(x, source, exponential, inverse, operation.accumulator, operation.type)
    return table_softmax(x, source, operation, exponential, inverse)


def rows_of(flat, outer, inner, function):
    """`function` of every row of a tensor read as (outer, elements, inner); flat in, flat out."""
    length = len(flat) // (outer * inner)
    result = list(flat)
    for o in range(outer):
        for k in range(inner):
            places = [(o * length + j) * inner + k for j in range(length)]
            for place, value in zip(places, function([flat[p] for p in places]), strict=True):
                result[place] = value
    return result
