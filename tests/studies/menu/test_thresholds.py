"""Thresholds, plateaus, ties and rates against loops over all integers of the type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.menu.events import BACKGROUNDS, KIND, background, clusters, plain, rate_above, scored_of, studies
from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import StudySpec
from trigger_nn.studies.menu.curves import POINTS, rate_curve
from trigger_nn.studies.menu.groups import groups_of
from trigger_nn.studies.menu.thresholds import discriminant
from trigger_nn.studies.menu.working import at_efficiency, at_rate, targets

ALL = range(KIND.minimum - 1, KIND.maximum + 1)


def output_of(scored, output=0, kind=KIND):
    return discriminant(groups_of(scored, BACKGROUNDS), "hh", BACKGROUNDS, scored.scores[:, output], kind)


def decisions(events, mantissa):
    return [event.score > mantissa for event in events]


@given(studies(), st.sampled_from(ALL), st.integers(-1, 1))
def test_the_threshold_at_a_rate_is_the_loosest_that_keeps_it(scored, near, more):
    events, output = plain(scored), output_of(scored)
    target = max(rate_above(events, near) + more, 0)  # a rate that a threshold just keeps, or just misses
    found = output.threshold(output.at_rate(target))
    allowed = [m for m in ALL if rate_above(events, m) <= target]
    assert found.mantissa == allowed[0]
    assert found.rate.value == rate_above(events, found.mantissa)
    assert found.rate.events == sum(event.score > found.mantissa for event in background(events))
    assert found.lsb == 0.25
    assert found.score == found.mantissa / 4


@given(studies(), st.sampled_from(ALL))
def test_a_plateau_is_all_integers_that_decide_alike_on_every_event(scored, mantissa):
    events = plain(scored)
    found = output_of(scored).threshold(mantissa)
    alike = [m for m in ALL if decisions(events, m) == decisions(events, mantissa)]
    assert found.plateau == (alike[0], alike[-1])
    assert found.mantissa == alike[0]


@given(studies(), st.sampled_from(ALL))
def test_ties_are_what_a_threshold_lower_by_one_lets_pass(scored, mantissa):
    events = plain(scored)
    found = output_of(scored).threshold(mantissa)
    tied = [event for event in background(events) if event.score == found.mantissa]
    assert found.ties == len(tied)
    assert found.tied_rate == sum(event.rate for event in tied)
    assert found.tied_rate == rate_above(events, found.mantissa - 1) - rate_above(events, found.mantissa)
    assert found.ceiling == sum(event.score == KIND.maximum for event in background(events))


@given(studies(), st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.9, 0.99]))
def test_the_threshold_at_an_efficiency_is_the_tightest_that_reaches_it(scored, share):
    events, output = plain(scored), output_of(scored)
    signal = [event for event in events if event.process == "hh"]
    whole = sum(event.weight for event in signal)

    def kept(mantissa):
        return sum(event.weight for event in signal if event.score > mantissa) / whole

    row = at_efficiency(output, share)
    enough = [m for m in ALL if kept(m) >= share]
    assert row.threshold.plateau[1] == enough[-1]
    assert row.efficiency.value == kept(enough[-1])
    assert row.rate.value == rate_above(events, enough[-1])


@given(studies(copies=True), st.sampled_from(ALL))
def test_effective_events_count_simulated_events_not_copies(scored, mantissa):
    events = plain(scored)
    found = output_of(scored).threshold(mantissa).rate
    sums = clusters([e for e in background(events) if e.score > mantissa], lambda event: event.rate).values()
    wanted = sum(sums) ** 2 / sum(each**2 for each in sums) if sums else 0
    assert found.effective == pytest.approx(wanted, rel=1e-12)


@given(studies(copies=True), st.sampled_from(ALL))
def test_effective_events_of_an_efficiency_are_those_of_a_ratio_estimator(scored, mantissa):
    signal = [event for event in plain(scored) if event.process == "hh"]
    spectrum = output_of(scored).wanted.spectrum
    found = spectrum.above(mantissa)
    whole = clusters(signal, lambda event: event.weight)
    part = clusters(signal, lambda event: event.weight * (event.score > mantissa))
    assert found.weight == sum(part.values())
    assert found.squares == pytest.approx(sum(x**2 for x in part.values()), rel=1e-12)
    assert found.cross == pytest.approx(sum(part[c] * whole[c] for c in whole), rel=1e-12)
    assert found.alone == sum(event.weight**2 for event in signal if event.score > mantissa)


@given(studies(), st.integers(1, 60))
def test_the_band_holds_the_efficiencies_at_the_rates_that_statistics_leave_open(scored, target):
    output = output_of(scored)
    row = at_rate(output, float(target))
    low, high = row.band
    assert low <= row.efficiency.value <= high or not row.threshold.rate.value
    rate = row.threshold.rate
    if rate.value:
        assert low == output.efficiency(output.at_rate(max(target - (rate.high - rate.value), 0))).value
        assert high == output.efficiency(output.at_rate(target + (rate.value - rate.low))).value
    assert row.resolved == (rate.effective >= 10 and target > 2 * rate.unseen)


@given(studies())
def test_a_short_curve_has_every_threshold(scored):
    events, curve = plain(scored), rate_curve(output_of(scored))
    assert curve.thresholds.tolist() == [KIND.minimum - 1, *sorted({event.score for event in events})]
    assert curve.rate.tolist() == [rate_above(events, m) for m in curve.thresholds]
    assert (curve.low <= curve.rate).all()
    assert (curve.rate <= curve.high).all()
    assert (curve.efficiency_low <= curve.efficiency).all()
    assert (curve.efficiency <= curve.efficiency_high).all()


def test_a_long_curve_keeps_its_ends_and_a_few_hundred_thresholds():
    kind = KIND.parse("fixed<14,7>")
    rows = [(i % 2, i - 2**13, 1.0 * (i % 2), 1, 0) for i in range(2**14)] + [(2, 0, 1, 1, 0)]
    curve = rate_curve(output_of(scored_of(rows, kind=kind), kind=kind))
    assert 200 < len(curve.thresholds) <= POINTS
    assert curve.thresholds[0] == kind.minimum - 1
    assert (curve.rate[0], curve.efficiency[0]) == (2**13 + 1, 1)
    assert (curve.rate[-1], curve.efficiency[-1]) == (0, 0)
    assert abs(curve.efficiency[1:] - curve.efficiency[:-1]).max() < 0.01


def test_scores_of_wide_types_are_counted_alike():
    kind = KIND.parse("fixed<31,10>")
    narrow = scored_of([(i % 3, i % 5, 1.5, 1, 0) for i in range(60)])
    wide = scored_of([(i % 3, 0, 1.5, 1, 0) for i in range(60)], kind=kind)
    one = output_of(narrow)
    many = discriminant(
        groups_of(wide, BACKGROUNDS), "hh", BACKGROUNDS, narrow.scores[:, 0].astype(int) * 2**27 - 2**29, kind
    )
    for score in range(-1, 5):
        assert many.threshold(score * 2**27 - 2**29).rate == one.threshold(score).rate
    assert many.values.tolist() == [score * 2**27 - 2**29 for score in range(5)]


def test_rates_are_asked_for_in_khz():
    assert targets(StudySpec(rates_khz=(0.5, 30.0))) == (500.0, 30000.0)


def test_a_process_without_events_is_named():
    scored = scored_of([(0, 1, 0, 1, 0), (1, 1, 3, 1, 0)])
    with pytest.raises(EventsError, match="no event of the background 'qcd'; there are events of: hh, zero_bias"):
        output_of(scored)
    with pytest.raises(EventsError, match="background 'qcd' count nothing"):
        output_of(scored_of([(0, 1, 0, 1, 0), (1, 1, 3, 1, 0), (2, 1, 0, 1, 0)]))
