"""What effects cost: means, intervals, and the difference of independent efficiencies."""

from math import hypot, sqrt

import pytest

from tests.studies.scans.test_pareto import TRIAL, replace
from trigger_nn.studies.scans.effects import combined, effects_of, with_threshold


def trial(value, low, high, state="done"):
    metrics = {"efficiency": value, "efficiency_low": low, "efficiency_high": high}
    return replace(TRIAL, state=state, metrics=metrics)


def test_an_interval_holds_the_events_and_the_threshold_in_quadrature():
    found = with_threshold((0.5, 0.47, 0.53), 0.46, 0.55)
    assert found == pytest.approx((0.5, 0.5 - hypot(0.03, 0.04), 0.5 + hypot(0.03, 0.05)))
    assert with_threshold((0.9, 0.85, 0.95), 0.0, 1.0) == pytest.approx((0.9, 0.0, 1.0))


def test_one_training_has_the_interval_that_it_has():
    assert combined([trial(0.5, 0.47, 0.53)], "efficiency") == pytest.approx((0.5, 0.47, 0.53))


def test_several_trainings_add_their_spread_but_do_not_lessen_the_error_of_the_events():
    found = combined([trial(0.4, 0.37, 0.43), trial(0.6, 0.57, 0.63)], "efficiency")
    spread = sqrt(2) * 0.1 / sqrt(2)  # standard deviation of two values, over sqrt(2)
    assert found == pytest.approx((0.5, 0.5 - hypot(0.03, spread), 0.5 + hypot(0.03, spread)))


def test_the_change_is_the_base_less_the_one_without_the_effect():
    (effect,) = effects_of({"bending": [trial(0.6, 0.56, 0.64)]}, (0.5, 0.47, 0.52), "efficiency")
    assert effect.efficiency == pytest.approx((0.6, 0.56, 0.64))
    assert effect.change == pytest.approx((-0.1, -0.1 - hypot(0.03, 0.04), -0.1 + hypot(0.02, 0.04)))


def test_failed_trials_do_not_count_and_without_a_base_there_is_no_effect():
    failed = trial(0.9, 0.9, 0.9, state="failed")
    assert combined([failed], "efficiency") is None
    assert effects_of({"bending": [trial(0.6, 0.5, 0.7)]}, None, "efficiency") == ()
    assert effects_of({"bending": [failed]}, (0.6, 0.5, 0.7), "efficiency") == ()


def test_a_switched_off_stage_is_told_as_missing_and_another_change_by_its_name():
    without = {name: [trial(0.6, 0.5, 0.7)] for name in ("smearing", "fine cells")}
    found = effects_of(without, (0.5, 0.4, 0.6), "efficiency", off=("smearing",))
    assert [effect.what for effect in found] == ["no smearing", "fine cells"]
    assert found[0].gain == pytest.approx((0.1, 0.1 - hypot(0.1, 0.1), 0.1 + hypot(0.1, 0.1)))
