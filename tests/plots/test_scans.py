"""Pictures of a scan show its trials, its front and the cost of effects."""

from dataclasses import replace

import numpy as np
import pytest

from tests.plots import tables
from tests.plots.looking import figure_of, title_of_key
from trigger_nn.plots import scans


def places(axes):
    return sorted((float(c.lines[0].get_xdata()[0]), float(c.lines[0].get_ydata()[0])) for c in axes.containers)


def test_every_done_trial_stands_at_its_metrics():
    scan = tables.scan()
    figure = figure_of(scans.pareto, scan, "lut", "efficiency")
    done = [trial for trial in scan.trials if trial.state == "done"]
    assert places(figure.axes[0]) == sorted((t.metrics["lut"], t.metrics["efficiency"]) for t in done)
    assert title_of_key(figure) == "20 trials, 1 more failed or not done"


def test_the_front_has_intervals_and_numbers():
    scan = tables.scan()
    axes = figure_of(scans.pareto, scan, "lut", "efficiency").axes[0]
    assert sum(container.has_yerr for container in axes.containers) == len(scan.front)
    assert {text.get_text() for text in axes.texts} <= {str(trial.number) for trial in scan.front}
    assert axes.texts


def test_a_number_without_place_is_left_out_rather_than_on_another():
    scan = tables.scan()
    crowd = tuple(replace(scan.trials[8], number=i, front=True) for i in range(40))
    axes = figure_of(scans.pareto, replace(scan, trials=crowd), "lut", "efficiency").axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert 1 <= len(boxes) < 40
    assert not any(a.padded(-1).overlaps(b.padded(-1)) for i, a in enumerate(boxes) for b in boxes[:i])


def test_axes_name_metric_unit_signal_and_rate():
    axes = figure_of(scans.pareto, tables.scan(), "latency_ns", "efficiency").axes[0]
    assert axes.get_xlabel() == "latency (ns)"
    assert axes.get_ylabel() == "efficiency for hh4b at 100 kHz"


def test_effects_are_in_percentage_points_with_intervals():
    scan = tables.scan()
    axes = figure_of(scans.effects, scan).axes[0]
    bars = [bar.get_width() for bar in axes.patches]
    assert bars == pytest.approx([100 * effect.gain[0] for effect in scan.effects])
    ends = [c.lines[2][0].get_segments()[0][:, 0] for c in axes.containers if hasattr(c, "has_xerr")]
    assert [tuple(end) for end in ends] == [
        pytest.approx((100 * effect.gain[1], 100 * effect.gain[2])) for effect in scan.effects
    ]


def test_dependence_puts_numbers_at_their_value_and_words_side_by_side():
    scan = tables.scan()
    axes = figure_of(scans.dependence, scan, "network.weights.bits").axes[0]
    assert {x for x, _ in places(axes)} == {2, 3, 4, 6, 8}
    axes = figure_of(scans.dependence, scan, "network.activation").axes[0]
    assert {x for x, _ in places(axes)} == {0, 1}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["(none)", "relu"]


def test_a_classifier_shows_its_accuracy():
    scan = tables.scan()
    trials = tuple(replace(t, metrics={"accuracy": 0.7, "accuracy_low": 0.69, "accuracy_high": 0.71})
                   for t in scan.trials if t.state == "done")  # fmt: skip
    axes = figure_of(
        scans.dependence, replace(scan, signal=None, rate=None, trials=trials), "network.weights.bits"
    ).axes[0]  # fmt: skip
    assert axes.get_ylabel() == "accuracy"
    assert np.unique([y for _, y in places(axes)]).tolist() == [0.7]
