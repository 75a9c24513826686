"""Draw a menu: what each of its lines accepts, and alone accepts, and the network's beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from trigger_nn.plots.parts import apart, categorical, efficiency_axis, ends, hertz, key, logarithmic, words
from trigger_nn.plots.style import BLACK, BLUE, SKY, WIDTH, picture
from trigger_nn.studies.menu.values import Overlap, Rate
from trigger_nn.studies.rates import Efficiency

KILO = 1e3  # Hz
MANY = 8  # times the smallest bar, beyond which it needs a logarithmic axis to be seen beside the largest


@dataclass(frozen=True)
class _Line:
    """A bar: its total rate, the part of it that nothing else accepts (None: not told), the signal's efficiency."""

    name: str
    total: Rate
    pure: Rate | None
    efficiency: Efficiency | None


@picture
def overlap(overlap: Overlap) -> Figure:
    """Rate (kHz) of each seed and of the network, and before it the pure part; the menu without and with it.

    A seed's pure rate is beside the other seeds, the network's beside the whole menu. Bars are ended by intervals; the
    axis is logarithmic where rates differ much. Beside them what each keeps of the signal.
    """
    lines = _lines(overlap)
    figure = Figure(figsize=(1.1 * WIDTH, 0.42 * len(lines) + 1.6))
    panels = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    apart(figure)
    _rates(panels[0], lines)
    for i, line in enumerate(lines):
        if (kept := line.efficiency) is not None:
            panels[1].errorbar(kept.value, i, xerr=ends(kept.value, kept.low, kept.high), fmt="o", color=BLACK, ms=5)
    efficiency_axis(panels[1], f"efficiency for\n{words(overlap.signal, 24, 1)}", across=True)
    for axes in panels:
        categorical(axes.yaxis, [line.name for line in lines])
        axes.axhline(len(overlap.seeds) + 0.5, color=BLACK, lw=0.8, ls=":")
        axes.set_ylim(len(lines) - 0.4, -0.6)
    panels[1].tick_params(axis="y", labelleft=False)
    key(figure, [
        Patch(color=BLUE, label="pure"),
        Patch(facecolor="white", edgecolor=BLUE, hatch="///", label="and shared"),
        Patch(color=SKY, label="in all"),
    ])  # fmt: skip
    return figure


def _lines(overlap: Overlap) -> Sequence[_Line]:
    """The seeds, the network, the menu without and with it."""
    seeds = [
        _Line(seed.name, seed.rate, seed.pure, seed.efficiency.get(overlap.signal)) for seed in overlap.seeds
    ]  # fmt: skip
    return [
        *seeds,
        _Line(f"network at {hertz(overlap.target)}", overlap.network, overlap.pure, overlap.signal_network),
        _Line("menu", overlap.before, None, overlap.signal_before),
        _Line("menu and network", overlap.after, None, overlap.signal_after),
    ]


def _rates(axes: Axes, lines: Sequence[_Line]) -> None:
    for i, line in enumerate(lines):
        style: dict[str, Any] = {"color": SKY}
        if line.pure is not None:
            style = {"facecolor": "white", "edgecolor": BLUE, "hatch": "///", "lw": 0.8}
        axes.barh(i, line.total.value / KILO, height=0.7, **style)
        _ended(axes, i, line.total)
        if line.pure is not None:
            axes.barh(i + 0.12, line.pure.value / KILO, color=BLUE, height=0.46)
            _ended(axes, i + 0.2, line.pure)
    axes.set_xlabel("rate (kHz)")
    seen = [rate.value / KILO for line in lines for rate in (line.total, line.pure) if rate and rate.value > 0]
    if seen and max(seen) > MANY * min(seen):
        axes.set_xscale("log")
        axes.set_xlim(min(seen) / 3, 2 * max(seen))
        logarithmic(axes.xaxis)
    else:
        axes.set_xlim(left=0)


def _ended(axes: Axes, place: float, rate: Rate) -> None:
    """The interval of a bar that has a length."""
    if rate.value > 0:
        values = (number / KILO for number in (rate.value, rate.low, rate.high))
        axes.errorbar(rate.value / KILO, place, xerr=ends(*values), fmt="none", color=BLACK)
