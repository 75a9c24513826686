"""Draw how scores are distributed and how well they tell one kind of event from another."""

from collections.abc import Sequence

import hist
import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trigger_nn.plots.parts import categorical, key, logarithmic, matrix, nothing, sample_line, score_axis, told, words
from trigger_nn.plots.style import GREY, HEIGHT, WIDTH, look, picture
from trigger_nn.studies.menu.values import ClassStudy, Density, Roc

FLOOR = 1e-7  # of what is drawn: shares below are of events with tiny weights


@picture
def roc_curves(rocs: Sequence[Roc], log: bool) -> Figure:
    """Share of the background that passes against the efficiency, `log`arithmic or not; areas in the key."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.subplots()
    common, labels = told(rocs, lambda roc: roc.signal, lambda roc: f"against {roc.background}")
    handles = []
    for i, (roc, label) in enumerate(zip(rocs, labels, strict=True)):
        mistag = np.where(roc.mistag > 0, roc.mistag, np.nan) if log else roc.mistag
        axes.plot(roc.efficiency, mistag, color=look(i).colour, ls=look(i).line)
        handles.append(sample_line(look(i), f"{label}{', ' if label else ''}{_area(roc)}"))
    axes.plot(*[np.geomspace(1e-7, 1, 200)] * 2, color=GREY, lw=0.8, zorder=1)
    axes.set(xlim=(0, 1), ylim=(None if log else 0, 1), xlabel="efficiency", ylabel="share of background")
    if log:
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(_least(rocs) / 2, 1e-7))
        logarithmic(axes.yaxis)
    key(figure, handles, words(common, 50))
    return figure


def _area(roc: Roc) -> str:
    area = roc.area
    return f"AUC {area.value:.4f} ({area.low:.4f}–{area.high:.4f})"


def _least(rocs: Sequence[Roc]) -> float:
    """The smallest share that is not 0."""
    return min((float(roc.mistag[roc.mistag > 0].min()) for roc in rocs if np.any(roc.mistag > 0)), default=1e-3)


@picture
def densities(densities: Sequence[Density], output: str, lsb: float) -> Figure:
    """Scores of `output` by process, each normalised to 1, with statistical errors; `lsb`: what one count is worth."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.subplots()
    own = [density for density in densities if density.output == output]
    handles = []
    for i, density in enumerate(own):
        empty = not density.counts.sum() > 0
        if not empty:
            _density(axes, density, i)
        handles.append(sample_line(look(i), density.process + (": no events" if empty else "")))
    axes.set_xlabel("score (LSB)")
    axes.set_ylabel("share of each bin")
    if any(density.counts.sum() > 0 for density in own):
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], FLOOR * axes.get_ylim()[1]))
        logarithmic(axes.yaxis)
        score_axis(axes, output, lsb)
    else:
        nothing(axes, "no events")
    key(figure, handles)
    return figure


def _density(axes: Axes, density: Density, place: int) -> None:
    """One process: steps, broken where nothing is, and bars of Poisson's intervals, scaled to the weights."""
    filled = hist.Hist(hist.axis.Variable(density.edges), storage=hist.storage.Weight())
    total = float(density.counts.sum())
    shares = np.where(density.counts > 0, density.counts / total, np.nan)
    filled[...] = np.stack([shares, density.variances / total**2], axis=-1)
    series = look(place)
    mplhep.histplot(
        filled, ax=axes, color=series.colour, ls=series.line, lw=1.4, yerr=True, w2method="poisson",
        flow="none", edges=False,
    )  # fmt: skip


@picture
def confusion_matrix(study: ClassStudy) -> Figure:
    """Share of each class (line) that is taken for each class (column), with events."""
    number = len(study.classes)
    long = max(map(len, study.classes), default=0) > 8
    figure = Figure(figsize=(0.85 * number + 1.9, 0.75 * number + (2.0 if long else 0.9)))
    axes = figure.subplots()
    totals = study.confusion.sum(axis=1, keepdims=True)
    shares = np.divide(study.confusion, totals, out=np.full(study.confusion.shape, np.nan), where=totals > 0)
    texts = [
        [f"{100 * share:.1f} %\n{count:,}" if total else "–" for share, count in zip(row, counts, strict=True)]
        for row, counts, total in zip(shares, study.confusion, totals[:, 0], strict=True)
    ]
    matrix(axes, shares, texts)
    categorical(axes.xaxis, study.classes, 16, 1)
    categorical(axes.yaxis, study.classes, 16)
    if long:
        axes.tick_params(axis="x", labelrotation=45)
    axes.set_xlabel("taken for")
    axes.set_ylabel("true class (% of it, events)", fontsize=12)
    return figure
