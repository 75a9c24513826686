"""Draw a scan: what is traded against what, what one effect costs, what one parameter does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from trigger_nn.plots.parts import categorical, ends, hertz, key, logarithmic, nothing, sample_line, words
from trigger_nn.plots.style import BLACK, BLUE, DARK, GREY, HEIGHT, ORANGE, WIDTH, Look, picture
from trigger_nn.studies.scans.values import Scan, Trial, Value

FRONT, BEATEN, FLOAT = Look(BLUE, "-", "o", ""), Look(GREY, "-", "o", ""), Look(ORANGE, "-", "D", "")
NAMES = {
    "latency_ns": "latency (ns)", "cycles": "latency (clock cycles)", "interval": "initiation interval (clock cycles)",
    "lut": "LUTs", "ff": "flip-flops", "dsp": "DSP slices", "bram": "block RAMs", "weights": "weights that are not 0",
    "weight_bits": "bits of all weights", "accuracy": "accuracy", "float_efficiency": "efficiency of the float network",
}  # fmt: skip
SHARES = ("efficiency", "accuracy", "float_efficiency")
MOST, LETTERS = 8, 44  # ticks of their own, and letters beside each other that they have place for
OFFSETS = ((6, 5), (6, -14), (-6, 5), (-6, -14), (0, 9), (0, -18), (14, 0), (-14, 0))  # points, of a label


@picture
def pareto(scan: Scan, x: str, y: str) -> Figure:
    """Metric `y` against metric `x` of every trial that is done; of those that nothing beats number and interval.

    The front is that of all objectives of the scan, so in two of them it need not look like one.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.subplots()
    done = [t for t in scan.trials if t.state == "done" and {x, y} <= t.metrics.keys()]
    for trial in sorted(done, key=lambda trial: trial.front):
        _trial(axes, trial, x, y)
    axes.set(xlabel=_named(scan, x), ylabel=_named(scan, y))
    for axis, metric in ((axes.xaxis, x), (axes.yaxis, y)):
        values = [t.metrics[metric] for t in done]
        if metric not in SHARES and values and min(values) > 0 and max(values) / min(values) > 8:
            getattr(axes, f"set_{axis.axis_name}scale")("log")
            logarithmic(axis)
    if not done:
        nothing(axes, "no trial is done")
    key(figure, [
        sample_line(FRONT, "nothing beats it", marker=True),
        sample_line(BEATEN, "beaten", marker=True, mfc="white"),
    ], _count(scan, done))  # fmt: skip
    _numbers(figure, axes, done, x, y)
    return figure


def _named(scan: Scan, metric: str) -> str:
    """The metric with its unit; the efficiency with its signal and rate."""
    if metric == "efficiency" and scan.signal is not None:
        at = f" at {hertz(scan.rate)}" if scan.rate is not None else ""
        return f"efficiency for {words(scan.signal, 20, 1)}{at}"
    unit = next((objective.unit for objective in scan.objectives if objective.metric == metric), "")
    return NAMES.get(metric) or (f"{metric} ({unit})" if unit else metric)


def _count(scan: Scan, done: Sequence[Trial]) -> str:
    left = len(scan.trials) - len(done)
    return f"{len(done)} trials" + (f", {left} more failed or not done" if left else "")


def _trial(axes: Axes, trial: Trial, x: str, y: str) -> None:
    series = FRONT if trial.front else BEATEN
    style: dict[str, Any] = {"fmt": series.marker, "color": series.colour, "ms": 6, "zorder": 3 if trial.front else 2}
    if trial.front:
        style |= {f"{name}err": _interval(trial, metric) for name, metric in (("x", x), ("y", y))}
    else:
        style |= {"mfc": "white"}
    axes.errorbar(trial.metrics[x], trial.metrics[y], elinewidth=1.0, **style)


def _interval(trial: Trial, metric: str) -> list[list[float]] | None:
    """The interval of a metric where the trial has one."""
    found = [trial.metrics.get(name) for name in (metric, f"{metric}_low", f"{metric}_high")]
    value, low, high = found
    return None if value is None or low is None or high is None else ends(value, low, high)


def _numbers(figure: Figure, axes: Axes, done: Sequence[Trial], x: str, y: str) -> None:
    """The numbers of the front's trials, each where it hides nothing; a number that finds no place is left out."""
    figure.draw_without_rendering()
    taken = [_marker(axes, trial, x, y) for trial in done]
    for trial in done:
        for offset in OFFSETS if trial.front else ():
            text = _number(axes, trial, (trial.metrics[x], trial.metrics[y]), offset)
            box = text.get_window_extent()
            if _inside(axes, box) and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()


def _marker(axes: Axes, trial: Trial, x: str, y: str) -> Bbox:
    """Where a trial's marker is, in pixels."""
    across, up = axes.transData.transform((trial.metrics[x], trial.metrics[y]))
    half = 5 * axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    return Bbox([[across - half, up - half], [across + half, up + half]])


def _number(axes: Axes, trial: Trial, place: tuple[float, float], offset: tuple[int, int]) -> Annotation:
    side = "left" if offset[0] > 0 else "right" if offset[0] < 0 else "center"
    return axes.annotate(
        f"{trial.number}", place, xytext=offset, textcoords="offset points", ha=side, fontsize=11, color=BLUE,
        annotation_clip=False,
    )  # fmt: skip


def _inside(axes: Axes, box: Bbox) -> bool:
    frame = axes.get_window_extent()
    return bool(frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1))


@picture
def effects(scan: Scan) -> Figure:
    """How much more than the reference's the efficiency is with each change (percentage points), with its interval."""
    figure = Figure(figsize=(WIDTH, 0.42 * max(len(scan.effects), 1) + 1.4))
    axes = figure.subplots()
    for i, effect in enumerate(scan.effects):
        value, low, high = (100 * number for number in effect.gain)
        axes.barh(i, value, height=0.6, color=BLUE, alpha=0.45)
        axes.errorbar(value, i, xerr=ends(value, low, high), fmt="o", color=BLACK, ms=4)
    axes.axvline(0, color=DARK, lw=0.8)
    metric = "accuracy" if scan.signal is None else "efficiency"
    axes.set_xlabel(f"{_named(scan, metric)}\nminus the reference's (percentage points)", fontsize=13)
    if scan.effects:
        categorical(axes.yaxis, [effect.what for effect in scan.effects])
        axes.set_ylim(len(scan.effects) - 0.4, -0.6)
        axes.margins(x=0.1)
    else:
        nothing(axes, "no effect was looked at")
    return figure


@picture
def dependence(scan: Scan, key_path: str) -> Figure:
    """Efficiency (of classifiers, accuracy) with its interval against one parameter, of every trial that is done."""
    metric = "efficiency" if scan.signal is not None else "accuracy"
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.subplots()
    done = [t for t in scan.trials if t.state == "done" and metric in t.metrics and key_path in t.parameters]
    values = list(dict.fromkeys(trial.parameters[key_path] for trial in done))
    numbers = _places(axes, values)
    for trial in sorted(done, key=lambda trial: trial.front):
        _at(axes, trial, numbers[trial.parameters[key_path]], metric)
    axes.set_xlabel(words(key_path, 52, 2))
    axes.set_ylabel(_named(scan, metric))
    if not done:
        nothing(axes, "no trial is done")
    handles = [
        sample_line(FRONT, "nothing beats it", marker=True),
        sample_line(BEATEN, "beaten", marker=True, mfc="white"),
    ]
    if any("float_efficiency" in trial.metrics for trial in done):
        handles.append(sample_line(FLOAT, "float network", marker=True, mfc="white"))
    key(figure, handles, _count(scan, done))
    return figure


def _places(axes: Axes, values: Sequence[Value]) -> dict[Value, float]:
    """Numbers stand at their value, on a logarithmic axis where they span much; anything else side by side."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        categorical(axes.xaxis, [_text(value) for value in values], 14)
        axes.set_xlim(-0.5, len(values) - 0.5)
        return {value: float(i) for i, value in enumerate(values)}
    if numbers and min(numbers) > 0 and max(numbers) / min(numbers) > 20:
        axes.set_xscale("log")
        logarithmic(axes.xaxis)
    if _apart(numbers, axes.get_xscale() == "log"):
        axes.set_xticks(sorted(numbers), [f"{value:.4g}" for value in sorted(numbers)])
        axes.xaxis.set_minor_locator(NullLocator())
    elif axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.ticklabel_format(axis="x", useOffset=False)
    return {value: float(value) for value in numbers}


def _apart(numbers: Sequence[float], log: bool) -> bool:
    """Whether every value can have a tick of its own, its number beside its neighbour's."""
    if not 1 <= len(numbers) <= MOST:
        return False
    places = np.sort(np.log(numbers) if log else np.array(numbers, float))
    longest = max(len(f"{value:.4g}") for value in numbers)
    return len(numbers) == 1 or bool(np.diff(places).min() > (longest + 2) / LETTERS * np.ptp(places))


def _text(value: Value) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value) or "(none)"


def _at(axes: Axes, trial: Trial, place: float, metric: str) -> None:
    series = FRONT if trial.front else BEATEN
    value = trial.metrics[metric]
    axes.errorbar(
        place, value, yerr=_interval(trial, metric), fmt=series.marker, color=series.colour, ms=6,
        mfc=series.colour if trial.front else "white", zorder=3 if trial.front else 2, elinewidth=1.0,
    )  # fmt: skip
    if "float_efficiency" in trial.metrics:
        axes.plot(
            place, trial.metrics["float_efficiency"], FLOAT.marker, color=FLOAT.colour, mfc="white", ms=5, zorder=1
        )  # fmt: skip
