"""What all plots share: style, the line of 40 MHz, names. Colours stay apart for colour-blind eyes (Okabe and Ito)."""

from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from tests.benchmarks.emulation.results import Results

CROSSINGS = 40e6  # a second: the rate of bunch crossings
GREY = "0.3"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = tuple(zip(COLOURS, "os^DvPX", strict=True))
LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.grid": True,
    "grid.color": "0.9",
    "axes.axisbelow": True,
    "figure.dpi": 130,
}


def mark_crossings(axes: Any, left: bool = True) -> None:
    """A dashed line at the rate of bunch crossings."""
    axes.axhline(CROSSINGS, color=GREY, ls="--", lw=1.2)
    place = 0.01 if left else 0.99
    words = {"color": GREY, "ha": "left" if left else "right", "transform": axes.get_yaxis_transform()}
    axes.text(place, CROSSINGS * 1.1, "40 MHz", **words)


def thread_label(count: int) -> str:
    """A number of threads in words."""
    return "1 thread" if count == 1 else f"{count} threads"


def title(results: Results, network: str) -> str:
    """A network's title on one line."""
    return next((facts.title for facts in results.networks if facts.name == network), network)
