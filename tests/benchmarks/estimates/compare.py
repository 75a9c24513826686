"""Errors of each estimator on the same networks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import spearmanr

from tests.benchmarks.estimates.describe import Outside
from tests.benchmarks.estimates.ours import COMPARED, CYCLES, CYCLES_AT_CLOCK, DSP, FF, FOLDS, LUT, Case
from tests.benchmarks.estimates.peer import Answer

OURS = ("trigger_nn", "held out of the fit")
TARGETS = {LUT: "LUT", FF: "FF", DSP: "DSP", CYCLES: "CYCLES", CYCLES_AT_CLOCK: "CYCLES"}  # as rule4ml calls them
ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class Score:
    """How far one estimator, as it was `asked`, is off in one quantity on `networks` networks.

    `kind` "relative": errors are estimate / measured - 1; "difference", where something measured is 0: estimate -
    measured. `median` is that of |error|, `low` and `high` are the 5 % and 95 % quantiles of the signed error.
    `scaled` is the median |error| once every estimate is multiplied by one factor, the median of measured / estimate
    over the networks of the other folds; `order` is Spearman's rank correlation with what was measured. Both forgive a
    different unit, and are None where they can't be had.
    """

    quantity: str
    estimator: str
    asked: str
    kind: Literal["relative", "difference"]
    networks: int
    median: float
    low: float
    high: float
    scaled: float | None
    order: float | None


@dataclass(frozen=True)
class Comparison:
    """Scores on all networks that rule4ml has words for, and on the `usual` ones of them (`Description.is_usual`).

    `measured` is how many networks were measured, `applied` to how many of them rule4ml applies, `outside` why not to
    the others. `clocks` (ns) are those of the networks compared, `pruned` how many of these have too many weights of 0
    and `small` how many have too few inputs to be usual. `versions` are those of rule4ml and of what measured.
    """

    scores: tuple[Score, ...]
    usual: tuple[Score, ...]
    measured: int
    applied: int
    outside: dict[str, int]
    clocks: tuple[float, ...]
    pruned: int
    small: int
    versions: dict[str, str]


def reasons(networks: Sequence[Outside]) -> dict[str, int]:
    """How many networks were left out, by reason."""
    return dict(Counter(network.reason for network in networks))


def scores(cases: Sequence[Case], answers: Sequence[Answer]) -> tuple[Score, ...]:
    """Ours and, one by one, rule4ml's generations, boards and readings of the width, by quantity, on `cases`."""
    told = _told(answers)
    found = []
    for quantity in COMPARED:
        measured = np.array([case.measured[quantity] for case in cases], float)
        found.append(score(quantity, *OURS, measured, np.array([case.said[quantity] for case in cases])))
        for asked, by_network in told.items():
            said = np.array([by_network[case.program][TARGETS[quantity]] for case in cases])
            found.append(score(quantity, *asked, measured, said))
    return tuple(found)


def best(found: Sequence[Score]) -> tuple[Score, ...]:
    """Of each estimator in each quantity the way of asking it that has the least median error, by hindsight."""
    least: dict[tuple[str, str], Score] = {}
    for each in sorted(found, key=lambda score: (score.median, score.high - score.low)):
        least.setdefault((each.quantity, each.estimator), each)
    return tuple(each for each in found if least[each.quantity, each.estimator] is each)


def score(quantity: str, estimator: str, asked: str, measured: np.ndarray, said: np.ndarray) -> Score:
    """The score of estimates `said` (networks,) against `measured` (networks,)."""
    kind: Literal["relative", "difference"] = "relative" if (measured > 0).all() else "difference"
    errors = said / measured - 1 if kind == "relative" else said - measured
    low, high = (float(end) for end in np.quantile(errors, ENDS))
    return Score(
        quantity, estimator, asked, kind, len(measured), float(np.median(np.abs(errors))), low, high,
        _scaled(measured, said) if kind == "relative" else None, _order(measured, said),
    )  # fmt: skip


def _scaled(measured: np.ndarray, said: np.ndarray) -> float | None:
    """Median |relative error| after one factor, found without the fold that it is used on."""
    fold = np.arange(len(measured)) % FOLDS
    errors = np.empty(len(measured))
    for number in range(FOLDS):
        known, out = (fold != number) & (said > 0), fold == number
        if not known.any():
            return None
        errors[out] = said[out] * np.median(measured[known] / said[known]) / measured[out] - 1
    return float(np.median(np.abs(errors)))


def _order(measured: np.ndarray, said: np.ndarray) -> float | None:
    if len(set(measured)) < 2 or len(set(said)) < 2:  # equal ones have no order
        return None
    return float(spearmanr(measured, said).statistic)


def _told(answers: Sequence[Answer]) -> Mapping[tuple[str, str], Mapping[str, Mapping[str, float]]]:
    """By estimator and how it was asked, by program: what it says."""
    told: dict[tuple[str, str], dict[str, Mapping[str, float]]] = {}
    for answer in answers:
        key = (f"rule4ml {answer.generation}", f"{answer.board}, {answer.reading}")
        told.setdefault(key, {})[answer.program] = answer.said
    return told
