"""Pictures of a menu study show the numbers of its tables."""

from dataclasses import replace

import numpy as np
import pytest

from tests.plots import tables
from tests.plots.looking import figure_of, key_of, title_of_key
from trigger_nn.plots import menu
from trigger_nn.studies.menu.values import Outside


def bar_of(container):
    """Where an errorbar is, and the ends of its vertical bar."""
    line, _, segments = container.lines
    x, y = float(line.get_xdata()[0]), float(line.get_ydata()[0])
    return x, y, [segment.get_segments()[0][:, :].tolist() for segment in segments]


def test_the_rate_falls_in_khz_over_the_integer_threshold():
    curve = tables.curve()
    rate, kept = figure_of(menu.rate_curve, curve, []).axes[:2]
    some = curve.rate > 0
    np.testing.assert_array_equal(rate.lines[0].get_xdata()[some], curve.thresholds[some])
    np.testing.assert_array_equal(rate.lines[0].get_ydata()[some], curve.rate[some] / 1e3)
    assert np.isnan(rate.lines[0].get_ydata()[~some]).all()
    np.testing.assert_array_equal(kept.lines[0].get_ydata(), curve.efficiency)


def test_the_band_holds_the_intervals_and_where_no_rate_is_left_its_upper_limit():
    curve = tables.curve()
    axes = figure_of(menu.rate_curve, curve, []).axes[0]
    vertices = np.concatenate([path.vertices for band in axes.collections for path in band.get_paths()])
    top = {x: max(y for other, y in vertices if other == x) for x in curve.thresholds}
    assert [top[x] for x in curve.thresholds] == pytest.approx(list(curve.high / 1e3))
    assert top[curve.thresholds[-1]] == pytest.approx(0.03)


def test_thresholds_that_everything_passes_take_no_place():
    curve = tables.curve()
    flat = np.arange(-2048, -400, 8)
    longer = {name: np.concatenate([np.full(len(flat), value[0]), value]) for name, value in vars(curve).items()
              if isinstance(value, np.ndarray)}  # fmt: skip
    longer["thresholds"] = np.concatenate([flat, curve.thresholds])
    ends = [figure_of(menu.rate_curve, c, []).axes[1].get_xlim() for c in (curve, replace(curve, **longer))]
    assert ends[0] == ends[1]


def test_the_second_axis_is_the_score():
    axes = figure_of(menu.rate_curve, tables.curve(), []).axes[0]
    score = axes.child_axes[0]
    low, high = axes.get_xlim()
    assert score.get_xlim() == pytest.approx((low * tables.LSB, high * tables.LSB))
    assert "hh4b" in score.get_xlabel()


def test_working_points_are_marked_and_told_and_hollow_where_not_resolved():
    rows = [*tables.rows(), tables.row(2e5, "another")]
    figure = figure_of(menu.rate_curve, tables.curve(), rows)
    rate, kept = figure.axes[:2]
    places = [bar_of(container)[:2] for container in rate.containers]
    assert places == [(r.threshold.mantissa, pytest.approx(r.threshold.rate.value / 1e3)) for r in rows[:-1]]
    ends = [bar_of(container)[2][0] for container in kept.containers]
    assert [[y for _, y in end] for end in ends] == [pytest.approx(list(row.band)) for row in rows[:-1]]
    assert [c.lines[0].get_markerfacecolor() for c in rate.containers] == ["white", *["#000000"] * 3]
    assert "100 kHz: above" in key_of(figure)[2]
    assert "not resolved" in key_of(figure)[0]


def test_efficiency_leaves_out_thresholds_without_rate():
    curve = tables.curve()
    axes = figure_of(menu.efficiency_against_rate, [curve], []).axes[0]
    some = curve.rate > 0
    told, untold = axes.lines[:2]
    for drawn, wanted in ((told.get_xdata(), curve.rate[some] / 1e3), (told.get_ydata(), curve.efficiency[some])):
        np.testing.assert_array_equal(drawn, wanted[: curve.resolved.sum()])
    rates = np.concatenate([told.get_xdata(), untold.get_xdata()[1:]])
    np.testing.assert_array_equal(rates, curve.rate[some] / 1e3)


def test_what_too_few_events_tell_is_dotted_and_ends_a_decade_below_what_is_told():
    curve = replace(tables.curve(), resolved=tables.curve().rate > 5e4)
    axes = figure_of(menu.efficiency_against_rate, [curve], []).axes[0]
    told, untold = axes.lines[:2]
    assert told.get_xdata().min() > 50 >= untold.get_xdata()[1:].max()
    assert (told.get_linestyle(), untold.get_linestyle()) == ("-", ":")
    assert axes.get_xlim()[0] == pytest.approx(told.get_xdata().min() / 10)
    row = tables.row(150.0)
    assert figure_of(menu.efficiency_against_rate, [curve], [row]).axes[0].get_xlim()[0] < row.threshold.rate.value
    nothing_told = replace(curve, resolved=np.zeros(len(curve.rate), bool))
    told, untold = figure_of(menu.efficiency_against_rate, [nothing_told], []).axes[0].lines[:2]
    assert (len(told.get_xdata()), len(untold.get_xdata())) == (0, (curve.rate > 0).sum())


def test_a_threshold_that_accepts_all_says_so():
    row = tables.row(1e5)
    row = replace(row, threshold=replace(row.threshold, mantissa=-401, always=True))
    assert "100 kHz: always accept, " in key_of(figure_of(menu.rate_curve, tables.curve(), [row]))[0]


def test_areas_stand_in_the_key_with_their_intervals():
    figure = figure_of(menu.roc_curves, [tables.roc(), tables.roc(background="QCD", power=9.0)], True)
    assert title_of_key(figure) == "hh4b"
    assert key_of(figure)[1].replace("\n", " ") == "against QCD, AUC 0.9000 (0.8970–0.9030)"
    assert figure.axes[0].get_yscale() == "log"
    assert figure_of(menu.roc_curves, [tables.roc()], False).axes[0].get_yscale() == "linear"


def test_turn_on_bins_have_their_width_and_empty_ones_nothing():
    curve = tables.turn_on()
    axes = figure_of(menu.turn_on, [curve]).axes[0]
    drawn = [bar_of(container) for container in axes.containers]
    assert len(drawn) == sum(found is not None for found in curve.bins)
    across, up = zip(*((bars[0], bars[1]) for *_, bars in drawn), strict=True)
    assert [(a[0][0], a[1][0]) for a in across] == [
        pytest.approx(pair) for pair in zip(curve.edges[:-2], curve.edges[1:-1], strict=True)
    ]
    assert [(u[0][1], u[1][1]) for u in up] == [pytest.approx((e.low, e.high)) for e in curve.bins[:-1]]


def test_events_beyond_the_bins_are_hollow_markers_beside_them():
    inside = tables.turn_on()
    beyond = replace(inside, above=Outside(94, tables.share(0.96)))
    plain, axes = (figure_of(menu.turn_on, [curve]).axes[0] for curve in (inside, beyond))
    assert plain.get_xlim() == (0, 500)
    low, high = axes.get_xlim()
    assert (low, high) == (0, 530)
    x, y, _ = bar_of(axes.containers[-1])
    assert (500 < x < 530, y, axes.containers[-1].lines[0].get_markerfacecolor()) == (True, 0.96, "white")
    assert len(axes.containers) == len(plain.containers) + 1


def test_events_that_all_curves_share_are_drawn_once():
    same, other = [tables.turn_on(1e5), tables.turn_on(2e5)], tables.turn_on(3e5)
    assert len(figure_of(menu.turn_on, same).axes[1].patches) == 1
    more = replace(other, events=tuple(n + 1 for n in other.events))
    assert len(figure_of(menu.turn_on, [*same, more]).axes[1].patches) == 2


def test_what_fires_never_in_a_bin_is_an_upper_limit():
    table = tables.pileup()
    axes = figure_of(menu.pileup, [table]).axes[0]
    limits = [c for c in axes.containers if c.lines[0] is None]
    points = [c for c in axes.containers if c.lines[0] is not None]
    assert len(limits) == 1
    assert len(points) == sum(row.fired is not None and row.fired.value > 0 for row in table.rows)


def test_bars_of_a_menu_are_pure_and_shared_rates():
    table = tables.overlap()
    rates, kept = figure_of(menu.overlap, table).axes[:2]
    widths = [bar.get_width() for bar in rates.patches]
    assert widths[:2] == pytest.approx([92.0, 51.0])  # the first seed: all, and before it what is pure
    assert widths[-4:] == pytest.approx([100.0, 70.0, 150.0, 220.0])  # network, menus
    assert len(kept.containers) == len(table.seeds) + 3
    assert rates.get_xscale() == "log"
    near = replace(table, seeds=tuple(replace(seed, pure=seed.rate) for seed in table.seeds))
    assert figure_of(menu.overlap, near).axes[0].get_xscale() == "linear"
    ends = [c.lines[2][0].get_segments()[0][:, 0].tolist() for c in rates.containers if hasattr(c, "has_xerr")]
    assert [90.0, 110.0] in [pytest.approx(end) for end in ends]  # the network's


def test_a_bar_is_seen_beside_one_a_hundred_times_as_long():
    axes = figure_of(menu.overlap, tables.uneven_overlap()).axes[0]
    left, right = axes.transAxes.transform([(0, 0), (1, 0)])[:, 0]
    (small,) = [bar for bar in axes.patches if bar.get_width() == pytest.approx(50)]
    assert axes.get_xscale() == "log"
    assert (axes.transData.transform((small.get_width(), 0))[0] - left) / (right - left) > 0.1


def test_densities_are_normalised_with_their_errors():
    (density,) = tables.densities(processes=("QCD",))
    figure = figure_of(menu.densities, [density], "hh4b", tables.LSB)
    (steps,) = figure.axes[0].patches
    values = steps.get_data().values
    assert np.nan_to_num(values) == pytest.approx(density.counts / density.counts.sum())
    assert np.isnan(values).tolist() == (density.counts == 0).tolist()
    assert np.nansum(values) == pytest.approx(1)


def test_a_process_without_events_is_told_so():
    full, empty = tables.densities(processes=("QCD", "tt"))
    empty = replace(empty, counts=np.zeros(48), variances=np.zeros(48))
    figure = figure_of(menu.densities, [full, empty], "hh4b", tables.LSB)
    assert key_of(figure) == ["QCD", "tt: no events"]


def test_cells_of_a_confusion_matrix_are_shares_and_events():
    study = tables.classes(("a", "b", "never"))
    study.confusion[2] = 0
    axes = figure_of(menu.confusion_matrix, study).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts[0] == "87.1 %\n1,620"
    assert texts[6:] == ["–"] * 3
