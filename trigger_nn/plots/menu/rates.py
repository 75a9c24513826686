"""Draw rate and efficiency against the threshold, and against each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trigger_nn.plots.parts import (
    efficiency_axis,
    ends,
    hertz,
    key,
    logarithmic,
    nothing,
    sample_line,
    score_axis,
)
from trigger_nn.plots.style import BLACK, BLUE, DARK, HEIGHT, WIDTH, Look, look, picture
from trigger_nn.studies.menu.values import RateCurve, WorkingRow

KILO = 1e3  # Hz
MARKERS = "osD^vPX*"


@picture
def rate_curve(curve: RateCurve, rows: Sequence[WorkingRow]) -> Figure:
    """Rate (kHz) and efficiency against the integer threshold, the score as second axis; `rows` are marked.

    Bands and bars are the tables' intervals. A hollow marker is a working point that the sample does not resolve.
    """
    figure = Figure(figsize=(WIDTH, 1.35 * HEIGHT))
    panels = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _rate(panels[0], curve)
    score_axis(panels[0], curve.signal, curve.lsb)
    panels[1].plot(curve.thresholds, curve.efficiency, color=BLUE)
    panels[1].fill_between(
        curve.thresholds, curve.efficiency_low, curve.efficiency_high, color=BLUE, alpha=0.3, lw=0
    )  # fmt: skip
    efficiency_axis(panels[1])
    panels[1].set_xlabel("threshold that the score exceeds (LSB)")
    panels[1].set_xlim(*_span(curve))
    own = [row for row in rows if row.signal == curve.signal]
    key(figure, [_mark(panels, row, MARKERS[i % len(MARKERS)]) for i, row in enumerate(own)])
    return figure


def _span(curve: RateCurve) -> tuple[float, float]:
    """From the first threshold that 1 % of background or signal fails to the last of all, with margins."""
    failing = [values < 0.99 * values.max(initial=0) for values in (curve.rate, curve.efficiency)]
    start = curve.thresholds[np.argmax(failing[0] | failing[1])]
    margin = max(0.04 * float(curve.thresholds[-1] - start), 0.5)
    return float(start) - margin, float(curve.thresholds[-1]) + margin


def _rate(axes: Axes, curve: RateCurve) -> None:
    axes.set_ylabel("rate (kHz)")
    seen = np.concatenate([curve.rate, curve.low, curve.high])
    seen = seen[seen > 0] / KILO
    if not len(seen):
        nothing(axes, "no rate at any threshold")
        return
    floor = float(seen.min()) / 2
    axes.plot(curve.thresholds, np.where(curve.rate > 0, curve.rate / KILO, np.nan), color=BLUE)
    low, high = (np.maximum(edge / KILO, floor) for edge in (curve.low, curve.high))
    for part in (curve.rate > 0, curve.rate <= 0):  # where nothing passes, what remains is an upper limit
        axes.fill_between(curve.thresholds, low, high, where=part, color=BLUE, alpha=0.3, lw=0)
    axes.set_yscale("log")
    axes.set_ylim(floor, 2 * float(seen.max()))
    logarithmic(axes.yaxis)


def _mark(panels: Sequence[Axes], row: WorkingRow, marker: str) -> Artist:
    """Marks the working point in both panels; its line of the key."""
    place, rate, kept = row.threshold.mantissa, row.threshold.rate, row.efficiency
    face = BLACK if row.resolved else "white"
    style: dict[str, Any] = {"fmt": marker, "color": BLACK, "mfc": face, "ms": 6, "zorder": 5}
    if rate.value > 0:
        values = (number / KILO for number in (rate.value, rate.low, rate.high))
        panels[0].errorbar(place, rate.value / KILO, yerr=ends(*values), **style)
    panels[1].errorbar(place, kept.value, yerr=ends(kept.value, *row.band), **style)
    for axes in panels:
        axes.axvline(place, color=DARK, lw=0.8, ls=":", zorder=1)
    unresolved = "" if row.resolved else ", not resolved"
    over = row.threshold.told if row.threshold.always else f"above {place}"
    told = f"{hertz(row.target)}: {over}, {100 * kept.value:.1f} %{unresolved}"
    return sample_line(Look(BLACK, "-", marker, ""), told, marker=True, mfc=face)


@picture
def efficiency_against_rate(curves: Sequence[RateCurve], rows: Sequence[WorkingRow]) -> Figure:
    """Efficiency of each signal against the rate (kHz) of its trigger, with intervals; `rows` are marked.

    The bars of a working point are the interval of its rate and the band of efficiencies that follows from it. Dotted
    is what the background events do not resolve; the axis begins a decade below what they do.
    """
    figure = Figure()
    axes = figure.subplots()
    handles = []
    for i, curve in enumerate(curves):
        handles.append(_efficiency(axes, curve, look(i)))
        for row in rows:
            if row.signal == curve.signal and row.threshold.rate.value > 0:
                _point(axes, row, look(i))
    if any(np.any(curve.rate > 0) for curve in curves):
        axes.set_xscale("log")
        axes.set_xlim(left=_start(curves, rows))
        logarithmic(axes.xaxis)
    else:
        nothing(axes, "no rate at any threshold")
    axes.set_xlabel("rate of the trigger (kHz)")
    efficiency_axis(axes)
    key(figure, handles)
    return figure


def _start(curves: Sequence[RateCurve], rows: Sequence[WorkingRow]) -> float | None:
    """Where the axis of rates (kHz) begins: a decade below all that is resolved, and before every marker."""
    told = [curve.rate[curve.resolved & (curve.rate > 0)].min(initial=np.inf) / 10 for curve in curves]
    marked = [row.threshold.rate.value / 2 for row in rows if row.threshold.rate.value > 0]
    start = min([*told, *marked], default=np.inf)
    return float(start) / KILO if np.isfinite(start) else None


def _efficiency(axes: Axes, curve: RateCurve, series: Look) -> Artist:
    some = curve.rate > 0
    rate, kept = curve.rate[some] / KILO, curve.efficiency[some]
    told = int(curve.resolved.sum())  # the loosest thresholds, which come first
    axes.plot(rate[:told], kept[:told], color=series.colour, ls=series.line)
    axes.plot(rate[max(told - 1, 0) :], kept[max(told - 1, 0) :], color=series.colour, ls=":", lw=1.0)
    axes.fill_between(
        rate, curve.efficiency_low[some], curve.efficiency_high[some], color=series.colour, alpha=0.25, lw=0
    )  # fmt: skip
    return sample_line(series, curve.signal)


def _point(axes: Axes, row: WorkingRow, series: Look) -> None:
    rate = row.threshold.rate
    values = (number / KILO for number in (rate.value, rate.low, rate.high))
    axes.errorbar(
        rate.value / KILO, row.efficiency.value, xerr=ends(*values), yerr=ends(row.efficiency.value, *row.band),
        fmt=series.marker, color=series.colour, mfc=series.colour if row.resolved else "white", zorder=5,
    )  # fmt: skip
