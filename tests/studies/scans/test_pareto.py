"""The front of a scan against a count by hand."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from trigger_nn.studies.scans.pareto import with_front
from trigger_nn.studies.scans.values import Objective, Trial

OBJECTIVES = (
    Objective("efficiency", "", "larger"), Objective("latency_ns", "ns", "smaller"), Objective("lut", "", "smaller")
)  # fmt: skip
TRIAL = Trial(0, "done", {}, {}, (1, 1), (0.5, 0.5), 1.0, "", "")


def trial(number, values, state="done"):
    metrics = dict(zip(("efficiency", "latency_ns", "lut"), map(float, values), strict=True))
    return replace(TRIAL, number=number, state=state, metrics=metrics)


def beats(one, other):
    """Spelled out, without signs."""
    a, b = one.metrics, other.metrics
    no_worse = a["efficiency"] >= b["efficiency"] and a["latency_ns"] <= b["latency_ns"] and a["lut"] <= b["lut"]
    better = a["efficiency"] > b["efficiency"] or a["latency_ns"] < b["latency_ns"] or a["lut"] < b["lut"]
    return no_worse and better


small = st.integers(0, 3)
rows = st.lists(st.tuples(small, small, small, st.sampled_from(["done", "done", "done", "failed", "waiting"])))


@given(rows)
def test_the_front_is_what_no_other_trial_that_is_done_beats(found):
    trials = [trial(i, values, state) for i, (*values, state) in enumerate(found)]
    done = [one for one in trials if one.state == "done"]
    wanted = [one.state == "done" and not any(beats(other, one) for other in done) for one in trials]
    assert [one.front for one in with_front(trials, OBJECTIVES)] == wanted


def test_a_failed_trial_with_the_best_metrics_is_not_on_the_front():
    trials = with_front([trial(0, (9, 0, 0), "failed"), trial(1, (1, 5, 5))], OBJECTIVES)
    assert [one.front for one in trials] == [False, True]


def test_no_trials_have_no_front():
    assert with_front([], OBJECTIVES) == ()
