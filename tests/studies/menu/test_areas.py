"""ROC curves and areas against loops over all pairs, and against scikit-learn."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score

from tests.studies.menu.events import BACKGROUNDS, background, plain, studies
from trigger_nn.studies.menu.areas import area, roc
from trigger_nn.studies.menu.curves import POINTS
from trigger_nn.studies.menu.groups import Group, groups_of
from trigger_nn.studies.menu.spectrum import population


def sides(scored):
    groups = groups_of(scored, BACKGROUNDS)
    scores = scored.scores[:, 0]
    return population([groups["hh"]], scores), population([groups[name] for name in BACKGROUNDS], scores)


def toy(scores, weight=None, source=None, name="toy"):
    weight = np.ones(len(scores)) if weight is None else weight
    group = Group(name, np.arange(len(scores)), np.asarray(weight, np.float32), source)
    return population([group], np.asarray(scores))


@given(studies())
def test_an_area_counts_every_pair_and_ties_half(scored):
    events = plain(scored)
    signal = [event for event in events if event.process == "hh"]
    won = whole = 0.0
    for one in signal:
        for other in background(events):
            whole += one.weight * other.rate
            won += one.weight * other.rate * ((one.score > other.score) + (one.score == other.score) / 2)
    found = area(*sides(scored))
    assert found.value == pytest.approx(won / whole, rel=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(studies())
def test_scikit_learn_finds_the_same_area(scored):
    events = [event for event in plain(scored) if event.process in ("hh", *BACKGROUNDS)]
    weights = [event.weight if event.process == "hh" else event.rate for event in events]
    wanted = roc_auc_score([e.process == "hh" for e in events], [e.score for e in events], sample_weight=weights)
    assert area(*sides(scored)).value == pytest.approx(wanted, rel=1e-12)


@given(studies())
def test_a_curve_of_few_points_is_that_of_every_threshold(scored):
    wanted, others = sides(scored)
    found = roc("hh", wanted, "all", others)
    assert (found.efficiency[0], found.mistag[0]) == (0, 0)
    assert (found.efficiency[-1], found.mistag[-1]) == (1, 1)
    assert found.area.value == pytest.approx(np.trapezoid(found.efficiency, found.mistag), rel=1e-12)
    assert found.events == (len(wanted.groups[0]), sum(len(group) for group in others.groups))


def test_a_thinned_curve_keeps_the_exact_area():
    random = np.random.default_rng(1)
    ours, theirs = random.normal(3000, 2000, 50_000).astype(int), random.normal(0, 2000, 50_000).astype(int)
    found = roc("hh", toy(ours), "all", toy(theirs))
    assert 200 < len(found.efficiency) <= POINTS
    truth = roc_auc_score(np.arange(100_000) < 50_000, np.concatenate([ours, theirs]))
    assert found.area.value == pytest.approx(truth, rel=1e-12)
    assert np.trapezoid(found.efficiency, found.mistag) == pytest.approx(truth, abs=1e-4)  # drawn by straight lines


def delong(ours, theirs):
    """The variance by loops, from the definition."""

    def won(one, other):
        return (one > other) + (one == other) / 2

    placed = [np.mean([won(x, y) for y in theirs]) for x in ours]
    passed = [np.mean([won(x, y) for x in ours]) for y in theirs]
    return np.var(placed, ddof=1) / len(ours) + np.var(passed, ddof=1) / len(theirs)


def test_the_interval_is_that_of_delong():
    random = np.random.default_rng(2)
    ours, theirs = random.integers(0, 9, 30), random.integers(-3, 6, 40)
    found = area(toy(ours), toy(theirs))
    step = 0.9944578832097532 * np.sqrt(delong(ours, theirs)) / (found.value * (1 - found.value))
    odds = np.log(found.value / (1 - found.value))
    assert found.low == pytest.approx(1 / (1 + np.exp(step - odds)))
    assert found.high == pytest.approx(1 / (1 + np.exp(-step - odds)))


def test_copies_do_not_narrow_the_interval_of_an_area():
    random = np.random.default_rng(4)
    ours, theirs = random.integers(0, 9, 30), random.integers(-3, 6, 40)
    once = area(toy(ours), toy(theirs))
    many = area(
        toy(np.repeat(ours, 4), source=np.repeat(np.arange(30), 4)),
        toy(np.tile(theirs, 4), np.full(160, 7.0), np.tile(np.arange(40), 4)),
    )
    assert (many.value, many.low, many.high) == pytest.approx((once.value, once.low, once.high), rel=1e-12)


def test_the_interval_of_an_area_covers():
    random = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        ours, theirs = random.normal(1, 1, 40), random.normal(0, 1, 60)
        found = area(toy((ours * 50).astype(int)), toy((theirs * 50).astype(int)))
        held += found.low <= 0.7602499389065233 <= found.high  # of two unit normals one apart: Phi(1 / sqrt 2)
    assert 0.62 < held / 300 < 0.75


@pytest.mark.parametrize(("shift", "value"), [(100, 1.0), (-100, 0.0)])
def test_what_is_told_apart_wholly_has_an_interval_from_the_smaller_side(shift, value):
    found = area(toy(np.arange(10) + shift), toy(np.arange(30), np.full(30, 0.1)))
    assert found.value == value
    reach = SimpleNamespace(low=found.low, high=found.high) if value else SimpleNamespace(low=1 - found.high, high=1)
    assert reach.low == pytest.approx(0.16**0.1, rel=1e-6)
    assert reach.high == 1
