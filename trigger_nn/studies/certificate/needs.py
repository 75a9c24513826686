"""How many events resolve a rate, and how long the emulator needs for them."""

from collections.abc import Iterator, Sequence

import numpy as np

from trigger_nn.studies.certificate.decisions import Judgement, SideScores
from trigger_nn.studies.certificate.values import EMULATOR, Need
from trigger_nn.studies.menu.intervals import poisson_interval, rate, resolved

PRECISION = 0.01  # of the requested rate


def needs_of(
    sides: SideScores, judged: Sequence[Judgement], events_per_second: float, precision: float = PRECISION
) -> Iterator[Need]:
    """For every rate of each output that a threshold gives; `events_per_second` is the emulator's.

    The statistical error of a rate is 1 / sqrt(effective events behind it) of it, and these grow with the events. Of
    zero-bias crossings, each of the same rate, a share of target / rate of all crossings is behind the target; the rate
    of all crossings is taken to be that of all background events.
    """
    for judgement in judged:
        if judgement.basis == "same rate":
            yield _need(sides, judgement, events_per_second, precision)


def told_need(need: Need) -> str:
    """Events of the mixture that are needed, with their range."""
    if need.needed is None or need.needed_range is None:
        return "not resolved"
    low, high = need.needed_range
    return f"{need.needed:,.0f} ({low:,.0f} to {high:,.0f})"


def _need(sides: SideScores, judgement: Judgement, events_per_second: float, precision: float) -> Need:
    mask = np.asarray(sides.background)
    background = sides.group(mask, sides.rates[mask])
    found, wanted = rate(background.passing(judgement.passed[EMULATOR]), background.total), precision**-2
    every = len(background) * wanted
    known = resolved(found, judgement.target)
    low, high = (float(end) for end in poisson_interval(found.effective))
    needed = every / found.effective if known else None
    zero_bias = wanted * float(background.total.weight) / judgement.target
    return Need(
        judgement.output, judgement.target, precision, len(background), found.effective, needed, zero_bias,
        events_per_second, needed / events_per_second if needed else None, zero_bias / events_per_second,
        (every / high, every / low) if known else None,
    )  # fmt: skip
