"""Quantities that events carry, compared and binned in their units while they stay integers."""

from collections.abc import Sequence

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Quantity
from trigger_nn.studies.menu.sums import blocks
from trigger_nn.studies.menu.values import Scored

BELOW = -1  # the bin of what lies below the first edge


def picked(scored: Scored, column: str, rank: int = 1) -> tuple[np.ndarray, Quantity]:
    """Counts (n,) of a column, of a list its entry number `rank` from 1, and what a count means.

    Raises:
        EventsError: there is no such column, it is no number nor a list, or its lists are shorter.
    """
    if column not in scored.columns:
        have = ", ".join(scored.columns) or "none"
        raise EventsError(f"The events have no column {column!r}; they have: {have}.")
    values, quantities = scored.columns[column], scored.meanings[column].quantities
    if values.ndim > 2:
        shape = values.shape[1:]
        raise EventsError(f"Column {column!r} has shape {shape}; a study needs a number an event, or a list of them.")
    entries = values.shape[1] if values.ndim == 2 else 1
    if rank > entries:
        raise EventsError(f"Rank {rank} of column {column!r} was asked for, which holds {entries} an event.")
    counts = values[:, rank - 1] if values.ndim == 2 else values
    return counts, quantities[rank - 1 if len(quantities) > 1 else 0]


def between(counts: np.ndarray, quantity: Quantity, above: float | None, below: float | None) -> np.ndarray:
    """Which of `counts` stand for more than `above` and less than `below`, in the quantity's unit; bool (n,)."""
    passed = np.ones(len(counts), bool)
    for block in blocks(len(counts)):
        values = quantity.value(counts[block])
        if above is not None:
            passed[block] &= values > above
        if below is not None:
            passed[block] &= values < below
    return passed


def binned(counts: np.ndarray, quantity: Quantity, edges: Sequence[float]) -> np.ndarray:
    """The bin of each of `counts`, low <= value < high in the quantity's unit; int16 (n,).

    `BELOW` is below all bins, their number above all. The last bin holds its upper edge too where no value lies above
    it: a column that saturates there would lose its largest values.
    """
    places, highest = np.empty(len(counts), np.int16), -np.inf
    for block in blocks(len(counts)):
        values = quantity.value(counts[block])
        places[block] = np.digitize(values, edges) - 1
        highest = max(highest, values.max(initial=-np.inf))
    if highest == edges[-1]:
        places[places == len(edges) - 1] -= 1
    return places
