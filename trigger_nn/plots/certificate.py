"""Draw a decision certificate: scores beside each other, decisions that flip, the layers where flips begin."""

from collections.abc import Sequence
from dataclasses import dataclass

import hist
import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from trigger_nn.plots.parts import categorical, ends, hertz, key, logarithmic, matrix, nothing, sample_line, told, words
from trigger_nn.plots.style import BLUE, DARK, GREY, HEIGHT, VERMILION, WIDTH, Look, picture
from trigger_nn.studies.certificate.decisions import BACKGROUND, OTHERS
from trigger_nn.studies.certificate.values import Certificate, Flips, Onset, Residuals

GAINED, LOST = Look(BLUE, "-", ">", ""), Look(VERMILION, "-", "<", "")
ROWS = 0.27  # inches
TOLD_FROM = (BACKGROUND, OTHERS)


@picture
def scores(first: np.ndarray, second: np.ndarray, lsb: float, names: tuple[str, str]) -> Figure:
    """`second` against `first`, (events,) numbers each, as a histogram; below, their difference in LSB (worth `lsb`).

    Args:
        first: scores of the first side, such as the float network.
        second: scores of the second, such as the emulator.
        lsb: what a least significant bit of the second is worth.
        names: of the two sides.
    """
    figure = Figure(figsize=(WIDTH, 1.4 * HEIGHT))
    panels = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    if len(first):
        _clouds(figure, panels, first, second, lsb)
    else:
        nothing(panels[0], "no events")
    panels[0].set(xlabel="", ylabel=f"score of {words(names[1], 20, 2)} (1 LSB = {lsb:g})")
    panels[1].set(xlabel=f"score of {words(names[0], 30, 1)} (a number)", ylabel="difference\n(LSB)")
    return figure


def _clouds(figure: Figure, panels: Sequence[Axes], first: np.ndarray, second: np.ndarray, lsb: float) -> None:
    """Both histograms, their lines of equal scores, and the bar of colours."""
    span = _span(np.concatenate([first, second]))
    apart = (second - first) / lsb
    across = hist.axis.Regular(100, *span)
    for axes, values, other in (
        (panels[0], second, hist.axis.Regular(100, *span)),
        (panels[1], apart, hist.axis.Regular(51, *_steps(apart))),
    ):
        filled: hist.Hist = hist.Hist(across, other)
        filled.fill(first, values)
        drawn = mplhep.hist2dplot(
            filled, ax=axes, cbar=False, flow=None, cmin=1, cmax=max(len(first) / 20, 10), cmap="viridis", norm="log"
        )  # fmt: skip
    panels[0].plot(span, span, color=VERMILION, lw=0.8, ls="--")
    panels[1].axhline(0, color=VERMILION, lw=0.8, ls="--")
    for axes, (low, high) in zip(panels, (span, _steps(apart)), strict=True):
        axes.set(xlim=span, ylim=(low, high))
    bar = figure.colorbar(drawn.pcolormesh, ax=panels, label="events in a bin", extend="max")
    logarithmic(bar.ax.yaxis)


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.02 * (high - low) or 1.0
    return low - margin, high + margin


def _steps(apart: np.ndarray) -> tuple[float, float]:
    """Whole LSBs on both sides of 0, 51 of them or multiples, so that each bin has as many."""
    step = int(np.ceil((2 * float(np.abs(apart).max()) + 1) / 51))
    return -25.5 * step, 25.5 * step


@picture
def residuals(residuals: Sequence[Residuals]) -> Figure:
    """Scores of each side less the emulator's, in least significant bits: a panel for each side and output."""
    columns = min(max(len(residuals), 1), 2)
    rows = max(-(-len(residuals) // columns), 1)
    figure = Figure(figsize=(WIDTH if columns == 1 else 1.7 * WIDTH, 3.1 * rows))
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, table in zip(grid.ravel(), residuals, strict=False):
        _residual(axes, table)
    for axes in grid.ravel()[max(len(residuals), 1) :]:
        axes.axis("off")
    if not residuals:
        nothing(grid[0, 0], "nothing was compared")
    return figure


def _residual(axes: Axes, table: Residuals) -> None:
    axes.set_title(words(f"{table.side} less emulator, {table.output}", 46, 2), loc="left")
    axes.set_xlabel("difference of scores (LSB)")
    axes.set_ylabel("events")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    most = float(table.counts.max(initial=0))
    if not most:
        nothing(axes, "no events")
        return
    filled = hist.Hist(hist.axis.Variable(table.edges), storage=hist.storage.Double())
    filled[...] = table.counts
    mplhep.histplot(filled, ax=axes, histtype="fill", color=BLUE, alpha=0.35, yerr=False, flow="none")
    mplhep.histplot(filled, ax=axes, color=BLUE, yerr=False, flow="none", edges=True)
    axes.set_yscale("log")
    axes.set_ylim(0.5, most * 60)
    logarithmic(axes.yaxis)
    equal, least = table.equal, f"{100 * table.equal.low:.6g}"
    told_of = f"all equal (at least {least} %)" if equal.value == 1 else f"{100 * equal.value:.4g} % equal"
    axes.text(
        0.03, 0.95,
        f"{told_of}\nRMS {table.rms:.3g} LSB, largest {table.largest:.4g} LSB",
        transform=axes.transAxes, va="top", fontsize=12,
    )  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """A line of the figure of flips: a heading, or a label with the flips of each panel."""

    text: str
    flips: tuple[Flips | None, ...] | None = None


@picture
def flips(certificate: Certificate) -> Figure:
    """Decisions gained and lost, in events per million with their intervals, by pair, basis and rate.

    What an output is for and what it is told from have a panel each. What is 0 is drawn as its upper limit, of 95 %.
    """
    kinds = [one for one in (True, False) if any((f.kind in TOLD_FROM) is one for f in certificate.flips)]
    lines = _lines(certificate.flips, kinds)
    figure = Figure(figsize=((1.1 + 0.4 * len(kinds)) * WIDTH, ROWS * len(lines) + 1.3))
    panels = figure.subplots(1, max(len(kinds), 1), sharey=True, squeeze=False)[0]
    for place, axes in enumerate(panels):
        if kinds:
            _flips(axes, lines, place)
        _flips_axes(axes, lines)
    for axes, told_from in zip(panels, kinds, strict=False):
        names = dict.fromkeys(flip.kind for flip in certificate.flips if (flip.kind in TOLD_FROM) is told_from)
        axes.set_title(words("events of " + ", ".join(names), 34, 2), loc="left")
    if not certificate.flips:
        nothing(panels[0], "nothing was compared")
    key(figure, [
        sample_line(GAINED, "the second alone accepts", marker=True),
        sample_line(LOST, "the first alone accepts", marker=True),
        sample_line(Look(DARK, "-", r"$\leftarrow$", ""), "none: upper limit, 95 %", marker=True, ms=10),
    ])  # fmt: skip
    return figure


def _lines(flips: Sequence[Flips], kinds: Sequence[bool]) -> list[_Line]:
    """Headings name pair, basis and output, if there are several; lines the rate, or of classes the class."""
    several = len({flip.output for flip in flips}) > 1
    groups: dict[str, dict[str, list[Flips]]] = {}
    for flip in flips:
        largest = flip.basis == "largest output"
        head = f"{flip.first} to {flip.second}, {flip.basis}{f', {flip.output}' if several and not largest else ''}"
        label = flip.output if largest else hertz(flip.target)
        groups.setdefault(head, {}).setdefault(label, []).append(flip)
    lines = []
    for head, rows in groups.items():
        lines.append(_Line(head))
        for label, found in rows.items():
            own = (next((f for f in found if (f.kind in TOLD_FROM) is kind), None) for kind in kinds)
            lines.append(_Line(label, tuple(own)))
    return lines


def _flips(axes: Axes, lines: Sequence[_Line], place: int) -> None:
    shown = [(i, line.flips[place]) for i, line in enumerate(lines) if line.flips is not None]
    for i, flip in shown:
        if flip is not None:
            _flip(axes, i - 0.16, flip.gained_ppm, flip.limit_ppm, GAINED)
            _flip(axes, i + 0.16, flip.lost_ppm, flip.limit_ppm, LOST)
    values = [v for _, flip in shown if flip for v in (*flip.gained_ppm, *flip.lost_ppm, flip.limit_ppm) if v > 0]
    axes.set_xscale("log")
    if values:
        axes.set_xlim(min(values) / 4, max(values) * 2)
    logarithmic(axes.xaxis)


def _flip(axes: Axes, y: float, ppm: tuple[float, float, float], limit: float, series: Look) -> None:
    value, low, high = ppm
    if value > 0:
        axes.errorbar(value, y, xerr=ends(value, low, high), fmt=series.marker, color=series.colour, ms=5)
    elif limit > 0:
        axes.errorbar(limit, y, xerr=limit * 0.45, xuplims=True, fmt="|", ms=5, color=series.colour)


def _flips_axes(axes: Axes, lines: Sequence[_Line]) -> None:
    axes.set_xlabel("decisions that differ (ppm)")
    axes.set_ylim(max(len(lines), 1) - 0.5, -0.5)
    categorical(axes.yaxis, [words(line.text, 60, 1) for line in lines], 60)
    for label, line in zip(axes.get_yticklabels(), lines, strict=False):  # the second panel has none
        label.set_fontsize(12)
        label.set_color(DARK if line.flips is None else "black")
        label.set_fontstyle("italic" if line.flips is None else "normal")
    for i, line in enumerate(lines):
        if line.flips is None:
            axes.axhspan(i - 0.5, i + 0.5, color="0.93", lw=0, zorder=0)


@picture
def onsets(onsets: Sequence[Onset]) -> Figure:
    """Of the flipped events that were looked at, the share whose flip begins at each layer (columns), with events."""
    layers = list(dict.fromkeys(layer for onset in onsets for layer in onset.layers))
    common, labels = told(
        onsets,
        lambda onset: f"{onset.side} against emulator",
        lambda onset: onset.output,
        lambda onset: onset.basis,
        lambda onset: hertz(onset.target) if onset.target else "",
    )  # fmt: skip
    figure = Figure(figsize=(max(0.62 * len(layers) + 3.6, WIDTH), 0.55 * max(len(onsets), 1) + 2.4))
    axes = figure.subplots()
    if not layers:
        nothing(axes, "no decision differs")
        axes.xaxis.set_major_locator(NullLocator())
        return figure
    counts = np.array([[onset.layers.get(layer, 0) for layer in layers] for onset in onsets], float)
    looked = np.array([[onset.looked_at] for onset in onsets], float)
    shares = np.divide(counts, looked, out=np.full(counts.shape, np.nan), where=looked > 0)
    matrix(axes, shares, [[f"{n:.0f}" if seen else "–" for n in row] for row, seen in zip(counts, looked, strict=True)])
    categorical(axes.xaxis, layers, 20, 1)
    axes.tick_params(axis="x", labelrotation=50)
    told_of = [f"{label}\n{o.looked_at} of {o.flipped} events".strip() for o, label in zip(onsets, labels, strict=True)]
    axes.set_yticks(range(len(onsets)), told_of, fontsize=12)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="y", length=0)
    axes.set_title(words(common, 60, 2), loc="left")
    axes.set_xlabel("layer at which the flip begins (events)")
    axes.spines[:].set_color(GREY)
    return figure
