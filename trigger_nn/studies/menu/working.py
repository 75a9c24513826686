"""One signal's trigger at requested rates and at requested efficiencies."""

from trigger_nn.recipe.study import StudySpec
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.values import EfficiencyRow, Rate, WorkingRow

NETWORK = "network"


def targets(spec: StudySpec) -> tuple[float, ...]:
    """The requested rates in Hz."""
    return tuple(khz * 1e3 for khz in spec.rates_khz)


def at_rate(output: Discriminant, target: float) -> WorkingRow:
    """At `target` (Hz)."""
    threshold = output.threshold(output.at_rate(target))
    low, high = (output.efficiency(output.at_rate(moved)).value for moved in _moved(target, threshold.rate))
    resolved = intervals.resolved(threshold.rate, target)
    return WorkingRow(
        output.signal, NETWORK, target, threshold, output.efficiency(threshold.mantissa), (low, high), resolved
    )  # fmt: skip


def _moved(target: float, rate: Rate) -> tuple[float, float]:
    """The least and largest rate, as these events estimate it, of thresholds whose true rate may be `target`.

    Less than that as far as events that were not seen may pass, more as those seen may be too many; from none up to the
    limit if none was seen.
    """
    if not rate.value:
        return 0.0, target + rate.high
    return max(target - (rate.high - rate.value), 0.0), target + (rate.value - rate.low)


def at_efficiency(output: Discriminant, target: float) -> EfficiencyRow:
    """At an efficiency of `target`, a share."""
    threshold = output.threshold(output.at_efficiency(target))
    return EfficiencyRow(output.signal, target, threshold, output.efficiency(threshold.mantissa), threshold.rate)
