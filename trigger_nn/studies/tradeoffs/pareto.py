"""Which of many designs nothing beats."""

import numpy as np


def front(costs: np.ndarray) -> np.ndarray:
    """Which rows of `costs` (designs, quantities), each the better the smaller, no other row dominates: booleans.

    A row dominates another if it is nowhere larger and somewhere smaller (V. Pareto); equal rows stay together.
    """
    nowhere_larger = (costs[:, None] <= costs[None]).all(axis=-1)
    somewhere_smaller = (costs[:, None] < costs[None]).any(axis=-1)
    return np.asarray(~(nowhere_larger & somewhere_smaller).any(axis=0))
