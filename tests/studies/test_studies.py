"""Rates, efficiencies, cuts and agreement, against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_nn.errors import EventsError, MismatchError
from trigger_nn.events.storage.dataset import Events
from trigger_nn.studies.agreement import compare_layers
from trigger_nn.studies.cuts import CutTrigger, tune
from trigger_nn.studies.rates import curve, efficiency, working_point


@given(
    st.lists(st.tuples(st.integers(0, 6), st.floats(0.1, 10)), min_size=1, max_size=40),
    st.floats(0, 100),
)
def test_working_point_is_the_loosest_that_keeps_the_rate(pairs, target):
    scores, rates = np.array([p[0] for p in pairs], float), np.array([p[1] for p in pairs])
    point = working_point(scores, rates, target)
    passing = scores > point.threshold
    assert rates[passing].sum() <= target + 1e-9
    assert np.isclose(point.rate, rates[passing].sum())
    assert point.events == passing.sum()
    looser = [t for t in np.unique(scores) if t < point.threshold]
    assert all(rates[scores > t].sum() > target - 1e-9 for t in looser)


def test_effective_events_of_equal_weights_is_their_number():
    point = working_point(np.arange(20.0), np.full(20, 3.0), 30.0)
    assert (point.events, round(point.effective, 9), point.threshold) == (10, 10, 9)


def test_no_background_is_said():
    with pytest.raises(EventsError, match="no background"):
        working_point(np.array([]), np.array([]), 1e3)


def test_efficiency_interval_is_clopper_pearson():
    found = efficiency(np.arange(100) < 37)
    assert found.value == 0.37
    # The interval of 68 % by its definition: 16 % of experiments at either end lie beyond what was seen.
    from scipy.stats import binom

    assert np.isclose(binom.sf(36, 100, found.low), 0.16, atol=1e-6)
    assert np.isclose(binom.cdf(37, 100, found.high), 0.16, atol=1e-6)
    with pytest.raises(EventsError):
        efficiency(np.array([], bool))


def test_curve_counts():
    line = curve(np.array([1.0, 2, 3]), np.array([10.0, 20, 30]), np.array([0.0, 1.5, 2.5, 4]))
    assert line.rate.tolist() == [0, 30, 50]
    assert line.efficiency.tolist() == [0.25, 0.5, 0.75]


def events(jet_pt, met):
    n = len(met)
    columns = {"jet_pt": np.array(jet_pt, np.uint16), "met": np.array(met)}
    return Events(np.zeros(n, np.uint8), np.ones(n), np.ones(n), columns)


def test_published_cuts():
    jets = [[250, 250, 200, 101, 0], [250, 250, 200, 100, 0], [100, 100, 100, 100, 0], [900, 900, 900, 0, 0]]
    trigger = CutTrigger()
    passed = trigger.score(events(jets, [0, 0, 401, 900]), lsb=0.5) > 1
    assert passed.tolist() == [True, False, True, False]  # 400.5 GeV; 400; missing 200.5; three jets only


def test_tuned_cuts_keep_the_rate_on_the_split_they_were_tuned_on(sample):
    backgrounds = ("zero_bias", "qcd")
    trigger = tune(sample, "train", "hh4b", backgrounds, 200e3)
    train, mask = sample.splits["train"], sample.select("train", *backgrounds)
    rate = train.rate[mask][trigger.score(train, sample.lsb("jet_pt"))[mask] > 1].sum()
    assert 100e3 < rate <= 200e3 * 1.0001
    signal = sample.select("train", "hh4b")
    point = working_point(CutTrigger().score(train, sample.lsb("jet_pt"))[mask], train.rate[mask].astype(float), 200e3)
    untuned = (CutTrigger().score(train, sample.lsb("jet_pt"))[signal] > point.threshold).mean()
    assert (trigger.score(train, sample.lsb("jet_pt"))[signal] > 1).mean() >= untuned - 0.01


def test_a_difference_names_layer_event_and_element():
    ours = {"a": np.zeros((3, 2)), "b": np.zeros((3, 4))}
    theirs = {"a": np.zeros((3, 2)), "b": np.zeros((3, 4))}
    assert compare_layers(ours, theirs, ("x", "y")).values == 18
    theirs["b"][2, 1] = 2**-20
    with pytest.raises(MismatchError, match=r"layer 'b', event 2, element \(1,\)"):
        compare_layers(ours, theirs, ("x", "y"))
    with pytest.raises(MismatchError, match="no layer in common"):
        compare_layers(ours, {}, ("x", "y"))
    with pytest.raises(MismatchError, match="shape"):
        compare_layers(ours, {"a": np.zeros((2, 2))}, ("x", "y"))
