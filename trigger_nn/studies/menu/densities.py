"""How the scores of each process are distributed, in bins of whole mantissas."""

from collections.abc import Iterable, Iterator

import numpy as np

from trigger_nn.studies.menu.groups import Group
from trigger_nn.studies.menu.spectrum import spectrum
from trigger_nn.studies.menu.sums import by_source
from trigger_nn.studies.menu.values import Density

BINS = 100


def densities(groups: Iterable[Group], output: str, scores: np.ndarray) -> Iterator[Density]:
    """Of each group, in the same bins; `scores` (n,) of all events of the study at `output`.

    Background counts by its rate in Hz, all else by the generator's weight. Variances know copies.
    """
    edges = _edges(int(scores.min()), int(scores.max()))
    step, bins = int(edges[1] - edges[0]), len(edges) - 1
    for group in groups:
        own = scores[group.where]
        found = spectrum(group, own)
        places = (found.values - edges[0]) // step
        counts = np.bincount(places, found.each.weight, bins)
        if group.source is None:
            variances = np.bincount(places, found.each.squares, bins)
        else:
            variances = _of_copies(group, group.source, (own.astype(np.int64) - edges[0]) // step, bins)
        yield Density(output, group.name, edges, counts, variances)


def _edges(low: int, high: int) -> np.ndarray:
    """At most `BINS` bins of equally many mantissas over `low` to `high`; rising mantissas, the last beyond `high`."""
    step = -(-(high - low + 1) // BINS)
    return np.arange(low, high + 1 + step, step)


def _of_copies(group: Group, source: np.ndarray, places: np.ndarray, bins: int) -> np.ndarray:
    """Sum over simulated events of the squared weight that each has in a bin."""
    variances = np.zeros(bins)
    for chosen in by_source(source):
        if len(chosen):
            keys, which = np.unique(source[chosen].astype(np.int64) * bins + places[chosen], return_inverse=True)
            variances += np.bincount(keys % bins, np.bincount(which, group.weight[chosen]) ** 2, bins)
    return variances
