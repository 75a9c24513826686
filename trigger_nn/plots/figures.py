"""Draw the tables of a run (`trigger_nn.workflow`); compute nothing. Every function returns a PNG as bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import hist
import matplotlib as mpl
import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.plots.layers import layer_costs
from trigger_nn.plots.parts import (
    categorical,
    efficiency_axis,
    ends,
    hertz,
    key,
    logarithmic,
    nothing,
    sample_line,
    words,
)
from trigger_nn.plots.style import (
    BLUE,
    DARK,
    FAINT,
    GREEN,
    HEIGHT,
    ORANGE,
    VERMILION,
    WIDTH,
    Look,
    as_png,
    look,
    picture,
)
from trigger_nn.studies.classes import ClassComparison
from trigger_nn.studies.comparison import SignalComparison

__all__ = [
    "as_png",
    "class_curves",
    "efficiencies",
    "event_images",
    "feature_distributions",
    "layer_costs",
    "rate_curves",
    "training_losses",
]

KILO = 1e3  # Hz
THICK = 4.5  # points
# The quantized network is drawn thick and pale, as the emulator's curve should lie on it.
SIDES: dict[str, tuple[Look, float]] = {
    "float": (Look(DARK, "-.", "D", ""), 1.6),
    "QKeras": (Look(ORANGE, "-", "s", ""), THICK),
    "emulator": (Look(BLUE, "--", "o", ""), 1.8),
    "cuts, tuned": (Look(GREEN, (0, (7, 2, 1, 2, 1, 2)), "^", ""), 1.8),
    "hottest cell": (Look(VERMILION, ":", "v", ""), 1.8),
}


def _side(name: str, place: int) -> tuple[Look, float]:
    return SIDES.get(name) or (look(place), 1.8)


@picture
def rate_curves(comparison: SignalComparison, targets: Sequence[float]) -> Figure:
    """Signal efficiency against the rate (kHz) of that signal's trigger; `targets` (Hz) are lines."""
    figure = Figure()
    axes, handles = figure.subplots(), []
    for i, (name, line) in enumerate(comparison.curves.items()):
        series, width = _side(name, i)
        above = 2 + (width < THICK)
        axes.plot(line.rate / KILO, line.efficiency, color=series.colour, ls=series.line, lw=width, zorder=above)
        handles.append(sample_line(series, name, lw=width))
    for target in targets:
        axes.axvline(target / KILO, color=FAINT, lw=0.8, zorder=0)
    axes.set(xscale="log", xlim=(10, 31e3))
    logarithmic(axes.xaxis)
    axes.set_xlabel("rate of the trigger (kHz)")
    efficiency_axis(axes, f"efficiency for {words(comparison.signal, 24, 1)}")
    key(figure, handles)
    return figure


@picture
def efficiencies(comparison: SignalComparison) -> Figure:
    """Efficiency with its interval, at each fixed rate, for each trigger; hollow where the sample resolves no rate."""
    figure = Figure()
    axes, handles = figure.subplots(), []
    names = list(dict.fromkeys(row.trigger for row in comparison.rows))
    targets = list(dict.fromkeys(row.target for row in comparison.rows))
    for k, name in enumerate(names):
        series, _ = _side(name, k)
        for row in (row for row in comparison.rows if row.trigger == name):
            place = targets.index(row.target) + (k - (len(names) - 1) / 2) * 0.7 / max(len(names), 1)
            kept = row.efficiency
            axes.errorbar(
                place, kept.value, yerr=ends(kept.value, kept.low, kept.high), fmt=series.marker, ms=6,
                color=series.colour, mfc=series.colour if row.resolved else "white",
            )  # fmt: skip
        handles.append(sample_line(series, name, marker=True))
    categorical(axes.xaxis, [hertz(target) for target in targets])
    for edge in range(1, len(targets)):
        axes.axvline(edge - 0.5, color=FAINT, lw=0.8, zorder=0)
    axes.set_xlabel("rate of the trigger")
    axes.set_ylabel(f"efficiency for {words(comparison.signal, 24, 1)}")
    axes.set_ylim(bottom=0)
    key(figure, handles)
    return figure


def _axis(values: np.ndarray, bins: int, least: float = 1e-9) -> hist.axis.Regular:
    """Bins over all but the outermost of `values`, at least so wide in all."""
    low, high = (float(end) for end in np.quantile(values, [0.001, 0.999])) if len(values) else (0.0, 1.0)
    return hist.axis.Regular(bins, low, max(high, low + least) + 1e-9)


def _normalised(axes: Axes, across: hist.axis.Regular, values: np.ndarray, series: Look) -> None:
    """Steps of shares of all `values`, with errors."""
    filled = hist.Hist(across, storage=hist.storage.Weight()).fill(values, weight=1 / max(len(values), 1))
    mplhep.histplot(filled, ax=axes, yerr=True, color=series.colour, ls=series.line, flow="none", lw=1.4)


@picture
def event_images(images: Mapping[str, np.ndarray], column: Column) -> Figure:
    """One event of each process: the column's first quantity, in its unit, over eta and phi."""
    quantity, eta_max = column.quantities[0], float(column.view.get("eta_max") or 5.0)
    figure = Figure(figsize=(3.1 * len(images) + 1.2, 3.9))
    panels = figure.subplots(1, len(images), sharey=True, squeeze=False)[0]
    top = max(quantity.lsb, *(float(quantity.value(image).max()) for image in images.values()))
    norm = mpl.colors.SymLogNorm(linthresh=5, vmin=0, vmax=top)
    for axes, (name, image) in zip(panels, images.items(), strict=True):
        extent = (-np.pi, np.pi, -eta_max, eta_max)
        numbers = quantity.value(image)
        drawn = axes.imshow(numbers, origin="lower", extent=extent, aspect="auto", cmap="viridis", norm=norm)
        axes.set_title(words(name, 26, 2))
        axes.set_xlabel(r"$\phi$ (rad)")
    panels[0].set_ylabel(r"$\eta$")
    bar = figure.colorbar(drawn, ax=panels, label=_head(quantity))
    ticks = [tick for tick in (0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if tick <= top]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    return figure


def _head(quantity: Quantity) -> str:
    return words(quantity.name, 30) if quantity.unit == "1" else f"{words(quantity.name, 30)} ({quantity.unit})"


@picture
def feature_distributions(values: Mapping[str, np.ndarray], column: Column) -> Figure:
    """One panel each number of the input, at most 16; `values` are counts by process, (events, numbers)."""
    numbers = min(next(iter(values.values())).shape[1], 16)
    quantities = (column.quantities * numbers)[:numbers]
    columns = min(numbers, 4)
    rows = -(-numbers // columns)
    figure = Figure(figsize=(max(2.6 * columns, WIDTH), 2.4 * rows))
    panels = figure.subplots(rows, columns, squeeze=False)
    for i, (axes, quantity) in enumerate(zip(panels.ravel(), quantities, strict=False)):
        counts = {name: quantity.value(table[:, i]) for name, table in values.items()}
        across = _axis(np.concatenate(list(counts.values())), 40, quantity.lsb)
        for k, own in enumerate(counts.values()):
            _normalised(axes, across, own, look(k))
        axes.set_xlabel(_head(quantity), fontsize=12)
        axes.tick_params(labelsize=11)
    for axes in panels.ravel()[numbers:]:
        axes.axis("off")
    for axes in panels[:, 0]:
        axes.set_ylabel("share of each bin", fontsize=12)
    key(figure, [sample_line(look(k), name) for k, name in enumerate(values)])
    return figure


@picture
def class_curves(comparison: ClassComparison) -> Figure:
    """Mistag rate against efficiency: a colour a class; broad and pale the float network, in lines the emulated one."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes, handles = figure.subplots(), []
    for network in comparison.networks:
        if network.network not in ("float", "emulator"):
            continue
        pale = network.network == "float"
        for i, row in enumerate(network.rows):
            mistag, kept = network.curves[row.name]
            line: dict[str, Any] = {"ls": "-", "lw": 4, "alpha": 0.3} if pale else {"ls": look(i).line, "lw": 1.6}
            axes.plot(kept, mistag, color=look(i).colour, **line)
            handles += [] if pale else [sample_line(look(i), f"{row.name}, AUC {row.area:.3f}")]
    axes.set(yscale="log", ylim=(1e-3, 1), xlim=(0, 1), xlabel="efficiency", ylabel="mistag rate")
    logarithmic(axes.yaxis)
    key(figure, handles, "emulated; pale and broad: float")
    return figure


@picture
def training_losses(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Validation loss of each network after each epoch."""
    figure = Figure(figsize=(WIDTH, 0.85 * HEIGHT))
    axes, handles = figure.subplots(), []
    for i, (name, values) in enumerate(losses.items()):
        series, _ = _side(name, i)
        dots: dict[str, Any] = {"marker": series.marker} if len(values) < 3 else {}
        axes.plot(range(1, len(values) + 1), values, color=series.colour, ls=series.line, **dots)
        handles.append(sample_line(series, name))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6, integer=True))
    axes.set(xlabel="epoch", ylabel="validation loss")
    if not any(map(len, losses.values())):
        nothing(axes, "no epoch")
    key(figure, handles)
    return figure
