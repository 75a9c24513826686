"""Draw what layers' types hold beside what is proven and seen of their values, and what layers cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.estimate.values import LayerEstimate, Resource
from trigger_nn.plots.parts import categorical, ends, key, nothing
from trigger_nn.plots.style import BLACK, BLUE, DARK, FAINT, GREY, ORANGE, WIDTH, picture
from trigger_nn.studies.layers import LayerRange, Observed

RESOURCES: tuple[tuple[Resource, str], ...] = (
    ("lut", "LUTs"), ("ff", "flip-flops"), ("dsp", "DSP slices"), ("bram", "block RAMs"),
)  # fmt: skip


@picture
def layer_types(ranges: Sequence[LayerRange]) -> Figure:
    """Absolute values (powers of two) of each layer: what its type can hold, what is proven, what events showed.

    A type's bar goes from its least significant bit to its highest, with the binary point at 1; what is proven from the
    lowest bit that is ever set to the largest value. Observed are quantiles of values that are not 0.
    """
    figure = Figure(figsize=(1.15 * WIDTH, 0.4 * max(len(ranges), 1) + 1.3))
    axes = figure.subplots()
    axes.set_xscale("log", base=2)
    for i, layer in enumerate(ranges):
        _type(axes, i, layer)
        if layer.observed is not None:
            _observed(axes, i, layer.observed)
    axes.axvline(1, color=DARK, lw=0.8, ls="--", zorder=0)
    axes.set_xlabel("absolute value (a number; binary point at the dashed line)")
    if ranges:
        _powers(axes, ranges)
        categorical(axes.yaxis, [layer.layer for layer in ranges])
        types = axes.secondary_yaxis("right")
        categorical(types.yaxis, [_short(layer) for layer in ranges])
        axes.set_ylim(len(ranges) - 0.4, -0.6)
        axes.tick_params(axis="y", which="both", right=False)
    else:
        nothing(axes, "no layer")
    key(figure, _key(any(layer.observed is not None for layer in ranges)))
    return figure


def _short(layer: LayerRange) -> str:
    return f"{'' if layer.type.signed else 'u'}fixed<{layer.type.width},{layer.type.integer}>"


def _type(axes: Axes, y: float, layer: LayerRange) -> None:
    """The type's bar and, narrower, what is proven."""
    axes.barh(y, layer.top - layer.lsb, left=layer.lsb, height=0.72, facecolor=FAINT, edgecolor=GREY, lw=0.8)
    step = layer.lsb * 2.0**layer.zeros
    if layer.largest > 0:
        left = min(step, layer.largest / 2)
        axes.barh(y, layer.largest - left, left=left, height=0.42, color=BLUE)
    else:
        axes.text(layer.lsb, y, " always 0", va="center", fontsize=12)


def _observed(axes: Axes, y: float, seen: Observed) -> None:
    """From the smallest to the largest, thick for 9 of 10, the median as a mark."""
    if not seen.quantiles:
        return
    least, low, _, middle, _, high, most = seen.quantiles
    axes.plot([least, most], [y, y], color=BLACK, lw=1.0)
    axes.plot([low, high], [y, y], color=BLACK, lw=3.0, solid_capstyle="butt")
    axes.plot(middle, y, "D", color=ORANGE, mec=BLACK, ms=5, zorder=4)


def _powers(axes: Axes, ranges: Sequence[LayerRange]) -> None:
    low, high = min(layer.lsb for layer in ranges), max(layer.top for layer in ranges)
    axes.set_xlim(low / 1.6, high * 1.6)
    step = max(1, int(np.ceil(np.log2(high / low) / 9)))
    axes.xaxis.set_major_locator(LogLocator(base=2.0**step, numticks=32))
    axes.xaxis.set_minor_locator(LogLocator(base=2.0, numticks=999) if step < 8 else NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"$2^{{{round(np.log2(x))}}}$"))


def _key(observed: bool) -> list[Patch | Line2D]:
    bars: list[Patch | Line2D] = [
        Patch(facecolor=FAINT, edgecolor=GREY, label="bits of the type"),
        Patch(color=BLUE, label="proven"),
    ]
    seen = Line2D([], [], color=BLACK, lw=3, marker="D", mfc=ORANGE, mec=BLACK, ms=5, label="seen: 5–95 %, median")
    return [*bars, seen] if observed else bars


@picture
def layer_costs(estimate: Estimate) -> Figure:
    """Estimated latency (clock cycles) and resources of each layer; bars end with 90 % intervals where there are any.

    Latency has its interval as a whole, in the title. A resource that no layer takes has no panel.
    """
    layers = [layer for layer in estimate.layers if layer.latency or any(getattr(layer, r) for r, _ in RESOURCES)]
    taken = [(resource, label) for resource, label in RESOURCES if estimate.total(resource)]
    columns = 2 if taken else 1
    rows = -(-(1 + len(taken)) // columns)
    figure = Figure(figsize=(1.5 * WIDTH, rows * (0.33 * max(len(layers), 1) + 1.3)))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    _latency(grid[0], estimate, layers)
    for axes, (resource, label) in zip(grid[1:], taken, strict=False):
        _resource(axes, estimate, layers, resource, label)
    for axes in grid[1 + len(taken) :]:
        axes.axis("off")
    for axes in grid[: 1 + len(taken)]:
        categorical(axes.yaxis, [layer.layer for layer in layers])
        axes.set_ylim(max(len(layers), 1) - 0.4, -0.6)
    return figure


def _bars(axes: Axes, values: Sequence[float], **style: Any) -> None:
    axes.barh(range(len(values)), values, height=0.7, **style)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))


def _latency(axes: Axes, estimate: Estimate, layers: Sequence[LayerEstimate]) -> None:
    _bars(axes, [layer.latency for layer in layers], color=BLUE)
    whole = estimate.cycles_figure
    axes.set_title(f"in all {whole.value:,.0f} ({whole.low:,.0f}–{whole.high:,.0f})", loc="left")
    axes.set_xlabel(f"latency (cycles of {estimate.clock_period:.4g} ns)")
    axes.set_xlim(left=0)


def _resource(axes: Axes, estimate: Estimate, layers: Sequence[LayerEstimate], resource: Resource, label: str) -> None:
    figures = [estimate.layer_figure(layer, resource) for layer in layers]
    _bars(axes, [figure.value for figure in figures], color=ORANGE)
    for i, figure in enumerate(figures):
        if figure.high > figure.low:
            axes.errorbar(figure.value, i, xerr=ends(figure.value, figure.low, figure.high), fmt="none", color=BLACK)
    whole = estimate.figure(resource)
    axes.set_title(f"in all {whole.value:,.0f} ({whole.low:,.0f}–{whole.high:,.0f})", loc="left")
    axes.set_xlabel(label)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1e3:g}k" if x >= 1e4 else f"{x:g}"))
