"""Decisions that differ between two sides: in each direction, in events, Hz and efficiency."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from trigger_nn.studies.certificate.decisions import BACKGROUND, Judgement, SideScores
from trigger_nn.studies.certificate.intervals import gain, rate, ruled_out, scaled, share, widened
from trigger_nn.studies.certificate.values import Alike, Basis, Flips, Interval

MILLION = 1e6
PERCENT = 100.0


def flips_of(sides: SideScores, judgement: Judgement) -> Iterator[Flips]:
    """Every pair of sides, over the events of each kind."""
    for first, second in sides.pairs():
        for kind, mask in sides.kinds_of(judgement.output).items():
            yield _flips(sides, judgement, first, second, kind, mask)


def _flips(sides: SideScores, judgement: Judgement, first: str, second: str, kind: str, mask: np.ndarray) -> Flips:
    before, after = judgement.passed[first] & mask, judgement.passed[second] & mask
    events, flipped = sides.group(mask), (after & ~before, before & ~after)
    shares = share(flipped[0], events), share(flipped[1], events)
    gained_hz, lost_hz = _hertz(sides, mask, flipped)
    rate_before = float(sides.rates[before].sum(dtype=np.float64))
    if kind == BACKGROUND:
        change = None if judgement.moved else _of_rate(gained_hz, lost_hz, rate_before)
    else:
        change = _of_efficiency(sides, judgement, first, second, mask, flipped)
    return Flips(
        judgement.output, first, second, judgement.basis, judgement.target, kind, len(events), int(flipped[0].sum()),
        int(flipped[1].sum()), scaled(shares[0], MILLION), scaled(shares[1], MILLION), gained_hz, lost_hz, change,
        ruled_out(events) * MILLION,
    )  # fmt: skip


def _hertz(
    sides: SideScores, mask: np.ndarray, flipped: tuple[np.ndarray, np.ndarray]
) -> tuple[Interval, Interval] | tuple[None, None]:
    if not sides.rates[mask].any():
        return None, None
    events = sides.group(mask, sides.rates[mask])
    return rate(flipped[0], events), rate(flipped[1], events)


def _of_efficiency(
    sides: SideScores, judgement: Judgement, first: str, second: str, mask: np.ndarray,
    flipped: tuple[np.ndarray, np.ndarray],
) -> Interval:  # fmt: skip
    """Change of the efficiency in percent points: by the generator's weights, if those decide by thresholds."""
    events = sides.group(mask, None if sides.background is None else sides.counts(mask))
    found = gain(share(flipped[0], events), share(flipped[1], events))
    if judgement.moved:
        found = widened(found, judgement.moved[second] - judgement.moved[first])
    return scaled(found, PERCENT)


def _of_rate(gained: Interval | None, lost: Interval | None, before: float) -> Interval:
    """Change of the rate in percent of what it was."""
    if gained is None or lost is None or not before:
        return math.nan, math.nan, math.nan
    return scaled(gain(gained, lost), PERCENT / before)


def alike(sides: SideScores, judged: Sequence[Judgement]) -> tuple[Alike, ...]:
    """Of every pair, on every basis: events of any kind with any decision that differs."""
    bases: tuple[Basis, ...] = tuple(dict.fromkeys(judgement.basis for judgement in judged))
    return tuple(_alike(sides, judged, *pair, basis) for basis in bases for pair in sides.pairs())


def _alike(sides: SideScores, judged: Sequence[Judgement], first: str, second: str, basis: Basis) -> Alike:
    mask = sides.looked_at
    own = [judgement.passed for judgement in judged if judgement.basis == basis]
    differs = mask & np.logical_or.reduce([passed[first] != passed[second] for passed in own])
    equal = mask & (sides.scores[first] == sides.scores[second]).all(axis=1)
    events = sides.group(mask)
    ppm, most = scaled(share(differs, events), MILLION), ruled_out(events) * MILLION
    return Alike(first, second, basis, int(mask.sum()), int(differs.sum()), ppm, int(equal.sum()), most)
