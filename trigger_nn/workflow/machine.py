"""What events of this package say of the machine that they were made for: crossings, pile-up, and its library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.recipe.study import BeamSpec
from trigger_nn.studies.menu.columns import picked
from trigger_nn.studies.menu.sums import power_sum, product
from trigger_nn.studies.menu.values import Scored

NEAR = 0.1  # by which the beam's pile-up may differ from the events'
PILEUP = "pileup"  # name of the column that counts collisions


@dataclass(frozen=True)
class Library:
    """The collisions that pile-up was drawn from: how many there are, and how many of them a crossing holds on average.

    events: numbers, first to behind the last, of those studied whose crossings are made of it.
    """

    collisions: int
    mean: float
    events: slice


def _recipe(provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    found = provenance.get("recipe")
    return found if isinstance(found, Mapping) else {}


def crossings_of(provenance: Mapping[str, Any]) -> float | None:
    """Hz of all crossings that a sample was made for, None if it does not say."""
    found = _recipe(provenance).get("colliding_rate")
    return float(found) if found else None


def library_of(provenance: Mapping[str, Any], split: str, events: slice) -> Library | None:
    """The library that pile-up of `split` was drawn from, None if there is none."""
    pileup = _recipe(provenance).get("pileup") or {}
    collisions, mean = (pileup.get("library") or {}).get(split), pileup.get("mean")
    return Library(int(collisions), float(mean), events) if collisions and mean else None


def library_told(scored: Scored, backgrounds: tuple[str, ...], libraries: Sequence[Library]) -> tuple[str, ...]:
    """How much rate one collision of a library stands for, a sentence for each that background was made of."""
    counted = scored.select(*backgrounds)
    rates = [power_sum(scored.rate[own.events][counted[own.events]]) for own in libraries]
    return tuple(
        f"Pile-up is drawn from a library of {own.collisions:,} collisions, {own.mean:g} a crossing, so one of them "
        f"stands for {rate * own.mean / own.collisions / 1e3:,.4g} kHz; crossings that share one are less independent "
        "than they are counted."
        for own, rate in zip(libraries, rates, strict=True)
        if rate
    )


def pileup_warning(
    scored: Scored, beam: BeamSpec | None, backgrounds: tuple[str, ...], stated: Sequence[float]
) -> tuple[str, ...]:
    """A sentence if the beam's pile-up is not the events': that of their column, else `stated` by their samples."""
    found = _counted(scored, backgrounds)
    means = [found] if found is not None else list(stated)
    if beam is None or all(abs(mean - beam.pileup) <= NEAR * beam.pileup for mean in means):
        return ()
    told = " and ".join(f"{mean:.4g}" for mean in dict.fromkeys(means))
    return (
        f"The beam has a pile-up of {beam.pileup:g}, the background events have {told} on average: their rates are "
        "made the beam's, their scores can't be; set study.beam.pileup, or give events made for it.",
    )


def _counted(scored: Scored, backgrounds: tuple[str, ...]) -> float | None:
    """Mean collisions of background crossings by rate; None without a column that counts them."""
    if PILEUP not in scored.columns or scored.columns[PILEUP].ndim > 1:
        return None
    counts, quantity = picked(scored, PILEUP)
    chosen = scored.select(*backgrounds)
    rates = scored.rate[chosen].astype(np.float64)
    return product(quantity.value(counts[chosen]), rates) / max(float(rates.sum()), 1e-30)
