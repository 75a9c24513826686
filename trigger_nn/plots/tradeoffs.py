"""Draw the table of trade-offs; compute nothing."""

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

from trigger_nn.hardware.estimate.values import Resource
from trigger_nn.plots.style import COLOURS as SERIES
from trigger_nn.plots.style import picture
from trigger_nn.studies.tradeoffs import Point, Precision, TradeOffs
from trigger_nn.studies.tradeoffs.values import WAYS

COLOURS = dict(zip(WAYS, SERIES, strict=False))
NAMES = {"rtl": "our RTL, unrolled"}
MARKERS = "os^DvPX*"
PANELS: tuple[tuple[Resource, str], ...] = (("lut", "LUT"), ("dsp", "DSP slices"))
BEATEN, BEST = 0.3, 1.0  # opacity
RING = 4.0  # points by which a marker is larger than the one that another strategy has at its place
Place = tuple[float, float, Precision]


@picture
def latency_and_resources(table: TradeOffs) -> Figure:
    """Latency (ns) against LUTs and against DSP slices, a PNG: colour for the strategy, marker for the precision.

    What nothing beats is in full colour with its intervals, and at the program's own precision with reuse factor and
    clock period; hollow: one instance does not take an event every 25 ns. Dashed are the budget, and what one super
    logic region holds where that is within reach. Where strategies coincide their markers are rings around each other.
    A panel of a resource that no design takes says so in words.
    """
    figure = Figure(figsize=(13.5, 5.6))
    panels = figure.subplots(1, len(PANELS), sharey=True)
    markers = _markers(table)
    for axes, (resource, label) in zip(panels, PANELS, strict=True):
        if _is_taken(table, resource):
            _points(axes, table, resource, markers)
        else:
            _none_taken(axes, table, resource, label)
        axes.set_xlabel(f"{label} of one instance")
    _told(panels[0], table)
    panels[0].set(ylabel="latency (ns)", xscale="log", yscale="log")
    if _is_taken(table, PANELS[1][0]):
        panels[1].set_xlim(left=-0.03 * max(panels[1].get_xlim()[1], 1.0))
        panels[1].xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    for axis, form in ((panels[0].yaxis, StrMethodFormatter("{x:,.0f}")), (panels[0].xaxis, EngFormatter(sep=""))):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(form)
        axis.set_minor_formatter(NullFormatter())
    for axes, (resource, _) in zip(panels, PANELS, strict=True):
        _limits(axes, table, resource)
    panels[0].set_title(f"{table.name} on {table.part}, {table.io_type}", loc="left", fontsize="medium")
    panels[1].set_title("bars: intervals of 90 %", loc="right", fontsize="medium")
    figure.legend(handles=[*_ways(table), *_precisions(table, markers), *_kinds(table)], loc="outside right upper",
                  frameon=False, fontsize="small")  # fmt: skip
    return figure


def _markers(table: TradeOffs) -> dict[Precision, str]:
    return {cost.precision: MARKERS[i % len(MARKERS)] for i, cost in enumerate(table.costs)}


def _is_taken(table: TradeOffs, resource: Resource) -> bool:
    return any(point.estimate.total(resource) for point in table.points)


def _none_taken(axes: Axes, table: TradeOffs, resource: Resource, label: str) -> None:
    """Words in place of one column of markers at 0."""
    most = max(point.estimate.figure(resource).high for point in table.points)
    reach = f"\n(their intervals reach {most:,.0f})" if most else ""
    axes.text(
        0.5, 0.9, f"no {label} in any of the {len(table.points)} designs{reach}",
        transform=axes.transAxes, ha="center", va="center", color="0.2",
    )  # fmt: skip
    axes.xaxis.set_major_locator(NullLocator())


def _points(axes: Axes, table: TradeOffs, resource: Resource, markers: dict[Precision, str]) -> None:
    """All points, the best on top, and of those at one place the smallest marker."""
    ways = _ways_at(table, resource)
    rings = {id(point): ways[_place(point, resource)].index(point.way) for point in table.points}
    for point in sorted(table.points, key=lambda point: (point.pareto, -rings[id(point)])):
        _draw(axes, point, resource, markers[point.precision], rings[id(point)])


def _place(point: Point, resource: Resource) -> Place:
    return point.estimate.figure(resource).value, round(point.latency.value, 6), point.precision


def _ways_at(table: TradeOffs, resource: Resource) -> dict[Place, list[str]]:
    """The strategies that stand at each place, from the inner ring outwards."""
    found: dict[Place, list[str]] = {}
    for point in sorted(table.points, key=lambda point: -WAYS.index(point.way)):
        here = found.setdefault(_place(point, resource), [])
        if point.way not in here:
            here.append(point.way)
    return found


def _draw(axes: Axes, point: Point, resource: Resource, marker: str, ring: int) -> None:
    figure, latency, colour = point.estimate.figure(resource), point.latency, COLOURS[point.way]
    face = colour if point.estimate.instances == 1 else "none"
    style: dict[str, Any] = {"color": colour, "alpha": BEST if point.pareto else BEATEN, "zorder": 2 + point.pareto}
    size = (6 if point.pareto else 5) + RING * ring
    if point.pareto:
        style |= {
            "xerr": [[figure.value - figure.low], [figure.high - figure.value]],
            "yerr": [[latency.value - latency.low], [latency.high - latency.value]],
            "elinewidth": 0.7, "capsize": 1.5,
        }  # fmt: skip
    axes.errorbar(figure.value, latency.value, fmt=marker, ms=size, mfc=face, **style)


def _told(axes: Axes, table: TradeOffs) -> None:
    """Reuse factors and clock periods, once where points coincide; the strategies, where there are several."""
    places: dict[Place, list[Point]] = {}
    for point in table.front:
        if point.precision == Precision():
            places.setdefault(_place(point, "lut"), []).append(point)
    for (luts, latency, _), here in places.items():
        axes.annotate(
            _label(here), (luts, latency), xytext=(5, 4), textcoords="offset points",
            fontsize="small", color="0.2", zorder=4,
            path_effects=[withStroke(linewidth=2, foreground="w")],
        )  # fmt: skip


def _label(here: Sequence[Point]) -> str:
    """What the points of one place are: strategies if several, reuse factor if above 1, clock periods."""
    ways = [NAMES.get(way, way) for way in dict.fromkeys(point.way for point in here)]
    named = " =\n".join(ways) + "\n" if len(ways) > 1 else ""
    factors = sorted({point.reuse_factor for point in here})
    reuse = "" if factors == [1] else f"reuse {_range(factors)}, "
    return f"{named}{reuse}{_range(sorted({point.estimate.clock_period for point in here}))} ns"


def _range(numbers: Sequence[float]) -> str:
    """Such as `4`, or `2.5 to 5` of several numbers in ascending order."""
    ends = dict.fromkeys((numbers[0], numbers[-1]))
    return " to ".join(f"{number:.4g}" for number in ends)


def _limits(axes: Axes, table: TradeOffs, resource: Resource) -> None:
    """The budget, and one super logic region (of a device of one: the device) where it is in the picture."""
    style: dict[str, Any] = {"color": "0.2", "lw": 1.2, "ls": "--", "zorder": 1}
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small", "color": "0.2"}
    if table.budget is not None:
        place, limit = ("axes fraction", "data"), table.budget.limit
        axes.axhline(limit, **style)
        axes.annotate(
            f"budget {table.budget.name}", (1.0, limit), xycoords=place, xytext=(-4, 3), ha="right", **text
        )  # fmt: skip
    region = table.device.of_slr(resource)
    if region < axes.get_xlim()[1]:
        name = "the device" if table.device.slrs == 1 else "one region"
        axes.axvline(region, **style)
        axes.annotate(
            name, (region, 1.0), xycoords=("data", "axes fraction"), xytext=(3, -4), rotation=90, va="top", **text
        )  # fmt: skip


def _ways(table: TradeOffs) -> Sequence[Line2D]:
    seen = dict.fromkeys(point.way for point in table.points)
    return [_key("o", COLOURS[way], NAMES.get(way, way)) for way in WAYS if way in seen]


def _precisions(table: TradeOffs, markers: dict[Precision, str]) -> Iterable[Line2D]:
    for cost in table.costs:
        same = "" if cost.same is None else f", {100 * cost.same.value:.1f} % decide alike"
        told = "as compiled" if cost.precision == Precision() else f"bits {cost.precision}{same}"
        yield _key(markers[cost.precision], "0.3", told)


def _kinds(table: TradeOffs) -> Sequence[Line2D]:
    hollow = _key("o", "0.3", "several instances for 25 ns")
    hollow.set_markerfacecolor("none")
    beaten = _key("o", "0.3", "another is better")
    beaten.set_alpha(BEATEN)
    rings = _key("o", "0.3", "rings: strategies that coincide")
    rings.set(markerfacecolor="0.7", markeredgewidth=2)
    coincide = any(len(ways) > 1 for ways in _ways_at(table, "lut").values())
    return [hollow, beaten, *([rings] if coincide else [])]


def _key(marker: str, colour: str, label: str) -> Line2D:
    return Line2D([], [], marker=marker, color=colour, ls="none", label=label)
