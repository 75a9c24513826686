"""Energy correlations of jets as exact integers: sums over pairs and triples of constituents.

z are shares of pT, 12 bits behind the point, their sum below 2^12.1; angles are in counts, an angle^1 below 2^15.5, an
angle^2 at most 2^21; why nothing overflows is told in `trigger_nn.events.views.jet_features`, which uses them.
"""

import numpy as np

HALF = 22  # bits: where sums over triples are cut in two


def correlations_1(z: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E2 and E3 of beta = 1: `angle` (jets, N, N) float64 below 2^15.5."""
    paths = (angle * z[:, None].astype(np.float64)) @ angle  # over the third one: below 2^12.1 * 2^31
    pairs = z[:, :, None] * z[:, None] * angle.astype(np.int64)
    return pairs.sum(axis=(1, 2)).astype(object) // 2, _dot(pairs, paths) // 6


def correlations_2(z: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E2 and E3 of beta = 2. An angle^2 has rank 4, so they come from 4 x 4 moments.

    With q = x^2 + y^2, u = (q, 1, -2x, -2y), v = (1, q, x, y): angle^2_ij = u_i . v_j. The moments M = sum z v u^T are
    below 2^12.1 * 2^38; the sum over i and j is (M^2)_01, since v_0 = u_1 = 1, and that over i, j and k is trace(M^3).
    """
    q, ones = eta**2 + phi**2, np.ones_like(eta)
    u, v = np.stack([q, ones, -2 * eta, -2 * phi], axis=-1), np.stack([ones, q, eta, phi], axis=-1)
    moments = ((v * z[..., None]).transpose(0, 2, 1) @ u).astype(object)
    squares = moments @ moments
    cubes = (squares * moments.transpose(0, 2, 1)).sum(axis=(1, 2))
    return squares[:, 0, 1] // 2, cubes // 6


def triples(z: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1E3 and 2E3: over triples, z_i z_j z_k times the smallest angle, and the product of the two smallest.

    The two smallest sides a, b of a triangle in a square of side L have (a b)^2 <= 4/3 L^4: the angle between them is
    at least 60 degrees; up to 120 the area, at most L^2 / 2, bounds a b, and beyond that the third side, which squared
    is at least 3 a b and at most 2 L^2. So a sum over the third constituent is below 2^12.03 * 2^40.42 < 2^53.
    """
    count, weights = z.shape[1], np.ascontiguousarray(z.T)
    angles, shares = np.ascontiguousarray(angle.transpose(1, 2, 0)), weights.astype(np.float64)  # jets side by side
    sums, space = np.zeros((4, len(z)), np.int64), np.empty((2, count, len(z)))  # used again and again: no page faults
    for first in range(count - 2):
        seconds = range(first + 1, count - 1)
        rows = np.empty((2, len(seconds), len(z)))
        for row, second in enumerate(seconds):
            third = slice(second + 1, None)
            low, high = space[:, third]
            _smallest_two(angles[first, second], angles[first, third], angles[second, third], low, high)
            np.einsum("kn,kn->n", low, shares[third], out=rows[0, row])
            np.einsum("kn,kn->n", high, shares[third], out=rows[1, row])
        halves = _halves(rows).reshape(4, len(seconds), -1)
        sums += weights[first] * np.einsum("hkn,kn->hn", halves, weights[first + 1 : count - 1])
    upper, lower = sums.reshape(2, 2, -1).astype(object)
    return (upper[0] << HALF) + lower[0], (upper[1] << HALF) + lower[1]


def _smallest_two(side: np.ndarray, near: np.ndarray, far: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Into `low` the smallest of three angles, into `high` the product of the two smallest."""
    np.minimum(side, near, out=low)
    np.maximum(side, near, out=high)
    np.minimum(high, far, out=high)
    np.multiply(high, low, out=high)
    np.minimum(low, far, out=low)


def _dot(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum over pairs of `weights` (int64) times `values` (float64 integers below 2^43.1): Python integers, (jets,).

    The sum of `weights` is below 2^39.7, so those of both halves are below 2^62.
    """
    upper, lower = (np.einsum("nij,nij->n", weights, half).astype(object) for half in _halves(values))
    return np.asarray((upper << HALF) + lower)


def _halves(values: np.ndarray) -> np.ndarray:
    """Float64 integers below 2^53 as int64 above and below 2^22: a new first axis of two."""
    whole = values.astype(np.int64)
    return np.stack([whole >> HALF, whole & ((1 << HALF) - 1)])
