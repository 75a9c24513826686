"""Integer arithmetic that several objects and views need: exact, the same on every machine."""

import math

import numpy as np


def integer_root(squares: np.ndarray) -> np.ndarray:
    """floor(sqrt(n)) of 0 <= n < 2^62, int64: the root in float64 is right or off by one, and then set right."""
    root = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    root -= root * root > squares
    return np.asarray(root + ((root + 1) ** 2 <= squares))


def integer_length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """floor(sqrt(x^2 + y^2)) of (n,) int64 of any size; fast where both are below 2^30."""
    large = (np.abs(x) >> 30 != 0) | (np.abs(y) >> 30 != 0)
    found = integer_root(np.where(large, 0, x) ** 2 + np.where(large, 0, y) ** 2)
    for place in np.flatnonzero(large):
        found[place] = math.isqrt(int(x[place]) ** 2 + int(y[place]) ** 2)
    return found


def wrapped(phi: np.ndarray, steps: int) -> np.ndarray:
    """Counts of phi brought into -steps / 2 to steps / 2 - 1, `steps` being a turn."""
    return np.asarray((phi + steps // 2) % steps - steps // 2)
