"""The picture of trade-offs shows the table's numbers, its budget and nothing else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from trigger_nn.hardware.budgets import budget_of
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.plots import tradeoffs as drawing
from trigger_nn.plots.style import context
from trigger_nn.studies.tradeoffs import Axes, Precision, trade_offs

PART = "xcvu13p-flga2577-2-e"


@pytest.fixture(scope="module")
def table():
    """A small network at two clocks."""
    return trade_offs(
        network(0).program, PART, Axes(reuse_factors=(1, 2), clock_periods=(2.5, 5.0)), budget=budget_of("40")
    )


def drawn(table):
    """The figure before it is a file."""
    with context():
        return drawing.latency_and_resources.__wrapped__(table)


def test_it_is_a_png_and_always_the_same(table):
    png = drawing.latency_and_resources(table)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png == drawing.latency_and_resources(table)


def taking(point, slices):
    """`point` with DSP slices in its first layer alone."""
    first, *others = (replace(layer, dsp=0, dsp_range=(0, 0)) for layer in point.estimate.layers)
    layers = (replace(first, dsp=slices, dsp_range=(slices, slices)), *others)
    return replace(point, estimate=replace(point.estimate, layers=layers))


@pytest.mark.parametrize(("panel", "resource"), [(0, "lut"), (1, "dsp")])
def test_every_point_stands_at_its_numbers_in_its_colour(table, panel, resource):
    table = replace(table, points=tuple(taking(point, place) for place, point in enumerate(table.points)))
    axes = drawn(table).axes[panel]
    marks = [bar.lines[0] for bar in axes.containers]
    found = Counter((float(m.get_xdata()[0]), float(m.get_ydata()[0]), to_hex(m.get_color())) for m in marks)
    assert found == Counter(
        (p.estimate.figure(resource).value, p.latency.value, drawing.COLOURS[p.way].lower()) for p in table.points
    )


def test_bars_are_the_intervals_of_what_nothing_beats(table):
    axes = drawn(table).axes[0]
    ends = {
        tuple(np.round(segment[:, 1], 6))
        for bar in axes.containers
        if bar.has_yerr
        for segment in bar.lines[2][1].get_segments()
    }
    assert ends == {tuple(np.round((p.latency.low, p.latency.high), 6)) for p in table.front}


def test_the_budget_is_a_line_only_where_there_is_one(table):
    def levels(figure):
        return [
            [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--" and len(line.get_ydata()) == 2]
            for axes in figure.axes
        ]

    assert levels(drawn(table)) == [[40.0], [40.0]]
    assert levels(drawn(replace(table, budget=None))) == [[], []]


def test_strategies_at_one_place_are_rings_and_named_together(table):
    one = next(point for point in table.front if point.precision == Precision())
    other = replace(one, way="rtl" if one.way != "rtl" else "distributed_arithmetic")
    axes = drawn(replace(table, points=(one, other))).axes[0]
    marks = [bar.lines[0] for bar in axes.containers]
    sizes = [mark.get_markersize() for mark in marks]
    assert {to_hex(mark.get_color()) for mark in marks} == {drawing.COLOURS[p.way].lower() for p in (one, other)}
    assert sizes == sorted(sizes, reverse=True)  # the smaller one is drawn later
    assert sizes[0] > sizes[1]
    assert any(all(drawing.NAMES.get(p.way, p.way) in text.get_text() for p in (one, other)) for text in axes.texts)


def test_without_dsp_slices_the_panel_says_so(table):
    none = replace(table, points=tuple(taking(point, 0) for point in table.points))
    panel = drawn(none).axes[1]
    assert not panel.containers
    assert any(f"no DSP slices in any of the {len(table.points)} designs" in text.get_text() for text in panel.texts)
    some = replace(table, points=tuple(taking(point, 3) for point in table.points))
    panel = drawn(some).axes[1]
    assert len(panel.containers) == len(table.points)
    assert not any("in any of" in text.get_text() for text in panel.texts)
