"""Products with constants as shifted additions: signed digits of weights, and how much of a matrix can be shared."""

from math import log2

import numpy as np


def csd_digits(mantissa: np.ndarray) -> np.ndarray:
    """Non-zero digits of each integer in canonical signed-digit form: bits set in x ^ 3x (Reitwieser, 1960).

    Exact for integers of at most 61 bits, which weights are.
    """
    magnitude = np.abs(mantissa).astype(np.int64)
    return np.bitwise_count(magnitude ^ (3 * magnitude)).astype(np.int64)


def unshared(weights: np.ndarray) -> float:
    """A measure in (0, 1] of how little of a matrix (in, out) two columns have in common; 1 for a single column.

    A two-term subexpression is a pair of inputs at a relative shift and sign. A column with p signed digits a weight
    holds a given pair with a probability near p^2 / (4 width), so that `columns` of them meet it about f times;
    greedy elimination (arXiv:2507.04535, section 4) gains with the logarithm of that: 1 / (1 + log2(1 + f)).
    """
    used = weights[:, np.any(weights != 0, axis=0)][np.any(weights != 0, axis=1)]
    if used.size == 0:
        return 1.0
    per_weight = csd_digits(used).sum() / used.size
    width = max(int(np.abs(used).max()).bit_length(), 1)
    meetings = (used.shape[1] - 1) * per_weight**2 / (4 * width)
    return float(1 / (1 + log2(1 + meetings)))


def odd_part(mantissa: np.ndarray) -> np.ndarray:
    """Magnitudes without their factors of two, which are wires; 0 of 0."""
    magnitude = np.abs(mantissa).astype(np.int64)
    return np.asarray(magnitude // np.maximum(magnitude & -magnitude, 1))


def distinct_products(weights: np.ndarray) -> np.ndarray:
    """Odd parts of the products that a compiler builds for a matrix (in, out): equal ones of an input once."""
    return np.concatenate(
        [(found := np.unique(row))[found > 1] for row in odd_part(weights)] or [np.zeros(0, np.int64)]
    )
