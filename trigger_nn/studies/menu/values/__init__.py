"""What a study of rates and efficiencies is asked of, and what it answers: frozen tables, no computing.

Rates are in Hz, intervals of 68 % confidence. An event passes a threshold when its integer score is above it.
"""

from trigger_nn.studies.menu.values.curves import Density, Outside, PileUp, PileUpRow, RateCurve, Roc, TurnOn
from trigger_nn.studies.menu.values.points import (
    Coarseness,
    EfficiencyRow,
    FinerScore,
    Rate,
    Scored,
    Threshold,
    WorkingRow,
)
from trigger_nn.studies.menu.values.tables import ClassStudy, MenuStudy, Overlap, SeedRow, SignalStudy, Together

__all__ = [
    "ClassStudy",
    "Coarseness",
    "Density",
    "EfficiencyRow",
    "FinerScore",
    "MenuStudy",
    "Outside",
    "Overlap",
    "PileUp",
    "PileUpRow",
    "Rate",
    "RateCurve",
    "Roc",
    "Scored",
    "SeedRow",
    "SignalStudy",
    "Threshold",
    "Together",
    "TurnOn",
    "WorkingRow",
]
