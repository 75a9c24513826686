"""Sums of calorimeter sections that make the channels of an image what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector.grid import ELECTROMAGNETIC, HADRONIC


@dataclass(frozen=True)
class Intervals:
    """For each cell and channel the lowest, the highest and the preferred sum; all of one shape."""

    low: np.ndarray
    high: np.ndarray
    preferred: np.ndarray

    def narrowed(self, low: np.ndarray | np.int64, high: np.ndarray | np.int64) -> "Intervals":
        """What lies within `low` to `high`; where nothing does, the nearest of them."""
        return Intervals(*(np.clip(values, low, high) for values in (self.low, self.high, self.preferred)))


def sections_of(
    channels: Sequence[str], wanted: Intervals, capacity: int, sections: Sequence[int]
) -> Mapping[int, np.ndarray]:
    """Sums of the electromagnetic and of the hadronic section, each 0 to `capacity`, shape of a channel of `wanted`.

    They lie in the intervals of all channels wherever sums do; elsewhere in those of the sections themselves.
    """
    most = {s: capacity if s in sections else 0 for s in (ELECTROMAGNETIC, HADRONIC)}
    one = _channel("electromagnetic", channels, wanted, most[ELECTROMAGNETIC])
    other = _channel("hadronic", channels, wanted, most[HADRONIC])
    if "total" not in channels:
        return {ELECTROMAGNETIC: one.preferred, HADRONIC: other.preferred}
    both = _channel("total", channels, wanted, sum(most.values()))
    total = both.narrowed(one.low + other.low, one.high + other.high).preferred
    start = _start(channels, total, one, other)
    first = np.clip(start, np.maximum(one.low, total - other.high), np.minimum(one.high, total - other.low))
    return {ELECTROMAGNETIC: first, HADRONIC: total - first}


def _channel(name: str, channels: Sequence[str], wanted: Intervals, most: int) -> Intervals:
    """What channel `name` asks for, within 0 to `most`; all of that if there is no such channel."""
    if name not in channels:
        zero = np.zeros(wanted.low.shape[:-1], np.int64)
        return Intervals(zero, zero + most, zero)
    place = channels.index(name)
    parts = (values[..., place] for values in (wanted.low, wanted.high, wanted.preferred))
    return Intervals(*parts).narrowed(np.int64(0), np.int64(most))


def _start(channels: Sequence[str], total: np.ndarray, one: Intervals, other: Intervals) -> np.ndarray:
    """The electromagnetic share of `total` before limits: as its channel prefers, or the hadronic one, or half."""
    if "electromagnetic" in channels:
        return one.preferred
    return total - other.preferred if "hadronic" in channels else total // 2
