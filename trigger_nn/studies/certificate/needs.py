"""How many events resolve a rate, and how long the emulator needs for them."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from trigger_nn.studies.certificate.decisions import Judgement, SideScores
from trigger_nn.studies.certificate.values import EMULATOR, Need
from trigger_nn.studies.menu.intervals import effective_count

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


def _need(sides: SideScores, judgement: Judgement, events_per_second: float, precision: float) -> Need:
    background = sides.group(np.asarray(sides.background), sides.rates)
    effective = float(effective_count(background.passing(judgement.passed[EMULATOR])))
    wanted = precision**-2
    needed = len(background) * wanted / effective if effective else math.inf
    zero_bias = wanted * float(background.total.weight) / judgement.target
    return Need(
        judgement.output, judgement.target, precision, len(background), effective, needed, zero_bias, events_per_second,
        needed / events_per_second, zero_bias / events_per_second,
    )  # fmt: skip
