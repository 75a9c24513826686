"""Colours stay apart in grey and for colour-blind eyes; the style is ours wherever figures are made."""

from inspect import signature
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from tests.plots.looking import lightness, linear
from trigger_nn.plots import style

# Dichromats' vision of linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009) 1291, severity 1.
DEFICIENCIES = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(light):
    """CIELAB of linear RGB under D65."""
    x, y, z = (XYZ @ np.clip(light, 0, 1)) / (0.9505, 1, 1.089)
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def test_the_colours_that_most_figures_use_are_apart_in_grey():
    grey = [lightness(to_rgb(colour)) for colour in style.COLOURS[:3]]
    assert min(abs(one - other) for one, other in combinations(grey, 2)) > 20


def test_every_colour_stands_out_from_white_paper():
    for look in style.LOOKS:
        assert lightness(to_rgb(look.colour)) < 75, look


def test_series_that_are_near_in_grey_differ_in_line_marker_and_hatching():
    for one, other in combinations(style.LOOKS, 2):
        if abs(lightness(to_rgb(one.colour)) - lightness(to_rgb(other.colour))) < 15:
            assert one.line != other.line
            assert one.marker != other.marker
            assert one.hatch != other.hatch
    for part in ("colour", "line", "marker", "hatch"):
        assert len({getattr(look, part) for look in style.LOOKS}) == len(style.LOOKS)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_stay_apart_for_colour_blind_eyes(deficiency):
    seen = [lab(np.array(DEFICIENCIES[deficiency]) @ linear(to_rgb(colour))) for colour in style.COLOURS]
    apart = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(range(len(style.COLOURS)), 2)}
    assert min(apart.values()) > 10, min(apart, key=apart.get)


def test_the_style_is_ours_whatever_the_user_has_set():
    @style.picture
    def drawn(number):
        """A line."""
        figure = Figure()
        figure.subplots().plot([0, number])
        return figure

    plain = drawn(3)
    with mpl.rc_context({"font.size": 40, "lines.linewidth": 9, "savefig.dpi": 20}):
        assert drawn(3) == plain
        assert mpl.rcParams["font.size"] == 40


def test_a_picture_tells_that_it_is_bytes():
    from trigger_nn.plots.menu import rate_curve

    assert signature(rate_curve).return_annotation is bytes
    assert rate_curve.__name__ == "rate_curve"
    assert rate_curve.__doc__


def test_a_png_holds_neither_date_nor_version():
    figure = Figure()
    figure.subplots()
    png = style.as_png(figure)
    assert b"Software" not in png
    assert b"tIME" not in png
    assert b"tEXt" not in png


def test_after_the_last_look_they_begin_anew():
    assert style.look(len(style.LOOKS)) == style.look(0)
