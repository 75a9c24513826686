"""The events of one process: which they are, what each of them counts, and which are copies of each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.studies.menu.sums import Stratum, Sums, none, numbered, power_sum, product, single, summed
from trigger_nn.studies.menu.values import Scored

BAND, EDGE = 4.0, 1.7  # weights of a stratum, from EDGE times a power of BAND up to BAND times that
WEIGHTLESS = -1000


@dataclass(frozen=True)
class Group:
    """Events of one process.

    where: (m,) their places among all events, rising. weight: (m,) float32, Hz of background, else the generator's
    weight. source: (m,) number of the simulated event of each, from 0, None if each is its own.
    """

    name: str
    where: np.ndarray
    weight: np.ndarray
    source: np.ndarray | None

    def __len__(self) -> int:
        """Number of events."""
        return len(self.where)

    def part(self, chosen: np.ndarray) -> "Group":
        """The events that `chosen`, a boolean for each, picks."""
        source = None if self.source is None else numbered(self.source[chosen])
        return Group(self.name, self.where[chosen], self.weight[chosen], source)

    @cached_property
    def copied(self) -> np.ndarray | None:
        """Weight of each simulated event with all of its copies, by its number; None if each event is its own."""
        return None if self.source is None else summed(self.source, self.weight, int(self.source.max(initial=-1)) + 1)

    @cached_property
    def stratum(self) -> Stratum:
        """Of the heaviest simulated event."""
        weight = self.weight if self.copied is None else self.copied
        return self.name, int(_levels(np.abs(weight).max(initial=0.0, keepdims=True))[0])

    @cached_property
    def bands(self) -> tuple["Group", ...]:
        """Parts whose simulated events, each with all of its copies, are about as heavy: within a factor of `BAND`."""
        weight = self.weight if self.copied is None else self.copied
        if not len(weight) or (weight.min() > 0 and not np.ptp(_levels(np.array([weight.min(), weight.max()])))):
            return (self,)
        levels = _levels(weight)
        own = levels if self.source is None else levels[self.source]
        found = np.unique(own)
        return tuple(self.part(own == level) for level in found) if len(found) > 1 else (self,)

    @cached_property
    def total(self) -> Sums:
        """Of all events."""
        parts = {} if len(self.bands) == 1 else {band.stratum: band.total for band in self.bands}
        return replace(self._sums(slice(None)), parts=parts)

    def passing(self, passed: np.ndarray) -> Sums:
        """Of the events of which `passed`, a boolean for each event of the study, is true."""
        parts = {} if len(self.bands) == 1 else {band.stratum: band.passing(passed) for band in self.bands}
        return replace(self._sums(passed[self.where]), parts=parts)

    def _sums(self, own: np.ndarray | slice) -> Sums:
        weight = self.weight[own]
        count, alone = len(weight), power_sum(weight, 2)
        if self.source is None or self.copied is None:
            return replace(single(count, power_sum(weight), alone, alone, alone), stratum=self.stratum)
        part = summed(self.source[own], weight, len(self.copied))
        sums = single(count, float(part.sum()), product(part, part), product(part, self.copied), alone)
        return replace(sums, stratum=self.stratum)


def _levels(weight: np.ndarray) -> np.ndarray:
    """The power of `BAND` below each weight; int16."""
    with np.errstate(divide="ignore"):
        powers = np.floor(np.log2(np.abs(weight) / np.float32(EDGE)) / np.float32(np.log2(BAND)))
    return np.where(weight == 0, WEIGHTLESS, powers).astype(np.int16)


def groups_of(scored: Scored, backgrounds: Iterable[str]) -> dict[str, Group]:
    """Every process that has events, by name; `backgrounds` count by their rate."""
    groups = {}
    for number, name in enumerate(scored.processes):
        where = np.flatnonzero(scored.process == number).astype(np.int32)
        weight = scored.rate if name in backgrounds else scored.weight
        source = None if scored.source is None else numbered(scored.source[where])
        if len(where):
            groups[name] = Group(name, where, weight[where], source)
    return groups


def named(groups: Mapping[str, Group], names: Iterable[str], what: str) -> tuple[Group, ...]:
    """The groups of `names`.

    Raises:
        EventsError: one of them has no events, or none that counts.
    """
    for name in names:
        if name not in groups:
            raise EventsError(f"There is no event of the {what} {name!r}; there are events of: {', '.join(groups)}.")
        if not groups[name].total.weight > 0:
            raise EventsError(f"The events of the {what} {name!r} count nothing: all have weight 0; give them one.")
    return tuple(groups[name] for name in names)


def passing(groups: Iterable[Group], passed: np.ndarray) -> Sums:
    """Of all groups together, the events of which `passed`, a boolean for each event of the study, is true."""
    return sum((group.passing(passed) for group in groups), none())


def total(groups: Iterable[Group]) -> Sums:
    """Of all events of all groups."""
    return sum((group.total for group in groups), none())
