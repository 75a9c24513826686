"""Draw the tables of `trigger_nn.studies.menu`; every function returns a PNG."""

from trigger_nn.plots.menu.bins import pileup, turn_on
from trigger_nn.plots.menu.lines import overlap
from trigger_nn.plots.menu.rates import efficiency_against_rate, rate_curve
from trigger_nn.plots.menu.scores import confusion_matrix, densities, roc_curves

__all__ = [
    "confusion_matrix",
    "densities",
    "efficiency_against_rate",
    "overlap",
    "pileup",
    "rate_curve",
    "roc_curves",
    "turn_on",
]
