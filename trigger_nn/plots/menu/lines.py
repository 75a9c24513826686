"""Draw a menu: what each of its lines accepts alone and shares, and the network's beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from trigger_nn.plots.parts import apart, categorical, efficiency_axis, ends, hertz, key, words
from trigger_nn.plots.style import BLACK, BLUE, SKY, WIDTH, picture
from trigger_nn.studies.menu.values import Overlap, Rate
from trigger_nn.studies.rates import Efficiency

KILO = 1e3  # Hz


@dataclass(frozen=True)
class _Line:
    """A bar: its total rate, the part of it that nothing else accepts (None: not told), the signal's efficiency."""

    name: str
    total: Rate
    pure: Rate | None
    shared: float
    efficiency: Efficiency | None


@picture
def overlap(overlap: Overlap) -> Figure:
    """Pure and shared rate (kHz) of each seed and of the network, the menu without and with it; what each keeps.

    A seed's pure rate is beside the other seeds, the network's beside the whole menu. Bars are ended by the interval of
    the total rate.
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
        Patch(facecolor="white", edgecolor=BLUE, hatch="///", label="shared"),
        Patch(color=SKY, label="in all"),
    ])  # fmt: skip
    return figure


def _lines(overlap: Overlap) -> Sequence[_Line]:
    """The seeds, the network, the menu without and with it."""
    seeds = [
        _Line(seed.name, seed.rate, seed.pure, seed.rate.value - seed.pure.value, seed.efficiency.get(overlap.signal))
        for seed in overlap.seeds
    ]
    own = Rate(overlap.pure.value + overlap.shared.value, 0, 0, 0, 0)
    return [
        *seeds,
        _Line(f"network at {hertz(overlap.target)}", own, overlap.pure, overlap.shared.value, None),
        _Line("menu", overlap.before, None, 0, overlap.signal_before),
        _Line("menu and network", overlap.after, None, 0, overlap.signal_after),
    ]


def _rates(axes: Axes, lines: Sequence[_Line]) -> None:
    for i, line in enumerate(lines):
        if line.pure is None:
            axes.barh(i, line.total.value / KILO, color=SKY, height=0.7)
        else:
            pure = line.pure.value / KILO
            axes.barh(i, pure, color=BLUE, height=0.7)
            axes.barh(
                i, line.shared / KILO, left=pure, height=0.7, facecolor="white", edgecolor=BLUE, hatch="///", lw=0.8
            )  # fmt: skip
        if line.total.high > 0:
            values = (number / KILO for number in (line.total.value, line.total.low, line.total.high))
            axes.errorbar(line.total.value / KILO, i, xerr=ends(*values), fmt="none", color=BLACK)
    axes.set_xlim(left=0)
    axes.set_xlabel("rate (kHz)")
