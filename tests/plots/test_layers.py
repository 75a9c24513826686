"""Pictures of layers show their types' bits, proven ranges, and what they cost."""

import pytest

from tests.plots.looking import figure_of
from tests.plots.test_every_picture import estimate, ranges
from trigger_nn.plots import layers


def test_bars_go_from_the_lowest_bit_to_the_highest():
    axes = figure_of(layers.layer_types, ranges()).axes[0]
    wide = [bar for bar in axes.patches if bar.get_height() > 0.5]
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in wide]
    assert ends == [(2.0**-6, 2.0**4), (2.0**-11, 2.0**7), (2.0**-4, 2.0**4), (2.0**6, 2.0**29)]


def test_proven_bars_leave_out_zero_bits_and_end_at_the_largest_value():
    axes = figure_of(layers.layer_types, ranges()).axes[0]
    proven = [bar for bar in axes.patches if bar.get_height() < 0.5]
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in proven] == [
        pytest.approx((2.0**-6, 1023 / 64)), pytest.approx((2.0**-9, 176849 / 2**11)), (2.0**6, 2.0**29),
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == [" always 0"]


def test_types_stand_beside_their_layers():
    axes = figure_of(layers.layer_types, ranges()).axes[0]
    (types,) = axes.child_axes
    assert [label.get_text() for label in types.get_yticklabels()] == [
        "ufixed<10,4>", "fixed<19,8>", "ufixed<8,4>", "fixed<24,30>",
    ]  # fmt: skip


def test_costs_have_intervals_and_resources_that_nothing_takes_no_panel():
    figure = figure_of(layers.layer_costs, estimate())
    shown = [axes.get_xlabel() for axes in figure.axes if axes.axison]
    assert shown == ["latency (cycles of 2.5 ns)", "LUTs", "flip-flops", "DSP slices"]
    latency, luts = figure.axes[:2]
    assert [bar.get_width() for bar in latency.patches] == [3 + i for i in range(7)]
    assert latency.get_title(loc="left") == "in all 42 (40–47)"
    ends = [c.lines[2][0].get_segments()[0][:, 0] for c in luts.containers if hasattr(c, "has_xerr")]
    assert [tuple(end) for end in ends] == [pytest.approx((630 * i, 1260 * i)) for i in range(1, 7)]
    none = figure_of(layers.layer_costs, estimate(0))
    assert "DSP slices" not in [axes.get_xlabel() for axes in none.axes]
