"""Sums of weights over many events, in blocks: ten million events need no second copy of theirs in double precision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

BLOCK = 1 << 20
Stratum = tuple[str, int]  # a process, and how heavy its events are
SPARSE = 4  # source numbers that spread this much wider than events are counted through anew


@dataclass(frozen=True)
class Sums:
    """What stands behind a number of events; arrays of equal shape, or numbers.

    events: how many. weight: their sum. squares: sum over independent sources c of X_c^2, X_c the weight of those
    events of c that are meant; without copies the sum of squared weights. cross: sum of X_c W_c, W_c the weight of all
    events of c, whether meant or not. alone: the sum of squared weights, as if copies were independent.
    stratum: of events of about equal weight, of which all of these are. parts: by stratum if they are of several.
    """

    events: np.ndarray
    weight: np.ndarray
    squares: np.ndarray
    cross: np.ndarray
    alone: np.ndarray
    stratum: Stratum = field(default=("", 0), kw_only=True)
    parts: Mapping[Stratum, "Sums"] = field(default_factory=dict, kw_only=True)

    def __getitem__(self, places: np.ndarray | int) -> Self:
        """The entries at `places`."""
        parts = {stratum: part[places] for stratum, part in self.parts.items()}
        return type(self)(*(values[places] for values in self.fields), stratum=self.stratum, parts=parts)

    def __add__(self, other: "Sums") -> "Sums":
        """Of events that share no source."""
        both = Sums(*(one + two for one, two in zip(self.fields, other.fields, strict=True)), stratum=self.stratum)
        if not (self.parts or other.parts) and self.stratum == other.stratum:
            return both
        parts = dict(self.strata)
        for stratum, part in other.strata.items():
            parts[stratum] = parts[stratum] + part if stratum in parts else part
        return replace(both, parts=parts)

    @property
    def fields(self) -> tuple[np.ndarray, ...]:
        """The arrays in their order."""
        return self.events, self.weight, self.squares, self.cross, self.alone

    @property
    def strata(self) -> Mapping[Stratum, "Sums"]:
        """By stratum, be it one."""
        return self.parts or {self.stratum: self}


def none() -> Sums:
    """The sums of no event."""
    return single(0, 0.0, 0.0, 0.0, 0.0)


def single(events: int, weight: float, squares: float, cross: float, alone: float) -> Sums:
    """Sums that are numbers."""
    return Sums(np.asarray(events), *map(np.asarray, (weight, squares, cross, alone)))


def blocks(events: int) -> Iterator[slice]:
    """Slices that together cover `events` events."""
    return (slice(start, start + BLOCK) for start in range(0, events, BLOCK))


def counted(places: np.ndarray, count: int) -> np.ndarray:
    """How many of `places` are 0, 1, ..., `count` - 1; int64."""
    total = np.zeros(count, np.int64)
    for block in blocks(len(places)):
        total += np.bincount(places[block], minlength=count)
    return total


def summed(places: np.ndarray, weights: np.ndarray, count: int, power: int = 1) -> np.ndarray:
    """Sum of `weights` to a `power` at each of `count` places; float64 (count,)."""
    total = np.zeros(count)
    for block in blocks(len(places)):
        total += np.bincount(places[block], weights[block].astype(np.float64) ** power, count)
    return total


def power_sum(weights: np.ndarray, power: int = 1) -> float:
    """Sum of `weights` to a `power`, in double precision."""
    return float(sum(np.sum(weights[block].astype(np.float64) ** power) for block in blocks(len(weights))))


def product(one: np.ndarray, other: np.ndarray) -> float:
    """Sum of the products of two arrays; unlike BLAS's the same for any number of threads, none of which spins."""
    return float(np.sum(one * other, dtype=np.float64))


def numbered(source: np.ndarray) -> np.ndarray:
    """Numbers of sources as small numbers from 0, equal where they were; int32, or int64 where that is too narrow."""
    if not len(source):
        return np.zeros(0, np.int32)
    low = int(source.min())
    if int(source.max()) - low >= SPARSE * len(source):
        source, low = np.unique(source, return_inverse=True)[1], 0
    numbers = source.astype(np.int64) - low
    return numbers.astype(np.int32) if int(numbers.max()) <= np.iinfo(np.int32).max else numbers


def by_source(source: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of events in parts of about a block, each source whole in one of them; `source` as of `numbered`."""
    ends = np.searchsorted(np.cumsum(np.bincount(source)), np.arange(BLOCK, len(source) + BLOCK, BLOCK)) + 1
    start = 0
    for end in ends:
        yield np.flatnonzero((source >= start) & (source < end))
        start = int(end)
