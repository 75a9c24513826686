"""The 16 jet features on integers alone: what firmware would compute, the same bits on every machine.

Shares of pT are integers z = round(2^12 pt / sum pt), to nearest, halves up; their own sum T (2^12 within N / 2) takes
the place of 1, so no bias comes in. Relative eta and phi saturate at 10 signed bits, which recipes of samples
leave room for. An angle^1 is floor(2^5 sqrt(deta^2 + dphi^2)), an angle^2 deta^2 + dphi^2, in counts.

Why nothing overflows: pt < 2^14 and N <= 128 are checked, so sum pt < 2^21; |eta|, |phi| <= 2^9, so with L = 2^10
an angle^2 is at most 2 L^2 = 2^21 and an angle^1 at most 2^15.5; sum z <= 2^12 + 64 < 2^12.1. Where float64 is used
(for its matrix product, minimum and root) every operand, product and partial sum is an integer below 2^53: exact, in
whatever order they are added. Sums over triples pass 2^63 and are kept in two halves until there is one number a jet;
quotients of those are Python integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from math import isqrt
from types import MappingProxyType

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.integers import integer_root
from trigger_nn.events.objects.substructure import Recombination, soft_drop
from trigger_nn.events.quantities import Quantity
from trigger_nn.events.records import Padded
from trigger_nn.events.units import Units
from trigger_nn.events.views.correlations import correlations_1, correlations_2, triples
from trigger_nn.events.views.values import JetFeatures
from trigger_nn.program.fixed import Fixed

PT_BITS, ANGLE_BITS, LONGEST = 14, 10, 128  # what the bounds above rest on
Z_BITS, ROOT_BITS, LOG_BITS = 12, 5, 16  # behind the point of z, of an angle^1, of z log z
AXIS_BITS = 4  # behind the point of the axes of merged pseudo-jets
CEILING = (1 << 31) - 1  # raw features saturate here
PAIRS = 1 << 19  # pairs of constituents at a time: 4 MiB an array


@dataclass(frozen=True)
class Scale:
    """What one count of a raw feature is worth: 2^-`bits`, times so many powers of an angle (rad) and of pT (GeV)."""

    bits: int
    angle: int = 0
    momentum: int = 0

    def value(self, units: Units) -> float:
        """One count, in GeV for the mass, else without dimension."""
        return 2.0**-self.bits * units.angle**self.angle * units.candidate_lsb**self.momentum


RAW_SCALES: Mapping[str, Scale] = MappingProxyType({
    "zlogz": Scale(LOG_BITS),
    "c1_b0": Scale(16), "c1_b1": Scale(16, angle=1), "c1_b2": Scale(10, angle=2),
    "c2_b1": Scale(16, angle=1), "c2_b2": Scale(10, angle=2),
    "d2_b1": Scale(12), "d2_b2": Scale(12), "d2_a1_b1": Scale(12), "d2_a1_b2": Scale(12),
    "m2_b1": Scale(16), "m2_b2": Scale(16), "n2_b1": Scale(16), "n2_b2": Scale(16),
    "mass_mmdt": Scale(0, angle=1, momentum=1), "multiplicity": Scale(0),
})  # fmt: skip
FEATURES = tuple(RAW_SCALES)


# --- raw features ----------------------------------------------------------------------------------------------


def raw_features(constituents: Padded, groomed: bool = True) -> np.ndarray:
    """The features of each jet in the order of `FEATURES`, counts worth `RAW_SCALES`: (jets, 16) int64.

    As in the benchmark, whose names end in `mmdt`, the correlations are of what modified mass drop leaves, while
    z log z and multiplicity are of all constituents; not `groomed`, everything but the mass is of all.

    Every quotient is rounded down, 0 where the divisor is 0, and saturates at 2^31 - 1. D2 of alpha = beta = 1 and D2
    of beta = 1 are one number; the usual list of the benchmark has both.

    Raises:
        EventsError: pT of more than 14 bits or below 0, or more than 128 constituents.
    """
    pt = constituents.pt
    if pt.shape[1] > LONGEST:
        raise EventsError(f"Jet features take {LONGEST} constituents at most, not {pt.shape[1]}; ask for fewer.")
    if pt.size and (pt.min() < 0 or pt.max() >> PT_BITS):
        raise EventsError(f"Jet features need pT from 0 to {(1 << PT_BITS) - 1} counts; use {PT_BITS} candidate bits.")
    edge = 1 << (ANGLE_BITS - 1)
    eta, phi = (np.clip(angle, -edge, edge - 1) for angle in (constituents.eta, constituents.phi))
    found = np.zeros((len(pt), len(FEATURES)), np.int64)
    width = np.where(pt > 0, np.arange(1, pt.shape[1] + 1), 0).max(axis=1, initial=0)
    order = np.argsort(width, kind="stable")  # jets of like length together: short ones then cost little
    for part in _parts(order, width):
        used = slice(max(int(width[part].max()), 1))
        found[part] = _features(pt[part][:, used], eta[part][:, used], phi[part][:, used], groomed)
    return found


def _parts(order: np.ndarray, width: np.ndarray) -> list[np.ndarray]:
    parts, start = [], 0
    while start < len(order):
        step = max(8, PAIRS // max(int(width[order[min(start + 32, len(order) - 1)]]), 1) ** 2)
        parts.append(order[start : start + step])
        start += step
    return parts


def _features(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, groomed: bool) -> np.ndarray:
    kept = pt * _mass_drop(pt, eta, phi)
    z = _shares(kept if groomed else pt)
    squared = (eta[:, :, None] - eta[:, None]) ** 2 + (phi[:, :, None] - phi[:, None]) ** 2
    root = np.floor(np.sqrt((squared << (2 * ROOT_BITS)).astype(np.float64)))  # exact: rounded correctly, below 2^52
    smallest = triples(np.concatenate([z, z]), np.concatenate([root, squared.astype(np.float64)]))
    one, two = zip(*(np.split(sums, 2) for sums in smallest), strict=True)
    sums_1, sums_2 = _Sums(*correlations_1(z, root), *one), _Sums(*correlations_2(z, eta, phi), *two)
    total = z.sum(axis=1)
    columns = [
        z_log_z_table()[_shares(pt)].sum(axis=1),
        _quotient((total**2 - (z * z).sum(axis=1)) // 2 << 16, total**2),
    ]
    columns += _ratios(total, sums_1, sums_2)
    columns += [_mass(kept, eta, phi), (pt > 0).sum(axis=1)]
    return np.stack([np.minimum(column, CEILING).astype(np.int64) for column in columns], axis=1)


def _shares(pt: np.ndarray) -> np.ndarray:
    total = np.maximum(pt.sum(axis=1, keepdims=True), 1)
    return ((pt << (Z_BITS + 1)) + total) // (2 * total)


@dataclass(frozen=True)
class _Sums:
    """E2, E3, 1E3, 2E3 of z and angles as integers, undivided; (jets,), Python integers."""

    e2: np.ndarray
    e3: np.ndarray
    smallest: np.ndarray
    smallest_two: np.ndarray


def _ratios(total: np.ndarray, one: _Sums, two: _Sums) -> list[np.ndarray]:
    """C1 to N2. The powers of `total` make z / T of z; those of 2^ROOT_BITS take an angle^1 back to counts."""
    t = total.astype(object)
    d2 = _quotient(one.e3 * t**3 << 12, one.e2**3)
    roots = np.array([isqrt(n**3) for n in two.e2], object)
    return [
        _quotient(one.e2 << (16 - ROOT_BITS), t**2),
        _quotient(two.e2 << 10, t**2),
        _quotient(one.e3 * t << (16 - ROOT_BITS), one.e2**2),
        _quotient(two.e3 * t << 10, two.e2**2),
        d2,
        _quotient(two.e3 * t**3 << 12, two.e2**3),
        d2,
        _quotient(one.e3 << 12, roots << (3 * ROOT_BITS)),
        *(_quotient(sums.smallest << 16, t * sums.e2) for sums in (one, two)),
        *(_quotient(sums.smallest_two * t << 16, sums.e2**2) for sums in (one, two)),
    ]


def _quotient(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(under > 0, over // np.where(under > 0, under, 1), 0))


@cache
def z_log_z_table() -> np.ndarray:
    """2^16 z log z of z = 0, 1, ..., 2^12 counts, to nearest; of 40 digits, so the same on every machine. int64."""
    with localcontext() as context:
        context.prec = 40
        whole = Decimal(1 << Z_BITS)
        exact = (Decimal(n) / whole * (Decimal(n) / whole).ln() * (1 << LOG_BITS) for n in range(1, (1 << Z_BITS) + 1))
        return np.array([0, *(int(value.to_integral_value()) for value in exact)], np.int64)


# --- mass ------------------------------------------------------------------------------------------------------


def _mass_drop(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """What modified mass drop (zcut 0.1) keeps, bool (jets, N)."""
    state = np.stack([pt, eta << AXIS_BITS, phi << AXIS_BITS], axis=-1)
    return soft_drop(state, pt > 0, RECOMBINATION, lambda softer, both: 10 * softer > both)


def _mass(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Mass, rounded down, in counts of pT times an angle.

    m^2 = sum over pairs of pt_i pt_j (deta^2 + dphi^2), small-angle form, from sums of pT and its first and second
    moments: sum pt * sum pt (x^2 + y^2) - (sum pt x)^2 - (sum pt y)^2, each product below 2^61.
    """
    outward = (pt * (eta**2 + phi**2)).sum(axis=1)
    squared = pt.sum(axis=1) * outward - (pt * eta).sum(axis=1) ** 2 - (pt * phi).sum(axis=1) ** 2
    return integer_root(squared)


def _merge(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The sum's axis is the pT-weighted mean, rounded down: 2^21 * 2^13 before the division."""
    pt = one[..., :1] + other[..., :1]
    axis = (one[..., :1] * one[..., 1:] + other[..., :1] * other[..., 1:]) // np.maximum(pt, 1)
    return np.concatenate([pt, axis], axis=-1)


def _distance(one: np.ndarray, all_: np.ndarray) -> np.ndarray:
    """Below 2^29, so that 32 bits hold it."""
    x, y = one[:, None, 1] - all_[..., 1], one[:, None, 2] - all_[..., 2]
    return (x * x + y * y).astype(np.int32)


RECOMBINATION = Recombination(_distance, _merge, lambda one: one[..., 0], (1 << 31) - 1)


# --- to the bits of an input -----------------------------------------------------------------------------------


def normalise(
    raw: np.ndarray, offsets: Sequence[int] | np.ndarray, shifts: Sequence[int] | np.ndarray, bits: int
) -> np.ndarray:
    """(raw - offset) >> shift, a negative shift to the left, saturated to `bits` signed bits: (jets, 16) int64."""
    limit = 1 << (bits - 1)
    centred, shift = raw - np.asarray(offsets, np.int64), np.asarray(shifts, np.int64)
    right = centred >> np.maximum(shift, 0)
    left = np.clip(centred, -limit, limit) << np.maximum(-shift, 0)  # what is over the limit is so after the shift too
    return np.clip(np.where(shift < 0, left, right), -limit, limit - 1)


def measure(raw: np.ndarray, bits: int, reach: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Offsets and shifts from a training sample: the mean, and one standard deviation near 2^(bits - 1 - reach) counts.

    Raises:
        EventsError: no jets to measure on.
    """
    if not len(raw):
        raise EventsError("There are no jets to measure the features' offsets and shifts on; generate more events.")
    spread = raw.std(axis=0)
    shifts = np.rint(np.log2(np.where(spread > 0, spread, 1))) - (bits - 1 - reach)
    offsets = np.rint(raw.mean(axis=0)).astype(np.int64)
    return tuple(offsets.tolist()), tuple(np.where(spread > 0, shifts, 0).astype(np.int64).tolist())


def quantities(view: JetFeatures, units: Units) -> tuple[Quantity, ...]:
    """What the 16 normalised numbers mean.

    Raises:
        EventsError: the view's offsets and shifts were not measured yet.
    """
    if not len(view.offsets) == len(view.shifts) == len(FEATURES):
        raise EventsError(f"Jet features need {len(FEATURES)} offsets and shifts; measure them on the training split.")
    held = Fixed(True, view.bits, view.reach + 1)
    return tuple(
        Quantity(name, "GeV" if scale.momentum else "1", held, scale.value(units) * 2.0**shift,
                 scale.value(units) * offset)
        for (name, scale), offset, shift in zip(RAW_SCALES.items(), view.offsets, view.shifts, strict=True)
    )  # fmt: skip
