"""Intervals against scipy, and how often they hold the truth in toys."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from trigger_nn.errors import EventsError
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.groups import Group
from trigger_nn.studies.menu.spectrum import spectrum
from trigger_nn.studies.menu.sums import none
from trigger_nn.studies.rates import efficiency

ASKED = 0.64  # of 0.68: toys are few, and effective counts are not whole


def group(weight, source=None):
    source = None if source is None else np.asarray(source)
    return Group("toy", np.arange(len(weight)), np.asarray(weight, np.float32), source)


@pytest.mark.parametrize(("passed", "count"), [(0, 7), (7, 7), (1, 9), (123, 4567), (1, 1), (9999, 10000)])
def test_equal_weights_have_the_interval_of_clopper_and_pearson(passed, count):
    fired = np.arange(count) < passed
    toy = group(np.full(count, 0.3))
    found, plain = intervals.share(toy.passing(fired), toy.total), efficiency(fired)
    assert found.value == plain.value
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), rel=1e-9)
    exact = binomtest(passed, count).proportion_ci(0.68, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=1e-9)


@pytest.mark.parametrize("count", [1, 3, 20, 5000])
def test_equal_weights_have_garwood_s_interval(count):
    toy = group(np.full(count, 250.0))
    found = intervals.rate(toy.total, toy.total)
    assert found.value == count * 250
    assert found.low == pytest.approx(chi2.ppf(0.16, 2 * count) / 2 * 250, rel=1e-9)
    assert found.high == pytest.approx(chi2.ppf(0.84, 2 * count + 2) / 2 * 250, rel=1e-9)


def test_where_nothing_passes_an_event_of_average_rate_is_ruled_out():
    toy = group([2.0, 2.0, 4.0])
    found = intervals.rate(toy.passing(np.zeros(3, bool)), toy.total)
    assert (found.value, found.low, found.effective) == (0, 0, 0)
    assert (found.high, found.unseen) == pytest.approx((-np.log(0.16) * 24 / 8,) * 2)
    share = intervals.share(toy.passing(np.zeros(3, bool)), toy.total)
    assert share.high == pytest.approx(1 - 0.16 ** (24 / 64))


def test_what_heavy_events_may_add_is_in_the_interval_of_light_ones():
    toy = group(np.repeat([4842.0, 0.01], [6000, 3500]))
    nothing, light = np.zeros(9500, bool), np.arange(9500) == 9499
    limit = -np.log(0.16) * 4842
    for fired, value in ((nothing, 0), (light, 0.01)):
        found = intervals.rate(toy.passing(fired), toy.total)
        assert found.value == pytest.approx(value)
        assert found.unseen == pytest.approx(limit)
        assert found.high == pytest.approx(limit, rel=1e-4)


def test_a_rate_is_resolved_by_ten_events_and_beyond_what_is_unseen():
    toy = group(np.repeat([1000.0, 1.0], [100, 3000]))
    found = intervals.rate(toy.passing(np.arange(3100) >= 1100), toy.total)
    assert found.effective == pytest.approx(2000)
    limit = -np.log(0.16) * 1000
    assert not intervals.resolved(found, 1.9 * limit)
    assert intervals.resolved(found, 2.1 * limit)
    few = intervals.rate(toy.passing(np.arange(3100) < 9), toy.total)
    assert not intervals.resolved(few, 1e9)


def test_strata_of_a_part_are_those_of_the_whole():
    """A rate of some of the events, beside all: empty strata of the part count."""
    toy = group(np.repeat([100.0, 1.0], [10, 50]))
    light = toy.part(toy.weight < 2)
    found = intervals.rate(light.total, toy.total)
    assert (found.value, found.unseen) == (50, pytest.approx(-np.log(0.16) * 100))


def test_copies_are_told_apart_by_what_all_of_them_stand_for():
    """Copies of unequal weights, of simulated events that weigh the same: one stratum."""
    toy = group(np.tile([1.0, 99.0], 20), np.repeat(np.arange(20), 2))
    assert len(toy.bands) == 1
    assert [len(band) for band in group(np.tile([1.0, 99.0], 20)).bands] == [20, 20]


@pytest.mark.parametrize("ratio", [3.9, 8.0, 1000.0])
@pytest.mark.parametrize("light", [0.6, 10.0, 60.0])
def test_intervals_of_two_strata_cover_though_heavy_events_are_seldom_seen(ratio, light):
    heavy = np.repeat([True, False], [500, 2000])
    chance = np.where(heavy, 0.6 / 500, light / 2000)
    toy = group(np.where(heavy, ratio, 1.0))

    def make(random):
        return toy, random.random(2500) < chance

    assert covered(make, 0.6 * ratio + light, rate_of) >= ASKED
    assert covered(make, (0.6 * ratio + light) / (500 * ratio + 2000), share_of) >= ASKED


def test_a_curve_s_thresholds_have_the_intervals_of_their_events():
    random = np.random.default_rng(7)
    toy = group(random.choice([1.0, 7.0, 300.0], 400), random.integers(0, 150, 400))
    scores = random.integers(-9, 9, 400)
    found = spectrum(toy, scores)
    cuts = np.arange(-10, 9)
    low, high = intervals.rate_interval(found.above(cuts), found.total)
    for place, cut in enumerate(cuts):
        one = intervals.rate(toy.passing(scores > cut), toy.total)
        assert (low[place], high[place]) == pytest.approx((one.low, one.high), rel=1e-9, abs=1e-9)


def test_no_event_at_all_has_no_rate_and_no_efficiency():
    found = intervals.rate(none(), none())
    assert (found.value, found.low, found.high, found.events) == (0, 0, 0, 0)
    with pytest.raises(EventsError, match="no weight"):
        intervals.share(none(), none())


def test_copies_that_decide_alike_add_no_precision():
    fired = np.arange(20) < 5
    once, copied = group(np.ones(20)), group(np.ones(160), np.repeat(np.arange(20), 8))
    one = intervals.share(once.passing(fired), once.total)
    many = intervals.share(copied.passing(np.repeat(fired, 8)), copied.total)
    assert (many.value, many.low, many.high) == pytest.approx((one.value, one.low, one.high), rel=1e-12)
    one, many = (
        intervals.rate(once.passing(fired), once.total),
        intervals.rate(copied.passing(np.repeat(fired, 8)), copied.total),
    )
    assert (many.low / many.value, many.high / many.value) == pytest.approx((one.low / one.value, one.high / one.value))


def test_copies_in_any_order_and_of_any_number_are_the_same_copies():
    random = np.random.default_rng(3)
    source = random.integers(0, 40, 300)
    fired, weight = random.random(300) < 0.3, random.random(300)
    order = random.permutation(300)
    for one, two in [(group(weight, source), group(weight[order], source[order]))]:
        first, second = (
            intervals.share(one.passing(fired), one.total),
            intervals.share(two.passing(fired[order]), two.total),
        )
        assert (first.low, first.high) == pytest.approx((second.low, second.high))


def covered(make, truth, interval, toys=400):
    """Share of toys whose interval holds the truth."""
    random = np.random.default_rng(20)
    held = 0
    for _ in range(toys):
        found = interval(*make(random))
        held += found.low <= truth <= found.high
    return held / toys


def rate_of(toy, fired):
    return intervals.rate(toy.passing(fired), toy.total)


def share_of(toy, fired):
    return intervals.share(toy.passing(fired), toy.total)


def naive(function):
    """The same events taken for independent."""
    return lambda toy, fired: function(group(toy.weight), fired)


def test_intervals_of_weighted_rates_cover():
    def make(random):
        weight = random.exponential(3.0, random.poisson(60))
        return group(weight), random.random(len(weight)) < 0.25

    assert covered(make, 60 * 0.25 * 3.0, rate_of) >= ASKED


def copies(random, simulated=60, number=8):
    """Events of differing probability to fire, each copied: copies fire alike, but not always."""
    chance = np.repeat(random.random(random.poisson(simulated)) ** 6, number)
    return group(np.ones(len(chance)), np.arange(len(chance)) // number), random.random(len(chance)) < chance


def test_intervals_of_copied_rates_cover_where_independent_ones_do_not():
    truth = 60 * 8 / 7
    assert covered(copies, truth, rate_of) >= ASKED
    assert covered(copies, truth, naive(rate_of)) < 0.5


def test_intervals_of_copied_efficiencies_cover_where_independent_ones_do_not():
    assert covered(copies, 1 / 7, share_of) >= ASKED
    assert covered(copies, 1 / 7, naive(share_of)) < 0.5


def test_intervals_of_weighted_efficiencies_cover():
    def make(random):
        weight = random.exponential(1.0, 80)
        return group(weight), random.random(80) < 0.3

    assert covered(make, 0.3, share_of) >= ASKED


def test_a_stitched_sample_is_as_precise_as_the_light_events_that_pass():
    heavy = np.repeat([True, False], [500, 5000])

    def make(random):
        return group(np.where(heavy, 100.0, 1.0)), ~heavy & (random.random(5500) < 0.02)

    assert covered(make, 100 / 55000, share_of) >= ASKED
    toy, fired = make(np.random.default_rng(1))
    share, rate = share_of(toy, fired), rate_of(toy, fired)
    assert (share.high - share.low) * 55000 == pytest.approx(rate.high - rate.low, rel=0.1)  # all weight varies, too


def test_copies_that_share_out_their_decisions_are_no_better_than_independent_events():
    source = np.repeat(np.arange(50), 8)
    fired = np.arange(400) % 8 < 1  # one copy of each: no scatter between simulated events
    fired[1] = True
    toy = group(np.ones(400), source)
    one, other = share_of(toy, fired), naive(share_of)(toy, fired)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-12)
