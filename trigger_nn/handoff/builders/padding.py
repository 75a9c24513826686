"""Columns repeated at the phi edges of an image, as its network's input asks for."""

from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.events.inputs import wrap_phi
from trigger_nn.events.views.values import EventImage
from trigger_nn.handoff.builders.record import Recorded


def checked_wrap(found: Recorded, view: EventImage) -> int:
    """Columns repeated at each phi edge.

    Raises:
        HandoffError: the input's shape is no image of the view, with as many columns repeated on either side.
    """
    shape, wanted = found.port.shape, (view.eta_bins, view.phi_bins, len(view.channels))
    more = shape[1] - view.phi_bins if len(shape) == 3 else -1
    if len(shape) != 3 or (shape[0], shape[2]) != (wanted[0], wanted[2]) or more < 0 or more % 2:
        raise HandoffError(
            f"Input {found.port.name!r} of program {found.program!r} has shape {shape}, where the view's image is "
            f"{wanted}, phi columns repeated on both sides or not; compile the program with the view's own shape."
        )
    if more // 2 > view.phi_bins:
        raise HandoffError(
            f"Input {found.port.name!r} of program {found.program!r} repeats {more // 2} columns at each phi edge, "
            f"more than the {view.phi_bins} of the image; lower wrap_phi."
        )
    return more // 2


def wrap_facts(phi_bins: int, wrap: int) -> dict[str, Any]:
    """How many columns are repeated, and which phi bin stands at each place."""
    bins = wrap_phi(np.arange(phi_bins).reshape(1, 1, phi_bins), wrap).ravel()
    return {"phi_columns_each_side": wrap, "phi_bin_of_column": bins.tolist()}
