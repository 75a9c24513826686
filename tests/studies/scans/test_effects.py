"""What effects cost: means, intervals, and the difference of independent efficiencies."""

from math import hypot, sqrt

import pytest

from tests.studies.scans.test_pareto import TRIAL, replace
from trigger_nn.studies.scans.effects import combined, effects_of


def trial(value, low, high, at_lower=None, at_higher=None, state="done"):
    metrics = {"efficiency": value, "efficiency_low": low, "efficiency_high": high}
    if at_lower is not None:
        metrics |= {"efficiency_at_lower_rate": at_lower, "efficiency_at_higher_rate": at_higher}
    return replace(TRIAL, state=state, metrics=metrics)


def test_one_training_has_the_interval_of_its_events_and_its_threshold():
    found = combined([trial(0.5, 0.47, 0.53, 0.46, 0.55)], "efficiency")
    assert found == pytest.approx((0.5, 0.5 - hypot(0.03, 0.04), 0.5 + hypot(0.03, 0.05)))


def test_several_trainings_add_their_spread_but_do_not_lessen_the_error_of_the_events():
    found = combined([trial(0.4, 0.37, 0.43), trial(0.6, 0.57, 0.63)], "efficiency")
    spread = sqrt(2) * 0.1 / sqrt(2)  # standard deviation of two values, over sqrt(2)
    assert found == pytest.approx((0.5, 0.5 - hypot(0.03, spread), 0.5 + hypot(0.03, spread)))


def test_the_change_is_the_base_less_the_one_without_the_effect():
    (effect,) = effects_of({"bending": [trial(0.6, 0.56, 0.64)]}, [trial(0.5, 0.47, 0.52)], "efficiency")
    assert effect.efficiency == pytest.approx((0.6, 0.56, 0.64))
    assert effect.change == pytest.approx((-0.1, -0.1 - hypot(0.03, 0.04), -0.1 + hypot(0.02, 0.04)))


def test_failed_trials_do_not_count_and_without_a_base_there_is_no_effect():
    failed = trial(0.9, 0.9, 0.9, state="failed")
    assert combined([failed], "efficiency") is None
    assert effects_of({"bending": [trial(0.6, 0.5, 0.7)]}, [failed], "efficiency") == ()
    assert effects_of({"bending": [failed]}, [trial(0.6, 0.5, 0.7)], "efficiency") == ()
