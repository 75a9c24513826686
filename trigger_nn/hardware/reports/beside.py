"""What vendor tools found, beside what was estimated from the program."""

from collections.abc import Callable
from dataclasses import dataclass

from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.reports.values import Report, Reports

Figure = int | float | None


@dataclass(frozen=True)
class Row:
    """One quantity: our estimate, each report's figure in the order of `Reports.reports`, and its ratio to ours.

    None where no figure was given; a ratio is None too where the estimate is 0.
    """

    quantity: str
    unit: str
    estimate: Figure
    figures: tuple[Figure, ...]
    ratios: tuple[float | None, ...]


@dataclass(frozen=True)
class _Quantity:
    name: str
    unit: str
    ours: Callable[[Estimate], Figure]
    theirs: Callable[[Report], Figure]


def _nothing(_: Estimate) -> None:
    return None


def _nanoseconds(report: Report) -> float | None:
    cycles, period = report.latency.maximum, report.clock_target
    return None if cycles is None or period is None else round(cycles * period, 6)


QUANTITIES = (
    _Quantity("clock period, target", "ns", lambda e: e.clock_period, lambda r: r.clock_target),
    _Quantity("clock period, found", "ns", _nothing, lambda r: r.clock_estimated),
    _Quantity("worst setup slack", "ns", _nothing, lambda r: r.slack.wns),
    _Quantity("worst hold slack", "ns", _nothing, lambda r: r.slack.whs),
    _Quantity("latency, worst", "cycles", lambda e: e.cycles, lambda r: r.latency.maximum),
    _Quantity("latency, worst", "ns", lambda e: round(e.latency, 6), _nanoseconds),
    _Quantity("interval, worst", "cycles", lambda e: e.interval, lambda r: r.interval.maximum),
    _Quantity("LUT", "", lambda e: e.total("lut"), lambda r: r.used.lut),
    _Quantity("FF", "", lambda e: e.total("ff"), lambda r: r.used.ff),
    _Quantity("DSP", "", lambda e: e.total("dsp"), lambda r: r.used.dsp),
    _Quantity("block RAM", "18 kbit", lambda e: 2 * e.total("bram"), lambda r: r.used.bram_18k),
    _Quantity("block RAM", "36 kbit", lambda e: e.total("bram"), lambda r: r.used.bram_36k),
    _Quantity("UltraRAM", "", _nothing, lambda r: r.used.uram),
)


def beside_estimate(reports: Reports, estimate: Estimate | None) -> tuple[Row, ...]:
    """The comparison, a row a quantity; without an estimate that column is empty."""
    return tuple(_row(quantity, reports, estimate) for quantity in QUANTITIES)


def _row(quantity: _Quantity, reports: Reports, estimate: Estimate | None) -> Row:
    ours = None if estimate is None else quantity.ours(estimate)
    theirs = tuple(quantity.theirs(report) for report in reports.reports)
    ratios = tuple(None if not ours or figure is None else figure / ours for figure in theirs)
    return Row(quantity.name, quantity.unit, ours, theirs, ratios)
