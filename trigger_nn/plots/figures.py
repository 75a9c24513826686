"""Draw result tables; compute nothing. Every function returns a PNG as bytes."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import mplhep
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from trigger_nn.events.quantities import Column
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.studies.classes import ClassComparison
from trigger_nn.studies.comparison import SignalComparison

# Colours that stay apart for colour-blind eyes (Okabe and Ito).
CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
STYLES: dict[str, dict[str, Any]] = {
    "float": {"color": "0.35", "ls": "-", "lw": 2.5},
    "QKeras": {"color": "tab:orange", "ls": "-", "lw": 4},
    "emulator": {"color": "tab:blue", "ls": "--", "lw": 1.8},
    "cuts, tuned": {"color": "tab:green", "ls": "-", "lw": 1.8},
    "hottest cell": {"color": "tab:red", "ls": ":", "lw": 1.8},
}


def rate_curves(comparison: SignalComparison, targets: Sequence[float]) -> bytes:
    """Signal efficiency against the rate of that signal's trigger; dotted where the sample does not resolve it."""
    figure, axes = plt.subplots(figsize=(6.2, 4.6))
    for name, line in comparison.curves.items():
        axes.plot(line.rate / 1e3, line.efficiency, label=name, **STYLES[name])
    for target in targets:
        axes.axvline(target / 1e3, color="0.8", lw=0.8, zorder=0)
    axes.set(xscale="log", xlim=(10, 31e3), ylim=(0, 1.02))
    axes.set_xlabel("rate (kHz)")
    axes.set_ylabel(f"efficiency for {comparison.signal}")
    axes.legend(frameon=False, loc="upper left")
    return as_png(figure)


def efficiencies(comparison: SignalComparison) -> bytes:
    """Efficiency with its interval, at each fixed rate, for each trigger."""
    figure, axes = plt.subplots(figsize=(6.2, 4.6))
    names = list(dict.fromkeys(row.trigger for row in comparison.rows))
    targets = list(dict.fromkeys(row.target for row in comparison.rows))
    for k, name in enumerate(names):
        rows = [row for row in comparison.rows if row.trigger == name]
        values = np.array([[r.efficiency.value, r.efficiency.low, r.efficiency.high] for r in rows]).T
        place = np.arange(len(targets)) + (k - (len(names) - 1) / 2) * 0.15
        errors = np.abs(values[1:] - values[0])
        axes.errorbar(place, values[0], errors, fmt="o", ms=5, capsize=3, label=name, color=STYLES[name]["color"])
    axes.set_xticks(range(len(targets)), [f"{target / 1e3:g} kHz" for target in targets])
    axes.set_ylim(0, 1.25 * max(row.efficiency.high for row in comparison.rows))
    axes.set_ylabel(f"efficiency for {comparison.signal}")
    axes.legend(frameon=False, loc="upper left", ncols=3)
    return as_png(figure)


def score_distributions(scores: np.ndarray, kinds: Mapping[str, np.ndarray], signal: str) -> bytes:
    """Emulated scores of each process, normalised to one; `kinds` are masks by process."""
    figure, axes = plt.subplots(figsize=(6.2, 4.6))
    edges = np.linspace(float(np.quantile(scores, 0.0005)), float(np.quantile(scores, 0.9995)), 60)
    for name, mask in kinds.items():
        counts, _ = np.histogram(scores[mask], edges)
        mplhep.histplot(counts / max(mask.sum(), 1), edges, ax=axes, label=name, yerr=False)
    axes.set_yscale("log")
    axes.set_xlabel(f"score for {signal} (logit)")
    axes.set_ylabel("fraction of events")
    axes.legend(frameon=False)
    return as_png(figure)


def event_images(images: Mapping[str, np.ndarray], column: Column) -> bytes:
    """One event of each process: transverse energy or momentum in GeV over eta and phi."""
    lsb, eta_max = column.quantities[0].lsb, float(column.view.get("eta_max") or 5.0)
    figure, panels = plt.subplots(1, len(images), figsize=(3.1 * len(images), 3.9), sharey=True, layout="constrained")
    top = max(float(image.max()) for image in images.values()) * lsb
    norm = mpl.colors.SymLogNorm(linthresh=5, vmin=0, vmax=top)
    for axes, (name, image) in zip(np.atleast_1d(panels), images.items(), strict=True):
        extent = (-np.pi, np.pi, -eta_max, eta_max)
        drawn = axes.imshow(image * lsb, origin="lower", extent=extent, aspect="auto", cmap="viridis", norm=norm)
        axes.set_title(name)
        axes.set_xlabel(r"$\phi$ (rad)")
    np.atleast_1d(panels)[0].set_ylabel(r"$\eta$")
    bar = figure.colorbar(drawn, ax=panels, label="transverse energy (GeV)")
    bar.set_ticks([0, 2, 5, 10, 20, 50, 100, 200, 500], labels=["0", "2", "5", "10", "20", "50", "100", "200", "500"])
    bar.ax.set_ylim(0, top)
    return as_png(figure)


def feature_distributions(values: Mapping[str, np.ndarray], column: Column) -> bytes:
    """One panel each number of the input, at most 16; `values` are counts by process, (events, numbers)."""
    numbers = min(next(iter(values.values())).shape[1], 16)
    quantities = (column.quantities * numbers)[:numbers]
    rows = -(-numbers // 4)
    figure, panels = plt.subplots(rows, min(numbers, 4), figsize=(13, 2.6 * rows), squeeze=False, layout="constrained")
    for i, (axes, quantity) in enumerate(zip(panels.ravel(), quantities, strict=False)):
        ends = quantity.value(np.quantile(np.concatenate([v[:, i] for v in values.values()]), [0.002, 0.998]))
        edges = np.linspace(ends[0], max(ends[1], ends[0] + quantity.lsb), 41)
        for colour, (name, counts) in zip(CLASS_COLOURS, values.items(), strict=False):
            density, _ = np.histogram(quantity.value(counts[:, i]), edges)
            mplhep.histplot(density / max(len(counts), 1), edges, ax=axes, label=name, yerr=False, color=colour)
        axes.set_xlabel(quantity.name if quantity.unit == "1" else f"{quantity.name} ({quantity.unit})")
    for axes in panels.ravel()[numbers:]:
        axes.axis("off")
    for axes in panels[:, 0]:
        axes.set_ylabel("fraction")
    panels[0, 0].legend(frameon=False, fontsize="small")
    return as_png(figure)


def class_curves(comparison: ClassComparison) -> bytes:
    """Mistag rate against efficiency: a colour a class, full for the float network, dashed for the emulated one."""
    figure, axes = plt.subplots(figsize=(6.2, 4.6))
    for network in comparison.networks:
        if network.network not in ("float", "emulator"):
            continue
        dashed = network.network == "emulator"
        for colour, row in zip(CLASS_COLOURS, network.rows, strict=False):
            mistag, kept = network.curves[row.name]
            label = f"{row.name}, AUC {row.area:.3f}" if dashed else None
            axes.plot(kept, mistag, color=colour, ls="--" if dashed else "-", lw=1.4, label=label)
    axes.set(yscale="log", ylim=(1e-3, 1), xlim=(0, 1))
    axes.set_xlabel("efficiency")
    axes.set_ylabel("mistag rate")
    axes.legend(frameon=False, title="emulated (dashed), float (full)", fontsize="small", loc="upper left")
    return as_png(figure)


def confusion(comparison: ClassComparison) -> bytes:
    """Shares of each class (rows) that the emulated network takes for each class (columns)."""
    network = next(n for n in comparison.networks if n.network == "emulator")
    figure, axes = plt.subplots(figsize=(5.2, 4.4))
    shares = network.confusion / network.confusion.sum(axis=1, keepdims=True)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), share in np.ndenumerate(shares):
        axes.text(j, i, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.5 else "black")
    axes.set_xticks(range(len(comparison.classes)), comparison.classes)
    axes.set_yticks(range(len(comparison.classes)), comparison.classes)
    axes.set_xlabel("taken for")
    axes.set_ylabel("true class")
    return as_png(figure)


def layer_costs(estimate: Estimate) -> bytes:
    """Estimated cycles and LUTs of each layer."""
    layers = [layer for layer in estimate.layers if layer.latency or layer.lut]
    figure, panels = plt.subplots(1, 2, figsize=(9, 0.38 * len(layers) + 1.3), sharey=True, layout="constrained")
    for axes, resource, colour in zip(panels, ("latency", "lut"), ("tab:blue", "tab:orange"), strict=True):
        axes.barh([layer.layer for layer in layers], [getattr(layer, resource) for layer in layers], color=colour)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    panels[0].set_xlabel(f"latency (cycles of {estimate.clock_period:g} ns)")
    panels[1].set_xlabel("LUTs")
    panels[0].invert_yaxis()
    return as_png(figure)


def training_losses(losses: Mapping[str, Sequence[float]]) -> bytes:
    """Validation loss of each network after each epoch."""
    figure, axes = plt.subplots(figsize=(6.2, 4.0))
    for name, values in losses.items():
        axes.plot(range(1, len(values) + 1), values, label=name, color=STYLES[name]["color"], lw=2)
    axes.set_xlabel("epoch")
    axes.set_ylabel("validation loss")
    axes.legend(frameon=False)
    return as_png(figure)


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG without dates or versions; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()
