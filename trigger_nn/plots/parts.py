"""What several figures share: keys below the axes, labels of what differs, intervals, rates, matrices with numbers."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullFormatter, NullLocator

from trigger_nn.plots.style import DARK, Look
from trigger_nn.studies.rates import Efficiency

T = TypeVar("T")

LINE = 0.24  # inches that a line of a key takes
LETTERS = 62  # that fit beside each other below a figure of style.WIDTH
UNIT = Efficiency | None


def words(text: str, width: int = 52, lines: int = 3) -> str:
    """`text` in at most so many `lines` of so many letters, with no letter taken for a formula."""
    wrapped = textwrap.wrap(text, width)
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], wrapped[lines - 1][: width - 1] + "…"]
    return "\n".join(wrapped).replace("$", r"\$")


def hertz(rate: float) -> str:
    """Such as `750 Hz`, `100 kHz`, `31.04 MHz`."""
    return EngFormatter("Hz").format_data(float(f"{rate:.4g}"))


def told(rows: Sequence[T], *parts: Callable[[T], str]) -> tuple[str, list[str]]:
    """What all rows have in common, and of each row what others have not; a single row has nothing but common."""
    texts = [[part(row) for part in parts] for row in rows]
    varies = [len(set(column)) > 1 for column in zip(*texts, strict=True)]
    common = ", ".join(text for text, other in zip(texts[0], varies, strict=True) if not other) if texts else ""
    return common, [", ".join(t for t, other in zip(row, varies, strict=True) if other) for row in texts]


def key(figure: Figure, handles: Sequence[Artist], title: str = "") -> None:
    """A key below the axes, where it hides nothing; the figure grows by its lines."""
    shown = [handle for handle in handles if str(handle.get_label())]
    if not shown and not title:
        return
    longest = max((len(line) for handle in shown for line in str(handle.get_label()).split("\n")), default=1)
    width, _ = figure.get_size_inches()
    columns = max(1, min(len(shown), int(LETTERS * width / 5.8 / (longest + 6)), 4))
    tallest = max((str(handle.get_label()).count("\n") + 1 for handle in shown), default=0)
    lines = -(-len(shown) // columns) * tallest + title.count("\n") + bool(title)
    figure.set_figheight(figure.get_figheight() + LINE * lines)
    figure.legend(handles=shown, loc="outside lower center", ncols=columns, title=title or None)


def sample_line(series: Look, label: str, marker: bool = False, **other: Any) -> Line2D:
    """A line of a key: the series' line, with or as its marker."""
    style = {"ls": "none", "marker": series.marker} if marker else {"ls": series.line}
    return Line2D([], [], color=series.colour, label=words(label), **(style | other))


def categorical(axis: Axis, names: Sequence[str], width: int = 24, lines: int = 2) -> None:
    """A name at each of 0, 1, 2 ... and no ticks."""
    axis.set_ticks(range(len(names)), [words(name, width, lines) for name in names])
    axis.set_minor_locator(NullLocator())
    axis.set_tick_params(length=0)


def logarithmic(axis: Axis) -> None:
    """Powers of ten as plain numbers where they are short."""
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda x, _: _power(x)))
    low, high = axis.get_view_interval()
    if high / low < 30:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_formatter(NullFormatter())


def _power(number: float) -> str:
    if 1e-3 <= number < 1e5:
        return f"{number:,g}"
    exponent = int(np.floor(np.log10(number)))
    factor = f"{number / 10**exponent:g}"
    return f"$10^{{{exponent}}}$" if factor == "1" else rf"${factor}\times10^{{{exponent}}}$"


def efficiency_axis(axes: Axes, label: str = "efficiency", across: bool = False) -> None:
    """From 0 to 1, with place for the markers at its ends; upwards or `across`."""
    name = "x" if across else "y"
    axes.set(**{f"{name}label": label, f"{name}lim": (-0.03, 1.06)})


def score_axis(axes: Axes, name: str, lsb: float) -> None:
    """Above an axis of least significant bits the score as a number."""
    factors: Any = (lambda count: count * lsb, lambda number: number / lsb)
    axes.secondary_xaxis("top", functions=factors).set_xlabel(f"score for {words(name, 30, 1)} (1 LSB = {lsb:g})")
    axes.tick_params(axis="x", which="both", top=False)


def ends(value: float, low: float, high: float) -> list[list[float]]:
    """Distances from `value` to the ends of its interval, as `errorbar` takes them."""
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]


def finite(edges: Sequence[float] | np.ndarray) -> np.ndarray:
    """Edges of bins, open ones closed at the width of their neighbour."""
    closed = np.array(edges, np.float64)
    step = np.diff(closed[np.isfinite(closed)])
    if not np.isfinite(closed[-1]):
        closed[-1] = closed[-2] + (step[-1] if len(step) else 1.0)
    if not np.isfinite(closed[0]):
        closed[0] = closed[1] - (step[0] if len(step) else 1.0)
    return closed


def bins(axes: Axes, edges: np.ndarray, values: Sequence[UNIT], series: Look, place: float, log: bool = False) -> None:
    """Each value with its interval over its bin, its marker at the share `place` of the bin's width.

    On a logarithmic axis an arrow hangs from the upper limit of what is 0.
    """
    for low, high, value in zip(edges[:-1], edges[1:], values, strict=True):
        if value is None:
            continue
        x = low + place * (high - low)
        style: dict[str, Any] = {"xerr": [[x - low], [high - x]], "color": series.colour, "elinewidth": 1.2}
        if log and value.value <= 0:
            axes.errorbar(x, value.high, yerr=value.high * 0.5, uplims=True, fmt="none", capsize=3, **style)
        else:
            y_ends = ends(value.value, value.low, value.high)
            axes.errorbar(x, value.value, yerr=y_ends, fmt=series.marker, capsize=0, **style)


def places(count: int) -> list[float]:
    """Where within a bin the markers of `count` series stand, as shares of its width."""
    return [0.5] if count == 1 else list(np.linspace(0.3, 0.7, count))


def matrix(axes: Axes, shares: np.ndarray, texts: Sequence[Sequence[str]]) -> None:
    """A matrix of shares of 1, the darker the larger, with a text in every cell; what is not a number is left white."""
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), share in np.ndenumerate(shares):
        colour = "white" if share > 0.6 else "black"
        axes.text(j, i, texts[i][j], ha="center", va="center", color=colour, fontsize=12)
    axes.tick_params(which="both", top=False, right=False)


def apart(figure: Figure, width: float = 0.06) -> None:
    """A gap between panels beside each other, as a share of the figure's width, so that their numbers do not meet."""
    figure.set_layout_engine("constrained", wspace=width)


def nothing(axes: Axes, text: str) -> None:
    """Words in place of data."""
    axes.text(0.5, 0.5, words(text, 32), transform=axes.transAxes, ha="center", va="center", color=DARK)
