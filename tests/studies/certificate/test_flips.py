"""Decisions that flip, against plain loops; their intervals, against scipy and toys."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from trigger_nn.errors import EventsError
from trigger_nn.studies.certificate import refits
from trigger_nn.studies.certificate.decisions import BACKGROUND, OTHERS, SideScores, checked, judgements
from trigger_nn.studies.certificate.flips import alike, flips_of
from trigger_nn.studies.certificate.intervals import gain, rate, share
from trigger_nn.studies.certificate.refits import thresholds

FLOAT, QKERAS, EMULATOR, SECOND = "float Keras", "QKeras", "emulator", "second program"
UPPER = chi2.ppf(0.84, 2) / 2  # of a count of none, 68 % central


def trigger(scores, rates, signal):
    """One output: `scores` by side, `rates` of background events, which come first; `signal` events follow."""
    n = len(rates) + signal
    background = np.arange(n) < len(rates)
    all_rates = np.concatenate([np.array(rates, float), np.zeros(signal)])
    columns = {name: np.array(values, float)[:, None] for name, values in scores.items()}
    return SideScores(columns, ("s",), {"s": ~background}, background, all_rates, 0.5)


def flips(sides, targets):
    return [flip for judgement in judgements(checked(sides), targets) for flip in flips_of(sides, judgement)]


def one(found, **wanted):
    (flip,) = [flip for flip in found if all(getattr(flip, name) == value for name, value in wanted.items())]
    return flip


def test_flips_counted_by_hand():
    """Background scores 5 4 3 2 at 10 Hz each: for 20 Hz the threshold is 3. The other side has 4 2 3 1.

    Its threshold for 20 Hz is 2, so events 1 and 2 change places; at 3 it keeps event 0 alone.
    """
    scores = {QKERAS: [4, 2, 3, 1, 3, 1], EMULATOR: [5, 4, 3, 2, 4, 3]}
    found = flips(trigger(scores, [10, 10, 10, 10], 2), [20.0])
    assert len(found) == 4
    same_rate = one(found, basis="same rate", kind=BACKGROUND)
    assert (same_rate.first, same_rate.second, same_rate.target, same_rate.events) == (QKERAS, EMULATOR, 20.0, 4)
    assert (same_rate.gained, same_rate.lost) == (1, 1)
    assert same_rate.gained_ppm[0] == same_rate.lost_ppm[0] == 250_000
    assert same_rate.gained_hz[0] == same_rate.lost_hz[0] == 10.0
    assert same_rate.change is None  # the same rate is what was asked for
    same_threshold = one(found, basis="same threshold", kind=BACKGROUND)
    assert (same_threshold.gained, same_threshold.lost) == (1, 0)
    assert same_threshold.change[0] == 100.0  # percent: 10 Hz become 20
    signal = one(found, basis="same threshold", kind="s")
    assert (signal.events, signal.gained, signal.lost, signal.gained_hz, signal.lost_hz) == (2, 1, 0, None, None)
    assert signal.change[0] == 50.0


def brute_threshold(scores, rates, target):
    """The lowest score, or less than all, above which no more than `target` passes."""
    for candidate in [min(scores) - 1, *sorted(set(scores))]:
        if sum(r for s, r in zip(scores, rates, strict=True) if s > candidate) <= target:
            return candidate
    raise AssertionError("nothing is above the largest")


numbers = st.integers(-3, 3)


@st.composite
def triggers(draw):
    rates = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12).filter(any))
    signal = draw(st.integers(1, 6))
    sides = {
        name: draw(st.lists(numbers, min_size=len(rates) + signal, max_size=len(rates) + signal))
        for name in (FLOAT, QKERAS, EMULATOR, SECOND)
    }
    return sides, rates, signal, draw(st.integers(0, 30))


@given(triggers())
def test_flips_are_those_of_plain_loops(drawn):
    scores, rates, signal, target = drawn
    n = len(rates)
    own = {name: brute_threshold(values[:n], rates, target) for name, values in scores.items()}
    found = flips(trigger(scores, rates, signal), [float(target)])
    pairs = {(FLOAT, QKERAS), (QKERAS, EMULATOR), (EMULATOR, SECOND), (FLOAT, EMULATOR)}
    assert {(flip.first, flip.second) for flip in found} == pairs
    assert len(found) == len(pairs) * 4
    for flip in found:
        cuts = own if flip.basis == "same rate" else dict.fromkeys(own, own[EMULATOR])
        places = range(n) if flip.kind == BACKGROUND else range(n, n + signal)
        before = [scores[flip.first][i] > cuts[flip.first] for i in places]
        after = [scores[flip.second][i] > cuts[flip.second] for i in places]
        gained = [i for i, b, a in zip(places, before, after, strict=True) if a and not b]
        lost = [i for i, b, a in zip(places, before, after, strict=True) if b and not a]
        assert (flip.gained, flip.lost) == (len(gained), len(lost))
        if flip.kind == BACKGROUND:
            assert flip.gained_hz[0] == sum(rates[i] for i in gained)
            assert flip.lost_hz[0] == sum(rates[i] for i in lost)
            assert flip.gained_hz[1] <= flip.gained_hz[0] < flip.gained_hz[2]
            was = sum(rates[i] for i, b in zip(places, before, strict=True) if b)
            change = 100 * (flip.gained_hz[0] - flip.lost_hz[0]) / was if was else math.nan
        else:
            change = 100 * (len(gained) - len(lost)) / signal
        if flip.kind == BACKGROUND and flip.basis == "same rate":
            assert flip.change is None
        else:
            assert flip.change[0] == pytest.approx(change, nan_ok=True)
            assert not flip.change[1] > flip.change[0]
            assert not flip.change[2] < flip.change[0]


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers, numbers, numbers), min_size=3, max_size=15))
def test_classes_flip_where_the_first_largest_output_is_another(rows):
    """Two sides of three classes; class of event i is i modulo 3."""
    table, n = np.array(rows, float), len(rows)
    kinds = {name: np.arange(n) % 3 == i for i, name in enumerate("abc")}
    sides = SideScores(
        {QKERAS: table[:, :3], EMULATOR: table[:, 3:]}, ("a", "b", "c"), kinds, None, np.zeros(n), 1.0
    )  # fmt: skip
    decided = [[row[:3].index(max(row[:3])), row[3:].index(max(row[3:]))] for row in map(list, rows)]
    for flip in flips(sides, [1.0]):
        j = "abc".index(flip.output)
        places = [i for i in range(n) if (i % 3 == j) == (flip.kind == flip.output)]
        assert flip.kind in (flip.output, OTHERS)
        assert flip.events == len(places)
        assert flip.gained == sum(decided[i][0] != j == decided[i][1] for i in places)
        assert flip.lost == sum(decided[i][0] == j != decided[i][1] for i in places)
        assert (flip.target, flip.gained_hz, flip.basis) == (0.0, None, "largest output")
    (pair,) = alike(sides, tuple(judgements(sides, ())))
    assert pair.differing == sum(one != two for one, two in decided)
    assert pair.equal_scores == sum(row[:3] == row[3:] for row in rows)


def test_a_pair_is_alike_only_if_no_output_and_no_rate_differs():
    """Two outputs: one event flips at the first, another at the second, both at both rates."""
    ours = np.array([[4.0, 1], [3, 2], [2, 3], [1, 4], [9, 9], [9, 9]])
    theirs = ours.copy()
    theirs[0, 0] = theirs[3, 1] = 0
    background = np.array([True] * 4 + [False] * 2)
    kinds = {"s": np.arange(6) == 4, "t": np.arange(6) == 5}
    sides = SideScores({EMULATOR: ours, SECOND: theirs}, ("s", "t"), kinds, background, background * 10.0, 1.0)
    by_basis = {pair.basis: pair for pair in alike(sides, tuple(judgements(sides, [10.0, 11.0])))}
    assert by_basis["same threshold"].differing == 2
    assert by_basis["same threshold"].equal_scores == 4
    assert by_basis["same threshold"].ppm[0] == pytest.approx(1e6 * 2 / 6)
    assert by_basis["same rate"].differing == 4  # events 1 and 2 take their places


def test_shares_have_the_intervals_of_clopper_and_pearson():
    sides = trigger({QKERAS: [0] * 50, EMULATOR: [0] * 50}, [1] * 40, 10)
    group = sides.group(np.ones(50, bool))
    for count in (0, 1, 7, 49, 50):
        found = share(np.arange(50) < count, group)
        wanted = binomtest(count, 50).proportion_ci(0.68, method="exact")
        assert found == pytest.approx((count / 50, wanted.low, wanted.high), abs=1e-12)


def test_no_flip_has_an_upper_limit():
    """The light event and the heavy ones have each their own."""
    rates = [4.0, 4.0, 1.0]
    found = flips(trigger({QKERAS: [3, 2, 1, 5], EMULATOR: [3, 2, 1, 5]}, rates, 1), [4.0])
    background, signal = one(found, basis="same threshold", kind=BACKGROUND), one(found, basis="same rate", kind="s")
    assert background.gained == background.lost == 0
    assert background.limit_ppm == pytest.approx(1e6 * (1 - 0.05 ** (1 / 3)))
    assert background.gained_ppm == pytest.approx((0, 0, 1e6 * (1 - 0.16 ** (1 / 3))))
    each = math.hypot(4, 1)  # Hz
    assert background.gained_hz == pytest.approx((0, 0, UPPER * each))
    assert background.change == pytest.approx((0, -100 * UPPER * each / 4, 100 * UPPER * each / 4))
    assert signal.change == pytest.approx((0, -84, 84))


def test_copies_add_no_precision():
    once = trigger({QKERAS: [4, 2, 3, 1, 3, 1], EMULATOR: [5, 4, 3, 2, 4, 3]}, [10, 20, 10, 30], 2)
    many = replace(
        once, scores={name: np.repeat(values, 4, axis=0) for name, values in once.scores.items()},
        kinds={"s": np.repeat(once.kinds["s"], 4)}, background=np.repeat(once.background, 4),
        rates=np.repeat(once.rates, 4) / 4, source=np.repeat(np.arange(6), 4),
    )  # fmt: skip
    for alone, copied in zip(flips(once, [40.0]), flips(many, [40.0]), strict=True):
        assert copied.events == 4 * alone.events
        for name in ("gained_ppm", "lost_ppm", "gained_hz", "lost_hz", "change"):
            if alone.change is not None or name != "change":
                assert getattr(copied, name) == pytest.approx(getattr(alone, name), nan_ok=True)
        assert copied.limit_ppm == pytest.approx(alone.limit_ppm)


def test_a_change_has_the_error_of_the_square_root_of_all_flips():
    gained, lost = (share(np.arange(10_000) < count, all_of(10_000)) for count in (400, 500))
    value, low, high = gain(gained, lost)
    assert value == pytest.approx(-0.01)
    assert (high - low) / 2 == pytest.approx(math.sqrt(900) / 10_000, rel=0.02)


def all_of(events):
    return SideScores({}, (), {}, None, np.zeros(events), 1.0).group(np.ones(events, bool))


def test_changes_are_covered():
    """Gained and lost of 400 events, few: the truth is inside in no less than 68 % of toys."""
    truth, random, inside = (0.01, 0.02), np.random.default_rng(1), 0
    for _ in range(400):
        counts = random.multinomial(400, (*truth, 1 - sum(truth)))
        _, low, high = gain(*(share(np.arange(400) < count, all_of(400)) for count in counts[:2]))
        inside += low <= truth[0] - truth[1] <= high
    assert 0.66 < inside / 400 < 0.85


def test_rates_are_covered():
    """Weighted events flip with a small probability; the rate they stand for is inside in 68 % of toys or more."""
    random, inside = np.random.default_rng(2), 0
    rates = random.exponential(10.0, 2000)
    group = replace(all_of(2000), weight=rates.astype(np.float32))
    for _ in range(400):
        _, low, high = rate(random.random(2000) < 0.005, group)
        inside += low <= 0.005 * rates.sum() <= high
    assert 0.64 < inside / 400 < 0.9


def test_rates_of_light_flips_hold_what_heavy_events_may_add():
    """0.6 heavy flips are expected, 10 light ones."""
    heavy = np.repeat([True, False], [500, 2000])
    group = replace(all_of(2500), weight=np.where(heavy, 1000.0, 1.0).astype(np.float32))
    random, inside = np.random.default_rng(4), 0
    for _ in range(300):
        _, low, high = rate(random.random(2500) < np.where(heavy, 0.6 / 500, 10 / 2000), group)
        inside += low <= 610 <= high
    assert inside / 300 >= 0.64


def noisy(random, background=300, signal=2000):
    """Two sides whose scores differ by noise, on events of 10 Hz."""
    true = np.concatenate([random.normal(0, 1, background), random.normal(1.5, 1, signal)])
    scores = {name: true + random.normal(0, 0.4, len(true)) for name in (QKERAS, EMULATOR)}
    return trigger(scores, [10.0] * background, signal)


def test_changes_at_the_same_rate_hold_the_truth_although_thresholds_come_from_few_events():
    """Both sides are equally good: the truth is 0. The flips' own interval, which takes thresholds for true, fails."""
    random, held, naive = np.random.default_rng(11), 0, 0
    for _ in range(150):
        sides = noisy(random)
        (judgement,) = [j for j in judgements(sides, [100.0]) if j.basis == "same rate"]
        wide, bare = (
            next(f for f in flips_of(sides, j) if f.kind == "s") for j in (judgement, replace(judgement, moved={}))
        )
        held += wide.change[1] <= 0 <= wide.change[2]
        naive += bare.change[1] <= 0 <= bare.change[2]
    assert held / 150 >= 0.62
    assert naive / 150 < 0.5


def test_thresholds_are_refitted_to_whole_simulated_events_and_alike_every_time():
    random = np.random.default_rng(5)
    column, rates = random.integers(0, 20, 200).astype(float), random.integers(1, 4, 200).astype(float)
    found = thresholds({"a": column, "b": column}, rates, None, [30.0, 90.0])
    assert np.array_equal(found["a"], found["b"])  # paired: equal sides move alike
    assert np.array_equal(found["a"], thresholds({"a": column}, rates, None, [30.0, 90.0])["a"])
    copied = thresholds(
        {"a": np.repeat(column, 4)}, np.repeat(rates, 4) / 4, np.repeat(np.arange(200), 4), [30.0, 90.0]
    )
    assert copied["a"].std(axis=0) == pytest.approx(found["a"].std(axis=0), rel=0.3)
    independent = thresholds({"a": np.repeat(column, 4)}, np.repeat(rates, 4) / 4, None, [30.0, 90.0])
    assert (independent["a"].std(axis=0) < 0.75 * found["a"].std(axis=0)).all()


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20), st.integers(0, 40))
def test_a_replica_s_threshold_is_the_loosest_that_keeps_its_rate(column, target):
    """Against a loop over scores, of the very events that a replica drew."""
    scores, rates = np.array(column, float), np.arange(1.0, len(column) + 1)
    side = refits._near(scores, rates, 1, 1e9)
    drawn = next(refits._replicas(np.arange(len(column)), np.arange(len(column)), rates))
    found = side.thresholds(drawn, np.array([float(target)]))[0]
    kept = [c for c in [-np.inf, *sorted(set(column))] if drawn[scores > c].sum() <= target]
    assert (scores > found).tolist() == (scores > kept[0]).tolist()


def test_of_large_samples_only_events_near_a_threshold_are_drawn():
    column = np.random.default_rng(1).normal(0, 1, 50_000)
    near = refits._near(column, np.ones(50_000), 1, 500.0)
    assert 500 < len(near.place) < 1000
    whole = np.std(thresholds({"a": column[np.argsort(-column)][:5000]}, np.ones(5000), None, [500.0])["a"])
    part = np.std(thresholds({"a": column}, np.ones(50_000), None, [500.0])["a"])
    assert part == pytest.approx(whole, rel=0.2)


def test_efficiencies_change_by_the_generator_s_weights_and_ppm_by_events():
    sides = trigger({QKERAS: [3, 2, 1, 1, 1], EMULATOR: [3, 2, 5, 1, 1]}, [1.0, 1.0], 3)
    heavy = replace(sides, weights=np.array([1, 1, 8, 1, 1], np.float32))
    found = one(flips(heavy, [1.0]), basis="same threshold", kind="s")
    assert found.gained_ppm[0] == pytest.approx(1e6 / 3)
    assert found.change[0] == pytest.approx(80)


def test_a_threshold_that_all_passes_is_one_below_the_type():
    sides = replace(trigger({QKERAS: [3, 2, 9], EMULATOR: [3, 2, 1]}, [1.0, 1.0], 1), loosest=-5.0)
    for judgement in judgements(sides, [7.0]):
        assert set(judgement.thresholds.values()) == {-5.0}
        assert all(passed.all() for passed in judgement.passed.values())
    lower = replace(sides, scores={**sides.scores, QKERAS: sides.scores[QKERAS] - 20})
    own = next(iter(judgements(lower, [7.0])))
    assert own.passed[QKERAS].all()
    assert own.thresholds[QKERAS] < -5


def test_what_can_not_tell_is_refused():
    good = trigger({QKERAS: [3, 2, 1], EMULATOR: [3, 2, 1]}, [1, 1], 1)
    with pytest.raises(EventsError, match="nothing to compare the emulator with"):
        checked(replace(good, scores={EMULATOR: good.scores[EMULATOR]}))
    with pytest.raises(EventsError, match=r"QKeras has scores of shape \(2, 1\) for 3 events"):
        checked(replace(good, scores={QKERAS: np.zeros((2, 1)), EMULATOR: good.scores[EMULATOR]}))
    with pytest.raises(EventsError, match="QKeras gives nan for s in event 1"):
        checked(replace(good, scores={QKERAS: np.array([[1], [np.nan], [0]]), EMULATOR: good.scores[EMULATOR]}))
    with pytest.raises(EventsError, match="no event of background among these 3"):
        checked(replace(good, background=np.zeros(3, bool)))
    with pytest.raises(EventsError, match="stand for no rate"):
        list(judgements(replace(good, rates=np.zeros(3)), [1.0]))
