"""Layers of transformers on nested lists of Fractions."""

from fractions import Fraction

from tests.oracle import fit, round_to


def embedding(x, table, result):
    """Rows of `table` (lists) for the numbers in `x`; the address loses its fraction after the column is added."""
    flat = [entry for row in table for entry in row]
    width = len(table[0])
    rows = []
    for index in x:
        addresses = [round_to(index * width + column, "TRN_ZERO") for column in range(width)]
        rows.append([fit(flat[min(max(address, 0), len(flat) - 1)], result) for address in addresses])
    return rows


def layer_normalization(x, scale, bias, accumulator, table, range_power, result):
    """One position, a list of features; `table` holds 1 / sqrt."""
    part = fit(Fraction(1.0 / len(x)), accumulator)  # a double in the C++

    def mean(values):
        total = Fraction(0)
        for value in values:
            total = fit(total + value, accumulator)
        return fit(total * part, accumulator)

    given = [fit(value, accumulator) for value in x]
    middle = mean(given)
    difference = [fit(value - middle, accumulator) for value in given]
    variance = mean([fit(d * d, accumulator) for d in difference])
    index = round_to(variance * len(table) * 2**range_power, "TRN_ZERO")
    index = (index + 2**31) % 2**32 - 2**31  # a C++ int
    factor = table[min(max(index, 0), len(table) - 1)]
    return [fit(d * factor * s + b, result) for d, s, b in zip(difference, scale, bias, strict=True)]


def einsum_dense(x, weights, bias, accumulator, result):
    """Already ordered: x[batch][free][contracted], weights[batch][contracted][outputs], bias[batch][free][outputs]."""
    return [
        [_dense(row, weights[i], bias[i][j], accumulator, result) for j, row in enumerate(rows)]
        for i, rows in enumerate(x)
    ]


def _dense(row, weights, bias, accumulator, result):
    outputs = []
    for j, start in enumerate(bias):
        total = fit(start, accumulator)
        for i, value in enumerate(row):
            total = fit(total + fit(value * weights[i][j], accumulator), accumulator)
        outputs.append(fit(total, result))
    return outputs


def einsum(left, right, accumulator, result):
    """Already ordered: left[batch][free][contracted], right[batch][free][contracted]."""
    return [[[_product(a, b, accumulator, result) for b in right[i]] for a in rows] for i, rows in enumerate(left)]


def _product(a, b, accumulator, result):
    total = Fraction(0)
    for one, other in zip(a, b, strict=True):
        total = fit(total + one * other, accumulator)
    return fit(total, result)
