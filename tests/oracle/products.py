"""Dense layers and batch normalisation in plain Python, loop by loop as in nnet_dense_*.h and nnet_batchnorm.h.

Weights are as the C++ holds them: numbers, bits (0 or 1), or pairs of a sign (1 or 0) and an exponent; None where
unrolled code leaves a product out.
"""

from fractions import Fraction
from types import SimpleNamespace

from tests.oracle import fit, round_to


def multiply(x, weight):
    """Two numbers."""
    return x * weight


def both_binary(x, weight):
    """Two bits."""
    return Fraction(1) if x == weight else Fraction(0)


def data_binary(x, weight):
    """A bit that gives a number its sign."""
    return -weight if x == 0 else weight


def weight_exponential(source, exponent_width):
    """The product with a power of two, for inputs of type `source`."""
    half = exponent_width + source.width
    kind = SimpleNamespace(signed=True, width=2 * half, integer=half, rounding="TRN", overflow="WRAP")

    def product(x, weight):
        positive, exponent = weight
        shifted = fit(fit(x, kind) * Fraction(2) ** exponent, kind)
        return shifted if positive else fit(-shifted, kind)

    return product


def dense(x, weights, bias, product, operation):
    """One event: x is a list, weights rows of (in, out)."""
    accumulator = operation.accumulator
    totals = [fit(b, accumulator) for b in bias]
    for i, j in _turns(len(x), len(bias), str(operation.strategy), operation.reuse_factor):
        if weights[i][j] is not None:
            totals[j] = fit(totals[j] + fit(product(x[i], weights[i][j]), accumulator), accumulator)
    return [fit(_cast(total, operation.balance), operation.type) for total in totals]


def _turns(inputs, outputs, strategy, reuse):
    """(input, output) of every product in the order in which the C++ adds them up."""
    if strategy == "latency":
        return [(i, j) for i in range(inputs) for j in range(outputs)]
    return _few_turns(inputs, outputs, reuse) if reuse <= inputs else _many_turns(inputs, outputs, reuse)


def _few_turns(inputs, outputs, reuse):
    """dense_resource_rf_leq_nin."""
    found = []
    block = inputs * outputs // reuse
    steps = block // outputs
    for turn in range(reuse):
        i, j, step = turn, 0, 0
        for _ in range(block):
            found.append((i, j))
            i = i + reuse if i + reuse < inputs else turn
            step += 1
            if step >= steps:
                j, step = j + 1, 0
    return found


def _many_turns(inputs, outputs, reuse):
    """dense_resource_rf_gt_nin_rem0."""
    found = []
    for turn in range(reuse):
        place, j = turn, turn // inputs
        while place < inputs * outputs:
            found.append((turn % inputs, j))
            place, j = place + reuse, j + reuse // inputs
    return found


def _cast(total, balance):
    """`cast` of nnet_mult.h: agreements less disagreements of `balance` bits, as an ap_int."""
    if not balance:
        return total
    bits = 2
    size = balance
    while size > 2:
        bits, size = bits + 1, (size + 1) // 2
    bits += 1
    whole = round_to(2 * total - balance, "TRN_ZERO") % 2**bits
    return Fraction(whole - 2**bits if whole >= 2 ** (bits - 1) else whole)


def normalize(x, scale, bias, product, operation):
    """One event; x is a flat list, and constants are lists that x runs through again and again."""
    return [
        fit(product(value, scale[i % len(scale)]) + bias[i % len(bias)], operation.type) for i, value in enumerate(x)
    ]


def binary(x, threshold):
    """One event, normalised and quantized to a bit."""
    return [Fraction(1) if value >= threshold[i % len(threshold)] else Fraction(0) for i, value in enumerate(x)]


def ternary(x, high, low):
    """One event, normalised and quantized to -1, 0 or 1."""
    results = []
    for i, value in enumerate(x):
        if value > high[i % len(high)]:
            results.append(Fraction(1))
        else:
            results.append(Fraction(-1) if value <= low[i % len(low)] else Fraction(0))
    return results
