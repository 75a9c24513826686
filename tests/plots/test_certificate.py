"""Pictures of a certificate show its flips, where they begin, and residuals."""

from dataclasses import replace

import numpy as np
import pytest

from tests.plots import tables
from tests.plots.looking import figure_of
from trigger_nn.plots import certificate


def words_of(axes):
    return " ".join(text.get_text() for text in axes.texts)


def test_exact_scores_are_told_with_what_the_events_prove():
    wide, exact = figure_of(certificate.residuals, tables.residuals()).axes[:2]
    assert "all equal (at least 99.998 %)" in words_of(exact)
    assert "7 % equal" in words_of(wide)
    assert "RMS 6.1 LSB, largest 23.4 LSB" in words_of(wide)


def test_flips_are_drawn_at_their_ppm_and_none_as_limits():
    table = tables.certificate((1e5,))
    background, signal = figure_of(certificate.flips, table).axes[:2]
    for axes, kind in ((background, "background"), (signal, "hh4b")):
        flips = [flip for flip in table.flips if flip.kind == kind]
        some = [v for flip in flips for v in (flip.gained_ppm[0], flip.lost_ppm[0]) if v > 0]
        none = [flip.limit_ppm for flip in flips for ppm in (flip.gained_ppm, flip.lost_ppm) if ppm[0] == 0]
        drawn = [float(c.lines[0].get_xdata()[0]) for c in axes.containers]
        assert sorted(drawn) == pytest.approx(sorted(some + none))
        low, high = axes.get_xlim()
        assert low < min(drawn)
        assert max(drawn) < high


def test_headings_name_pair_and_basis_and_outputs_if_there_are_several():
    table = tables.certificate((1e5,))
    axes = figure_of(certificate.flips, table).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["float Keras to QKeras, same rate", "100 kHz"]
    other = replace(table, flips=(*table.flips, replace(table.flips[0], output="tt")))
    names = [label.get_text() for label in figure_of(certificate.flips, other).axes[0].get_yticklabels()]
    assert names[0] == "float Keras to QKeras, same rate, hh4b"


def test_classes_have_a_line_each_and_others_a_panel():
    axes, own = figure_of(certificate.flips, tables.class_certificate(("g", "q"))).axes
    assert axes.get_title(loc="left") == "events of other classes"
    assert own.get_title(loc="left") == "events of g, q"
    assert len(axes.containers) == len(own.containers) == 8
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == [
        "float Keras to QKeras, largest output", "g", "q",
    ]  # fmt: skip


def test_onsets_are_events_by_layer():
    onset = tables.onsets()[0]
    axes = figure_of(certificate.onsets, [onset]).axes[0]
    assert [text.get_text() for text in axes.texts] == [str(n) for n in onset.layers.values()]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(onset.layers)
    assert "200 of 731 events" in axes.get_yticklabels()[0].get_text()


def test_every_event_is_in_the_histograms_of_scores():
    first = np.random.default_rng(1).normal(0, 3, 500)
    second = np.floor(first * 128) / 128
    upper, lower = figure_of(certificate.scores, first, second, 1 / 128, ("float", "emulator")).axes[:2]
    for axes in (upper, lower):
        assert np.nansum(axes.collections[0].get_array()) == 500


def test_residuals_of_a_whole_lsb_fill_one_row_each():
    first = np.repeat([0.0, 1.0], 10)
    second = first + np.tile([-1 / 128, 3 / 128], 10)
    lower = figure_of(certificate.scores, first, second, 1 / 128, ("float", "emulator")).axes[1]
    mesh = lower.collections[0]
    filled = np.nansum(np.asarray(mesh.get_array()).reshape(51, 100), axis=1)
    assert {row - 25: n for row, n in enumerate(filled) if n} == {-1: 10, 3: 10}
