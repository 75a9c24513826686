"""Jet substructure in floats: energy correlations and what is made of them, soft-drop grooming, in numpy alone.

Everywhere pt, eta, phi are (jets, N) and padded with pt = 0; eta and phi may be absolute or relative to the jet, in
radians; phi differences are wrapped. Results are (jets,) float64. Where a ratio is 0/0 - fewer than two or three
constituents, or all in one direction - it is 0.

Correlations are those of arXiv:1305.0007 and arXiv:1609.07483, with pT shares z = pt / sum(pt) and angles
theta^2 = deta^2 + dphi^2.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CHUNK = 1 << 18  # pairs of constituents at a time: 2 MiB an array


def z_log_z(pt: np.ndarray) -> np.ndarray:
    """Sum of z log z (natural logarithm): 0 for one constituent, more negative the more pT is shared out."""
    z = shares(pt)
    return np.asarray((z * np.log(np.where(z > 0, z, 1))).sum(axis=1))


def multiplicity(pt: np.ndarray) -> np.ndarray:
    """Constituents with pT."""
    return (pt > 0).sum(axis=1)


def e2(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """Sum over pairs of z_i z_j theta_ij^beta."""
    return _in_chunks(lambda z, power: ((z[:, None] @ power)[:, 0] * z).sum(axis=1) / 2, pt, eta, phi, beta)


def e3(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """Sum over triples of z_i z_j z_k (theta_ij theta_ik theta_jk)^beta."""

    def paths(z: np.ndarray, power: np.ndarray) -> np.ndarray:
        closed = (power * z[:, None]) @ power * power  # over the third one; each triple comes six times
        return np.asarray((z[:, None] @ closed @ z[..., None])[:, 0, 0] / 6)

    return _in_chunks(paths, pt, eta, phi, beta)


def ve3(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, smallest: int, beta: float) -> np.ndarray:
    """Generalised correlation: over triples, z_i z_j z_k times the product of the 1 or 2 smallest angles^beta."""

    def corners(z: np.ndarray, power: np.ndarray) -> np.ndarray:
        total = np.zeros(len(z))
        for first in range(z.shape[1] - 2):
            near, far = power[:, first, first + 1 :], power[:, first + 1 :, first + 1 :]
            angles = _smallest(near, far, smallest)
            others = z[:, first + 1 :]
            total += z[:, first] * ((angles @ others[..., None])[..., 0] * others).sum(axis=1) / 2
        return total

    return _in_chunks(corners, pt, eta, phi, beta)


def c1(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """C1 = e2."""
    return e2(pt, eta, phi, beta)


def c2(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """C2 = e3 / e2^2."""
    return ratio(e3(pt, eta, phi, beta), e2(pt, eta, phi, beta) ** 2)


def d2(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """D2 = e3(alpha) / e2(beta)^(3 alpha / beta); of alpha = beta it is e3 / e2^3."""
    return ratio(e3(pt, eta, phi, alpha), e2(pt, eta, phi, beta) ** (3 * alpha / beta))


def m2(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """M2 = 1e3 / e2."""
    return ratio(ve3(pt, eta, phi, 1, beta), e2(pt, eta, phi, beta))


def n2(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float) -> np.ndarray:
    """N2 = 2e3 / e2^2."""
    return ratio(ve3(pt, eta, phi, 2, beta), e2(pt, eta, phi, beta) ** 2)


def shares(pt: np.ndarray) -> np.ndarray:
    """z: pT as shares of the sum; zeros where there is none."""
    return ratio(pt, pt.sum(axis=1, keepdims=True))


def ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Quotient, 0 where the divisor is 0."""
    return np.asarray(np.where(under > 0, over / np.where(under > 0, under, 1), 0.0))


# --- grooming --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recombination:
    """How pseudo-jets are merged: a pseudo-jet is K numbers, floats or integers.

    `distance` of one (jets, K) to all (jets, N, K), to be compared only: (jets, N); `merge` of two (jets, K):
    (jets, K); `momentum`, the pT of (jets, K): (jets,); `far` is larger than every distance.
    """

    distance: Callable[[np.ndarray, np.ndarray], np.ndarray]
    merge: Callable[[np.ndarray, np.ndarray], np.ndarray]
    momentum: Callable[[np.ndarray], np.ndarray]
    far: float


def soft_drop(
    particles: np.ndarray, alive: np.ndarray, rule: Recombination, cut: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Which constituents modified mass drop (soft drop with beta = 0) keeps, by Cambridge/Aachen declustering.

    The closest two are merged until one is left (of equal distances the pair first in place). Backwards from there,
    the harder branch is followed until `cut(softer, sum)` of the transverse momenta holds; that branch is kept. Where
    it never holds, the last single constituent is.

    Args: `particles` (jets, N, K); `alive` (jets, N), False for padding. Returns: bool (jets, N).
    """
    history = _cluster(particles.copy(), alive, rule)
    kept, rows = np.zeros(alive.shape, bool), np.arange(len(alive))
    kept[rows, alive.argmax(axis=1)] = alive.any(axis=1)  # the first of a pair takes the sum: all ends at the first
    done = np.zeros(len(alive), bool)
    for first, second, pt_first, pt_second, merged in reversed(history):
        here = merged & kept[rows, first]
        done |= here & cut(np.minimum(pt_first, pt_second), pt_first + pt_second)
        kept[rows, second] |= here & (done | (pt_second > pt_first))
        kept[rows, first] &= ~here | done | (pt_second <= pt_first)
    return kept


def mmdt_mass(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, cut: float = 0.1) -> np.ndarray:
    """Mass of what soft drop (beta = 0, zcut = `cut`) leaves; massless constituents, E scheme, rapidity. Unit of pt."""
    found = np.zeros(len(pt))
    for part in _parts(*pt.shape):
        vectors = four_vectors(pt[part], eta[part], phi[part])
        kept = soft_drop(vectors, pt[part] > 0, E_SCHEME, lambda softer, both: softer > cut * both)
        found[part] = mass((vectors * kept[..., None]).sum(axis=1))
    return found


def four_vectors(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Massless px, py, pz, E along a new last axis."""
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=-1)


def mass(vectors: np.ndarray) -> np.ndarray:
    """Invariant mass of (..., 4); 0 where rounding makes its square negative."""
    squared = vectors[..., 3] ** 2 - (vectors[..., :3] ** 2).sum(axis=-1)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def _momentum(vectors: np.ndarray) -> np.ndarray:
    return np.hypot(vectors[..., 0], vectors[..., 1])


def _distance(one: np.ndarray, all_: np.ndarray) -> np.ndarray:
    y, phi = _direction(one[:, None])
    y_all, phi_all = _direction(all_)
    return np.asarray((y - y_all) ** 2 + _wrapped(phi - phi_all) ** 2)


def _direction(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    energy = np.where(vectors[..., 3] > 0, vectors[..., 3], 1.0)  # padding and merged ones
    return np.arctanh(vectors[..., 2] / energy), np.arctan2(vectors[..., 1], vectors[..., 0])


E_SCHEME = Recombination(_distance, np.add, _momentum, np.inf)


def _cluster(
    state: np.ndarray, alive: np.ndarray, rule: Recombination
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Cambridge/Aachen, changing `state`: for each step places and pT of the two merged, and whether they were."""
    rows, count = np.arange(len(state)), state.shape[1]
    distances = np.stack([rule.distance(state[:, place], state) for place in range(count)], axis=1)
    distances[~(alive[:, :, None] & alive[:, None, :]) | np.eye(count, dtype=bool)] = rule.far
    history = []
    for _ in range(int(alive.sum(axis=1).max(initial=0)) - 1):
        first, second = np.divmod(distances.reshape(len(state), -1).argmin(axis=1), count)
        merged = distances[rows, first, second] < rule.far
        one, other = state[rows, first], state[rows, second]
        history.append((first, second, rule.momentum(one), rule.momentum(other), merged))
        state[rows, first] = np.where(merged[:, None], rule.merge(one, other), one)
        now = np.where(distances[rows, first] < rule.far, rule.distance(state[rows, first], state), rule.far)
        distances[rows, first] = distances[rows, :, first] = now  # rows without a pair left hold `far` throughout
        distances[rows, second] = distances[rows, :, second] = rule.far
    return history


# --- helpers ---------------------------------------------------------------------------------------------------


def _in_chunks(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, beta: float,
) -> np.ndarray:  # fmt: skip
    """`function(z, theta^beta)` with (n, N) and (n, N, N), 0 on the diagonal, for so many jets at a time as fit."""
    found = np.zeros(len(pt))
    for part in _parts(*pt.shape):
        squared = (eta[part][:, :, None] - eta[part][:, None]) ** 2
        squared += _wrapped(phi[part][:, :, None] - phi[part][:, None]) ** 2
        power = squared ** (beta / 2)
        power[:, np.eye(pt.shape[1], dtype=bool)] = 0
        found[part] = function(shares(pt[part]), power)
    return found


def _parts(jets: int, count: int) -> list[slice]:
    step = max(1, CHUNK // max(count * count, 1))
    return [slice(start, start + step) for start in range(0, jets, step)]


def _smallest(near: np.ndarray, far: np.ndarray, number: int) -> np.ndarray:
    """Smallest, or product of the two smallest, of angles near_j, near_k, far_jk: (n, m), (n, m, m) -> (n, m, m)."""
    low = np.minimum(near[:, :, None], near[:, None])
    if number == 1:
        return np.minimum(low, far)
    return np.asarray(low * np.minimum(np.maximum(near[:, :, None], near[:, None]), far))


def _wrapped(phi: np.ndarray) -> np.ndarray:
    return np.asarray((phi + np.pi) % (2 * np.pi) - np.pi)
