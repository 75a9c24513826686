"""The hardest constituents of a jet, or candidates of a crossing, as a table of integers."""

import numpy as np

from trigger_nn.events.quantities import Quantity
from trigger_nn.events.records import Candidates, padded
from trigger_nn.events.units import Units
from trigger_nn.events.views.values import Constituents
from trigger_nn.program.fixed import Fixed

RELATIVE_BITS = 10  # of eta and phi to the axis of a jet
_FIELDS = {"pt": "pt", "eta": "eta", "phi": "phi", "type": "kind", "charge": "charge"}


def constituents(candidates: Candidates, view: Constituents) -> np.ndarray:
    """The `view.count` hardest of each event (or jet), zero-padded: (n, count, features) int64.

    They fall in pT, ties in their old order; `type` is `records.Kind`. Nothing is clipped here: where the
    events are kept, pT saturates at its type, and anything else that does not fit its own is refused.
    """
    table = padded(candidates, view.count)
    return np.stack([getattr(table, _FIELDS[name]) for name in view.features], axis=-1)


def quantities(view: Constituents, units: Units, relative: bool) -> tuple[Quantity, ...]:
    """What the numbers mean, one for each feature; `relative` where eta and phi are those to a jet's axis."""
    pt_bits, angle_bits = units.candidate_bits, RELATIVE_BITS if relative else units.angle_bits
    angle = Fixed(True, angle_bits, angle_bits)
    known = {
        "pt": Quantity("pt", "GeV", Fixed(False, pt_bits, pt_bits), units.candidate_lsb),
        "eta": Quantity("eta", "1", angle, units.angle, nearest=True),
        "phi": Quantity("phi", "rad", angle, units.angle, nearest=True),
        "type": Quantity("type", "1", Fixed(False, 3, 3)),
        "charge": Quantity("charge", "e", Fixed(True, 2, 2)),
    }
    return tuple(known[name] for name in view.features)
