"""The one style of all figures: mplhep's, with our sizes and colours; and how a figure becomes a PNG.

A figure of width `WIDTH` is made to be printed 8 cm wide: its smallest letters are then above 6 points. Whatever is
told by colour is told by line or marker too, so that a copy in grey says the same.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import matplotlib.style
import mplhep
from cycler import cycler
from matplotlib.figure import Figure

P = ParamSpec("P")

WIDTH, HEIGHT = 5.8, 4.4  # inches, of one panel with its labels
WIDE = 11.0  # of two panels side by side
DPI = 130

# Colours that stay apart for colour-blind eyes (Okabe and Ito), those far apart in grey first; yellow is left out,
# as it is too light on white.
BLUE, ORANGE, BLACK, VERMILION, SKY, GREEN, PINK = (
    "#0072B2", "#E69F00", "#000000", "#D55E00", "#56B4E9", "#009E73", "#CC79A7",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, BLACK, VERMILION, SKY, GREEN, PINK)
FAINT, GREY, DARK = "0.85", "0.55", "0.25"


@dataclass(frozen=True)
class Look:
    """How one series is drawn: its colour, its line, its marker, the hatching of its areas."""

    colour: str
    line: Any
    marker: str
    hatch: str


_LINES = ("-", "--", "-.", ":", (0, (7, 2, 1, 2, 1, 2)), (0, (10, 3)), (0, (2, 1)), (0, (5, 2, 2, 2)))
LOOKS = tuple(
    Look(colour, line, marker, hatch)
    for colour, line, marker, hatch in zip(
        (*COLOURS, GREY), _LINES, "osD^vPX*", ("", "///", "...", "\\\\\\", "xxx", "---", "|||", "ooo"), strict=True
    )
)

OURS: dict[str, Any] = {
    "font.size": 14,
    "axes.labelsize": 14,
    "axes.titlesize": 13,
    "xtick.labelsize": 13,
    "ytick.labelsize": 13,
    "legend.fontsize": 12,
    "legend.title_fontsize": 12,
    "legend.handlelength": 2.2,
    "axes.linewidth": 1.0,
    "axes.unicode_minus": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "errorbar.capsize": 0,
    "hatch.linewidth": 0.8,
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.constrained_layout.use": True,
    "xtick.major.pad": 8,
    "ytick.major.pad": 6,
    **{f"{axis}tick.major.size": 6 for axis in "xy"},
    **{f"{axis}tick.minor.size": 3 for axis in "xy"},
    **{f"{axis}tick.major.width": 1.0 for axis in "xy"},
    **{f"{axis}tick.minor.width": 0.7 for axis in "xy"},
}


def look(place: int) -> Look:
    """How the series at `place` is drawn; after the last they begin anew."""
    return LOOKS[place % len(LOOKS)]


@contextmanager
def context() -> Iterator[None]:
    """Our style, whatever the caller's is; what it was comes back at the end."""
    with matplotlib.style.context([mplhep.style.CMS, OURS], after_reset=True):
        yield


def picture(draw: Callable[P, Figure]) -> Callable[P, bytes]:
    """What `draw` draws, in our style, as a PNG; the figure itself is had from `__wrapped__`, within `context`."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> bytes:
        with context():
            return as_png(draw(*args, **kwargs))

    drawn.__signature__ = signature(draw).replace(return_annotation=bytes)  # type: ignore[attr-defined]
    return drawn


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG without dates or versions; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()
