"""A whole study: what is asked, what the events can answer, and pages that say what was computed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.conftest import GOLDEN, ROOT
from tests.program.test_storage import program as small
from trigger_nn import Emulator, Program
from trigger_nn.cli import app
from trigger_nn.cli.study import _working as row_of_terminal
from trigger_nn.errors import EventsError, RecipeError
from trigger_nn.events.inputs import mantissas_for
from trigger_nn.events.quantities import to_json
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.events.turning import turned
from trigger_nn.passes.refine import refined
from trigger_nn.plots.page.values import Figure, Table, Text
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Dense
from trigger_nn.program.program import Port
from trigger_nn.program.program import Program as Made
from trigger_nn.program.rules import check
from trigger_nn.recipe import BeamSpec, CutSpec, PileUpSpec, SeedSpec, StudySpec, TurnOnSpec
from trigger_nn.studies.menu.combined import combined
from trigger_nn.studies.rates import Efficiency
from trigger_nn.workflow.asking import Roles, answerable, load_study, recorded_study, roles_of, wanted_columns
from trigger_nn.workflow.pages.study import decision_facts, plain, study_page, write_study
from trigger_nn.workflow.reading import Reading
from trigger_nn.workflow.scoring import opened
from trigger_nn.workflow.study import study
from trigger_nn.workflow.suspicion import suspicious
from trigger_nn.workflow.workspace import embedded_sample

PROGRAM = GOLDEN / "event_image_program.h5"
RECIPE = ROOT / "models/event_image/recipe.toml"
CLASSES = ("quark", "gluon", "w", "z", "top")
ALL = StudySpec(
    menu=(SeedSpec(name="jet", all=(CutSpec(column="jet_pt", above=180.0),)),),
    turn_on=(TurnOnSpec(column="offline_ht", edges=(0.0, 200.0, 600.0)),),
    pileup=PileUpSpec(edges=(150.0, 200.0, 250.0)),
)


@pytest.fixture(scope="module")
def program():
    return Program.load(PROGRAM)


@pytest.fixture(scope="module")
def studied(program):
    return study(program, [embedded_sample()], ALL)


@pytest.fixture(scope="module")
def tagger():
    """A classifier of the embedded jets with random weights."""
    sample = read_sample(embedded_sample("jets"))
    rng, kind, wide = np.random.default_rng(5), Fixed(True, 10, 3), Fixed(True, 24, 12)
    dense = Dense(
        name="scores", inputs=("features",), shape=(5,), type=wide, accumulator=wide, reuse_factor=1,
        weights=Constant(rng.integers(-8, 8, (16, 5)), Fixed(True, 4, 1)),
        bias=Constant(np.zeros(5, int), Fixed(True, 2, 2)),
    )  # fmt: skip
    recorded = {"view": "features", "column": to_json(sample.column("features"))}
    recipe = {"events": {"file": "embedded:jets", "view": "features", "classes": list(CLASSES)}}
    port = Port("features", (16,), kind)
    return check(Made("tagger", (port,), (dense,), ("scores",), {"events": recorded, "recipe": recipe}))


def scores(program, sample):
    x = mantissas_for(sample.splits["test"]["image"], sample.column("image"), program.inputs[0])
    return Emulator(program).predict_mantissas({"image": x})


def by_hand(program, sample, signal, number, target):
    """Threshold, rate and efficiency, one threshold after the other."""
    test, found = sample.splits["test"], scores(program, sample)[:, number]
    background = sample.select("test", "zero_bias", "qcd")
    rates, weights = test.rate[background].astype(float), test.weight.astype(float)
    threshold = int(found.max())
    while rates[found[background] > threshold - 1].sum() <= target:
        threshold -= 1
    own = sample.select("test", signal)
    kept = weights[own & (found > threshold)].sum() / weights[own].sum()
    return threshold, rates[found[background] > threshold].sum(), kept


def test_working_points_are_those_found_by_hand(program, sample, studied):
    assert [signal.signal for signal in studied.study.signals] == ["hh4b", "vbf_inv"]
    for number, signal in enumerate(studied.study.signals):
        for row in signal.at_rate:
            threshold, rate, kept = by_hand(program, sample, signal.signal, number, row.target)
            first, last = row.threshold.plateau
            assert first <= threshold <= last or row.threshold.mantissa == threshold
            assert row.threshold.rate.value == pytest.approx(rate, rel=1e-5)  # rates are float32
            assert row.efficiency.value == pytest.approx(kept, rel=1e-5)


def test_all_parts_are_there(studied):
    found = studied.study
    assert found.events == 11_900
    assert sum(found.processes.values()) == 11_900
    assert found.seconds > 0
    for signal in found.signals:
        assert len(signal.at_rate) == len(signal.coarseness) == len(signal.overlaps) == len(signal.pileup) == 3
        assert len(signal.turn_ons) == 3
        assert signal.turn_ons[0].column == "offline_ht"
    assert found.digest == Program.load(PROGRAM).digest
    assert "zero_bias" in found.normalisation


def test_a_finer_score_is_that_of_the_refined_program(program, sample):
    kind = Fixed(True, 7, 6, Rounding.RND_CONV, Overflow.SAT)  # steps of one half
    *others, last = program.operations
    coarse = replace(program, operations=(*others, replace(last, type=kind)))
    found = study(coarse, [embedded_sample()], StudySpec(rates_khz=(100.0, 300.0), tolerance=0.05)).study
    tried = [(n, row, score) for n, s in enumerate(found.signals) for row in s.coarseness for score in row.tried]
    assert any(row.cause == "step" for s in found.signals for row in s.coarseness)
    assert tried
    for number, row, score in tried:
        finer = refined(coarse, 0, score.type)
        threshold, rate, kept = by_hand(finer, sample, row.signal, number, row.target)
        assert score.threshold.rate.value == pytest.approx(rate, rel=1e-5)
        assert score.efficiency.value == pytest.approx(kept, rel=1e-5)
        assert score.threshold.plateau[0] <= threshold <= score.threshold.plateau[1]
    assert any(row.mended for s in found.signals for row in s.coarseness)


def test_copies_make_no_interval_narrower(program, sample, tmp_path):
    few = replace(sample, splits={"test": sample.splits["test"].take(slice(0, 3000))})
    write_sample(tmp_path / "few.h5", few)
    turned(tmp_path / "few.h5", tmp_path / "many", 8, 1, lambda *_: None)
    spec = StudySpec(rates_khz=(300.0,))
    found = [study(program, [tmp_path / name], spec) for name in ("few.h5", "many")]
    assert [each.originals for each in found] == [None, 3000]
    one, many = (each.study.signals[0].at_rate[0] for each in found)
    width = [(row.threshold.rate.high - row.threshold.rate.low) / row.threshold.rate.value for row in (one, many)]
    assert width[1] > 0.6 * width[0]  # eight times as many events of their own would make it 0.35 times as wide


def test_classes_are_studied_without_rates(tagger, tmp_path):
    found = study(tagger, [embedded_sample("jets")], StudySpec())
    assert found.study.signals == ()
    assert found.study.classes.classes == CLASSES
    sample = read_sample(embedded_sample("jets"))
    test = sample.splits["test"]
    own = Emulator(tagger).predict_mantissas({"features": test["features"]})
    order = [CLASSES.index(name) for name in sample.processes]
    assert found.study.classes.accuracy.value == pytest.approx(
        np.mean(own.argmax(axis=1) == np.array(order)[test.process])
    )
    right = np.array([np.mean(own[test.process == i].argmax(axis=1) == n) for i, n in enumerate(order)])
    assert found.study.classes.balanced == pytest.approx(right.mean())
    page = study_page(found, tagger)
    assert page.facts[1].value == f"{right.mean():.4f}"
    assert f"with all classes counted alike for {right.mean():.4f}" in page.sections[1].blocks[0].text
    assert [section.title for section in page.sections] == ["Events and rates", "Classes", "Scores", "Files"]
    write_study(found, page, tmp_path)
    assert json.loads((tmp_path / "study.json").read_text())["study"]["classes"]["classes"] == list(CLASSES)


# --- what is asked -------------------------------------------------------------------------------------------------


def test_roles_are_what_the_program_records_unless_named(program, tagger):
    recorded = Roles(("hh4b", "vbf_inv"), ("zero_bias", "qcd"))
    assert roles_of(program) == recorded
    assert roles_of(program, backgrounds=["qcd"]) == replace(recorded, backgrounds=("qcd",))
    assert roles_of(program, signals=["a", "b"]) == replace(recorded, signals=("a", "b"))
    assert roles_of(program, classes=["a", "b"]) == Roles(classes=("a", "b"))
    assert roles_of(tagger) == Roles(classes=CLASSES)
    assert roles_of(tagger, ["top"], ["quark"]) == Roles(("top",), ("quark",))
    nameless = replace(program, provenance={})
    with pytest.raises(EventsError, match="does not record what its outputs are for; name it: --signal"):
        roles_of(nameless)
    with pytest.raises(EventsError, match="name either the one or the other"):
        roles_of(program, ["a"], [], ["b"])


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ((["a", "a"], ["b"]), "'a' stands twice among the signals"),
        ((["a"], ["b", "c", "b"]), "'b' stands twice among the backgrounds"),
        (([], [], ["c", "c"]), "'c' stands twice among the classes"),
        ((["a", "b"], ["b"]), "'b' is both a signal and a background"),
        (([], ["hh4b"]), "'hh4b' is both a signal and a background"),
    ],
)
def test_roles_that_make_no_sense_are_refused(program, named, says):
    with pytest.raises(EventsError, match=says):
        roles_of(program, *named)


def test_rates_are_asked_for_in_rising_order():
    assert StudySpec(rates_khz=(300.0, 50.0, 100.0, 50.0)).rates_khz == (50.0, 100.0, 300.0)


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (Roles(("hh4b", "none"), ("qcd",)), "process 'none', which is among the signals.*--signal"),
        (Roles(("hh4b", "vbf_inv"), ("soft",)), "'soft', which is among the backgrounds.*--background"),
        (Roles(classes=("hh4b", "top")), "'top', which is among the classes.*--class"),
    ],
)
def test_a_role_that_no_event_plays_is_refused(program, roles, says):
    with pytest.raises(EventsError, match=says):
        study(program, [embedded_sample()], StudySpec(), roles=roles)


def test_a_study_is_read_from_a_file_of_its_own_or_a_recipe(tmp_path):
    assert wanted_columns(load_study(RECIPE)) == ("jet_pt", "ht", "met", "offline_ht", "offline_met", "pileup")
    assert load_study(ROOT / "models/jet_tagger/recipe.toml") == StudySpec()
    (tmp_path / "own.toml").write_text("rates_khz = [1.0]\n[[menu]]\nname='a'\nall=[{column='met', above=1.0}]\n")
    assert load_study(tmp_path / "own.toml").rates_khz == (1.0,)
    assert wanted_columns(load_study(tmp_path / "own.toml")) == ("met",)
    (tmp_path / "own.toml").write_text("rates_kHz = [1.0]\n")
    with pytest.raises(RecipeError, match="did you mean 'rates_khz'"):
        load_study(tmp_path / "own.toml")
    with pytest.raises(RecipeError, match="There is no recipe"):
        load_study(tmp_path / "none.toml")


def test_a_program_that_records_no_study_gets_the_usual_one(program):
    assert recorded_study(program) == StudySpec()
    assert recorded_study(replace(program, provenance={})) == StudySpec()


def test_what_the_events_can_not_answer_is_left_out_or_refused(program, sample, tmp_path):
    spec, told = answerable(ALL, {"jet_pt"})
    assert (spec.menu, spec.turn_on, spec.pileup) == (ALL.menu, (), None)
    assert told == (
        "Left out, as the events lack a column for it: the turn-on against 'offline_ht'.",
        "Left out, as the events lack a column for it: pile-up in 'pileup'.",
    )
    kept = {name: column for name, column in sample.columns.items() if name in ("image", "jet_pt")}
    write_sample(tmp_path / "bare.h5", replace(sample, columns=kept))
    found = study(program, [tmp_path / "bare.h5"], ALL.model_copy(update={"rates_khz": (100.0,)}), strict=False)
    assert found.left_out == told
    assert found.study.signals[0].turn_ons == ()
    page = study_page(found, program)
    assert [block.text for block in page.sections[0].blocks] == list(told)
    with pytest.raises(EventsError, match="no column 'offline_ht'; it has: image, jet_pt"):
        study(program, [tmp_path / "bare.h5"], ALL)


def test_an_output_is_chosen_by_name(program, studied):
    several = replace(program, output_names=("score", "output"))
    with pytest.raises(EventsError, match="several outputs"):
        study(several, [embedded_sample()], StudySpec())
    with pytest.raises(EventsError, match="no output 'none'; choose one of score, output"):
        study(several, [embedded_sample()], StudySpec(), output="none")
    found = study(several, [embedded_sample()], StudySpec(), output="output")
    rows = [row.threshold for signal in found.study.signals for row in signal.at_rate]
    assert rows == [row.threshold for signal in studied.study.signals for row in signal.at_rate]


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(program, studied):
    return study_page(studied, program, "trigger-nn study")


def blocks(page, kind):
    return [block for section in page.sections for block in section.blocks if isinstance(block, kind)]


def test_the_page_has_a_section_for_each_signal(page):
    titles = [section.title for section in page.sections]
    assert titles == ["Events and rates", "hh4b", "vbf_inv", "Scores", "Files"]
    assert len(blocks(page, Figure)) == 1 + 2 * 5 + 2
    for figure in blocks(page, Figure):
        assert figure.png.startswith(b"\x89PNG")
        assert "events" in figure.caption
        assert figure.alt


def test_tables_of_the_page_hold_what_was_computed(page, studied):
    signal = studied.study.signals[0]
    points, thresholds = [block for block in page.sections[1].blocks if isinstance(block, Table)][:2]
    for cells, other, row in zip(points.rows, thresholds.rows, signal.at_rate, strict=True):
        by_head = dict(zip(points.heads, cells, strict=False))
        assert by_head["rate asked for (kHz)"].value == row.target / 1e3
        assert by_head["score over"].value == row.threshold.mantissa
        assert by_head["rate (kHz)"].value == row.threshold.rate.value / 1e3
        assert by_head["efficiency"].value == row.efficiency.value
        assert other[1].value == row.threshold.mantissa
        assert (other[3].value, other[4].value) == row.threshold.plateau
        assert other[5].value == row.threshold.ties
    for table in blocks(page, Table):
        assert table.caption
        assert all(len(row) == len(table.heads) for row in table.rows)


def test_the_middle_rate_is_read_first(page, studied):
    row = studied.study.signals[0].at_rate[1]
    assert page.facts[0].value == f"{row.efficiency.value:.3f}"
    assert "at 100 kHz" in page.facts[0].label
    assert f"score over {row.threshold.mantissa}" in page.facts[0].label
    both = combined(row)
    assert f"({both.low:.3f} to {both.high:.3f}, of signal and background statistics in quadrature)" in (
        page.facts[0].label
    )
    assert "not resolved" not in page.facts[0].label
    assert page.facts[2].value == "11,900"


def test_a_rate_that_is_not_resolved_is_said_to_be_in_fact_and_row(studied):
    signal = studied.study.signals[0]
    poor = replace(signal, at_rate=tuple(replace(row, resolved=False) for row in signal.at_rate))
    fact = decision_facts(replace(studied.study, signals=(poor,)))[0]
    assert fact.label.endswith("; the rate is not resolved")
    assert [row_of_terminal(row)[-1] for row in (signal.at_rate[0], poor.at_rate[0])] == ["", "not resolved"]
    both = combined(poor.at_rate[0])
    assert f"{both.low:.3f} to {both.high:.3f}" in row_of_terminal(poor.at_rate[0])


def test_one_interval_has_both_statistics_in_quadrature(studied):
    row = replace(studied.study.signals[0].at_rate[0], efficiency=Efficiency(0.5, 0.47, 0.54), band=(0.46, 0.53))
    assert combined(row).low == pytest.approx(0.45)
    assert combined(row).high == pytest.approx(0.55)
    wide = replace(row, efficiency=Efficiency(0.01, 0.0, 0.999), band=(0.0, 1.0))
    assert (combined(wide).low, combined(wide).high) == (0.0, 1.0)


def test_the_page_says_what_rates_rest_on(studied):
    told = studied.study.normalisation
    pieces = studied.study.total * 200 / 60000 / 1e3
    assert f"library of 60,000 collisions, 200 a crossing, so one of them stands for {pieces:,.4g} kHz" in told
    assert "Thresholds are chosen on the events on which their rates are told" in told


def test_a_beam_of_another_pile_up_is_warned_of(program, studied):
    assert studied.warnings == ()
    told = {}
    for pileup in (60.0, 195.0):
        spec = StudySpec(rates_khz=(100.0,), beam=BeamSpec(pileup=pileup))
        told[pileup] = study(program, [embedded_sample()], spec)
    assert told[195.0].warnings == ()
    assert len(told[60.0].warnings) == 1
    assert "pile-up of 60, the background events have 200" in told[60.0].warnings[0]
    first = study_page(told[60.0], program).sections[0]
    assert [(block.text, block.warning) for block in first.blocks] == [(told[60.0].warnings[0], True)]


def test_without_a_column_the_sample_says_its_pile_up(program, sample, tmp_path):
    test = sample.splits["test"]
    kept = {name: column for name, column in sample.columns.items() if name == "image"}
    write_sample(tmp_path / "bare.h5", replace(sample, columns=kept, splits={"test": test}))
    spec = StudySpec(rates_khz=(100.0,), beam=BeamSpec(pileup=60.0))
    assert "have 200 on average" in study(program, [tmp_path / "bare.h5"], spec).warnings[0]


def test_a_beam_scales_a_partial_background_by_the_crossings_of_its_sample(program, sample):
    spec = StudySpec(rates_khz=(100.0,), beam=BeamSpec())
    found = study(program, [embedded_sample()], spec, roles=Roles(("hh4b", "vbf_inv"), ("qcd",))).study
    own = sample.splits["test"].rate[sample.select("test", "qcd")].sum(dtype=float)
    assert found.total == pytest.approx(own * BeamSpec().crossings_hz / 31e6, rel=1e-5)


def arrays(program, sample, folder):
    """Images as plain files of counts, wrapped as the network takes them; paths by process."""
    test, paths = sample.splits["test"], {}
    for name in ("zero_bias", "hh4b", "vbf_inv"):
        own = test["image"][sample.select("test", name)][:500].astype(np.int32)
        paths[name] = [folder / f"{name}.npy"]
        np.save(paths[name][0], np.pad(own, [(0, 0), (0, 0), (1, 1)], mode="wrap")[..., None])
    return paths


def test_integers_that_are_read_as_numbers_are_warned_of(program, sample, tmp_path):
    paths, spec = arrays(program, sample, tmp_path), StudySpec(rates_khz=(5000.0,), beam=BeamSpec())
    roles = Roles(("hh4b", "vbf_inv"), ("zero_bias",))
    found = study(program, [], spec, roles=roles, processes=paths)
    assert len(found.warnings) == 3
    assert "zero_bias.npy holds integers" in found.warnings[0]
    assert "1 as 64 counts; if they are counts already, say so with --mantissas" in found.warnings[0]
    told = study(program, [], spec, roles=roles, processes=paths, reading=Reading(mantissas=True))
    assert told.warnings == ()
    wrapped = np.load(paths["hh4b"][0])
    np.save(tmp_path / "bare.npy", wrapped[:, :, 1:-1, 0])
    with pytest.raises(EventsError, match=r"wrapped in phi by 1 column on either side; add them with np.pad"):
        study(program, [], spec, roles=roles, processes=paths | {"hh4b": [tmp_path / "bare.npy"]})


def test_numbers_beyond_the_range_of_the_input_are_warned_of(tmp_path):
    far = np.array([[1e6, -1e6, 0.5]] * 20)
    np.save(tmp_path / "far.npy", far)
    np.save(tmp_path / "near.npy", far * [0, 1, 1])
    warned = suspicious(opened(small(), [], Reading(), {name: [tmp_path / f"{name}.npy"] for name in ("far", "near")}))
    assert len(warned) == 1
    assert "67 % of the first numbers" in warned[0]
    assert "far.npy are beyond the range of input 'x'" in warned[0]


def test_provenance_says_where_all_comes_from(page, program):
    assert program.digest in page.provenance["program"]
    assert page.provenance["command"] == "trigger-nn study"
    assert "event_images.h5, 11,900 events, 1 files" in page.provenance["events 1"]
    assert "SHA-256" in page.provenance["events 1"]
    assert json.loads(page.provenance["study"])["rates_khz"] == [50.0, 100.0, 300.0]


def test_coarse_scores_are_warned_of(program):
    *others, last = program.operations
    coarse = replace(program, operations=(*others, replace(last, type=Fixed(True, 7, 6, Rounding.RND, Overflow.SAT))))
    found = study(coarse, [embedded_sample()], StudySpec(rates_khz=(300.0,), tolerance=0.05))
    section = study_page(found, coarse).sections[1]
    rows = [row for signal in found.study.signals[:1] for row in signal.coarseness]
    warned = [block.text for block in section.blocks if isinstance(block, Text) and block.warning]
    assert [row.statement for row in rows if row.cause != "fine"] == warned[: len(rows)]
    tables = [block for block in section.blocks if isinstance(block, Table) and "wider types" in block.caption]
    assert len(tables[0].rows) == sum(len(row.tried) for row in rows)


def test_what_is_written_is_whole_and_says_the_same(program, studied, page, tmp_path):
    html = write_study(studied, page, tmp_path / "out")
    assert sorted(path.name for path in html.parent.iterdir()) == ["report.html", "report.json", "study.json"]
    assert 1e5 < html.stat().st_size < 5e6
    found = json.loads((html.parent / "study.json").read_text())
    row, written = studied.study.signals[1].at_rate[2], found["study"]["signals"][1]["at_rate"][2]
    assert written["threshold"]["mantissa"] == row.threshold.mantissa
    assert written["efficiency"] == {
        "value": row.efficiency.value,
        "low": row.efficiency.low,
        "high": row.efficiency.high,
    }
    curve = studied.study.signals[0].curve
    assert found["study"]["signals"][0]["curve"]["thresholds"] == curve.thresholds.tolist()
    assert found["type"] == str(program.outputs[0].type)
    assert found["spec"]["rates_khz"] == [50.0, 100.0, 300.0]


def test_what_json_can_not_hold_is_null_or_text():
    assert plain({1: (np.float64("nan"), np.int8(3), Fixed(True, 4, 2), "a", None, True)}) == {
        "1": [None, 3, "fixed<4,2>", "a", None, True]
    }


# --- the command line ----------------------------------------------------------------------------------------------


def verb(*arguments):
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def test_the_verb_prints_working_points_and_where_the_page_is(program, sample, tmp_path):
    done = verb(PROGRAM, embedded_sample(), "--rate-khz", 100, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    threshold, rate, _ = by_hand(program, sample, "hh4b", 0, 1e5)
    assert f"{rate / 1e3:,.4g}" in done.stdout
    assert f" {threshold} " in done.stdout
    assert "report.html" in done.stdout
    assert "not resolved" not in done.stdout
    few = verb(PROGRAM, embedded_sample(), "--rate-khz", 1, "--out", tmp_path / "few")
    assert few.stdout.count("not resolved") == 2
    assert (tmp_path / "out/report.html").is_file()


def test_the_verb_prints_json_and_that_alone(program, sample, tmp_path):
    done = verb(
        PROGRAM, embedded_sample(), "--study", RECIPE, "--rate-khz", 100, "--background", "qcd", "--out",
        tmp_path / "out", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["page"] == str(tmp_path / "out/report.html")
    assert found["roles"]["backgrounds"] == ["qcd"]
    assert [row["target"] for row in found["study"]["signals"][0]["at_rate"]] == [1e5]
    assert len(found["study"]["signals"][0]["turn_ons"]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([PROGRAM], "no events to study"),
        ([PROGRAM, "--process", "hh4b"], "--process hh4b names no process and file"),
        ([PROGRAM, embedded_sample(), "--signal", "hh4b"], "2 elements, but 1 signals"),
        ([PROGRAM, embedded_sample(), "--rate-khz", -1], "--rate-khz: rates_khz.0"),
        ([PROGRAM, embedded_sample("jets")], "no column 'image'"),
        ([PROGRAM, embedded_sample(), "--split", "none"], "no split 'none'"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, says, tmp_path):
    done = verb(*arguments, "--out", tmp_path / "out")
    assert says in str(done.exception)
    assert not (tmp_path / "out").exists()
