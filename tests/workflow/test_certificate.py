"""Certificates of the shipped event-image model: float side, QKeras, emulator, a second program; from files as well."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.browser import check_page
from tests.conftest import GOLDEN, ROOT
from trigger_nn import load_model
from trigger_nn.cli import app
from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.events.inputs import input_type
from trigger_nn.events.quantities import to_json
from trigger_nn.passes.coarsen import coarsen
from trigger_nn.plots.page.html import render_html
from trigger_nn.plots.page.json import render_json
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import BeamSpec, load_model_recipe
from trigger_nn.studies.certificate.onsets import THRESHOLD
from trigger_nn.studies.certificate.values import EMULATOR, QKERAS
from trigger_nn.studies.certificate.verdict import headlines, verdict
from trigger_nn.workflow.asking import Roles
from trigger_nn.workflow.certificate import FLOAT, SECOND, Others, certified, gathered
from trigger_nn.workflow.pages.certificate import certificate_page
from trigger_nn.workflow.sides import KerasSide, ProgramSide

SHIPPED = ROOT / "models" / "event_image"
EVENTS = 2000
ROLES = Roles(("hh4b", "vbf_inv"), ("zero_bias", "qcd"))
PROGRAM = GOLDEN / "event_image_program.h5"


@pytest.fixture(scope="module")
def program(tmp_path_factory, sample):
    """The shipped model's program, with its recipe recorded."""
    from trigger_nn.frontend.compile import compile_model

    recipe = load_model_recipe(SHIPPED / "recipe.toml")
    column = sample.column("image")
    facts = {
        "events": {"view": "image", "column": to_json(column)},
        "recipe": recipe.model_dump(include={"name", "events", "network", "training", "hardware"}),
        "outputs": list(recipe.events.outputs),
    }
    model, kind = load_model(SHIPPED / "quantized.h5"), input_type(column, recipe.events)
    return compile_model(model, recipe.name, kind, tmp_path_factory.mktemp("hls"), recipe.hardware, facts).program


def float_side():
    """The shipped network with the weights of its second convolution a little off their grid."""
    model = load_model(SHIPPED / "quantized.h5")
    layer, random = model.get_layer("conv2"), np.random.default_rng(5)
    layer.kernel_quantizer_internal = layer.kernel_quantizer = None  # or QKeras would put them back
    weights, bias = layer.get_weights()
    layer.set_weights([weights + random.normal(0, 0.02, weights.shape), bias])
    return model


@pytest.fixture(scope="module")
def others(program):
    return Others(float_side(), load_model(SHIPPED / "quantized.h5"), coarsen(program, 1, 1))


@pytest.fixture(scope="module")
def found(program, sample, others):
    return gathered(program, sample, others, limit=EVENTS)


@pytest.fixture(scope="module")
def certificate(found):
    return found.certificate([100.0, 300.0])


def test_qkeras_and_the_emulator_agree_bit_for_bit(certificate):
    assert certificate.exact
    assert [side.name for side in certificate.sides] == [FLOAT, QKERAS, EMULATOR, SECOND]
    limit = 1e6 * (1 - 0.05 ** (1 / EVENTS))
    assert verdict(certificate)[0] == (
        f"QKeras and the emulator decide every one of {EVENTS:,} events alike (at most {limit:,.0f} ppm differ, 95 % "
        "one-sided), and every score is the same."
    )
    for residuals in certificate.residuals:
        assert (residuals.largest == residuals.rms == 0) == (residuals.side == QKERAS)
    assert not [onset for onset in certificate.onsets if onset.side == QKERAS]


def test_the_float_side_flips_from_its_altered_layer_on(certificate):
    """Nothing before it, and after it no more than that its numbers are off the grid of the program's."""
    own = [onset for onset in certificate.onsets if onset.side == FLOAT]
    assert len(own) == 2 * 2 * 2
    for onset in own:
        assert {name for name, count in onset.layers.items() if count} <= {THRESHOLD, "conv2", "conv2_relu"}
        assert onset.layers["conv2"] > onset.layers["conv2_relu"]
        assert onset.looked_at == onset.flipped > 0


def test_a_coarser_program_flips_decisions(certificate, sample):
    """Recounted from its scores at its own thresholds."""
    kept = [f for f in certificate.flips if (f.first, f.second, f.basis) == (EMULATOR, SECOND, "same rate")]
    assert len(kept) == 2 * 2 * 2
    assert all(flip.gained + flip.lost > 0 for flip in kept)
    assert {flip.kind: flip.events for flip in kept} == {
        kind: int(np.isin(sample.splits["test"].process[:EVENTS], places).sum())
        for kind, places in (("background", (0, 1)), ("hh4b", (2,)), ("vbf_inv", (3,)))
    }
    assert any(onset.side == SECOND for onset in certificate.onsets)


def test_the_first_events_stand_for_all(found, sample):
    sides, whole = found.sides, sample.splits["test"].rate
    assert len(sides) == EVENTS
    assert sides.rates.sum() == pytest.approx(whole.sum(), rel=1e-5)
    assert "The first 2,000 of 11,900 events stand for all." in found.normalisation


def test_the_emulators_speed_is_measured(certificate):
    assert certificate.events_per_second > 1000
    for need in certificate.needs:
        assert (need.needed is None) == (need.seconds is None)
        if need.needed:
            assert need.seconds == pytest.approx(need.needed / certificate.events_per_second)
        assert need.zero_bias == pytest.approx(1e4 * 31.01e6 / need.target, rel=1e-3)


def test_the_page_holds_it_all(certificate, found):
    page = certificate_page(certificate, {"program": certificate.digest}, found.sides)
    titles = [section.title for section in page.sections]
    wanted = ["Verdict", "hh4b", "vbf_inv", "Where flips begin", "How far scores differ", "Events that are needed"]
    assert titles == wanted
    html = render_html(page)
    assert html.count("data:image/png") == 2 + 1 + 1 + 2
    assert verdict(certificate)[0] in html
    content = json.loads(render_json(page))
    tables = [b for section in content["sections"] for b in section["blocks"] if b["kind"] == "table"]
    assert all(len(row) == len(table["heads"]) for table in tables for row in table["rows"])
    flips = next(table for table in tables if "gained (ppm)" in table["heads"])
    assert len(flips["rows"]) == 2 * 2 * 2 * 2  # pairs that say something of their own, bases, rates, kinds
    assert {(row[0]["text"], row[1]["text"]) for row in flips["rows"]} == {(FLOAT, QKERAS), (EMULATOR, SECOND)}
    assert "From QKeras to emulator no decision differs (at most " in html
    assert "From float Keras to emulator the same decisions differ as from float Keras to QKeras." in html
    needs = zip(tables[-1]["rows"], certificate.needs, strict=True)
    assert all((row[4]["text"] == "not resolved") == (need.needed is None) for row, need in needs)


def test_header_and_verdict_speak_of_the_same_basis(certificate):
    shown = headlines(certificate)
    assert list(shown) == [FLOAT, QKERAS, SECOND]
    assert {pair.basis for pair in shown.values()} == {"same rate"}
    facts = certificate_page(certificate, {}).facts
    for fact, (side, pair) in zip(facts, shown.items(), strict=False):
        assert fact.value == f"{pair.differing:,} of {pair.events:,}"
        assert "at the same rate, at any rate asked for" in fact.label
        assert side in fact.label
    told = [sentence for sentence in verdict(certificate) if not sentence.startswith(QKERAS)]
    assert len(told) == 2 * 2
    assert all("at 300 kHz, each at its own threshold" in sentence for sentence in told)


def test_a_threshold_that_everything_passes_is_told_as_always_accept(found):
    rates = [found.sides.rates.sum() / 1e3 * 1.01]
    certificate = found.certificate(rates)
    program = found.program.outputs[0].type
    assert certificate.loosest == (program.minimum - 1) * 2.0**-program.fraction
    assert certificate.thresholds[EMULATOR, "hh4b", rates[0] * 1e3] == certificate.loosest
    assert render_html(certificate_page(certificate, {})).count("always accept") >= 2 * 3


def test_what_beam_says_gives_events_their_rates(program, sample):
    """Of crossings without a rate of their own: as many as the machine has."""
    test = sample.splits["test"]
    bare = replace(sample, splits={"test": replace(test, rate=np.zeros_like(test.rate))})
    others, roles = Others(second=coarsen(program, 1, 0)), replace(ROLES, backgrounds=("zero_bias",))
    with pytest.raises(EventsError, match="No background event stands for a rate"):
        certified(program, bare, others, roles, [100.0], limit=EVENTS)
    beam = BeamSpec(filled_bunches=1000)
    found = gathered(program, bare, others, roles, beam=beam, limit=EVENTS)
    assert found.sides.rates.sum() == pytest.approx(1000 * 11245.5, rel=1e-5)


def test_keras_in_double_precision_gives_the_same_scores(program, others, found):
    """Here float32 holds every sum, so that nothing may change."""
    mantissas = found.inside.inputs["image"][:100]
    single, double = (KerasSide(others.quantized, program, double) for double in (False, True))
    assert np.array_equal(*(side.scores(mantissas, lambda *_: None, "") for side in (single, double)))
    one, two = single.layers(mantissas), double.layers(mantissas)
    assert {"conv1", "conv1_relu", "dense1", "score", "output"} <= one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_float_layer_is_looked_at_behind_its_normalisation(program, found):
    """The float network, untrained, has a normalisation behind each layer, which the program has folded."""
    from trigger_nn.training.architectures import float_network

    recipe = load_model_recipe(SHIPPED / "recipe.toml")
    model = float_network(recipe.network, program.inputs[0].shape, 2)
    norm = model.get_layer("conv1_norm")
    norm.set_weights([weights + 0.5 for weights in norm.get_weights()])
    side, mantissas = KerasSide.of(FLOAT, model, program, quantized=False), found.inside.inputs["image"][:20]
    layers = side.layers(mantissas)
    assert {"conv1", "conv1_relu", "dense1", "score"} <= layers.keys()
    assert np.array_equal(np.maximum(layers["conv1"], 0), layers["conv1_relu"])


def test_classes_have_neither_rates_nor_needs(sample, program):
    """Two processes as classes of the two outputs."""
    roles = Roles(classes=("hh4b", "vbf_inv"))
    found = certified(program, sample, Others(second=coarsen(program, 2, 1)), roles, limit=EVENTS)
    assert (found.needs, found.thresholds, found.normalisation) == ((), {}, "")
    assert {(flip.basis, flip.target, flip.gained_hz) for flip in found.flips} == {("largest output", 0.0, None)}
    assert {flip.kind for flip in found.flips} == {"hh4b", "vbf_inv", "other classes"}
    assert found.alike[0].differing > 0
    page = certificate_page(found, {})
    assert [section.title for section in page.sections][-1] == "How far scores differ"
    assert "data:image/png" in render_html(page)


def test_sides_that_do_not_belong_together_are_refused(program, sample):
    port = program.inputs[0]
    narrow = replace(program, inputs=(replace(port, type=Fixed(False, 10, 5)),))
    with pytest.raises(EventsError, match=r"takes .*ufixed<10,5>.* ufixed<10,4>; compile it for the same input"):
        ProgramSide.of(narrow, program)
    swapped = replace(program, provenance={**program.provenance, "outputs": ["vbf_inv", "hh4b"]})
    with pytest.raises(EventsError, match=r"has outputs vbf_inv, hh4b, program .* hh4b, vbf_inv"):
        certified(program, sample, Others(second=swapped))
    tagger = load_model(ROOT / "models" / "jet_tagger" / "small.h5")
    with pytest.raises(EventsError, match=r"QKeras model .* has shapes .*; give the model of the same network"):
        certified(program, sample, Others(quantized=tagger))
    with pytest.raises(EventsError, match="nothing to compare the emulator with"):
        certified(program, sample, Others())
    with pytest.raises(EventsError, match="not one number for each of hh4b; name what its outputs"):
        certified(program, sample, Others(second=program), replace(ROLES, signals=("hh4b",)))
    with pytest.raises(EventsError, match="no split 'later'"):
        certified(program, sample, Others(second=program), split="later")
    empty = replace(sample, splits={"test": sample.splits["test"].take(slice(0))})
    with pytest.raises(EventsError, match="no events of split 'test'"):
        certified(program, empty, Others(second=program))


# --- the command line ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory, program):
    """Program, coarser program, models."""
    folder = tmp_path_factory.mktemp("files")
    program.save(folder / "program.h5")
    coarsen(program, 1, 1).save(folder / "coarse.h5")
    (folder / "quantized.h5").write_bytes((SHIPPED / "quantized.h5").read_bytes())
    (folder / "broken.h5").write_text("no model")
    return folder


def certify(files, *options):
    arguments = ["certify", str(files / "program.h5"), "--events", "embedded", "--limit", "1500", *map(str, options)]
    return CliRunner().invoke(app, arguments, catch_exceptions=True)


def test_the_verb_tells_the_verdict_and_writes_the_page(files, tmp_path):
    options = ("--quantized", files / "quantized.h5", "--second", files / "coarse.h5", "--rate-khz", "200")
    done = certify(files, *options, "--out", tmp_path, "--require-exact")
    assert done.exit_code == 0, done.output
    words = " ".join(done.stdout.split())
    assert "QKeras and the emulator decide every one of 1,500 events alike" in words
    assert "Second program and the emulator differ for hh4b at 200 kHz, each at its own threshold" in words
    assert f"page: {tmp_path / 'certificate.html'}" in done.stdout
    html = (tmp_path / "certificate.html").read_text()
    assert "--limit 1500 --rate-khz 200" in html
    check_page(tmp_path / "certificate.html")
    assert json.loads((tmp_path / "certificate.json").read_text())["title"] == "event_image: decision certificate"


def test_json_is_for_scripts_and_the_exit_code_too(files, tmp_path):
    done = certify(files, "--second", files / "coarse.h5", "--out", tmp_path, "--json", "--require-exact")
    assert done.exit_code == 1, done.output  # no QKeras, nothing proven
    told = json.loads(done.stdout)
    assert told["exact"] is False
    assert told["events"] == 1500
    assert {flip["second"] for flip in told["flips"]} == {SECOND}
    assert len(told["thresholds"]) == 2 * 2 * 3
    assert sum(told["residuals"][0]["counts"]) == 1500


@pytest.mark.parametrize(("options", "says"), [
    (("--quantized", "nowhere.h5"), "There is no model at nowhere.h5"),
    (("--quantized", "broken.h5"), "is no Keras 2 or QKeras model in HDF5"),
    (("--second", "program.h5", "--class", "hh4b", "--signal", "vbf_inv"), "name either the one or the other"),
    (("--second", "program.h5", "--signal", "ttbar", "--signal", "hh4b"), "process 'ttbar'"),
])  # fmt: skip
def test_what_does_not_fit_is_one_sentence(files, monkeypatch, options, says):
    monkeypatch.chdir(files)
    done = certify(files, *options)
    assert isinstance(done.exception, TriggerNNError)
    assert says in str(done.exception)


def test_a_recipe_without_a_run_says_what_to_do(tmp_path):
    arguments = ["certify", str(SHIPPED / "recipe.toml"), "--build", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, TriggerNNError)
    assert "run: trigger-nn compile" in str(done.exception)


def test_a_program_without_events_says_what_to_do():
    done = CliRunner().invoke(app, ["certify", str(PROGRAM)])
    assert "give them with --events" in str(done.exception)


def test_a_run_needs_its_recipe_alone(files, tmp_path):
    """Its folder holds program and models; the float model is the quantized one here, so that both decide alike."""
    folder = tmp_path / "event_image"
    folder.mkdir()
    for name, source in (("program.h5", "program.h5"), ("float.h5", "quantized.h5"), ("quantized.h5", "quantized.h5")):
        (folder / name).write_bytes((files / source).read_bytes())
    arguments = ["certify", str(SHIPPED / "recipe.toml"), "--build", str(tmp_path), "--limit", "1000", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["exact"] is True
    assert told["page"] == str(folder / "certificate.html")
    assert [need["target"] for need in told["needs"][:3]] == [50e3, 100e3, 300e3]  # the recipe's study
