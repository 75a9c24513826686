"""How much of a change of efficiency at the same rate is due to the background events that set the thresholds.

All sides take their thresholds from the same few events, which a bootstrap keeps together: each simulated event, with
all of its copies, counts as often as a Poisson number of mean 1 says, the same for every side, and every side finds its
threshold for the rate anew. Of a large sample only the events that can come near a threshold are drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.studies.menu.sums import numbered

REPLICAS, FEWEST = 200, 50
DRAWS = 20_000_000  # at most, unless they would be fewer replicas than `FEWEST`
REACH = 6.0  # standard deviations of a rate, beyond which no replica goes
SEED = 8


@dataclass(frozen=True)
class _Side:
    """Background events near the thresholds, highest score first.

    place: their places among the background. ends: last event of each score. scores: those scores, falling, and one
    that all are above.
    """

    place: np.ndarray
    ends: np.ndarray
    scores: np.ndarray

    def thresholds(self, rates: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The loosest at which `rates` of the background's events do not sum to more than each of `targets`."""
        sums = np.cumsum(rates[self.place])[self.ends]
        return np.asarray(self.scores[np.searchsorted(sums, targets, side="right")])


def thresholds(
    columns: Mapping[str, np.ndarray], rates: np.ndarray, source: np.ndarray | None, targets: Sequence[float]
) -> dict[str, np.ndarray]:
    """By side, (replicas, targets): thresholds for the rates `targets` (Hz).

    Args:
        columns: by side, scores of the background (n,).
        rates: (n,) Hz that each event stands for.
        source: (n,) number of the simulated event of each, None if each is its own.
        targets: Hz.
    """
    owner = np.arange(len(rates)) if source is None else numbered(source)
    hertz, asked = rates.astype(np.float64), np.array(targets, np.float64)
    copies = int(np.bincount(owner).max())
    near = {name: _near(column, hertz, copies, float(asked.max())) for name, column in columns.items()}
    found: dict[str, list[np.ndarray]] = {name: [] for name in columns}
    for drawn in _replicas(owner, np.unique(np.concatenate([side.place for side in near.values()])), hertz):
        for name, side in near.items():
            found[name].append(side.thresholds(drawn, asked))
    return {name: np.array(each) for name, each in found.items()}


def _near(column: np.ndarray, rates: np.ndarray, copies: int, target: float) -> _Side:
    order = np.argsort(-column, kind="stable")
    sums, squares = np.cumsum(rates[order]), np.cumsum(rates[order] ** 2)
    beyond = sums - REACH * np.sqrt(copies * squares) > target
    place = order[: int(np.argmax(beyond)) + 1] if beyond.any() else order
    scores = column[place].astype(np.float64)
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    return _Side(place, ends, np.append(scores[ends], scores[-1] if beyond.any() else -np.inf))


def _replicas(owner: np.ndarray, near: np.ndarray, rates: np.ndarray) -> Iterator[np.ndarray]:
    """Rates (n,) of replicas: of the events `near` as often as drawn, of the others 0."""
    random, numbers = np.random.default_rng(SEED), numbered(owner[near])
    replica = np.zeros(len(rates))
    for _ in range(int(np.clip(DRAWS // len(near), FEWEST, REPLICAS))):
        replica[near] = rates[near] * random.poisson(1.0, int(numbers.max()) + 1)[numbers]
        yield replica


def efficiencies(column: np.ndarray, weights: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Share of `weights` (n,) whose score in `column` (n,) is above each of `cuts`."""
    order = np.argsort(column, kind="stable")
    above = np.append(np.cumsum(weights[order][::-1], dtype=np.float64)[::-1], 0.0)
    return np.asarray(above[np.searchsorted(column[order], cuts, side="right")] / above[0])
