"""Turn-on curves, overlaps and pile-up against loops over events, in the units of their columns."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.menu.events import BACKGROUNDS, KIND, background, plain, studies
from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import CutSpec, PileUpSpec, SeedSpec, TurnOnSpec
from trigger_nn.studies.menu.columns import BELOW, between, binned, picked
from trigger_nn.studies.menu.groups import groups_of
from trigger_nn.studies.menu.overlap import fires, menu_of, overlap
from trigger_nn.studies.menu.pileup import pileups
from trigger_nn.studies.menu.thresholds import discriminant
from trigger_nn.studies.menu.turn_on import turn_ons
from trigger_nn.studies.menu.values import Outside
from trigger_nn.studies.menu.working import at_rate

SEEDS = (
    SeedSpec(name="ht", all=(CutSpec(column="ht", above=300.0),)),
    SeedSpec(name="dijet", all=(CutSpec(column="jet_pt", above=80), CutSpec(column="jet_pt", above=40.0, rank=2))),
    SeedSpec(name="never", all=(CutSpec(column="ht", above=1000.0),)),
)


def made(scored, target=10.0):
    groups = groups_of(scored, BACKGROUNDS)
    output = discriminant(groups, "hh", BACKGROUNDS, scored.scores[:, 0], KIND)
    return groups, output, at_rate(output, target)


def ht(scored, event):
    return 1 + 2.0 * int(scored.columns["ht"][event.place])


def passed_by(scored, event):
    """Names of the seeds that accept an event."""
    first, second = (0.5 * int(pt) for pt in scored.columns["jet_pt"][event.place])
    return {name for name, fired in (("ht", ht(scored, event) > 300), ("dijet", first > 80 and second > 40)) if fired}


@given(studies())
def test_cuts_are_compared_in_units(scored):
    for seed in SEEDS:
        assert fires(scored, seed).tolist() == [seed.name in passed_by(scored, event) for event in plain(scored)]


@given(studies(), st.integers(1, 40))
def test_rates_of_a_menu_add_up_event_by_event(scored, target):
    groups, output, row = made(scored, float(target))
    found = overlap(menu_of(scored, groups, SEEDS, ("hh",), BACKGROUNDS), output, row)
    events = plain(scored)

    def rate(chosen):
        return sum(event.rate for event in background(events) if chosen(event))

    def network(event):
        return event.score > row.threshold.mantissa

    def menu(event):
        return bool(passed_by(scored, event))

    assert found.before.value == rate(menu)
    assert found.after.value == rate(lambda event: menu(event) or network(event))
    assert found.pure.value == rate(lambda event: network(event) and not menu(event))
    assert found.shared.value == rate(lambda event: network(event) and menu(event))
    assert found.pure.value + found.shared.value == row.threshold.rate.value
    assert (found.network, found.signal_network) == (row.threshold.rate, row.efficiency)
    assert (found.signal, found.target) == ("hh", target)
    for line in found.seeds:
        assert line.rate.value == rate(lambda event, name=line.name: name in passed_by(scored, event))
        assert line.pure.value == rate(lambda event, name=line.name: passed_by(scored, event) == {name})


@given(studies())
def test_a_menu_keeps_more_of_the_signal_with_the_network(scored):
    groups, output, row = made(scored)
    found = overlap(menu_of(scored, groups, SEEDS, ("hh", "other"), BACKGROUNDS), output, row)
    events = plain(scored)

    def share(process, chosen):
        signal = [event for event in events if event.process == process]
        return sum(event.weight for event in signal if chosen(event)) / sum(event.weight for event in signal)

    assert found.signal_before.value == share("hh", lambda event: passed_by(scored, event))
    assert found.signal_after.value == share(
        "hh", lambda event: passed_by(scored, event) or event.score > row.threshold.mantissa
    )
    for line in found.seeds:
        assert line.efficiency["other"].value == share("other", lambda e, name=line.name: name in passed_by(scored, e))


@given(studies(), st.sampled_from(["hh", "zero_bias"]))
def test_turn_on_curves_bin_what_a_column_means(scored, process):
    groups, output, row = made(scored)
    spec = TurnOnSpec(column="ht", edges=(1.0, 101.0, 201.0, 501.0), processes=() if process == "hh" else (process,))
    (found,) = turn_ons(scored, groups, output, [row], [spec])
    assert (found.process, found.column, found.unit, found.trigger) == (process, "ht", "GeV", "network")
    last = 501.5 if max(ht(scored, event) for event in plain(scored)) == 501 else 501
    drawn = [found.below, *map(Outside, found.events, found.bins), found.above]
    for each, (low, high) in zip(drawn, pairwise((-inf, 1, 101, 201, last, inf)), strict=True):
        inside = [e for e in plain(scored) if e.process == process and low <= ht(scored, e) < high]
        counts = [event.weight if process == "hh" else event.rate for event in inside]
        fired = sum(n for n, event in zip(counts, inside, strict=True) if event.score > row.threshold.mantissa)
        assert each.events == len(inside)
        if inside:
            assert each.efficiency.value == fired / sum(counts)
            assert each.efficiency.low <= each.efficiency.value <= each.efficiency.high
        else:
            assert each.efficiency is None


@given(studies())
def test_a_turn_on_of_a_list_picks_its_rank(scored):
    groups, output, row = made(scored)
    spec = TurnOnSpec(column="jet_pt", edges=(0.0, 50.0, 128.0), rank=2)
    (found,) = turn_ons(scored, groups, output, [row], [spec])
    places = [e.place for e in plain(scored) if e.process == "hh"]
    soft = sum(0.5 * int(scored.columns["jet_pt"][place, 1]) < 50 for place in places)
    assert found.events == (soft, len(places) - soft)
    assert found.column == "jet_pt 2"


@given(studies())
def test_pile_up_shares_the_rate_among_its_bins(scored):
    groups, output, row = made(scored)
    (found,) = pileups(scored, groups, output, BACKGROUNDS, [row], PileUpSpec(edges=(0, 2, 4, 8)))
    events = plain(scored)
    assert sum(each.crossings.value for each in found.rows) == output.background.spectrum.total.weight
    for each in found.rows:
        inside = [e for e in events if each.low <= scored.columns["pileup"][e.place] < each.high]
        rates = [(event.rate, event.score > row.threshold.mantissa) for event in background(inside)]
        assert each.crossings.value == sum(rate for rate, _ in rates)
        assert each.crossings.events == len(rates)
        fired = each.fired.value if each.fired else None
        assert fired == (sum(rate for rate, fires in rates if fires) / each.crossings.value if rates else None)
        kept = [(event.weight, event.score > row.threshold.mantissa) for event in inside if event.process == "hh"]
        wanted = sum(w for w, fires in kept if fires) / sum(w for w, _ in kept) if kept else None
        assert (each.efficiency.value if each.efficiency else None) == wanted


@given(studies())
def test_crossings_in_no_bin_of_pile_up_are_counted_apart(scored):
    groups, output, row = made(scored)
    (found,) = pileups(scored, groups, output, BACKGROUNDS, [row], PileUpSpec(edges=(2, 4)))
    rows = [each for each in (found.below, *found.rows, found.above) if each]
    assert sum(each.crossings.value for each in rows) == output.background.spectrum.total.weight
    beyond = [int(scored.columns["pileup"][event.place]) for event in plain(scored) if event.process != "other"]
    last = 4 if max(map(int, scored.columns["pileup"])) == 4 else 3
    assert (found.below is None, found.above is None) == (min(beyond) >= 2, max(beyond) <= last)


@given(studies(copies=False))
def test_edges_belong_to_the_bin_above_them_and_beyond_the_last_is_above_all(scored):
    counts, quantity = picked(scored, "ht")
    low = quantity.value(counts[0])
    places = binned(counts, quantity, (low, low + 1, low + 1.5)).tolist()
    assert places == [0 if count == counts[0] else BELOW if count < counts[0] else 2 for count in counts]


@given(studies(copies=False))
def test_the_last_bin_holds_its_upper_edge_where_the_column_ends_there(scored):
    counts, quantity = picked(scored, "ht")
    top = quantity.value(counts.max())
    assert set(binned(counts, quantity, (-10.0, top)).tolist()) == {0}
    assert set(binned(counts, quantity, (-10.0, top + 1)).tolist()) == {0}


@given(studies(), st.floats(0, 250), st.floats(1, 250))
def test_a_cut_has_a_lower_end_an_upper_end_or_both(scored, low, width):
    counts, quantity = picked(scored, "ht")
    values = [float(quantity.value(count)) for count in counts]
    for above, below in ((low, None), (None, low), (low, low + width)):
        wanted = [(above is None or value > above) and (below is None or value < below) for value in values]
        assert between(counts, quantity, above, below).tolist() == wanted


@pytest.mark.parametrize(
    ("cut", "message"),
    [({}, "give it `above`, `below` or both"), ({"above": 20.0, "below": 20.0}, "must be larger than `above`")],
)
def test_a_cut_that_cuts_nothing_or_all_is_refused(cut, message):
    with pytest.raises(ValueError, match=message):
        CutSpec(column="ht", **cut)


@pytest.mark.parametrize(
    ("column", "rank", "message"),
    [
        ("met", 1, "no column 'met'; they have: jet_pt, ht, pileup"),
        ("jet_pt", 3, "Rank 3 of column 'jet_pt' was asked for, which holds 2"),
        ("ht", 2, "Rank 2 of column 'ht' was asked for, which holds 1"),
    ],
)
@given(scored=studies())
def test_what_is_not_there_is_named(scored, column, rank, message):
    with pytest.raises(EventsError, match=message):
        picked(scored, column, rank)
