"""A whole study: what stands in it, and what is refused."""

from collections import Counter
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import confusion_matrix, roc_auc_score

from tests.studies.menu.events import BACKGROUNDS, KIND, PROCESSES, clusters, plain, scored_of, studies
from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import StudySpec
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.densities import densities
from trigger_nn.studies.menu.groups import groups_of
from trigger_nn.studies.menu.study import study_of
from trigger_nn.studies.menu.thresholds import discriminant

SPEC = StudySpec.model_validate(
    {
        "rates_khz": [0.01, 0.03],
        "efficiencies": [0.5],
        "menu": [{"name": "ht", "all": [{"column": "ht", "above": 300}]}],
        "turn_on": [{"column": "ht", "edges": [0, 200, 520]}],
        "pileup": {"edges": [0, 4, 8]},
    }
)


def study(scored, signals=("hh",), backgrounds=BACKGROUNDS, spec=SPEC, **more):
    said = {"program": "toy", "digest": "ab", "normalisation": "As they are.", "seconds": 2.0}
    return study_of(scored, spec, signals, backgrounds, **said, **more)


def two_signals(copies=False):
    random = np.random.default_rng(1)
    rows = [
        (int(p), [int(s) for s in random.integers(-8, 8, 2)], int(r), 1, int(c))
        for p, r, c in zip(
            random.integers(0, 4, 400), random.integers(1, 9, 400), random.integers(0, 50, 400), strict=True
        )
    ]
    return scored_of(rows, ("hh", "other"), copies=copies)


def everything(value):
    """All values in a table, at any depth."""
    if is_dataclass(value):
        yield from (leaf for field in fields(value) for leaf in everything(getattr(value, field.name)))
    elif isinstance(value, tuple):
        yield from (leaf for each in value for leaf in everything(each))
    elif isinstance(value, dict):
        yield from (leaf for each in value.values() for leaf in everything(each))
    else:
        yield value


def test_a_turn_on_is_drawn_for_the_signals_that_it_names():
    curves = [{"column": "ht", "edges": [0, 200], "signals": ["other"]}, {"column": "ht", "edges": [0, 300]}]
    spec = StudySpec.model_validate(SPEC.model_dump() | {"turn_on": curves})
    found = study(two_signals(), ("hh", "other"), spec=spec)
    assert [[float(one.edges[-1]) for one in each.turn_ons] for each in found.signals] == [
        [300, 300],
        [200, 200, 300, 300],
    ]
    with pytest.raises(EventsError, match="turn-on's signal 'qcd'"):
        study(
            two_signals(),
            ("hh", "other"),
            spec=StudySpec.model_validate(
                SPEC.model_dump() | {"turn_on": [{"column": "ht", "edges": [0, 200], "signals": ["qcd"]}]}
            ),
        )


@pytest.mark.parametrize("copies", [False, True])
def test_a_study_answers_all_that_is_asked_for_every_signal(copies):
    scored = two_signals(copies)
    steps = []
    found = study(scored, ("hh", "other"), progress=lambda *step: steps.append(step))
    assert [each.signal for each in found.signals] == ["hh", "other"]
    counts = Counter(PROCESSES[p] for p in scored.process)
    assert (found.events, dict(found.processes)) == (400, counts)
    assert found.total == scored.rate[scored.select(*BACKGROUNDS)].sum(dtype=float)
    assert (found.program, found.digest, found.normalisation, found.seconds) == ("toy", "ab", "As they are.", 2.0)
    for each in found.signals:
        assert (each.events, each.background_events) == (counts[each.signal], counts["zero_bias"] + counts["qcd"])
        assert [row.target for row in each.at_rate] == [10, 30] == [row.target for row in each.coarseness]
        assert [len(part) for part in (each.at_efficiency, each.turn_ons, each.overlaps, each.pileup)] == [1, 2, 2, 2]
        assert [roc.background for roc in each.rocs] == ["all background", "zero_bias", "qcd"]
        assert each.overlaps[0].seeds[0].efficiency.keys() == {"hh", "other"}
    assert steps == [("study", 0, 2), ("study", 1, 2), ("study", 2, 2)]
    assert {(d.output, d.process) for d in found.densities} == {(o, p) for o in ("hh", "other") for p in PROCESSES}
    assert found.classes is None


@pytest.mark.parametrize("copies", [False, True])
def test_the_signals_together_are_the_or_of_their_triggers(copies):
    scored = two_signals(copies)
    found = study(scored, ("hh", "other"), spec=SPEC.model_copy(update={"rates_khz": (0.3, 0.6)}))
    behind = scored.select(*BACKGROUNDS)
    assert [each.target for each in found.together] == [300, 600]
    for k, each in enumerate(found.together):
        fired = np.stack([scored.scores[:, i] > found.signals[i].at_rate[k].threshold.mantissa for i in range(2)])
        either, both = (float(scored.rate[chosen & behind].sum()) for chosen in (fired.any(axis=0), fired.all(axis=0)))
        assert (each.rate.value, each.shared.value, each.alone) == (either, both, either + both)
        assert each.rate.low < either < each.rate.high
    assert study(scored).together == ()


def test_a_curve_is_resolved_down_to_the_first_threshold_whose_rate_is_not():
    scored = two_signals()
    curve = study(scored).signals[0].curve
    output = discriminant(groups_of(scored, BACKGROUNDS), "hh", BACKGROUNDS, scored.scores[:, 0], KIND)
    rates = [output.threshold(int(at)).rate for at in curve.thresholds]
    enough = [intervals.resolved(rate, rate.value) for rate in rates]
    assert curve.resolved.tolist() == [all(enough[: i + 1]) for i in range(len(enough))]
    assert 0 < curve.resolved.sum() < len(enough)
    assert all(rate.effective >= 10 for rate, told in zip(rates, curve.resolved, strict=True) if told)


def test_a_study_holds_plain_numbers_and_arrays_only():
    odd = {type(leaf) for leaf in everything(study(two_signals()))} - {int, float, str, bool, np.ndarray, type(None)}
    assert {kind.__name__ for kind in odd} <= {"Rounding", "Overflow"}


def test_outputs_are_judged_each_by_its_own_scores():
    scored = two_signals()
    swapped = replace(scored, scores=scored.scores[:, ::-1])
    one, two = study(scored, ("hh",)).signals[0], study(swapped, ("other", "hh")).signals[1]
    assert one.at_rate == two.at_rate
    assert one.at_efficiency == two.at_efficiency


def test_finer_scores_are_asked_for_by_output_and_type():
    scored = two_signals()
    random = np.random.default_rng(2)
    low = random.integers(0, 4, (400, 2))
    asked = []

    def finer(output, kind):
        asked.append((output, str(kind)))
        return (scored.scores[:, output].astype(int) * 4 + low[:, output]) * 2**kind.fraction // 16

    spec = SPEC.model_copy(update={"rates_khz": (0.2,), "tolerance": 0.01})
    found = study(scored, ("hh", "other"), spec=spec, finer=finer).signals
    assert [each.coarseness[0].cause for each in found] == ["step", "step"]
    assert {output for output, _ in asked} == {0, 1}
    assert asked[0] == (0, "fixed<5,2,RND_CONV,SAT>")
    for number, each in enumerate(found):
        for score in each.coarseness[0].tried:
            scores = finer(number, score.type)
            chosen = (scores > score.threshold.mantissa) & scored.select(*BACKGROUNDS)
            assert score.threshold.rate.value == scored.rate[chosen].sum(dtype=float) <= 200


@given(studies(outputs=3))
def test_classes_are_decided_by_the_first_of_the_largest_outputs(scored):
    scored = replace(scored, outputs=("zero_bias", "hh", "qcd"))
    found = study(scored, (), ()).classes
    scores = scored.scores.tolist()
    rows = [
        (scored.outputs.index(PROCESSES[p]), row) for p, row in zip(scored.process, scores, strict=True) if p < 3
    ]  # fmt: skip
    decided = [row.index(max(row)) for _, row in rows]
    truth = [label for label, _ in rows]
    assert found.events == len(rows)
    assert found.confusion.tolist() == confusion_matrix(truth, decided, labels=[0, 1, 2]).tolist()
    assert found.accuracy.value == sum(a == b for a, b in zip(truth, decided, strict=True)) / len(rows)
    assert found.ties.value == sum(row.count(max(row)) > 1 for _, row in rows) / len(rows)
    for number, roc in enumerate(found.rocs):
        wanted = roc_auc_score([label == number for label in truth], [row[number] for _, row in rows])
        assert roc.area.value == pytest.approx(wanted, rel=1e-12)
        assert (roc.signal, roc.background) == (found.classes[number], "all others")


@given(studies())
def test_densities_count_every_event_once(scored):
    events = plain(scored)
    for found in densities(groups_of(scored, BACKGROUNDS).values(), "a", scored.scores[:, 0]):
        for low, high, count, variance in zip(
            found.edges[:-1], found.edges[1:], found.counts, found.variances, strict=True
        ):
            inside = [e for e in events if e.process == found.process and low <= e.score < high]

            def counts(event, process=found.process):
                return event.rate if process in BACKGROUNDS else event.weight

            assert count == sum(counts(event) for event in inside)
            assert variance == sum(each**2 for each in clusters(inside, counts).values())
        assert np.diff(found.edges).min() == np.diff(found.edges).max() == 1


def test_wide_scores_share_a_hundred_bins():
    scored = scored_of([(i % 3, i * 7 - 9000, 1, 1, 0) for i in range(3000)], kind=KIND.parse("fixed<16,8>"))
    found = list(densities(groups_of(scored, BACKGROUNDS).values(), "hh", scored.scores[:, 0]))
    assert all(len(each.counts) <= 100 for each in found)
    assert [each.counts.sum() for each in found] == [1000, 1000, 1000]


@pytest.mark.parametrize(
    ("signals", "backgrounds", "message"),
    [
        (("hh",), (), "needs signals and backgrounds"),
        (("higgs",), BACKGROUNDS, "no event of the signal 'higgs'"),
        (("hh",), ("zero_bias", "tt"), "no event of the background 'tt'"),
        (("hh", "other", "qcd"), BACKGROUNDS, "3 signals were named for 2 outputs"),
        ((), (), "no event of the class 'higgs'"),
    ],
)
def test_what_is_missing_is_named(signals, backgrounds, message):
    scored = two_signals()
    if not signals:
        scored = replace(scored, outputs=("hh", "higgs"))
    with pytest.raises(EventsError, match=message):
        study(scored, signals, backgrounds)
