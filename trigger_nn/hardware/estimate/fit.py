"""Measured networks -> the constants of the estimator, and their error on networks held out of the fit.

Non-negative least squares (Lawson and Hanson, 1974) of the relative error: every row is divided by what was measured,
so that small networks count as much as large ones, and no feature can lower a figure. Such a fit leans low, as half of
a figure is a smaller error than its double; its constants are scaled so that the median of measured / fitted is 1.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate.constants import Constants, Fitted, Spread
from trigger_nn.hardware.estimate.features import (
    DEPTH_FEATURES,
    FF_FEATURES,
    LUT_FEATURES,
    depth_features,
    ff_features,
    hop_of,
    lut_features,
    stages_of,
)
from trigger_nn.hardware.estimate.measured import Measured

FAINT = 1e-9  # in place of 0 where something is divided by it or must not vanish
PULL = 0.05  # towards the prior
LEAST = 20  # rows below which held-out quantiles mean nothing


@dataclass(frozen=True)
class _Quantity:
    prior: Mapping[str, float]  # constants by the names of their features, as the device has them
    features: Callable[[Measured], tuple[float, ...]]
    measured: Callable[[Measured], float]
    least: float  # rows that measure less are left out: there relative errors say nothing
    known: frozenset[str] = frozenset()  # constants that are no matter of a fit

    @property
    def free(self) -> np.ndarray:
        """Which constants are fitted."""
        return np.array([name not in self.known for name in self.prior])

    @property
    def priors(self) -> np.ndarray:
        """The priors in order."""
        return np.array(list(self.prior.values()))


QUANTITIES = {
    "lut": _Quantity(LUT_FEATURES, lambda row: lut_features(row.features.work), lambda row: row.lut, 10),
    "ff": _Quantity(
        FF_FEATURES,
        lambda row: ff_features(
            row.features.work, row.features.values, row.features.trees, row.features.outputs, row.latency
        ),
        lambda row: row.ff,
        10,
    ),
    # `time` is in alkaid's own unit, by alkaid's own model: what is fitted is what sharing adds to it.
    "depth": _Quantity(
        DEPTH_FEATURES, lambda row: depth_features(row.features), lambda row: row.depth, 1, frozenset({"time"})
    ),
}


def fit(rows: Sequence[Measured], folds: int = 5) -> Constants:
    """The constants from all `rows`, their spread from `folds` fits, each without the rows that it is tested on.

    A row's fold is its place modulo `folds`, rows being ordered by their programs' digests: the same rows, whatever
    their order, give the same constants.

    Raises:
        RecipeError: too few rows.
    """
    if len(rows) < max(LEAST, folds):
        raise RecipeError(f"{len(rows)} measured networks are too few for a fit; measure {LEAST} or more.")
    ordered = sorted(rows, key=lambda row: (row.program, row.stage))
    fits = {name: _fitted(quantity, ordered, folds) for name, quantity in QUANTITIES.items()}
    return Constants(
        **fits, cycles=_cycles(ordered, folds), networks=len(ordered), folds=folds, rows=_digest(ordered),
        source="; ".join(sorted({row.source for row in ordered})),
    )  # fmt: skip


def solve(features: np.ndarray, measured: np.ndarray, prior: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Constants >= 0 that minimise the sum of squares of features @ constants / measured - 1; those not `free` stay.

    To that is added, for each feature, the square of (constant - prior) times the feature's mean share of what was
    measured, as often as PULL^2 says of the number of rows: a feature of which they say nothing keeps its prior.
    """
    from scipy.optimize import nnls

    shares, found = features / measured[:, None], prior.astype(float)
    left = 1 - shares[:, ~free] @ prior[~free]
    weight = np.diag(np.maximum(shares[:, free].mean(axis=0) * PULL * np.sqrt(len(shares)), FAINT))
    found[free], _ = nnls(np.concatenate([shares[:, free], weight]), np.concatenate([left, weight @ prior[free]]))
    middle = np.median(measured / np.maximum(features @ found, FAINT)) if np.all(free) else 1.0
    return np.asarray(found * middle)


def held_out(quantity: str, rows: Sequence[Measured], folds: int) -> tuple[np.ndarray, np.ndarray]:
    """What was measured of each row, and what a fit without its fold says; rows that tell nothing are left out."""
    features, measured = _table(QUANTITIES[quantity], _telling(QUANTITIES[quantity], rows))
    return measured, _without(QUANTITIES[quantity], features, measured, folds)


def _fitted(quantity: _Quantity, rows: Sequence[Measured], folds: int) -> Fitted:
    features, measured = _table(quantity, _telling(quantity, rows))
    found = solve(features, measured, quantity.priors, quantity.free)
    spread = _spread(measured / np.maximum(_without(quantity, features, measured, folds), FAINT), 1.0)
    return Fitted(dict(zip(quantity.prior, map(float, found), strict=True)), spread)


def _table(quantity: _Quantity, rows: Sequence[Measured]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([quantity.features(row) for row in rows]), np.array([quantity.measured(row) for row in rows], float)


def _without(quantity: _Quantity, features: np.ndarray, measured: np.ndarray, folds: int) -> np.ndarray:
    fold = np.arange(len(measured)) % folds
    said = np.empty(len(measured))
    for number in range(folds):
        out = fold == number
        said[out] = features[out] @ solve(features[~out], measured[~out], quantity.priors, quantity.free)
    return said


def _cycles(rows: Sequence[Measured], folds: int) -> Spread:
    told = _telling(QUANTITIES["depth"], rows)
    depth = held_out("depth", told, folds)[1]
    hops = (hop_of(row.features.work) for row in told)
    stages = np.array([stages_of(own, row.stage, hop) for own, row, hop in zip(depth, told, hops, strict=True)])
    return _spread(np.array([row.latency for row in told]) - stages, 0.0)


def _telling(quantity: _Quantity, rows: Sequence[Measured]) -> list[Measured]:
    return [row for row in rows if quantity.measured(row) >= quantity.least]


def _spread(values: np.ndarray, best: float) -> Spread:
    low, middle, high = (float(q) for q in np.quantile(values, (0.05, 0.5, 0.95)))
    return Spread(low, middle, high, float(np.median(np.abs(values - best) / (values if best else 1.0))))


def _digest(rows: Sequence[Measured]) -> str:
    return hashlib.sha256("".join(json.dumps(asdict(row), sort_keys=True) for row in rows).encode()).hexdigest()
