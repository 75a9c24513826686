"""One interval for the efficiency at a rate, of the signal's statistics and of the background's, by the threshold."""

from math import hypot

from trigger_nn.studies.menu.values import WorkingRow
from trigger_nn.studies.rates import Efficiency


def combined(row: WorkingRow) -> Efficiency:
    """The efficiency of `row` with binomial interval and band in quadrature, each side on its own, within 0 to 1."""
    kept, (low, high) = row.efficiency, row.band
    down = hypot(kept.value - kept.low, max(kept.value - low, 0.0))
    up = hypot(kept.high - kept.value, max(high - kept.value, 0.0))
    return Efficiency(kept.value, max(kept.value - down, 0.0), min(kept.value + up, 1.0))
