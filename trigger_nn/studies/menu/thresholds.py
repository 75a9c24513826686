"""Integer thresholds: the loosest that keeps a rate, the tightest that reaches an efficiency, and ties there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.groups import Group, named
from trigger_nn.studies.menu.spectrum import Population, population
from trigger_nn.studies.menu.values import Threshold
from trigger_nn.studies.rates import Efficiency


@dataclass(frozen=True)
class Discriminant:
    """One output as the trigger of one signal.

    type: of the scores. scores: (n,) of all events of the study. wanted, background: the events it is to tell apart.
    others: of processes that are neither; they only bound plateaus.
    """

    signal: str
    type: Fixed
    scores: np.ndarray
    wanted: Population
    background: Population
    others: Population | None

    @cached_property
    def values(self) -> np.ndarray:
        """The distinct scores of all events, rising."""
        values = np.union1d(self.wanted.spectrum.values, self.background.spectrum.values)
        return values if self.others is None else np.union1d(values, self.others.spectrum.values)

    @property
    def lsb(self) -> float:
        """What one count of the score is worth."""
        return 2.0**-self.type.fraction

    @property
    def loosest(self) -> int:
        """A threshold that every score is above."""
        return self.type.minimum - 1

    def threshold(self, mantissa: int) -> Threshold:
        """All about the threshold that decides as `mantissa` does."""
        first, last = self._plateau(mantissa)
        background = self.background.spectrum
        tied = background.at(first)
        return Threshold(
            first,
            self.lsb,
            (first, last),
            intervals.rate(background.above(first), background.total),
            int(tied.events),
            float(tied.weight),
            int(background.at(self.type.maximum).events),
            first == self.loosest,
        )

    def efficiency(self, mantissa: int) -> Efficiency:
        """Of the signal."""
        spectrum = self.wanted.spectrum
        return intervals.share(spectrum.above(mantissa), spectrum.total)

    def _plateau(self, mantissa: int) -> tuple[int, int]:
        place = int(np.searchsorted(self.values, mantissa, side="right"))
        first = int(self.values[place - 1]) if place else self.loosest
        last = int(self.values[place]) - 1 if place < len(self.values) else self.type.maximum
        return first, last

    def at_rate(self, target: float) -> int:
        """The loosest threshold whose rate does not exceed `target` (Hz); ties pass or fail together."""
        spectrum = self.background.spectrum
        place = int(np.argmax(spectrum.tail.weight <= target))
        return int(spectrum.values[place - 1]) if place else self.loosest

    def at_efficiency(self, target: float) -> int:
        """The tightest threshold that keeps a share of at least `target` of the signal."""
        spectrum = self.wanted.spectrum
        enough = spectrum.tail.weight / spectrum.total.weight >= target
        return self._plateau(int(spectrum.values[np.flatnonzero(enough)[-1]]) - 1)[0]


def discriminant(
    groups: Mapping[str, Group], signal: str, backgrounds: tuple[str, ...], scores: np.ndarray, kind: Fixed
) -> Discriminant:
    """The output that gave `scores` (n,) of type `kind`, as the trigger of `signal`.

    Raises:
        EventsError: the signal or a background has no event that counts.
    """
    wanted, background = named(groups, (signal,), "signal"), named(groups, backgrounds, "background")
    rest = [group for name, group in groups.items() if name not in (signal, *backgrounds)]
    return Discriminant(
        signal, kind, scores, population(wanted, scores), population(background, scores),
        population(rest, scores) if rest else None,
    )  # fmt: skip
