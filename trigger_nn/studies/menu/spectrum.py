"""How weight is spread over integer scores: sums at each score, from which every threshold's can be read exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce

import numpy as np

from trigger_nn.studies.menu.groups import Group
from trigger_nn.studies.menu.sums import Stratum, Sums, blocks, by_source, counted, product, summed

DENSE = 1 << 22  # scores that span fewer integers than this are counted at each of them, others sorted


@dataclass(frozen=True)
class Spectrum:
    """Sums at each distinct score.

    values: (k,) int64, rising. each: (k,) what an event of this score adds when the threshold falls below it; copies
    add their `squares` and `cross` to those of copies of higher score, so these are not a histogram's variances.
    parts: the spectra of the strata if these events are of several.
    """

    values: np.ndarray
    each: Sums
    parts: Mapping[Stratum, "Spectrum"] = field(default_factory=dict)

    @cached_property
    def tail(self) -> Sums:
        """(k + 1,): of the events whose score is `values[i]` or higher; at last of none. Its strata are not told."""
        sums = (np.append(np.cumsum(each[::-1])[::-1], each.dtype.type(0)) for each in self.each.fields)
        return Sums(*sums, stratum=self.each.stratum)

    @property
    def strata(self) -> Mapping[Stratum, "Spectrum"]:
        """By stratum, be it one."""
        return self.parts or {self.each.stratum: self}

    @property
    def total(self) -> Sums:
        """Of all events."""
        return replace(self.tail[0], parts={stratum: part.tail[0] for stratum, part in self.parts.items()})

    def above(self, mantissas: np.ndarray | int) -> Sums:
        """Of the events whose score is above `mantissas`."""
        parts = {stratum: part.above(mantissas) for stratum, part in self.parts.items()}
        return replace(self.tail[np.searchsorted(self.values, mantissas, side="right")], parts=parts)

    def weight_above(self, mantissas: np.ndarray) -> np.ndarray:
        """Weight of the events whose score is above `mantissas`, of which there may be millions."""
        return self.tail.weight[np.searchsorted(self.values, mantissas, side="right")]

    def at(self, mantissa: int) -> Sums:
        """Of the events of exactly this score; of copies only what `each` says."""
        chosen = self.values == mantissa
        return Sums(*(each[chosen].sum() for each in self.each.fields))


@dataclass(frozen=True)
class Population:
    """Events of some processes at one output: `scores` (n,) of all events of the study, and the groups' spectrum."""

    groups: tuple[Group, ...]
    scores: np.ndarray
    spectra: tuple[Spectrum, ...]

    @cached_property
    def spectrum(self) -> Spectrum:
        """Of all groups together."""
        return merged(self.spectra)

    def scatter(self, values: np.ndarray) -> float:
        """Sum over sources of (sum of w g)^2, g being `values` (k,) at the scores of `spectrum`, w the weight."""
        return sum(
            self._scatter(group, spectrum, values) for group, spectrum in zip(self.groups, self.spectra, strict=True)
        )

    def _scatter(self, group: Group, spectrum: Spectrum, values: np.ndarray) -> float:
        own = values[np.searchsorted(self.spectrum.values, spectrum.values)]
        if group.source is None or group.copied is None:
            return float(spectrum.each.squares @ own**2)
        moved = np.zeros_like(group.copied)
        for block in blocks(len(group)):
            places = np.searchsorted(spectrum.values, self.scores[group.where[block]])
            moved += np.bincount(group.source[block], group.weight[block] * own[places], len(moved))
        return product(moved, moved)


def population(groups: Sequence[Group], scores: np.ndarray) -> Population:
    """The events of `groups` at the output that gave `scores` (n,), one an event of the study."""
    return Population(tuple(groups), scores, tuple(spectrum(group, scores[group.where]) for group in groups))


def spectrum(group: Group, scores: np.ndarray) -> Spectrum:
    """Of one group, whose events have `scores` (m,)."""
    values, places = _places(scores)
    events, weight = counted(places, len(values)), summed(places, group.weight, len(values))
    squares = cross = alone = summed(places, group.weight, len(values), power=2)
    if group.source is not None and group.copied is not None:
        squares, cross = _of_copies(places, group, group.source, group.copied, len(values))
    met = events > 0
    parts = {} if len(group.bands) == 1 else {band.stratum: _of_band(group, band, scores) for band in group.bands}
    return Spectrum(values[met], Sums(events, weight, squares, cross, alone, stratum=group.stratum)[met], parts)


def _of_band(group: Group, band: Group, scores: np.ndarray) -> Spectrum:
    """Of one of the group's bands, `scores` being the group's."""
    return spectrum(band, scores[np.searchsorted(group.where, band.where)])


def merged(spectra: Sequence[Spectrum]) -> Spectrum:
    """Of groups that share no source."""
    if len(spectra) == 1:
        return spectra[0]
    values = reduce(np.union1d, (spectrum.values for spectrum in spectra))
    fields = [np.zeros(len(values), each.dtype) for each in spectra[0].each.fields]
    for spectrum in spectra:
        places = np.searchsorted(values, spectrum.values)
        for each, more in zip(fields, spectrum.each.fields, strict=True):
            each[places] += more
    parts = {stratum: part for spectrum in spectra for stratum, part in spectrum.strata.items()}
    return Spectrum(values, Sums(*fields), parts)


def _places(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rising values among which are all scores, and the place of each event's."""
    low, high = int(scores.min()), int(scores.max())
    if high - low >= DENSE:
        values, places = np.unique(scores, return_inverse=True)
        return values.astype(np.int64), places
    return np.arange(low, high + 1), (scores.astype(np.int64) - low).astype(np.int32)


def _of_copies(
    places: np.ndarray, group: Group, source: np.ndarray, copied: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """What the events at each place add to `squares` and `cross` when the threshold falls below their score.

    With the weight X of its higher copies an event of weight w takes X^2 to (X + w)^2, so adds w (w + 2 X).
    """
    squares, cross = np.zeros(count), np.zeros(count)
    for chosen in by_source(source):
        order = chosen[np.argsort(source[chosen].astype(np.int64) * count - places[chosen])]
        weight, owner, place = group.weight[order].astype(np.float64), source[order], places[order]
        before = np.cumsum(weight) - weight
        before -= before[np.searchsorted(owner, owner)]
        squares += np.bincount(place, weight * (weight + 2 * before), count)
        cross += np.bincount(place, weight * copied[owner], count)
    return squares, cross
