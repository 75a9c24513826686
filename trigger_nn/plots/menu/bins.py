"""Draw what is told bin by bin: turn-on curves, and the dependence on pile-up."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trigger_nn.plots.parts import (
    UNIT,
    bins,
    efficiency_axis,
    ends,
    finite,
    hertz,
    key,
    logarithmic,
    nothing,
    places,
    sample_line,
    told,
    words,
)  # fmt: skip
from trigger_nn.plots.style import HEIGHT, WIDTH, Look, look, picture
from trigger_nn.studies.menu.values import PileUp, TurnOn


@picture
def turn_on(curves: Sequence[TurnOn]) -> Figure:
    """Efficiency with its interval in bins of an offline quantity, the events of each bin below (once where alike).

    All curves are of one quantity; what they have in common stands above the key, what differs in it. Hollow markers
    at an edge of the figure are of the events beyond the bins.
    """
    figure = Figure(figsize=(WIDTH, 1.2 * HEIGHT))
    panels = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    common, labels = told(
        curves,
        lambda curve: f"trigger {curve.trigger} for {curve.signal}",
        lambda curve: f"events {curve.process}",
        lambda curve: f"at {hertz(curve.target)}",
    )  # fmt: skip
    handles = []
    for i, (curve, label, place) in enumerate(zip(curves, labels, places(len(curves)), strict=True)):
        edges = finite(curve.edges)
        bins(panels[0], edges, curve.bins, look(i), place)
        _beyond(panels[0], edges, curve, look(i), place)
        if curve.events not in [other.events for other in curves[:i]]:
            panels[1].stairs(curve.events, edges, color=look(i).colour, ls=look(i).line)
        handles.append(sample_line(look(i), label, marker=True, ls=look(i).line))
    efficiency_axis(panels[0])
    if curves:
        panels[1].set_xlim(*_span(curves))
        panels[1].set_xlabel(_quantity(curves[0].column, curves[0].unit))
    _events(panels[1], [number for curve in curves for number in curve.events])
    key(figure, handles, words(common, 50))
    return figure


def _margin(edges: np.ndarray) -> float:
    """Room for what lies beyond the bins."""
    return 0.06 * float(edges[-1] - edges[0])


def _span(curves: Sequence[TurnOn]) -> tuple[float, float]:
    """From the first edge to the last, with room at an end beyond which events are."""
    edges = finite(curves[0].edges)
    below, above = (any(sums) for sums in zip(*((c.below.events, c.above.events) for c in curves), strict=True))
    return float(edges[0]) - below * _margin(edges), float(edges[-1]) + above * _margin(edges)


def _beyond(axes: Axes, edges: np.ndarray, curve: TurnOn, series: Look, place: float) -> None:
    room = _margin(edges)
    for outside, start in ((curve.below, edges[0] - room), (curve.above, edges[-1])):
        if (found := outside.efficiency) is not None:
            axes.errorbar(
                start + place * room, found.value, yerr=ends(found.value, found.low, found.high), fmt=series.marker,
                color=series.colour, mfc="white",
            )  # fmt: skip


def _quantity(column: str, unit: str) -> str:
    return words(column, 40, 1) + ("" if unit in ("", "1") else f" ({unit})")


def _events(axes: Axes, events: Sequence[int]) -> None:
    axes.set_ylabel("events")
    if max(events, default=0) > 30 * max(min((n for n in events if n), default=1), 1):
        axes.set_yscale("log")
        axes.set_ylim(0.5, 3 * max(events))
        logarithmic(axes.yaxis)
    else:
        axes.set_ylim(0, 1.2 * max(max(events, default=0), 1))


@picture
def pileup(tables: Sequence[PileUp]) -> Figure:
    """Share of the crossings' rate that fires (percent), and efficiency, with intervals, in bins of collisions."""
    figure = Figure(figsize=(WIDTH, 1.3 * HEIGHT))
    panels = figure.subplots(2, 1, sharex=True)
    common, labels = told(tables, lambda table: f"trigger for {table.signal}", lambda t: f"at {hertz(t.target)}")
    fired = [row.fired for table in tables for row in table.rows if row.fired is not None]
    log = any(0 < share.value < 0.1 for share in fired)
    handles = []
    for i, (table, label, place) in enumerate(zip(tables, labels, places(len(tables)), strict=True)):
        edges = finite(np.array([*(row.low for row in table.rows), table.rows[-1].high])) if table.rows else np.zeros(1)
        bins(panels[0], edges, [row.fired for row in table.rows], look(i), place, log)
        bins(panels[1], edges, [row.efficiency for row in table.rows], look(i), place)
        handles.append(sample_line(look(i), label, marker=True))
    _share_axis(panels[0], fired, log)
    efficiency_axis(panels[1])
    panels[1].set_xlabel("collisions in the crossing")
    key(figure, handles, words(common, 50))
    return figure


def _share_axis(axes: Axes, fired: Sequence[UNIT], log: bool) -> None:
    axes.set_ylabel("share that fires")
    if not fired:
        nothing(axes, "no background in any bin")
    elif log:
        axes.set_yscale("log")
        logarithmic(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)
