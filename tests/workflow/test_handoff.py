"""The roads to a bundle: what each states, what each refuses, and that the bytes are the same when made again."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import trigger_nn
from tests.conftest import ROOT
from tests.frontend.test_compile import INPUT, dense, events, relu, tagger
from trigger_nn import Emulator, Program
from trigger_nn.errors import EventsError, HandoffError, RecipeError, TriggerNNError, UnsupportedLayerError
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.files import sha256
from trigger_nn.frontend.legacy import keras
from trigger_nn.handoff.builders import raw_record
from trigger_nn.handoff.design import Threshold
from trigger_nn.handoff.manifest import read_manifest, weights_digest
from trigger_nn.handoff.vectors.values import RANDOM, REAL, SPARSE
from trigger_nn.handoff.verify import verify
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.handoff import compiled_bundle, program_bundle
from trigger_nn.workflow.origin import hardware_of, saved
from trigger_nn.workflow.performance import figures_of
from trigger_nn.workflow.steps import compiled_model
from trigger_nn.workflow.workspace import Workspace, embedded_sample, in_repository, write_bundle

JETS, IMAGES = ROOT / "models/jet_tagger/small.toml", ROOT / "models/event_image/recipe.toml"


def made(folder, recipe, model):
    """What `trigger-nn compile` leaves in `folder`, of a model that is trained already; the program's path."""
    shutil.copy(model, folder / "quantized.h5")
    workspace = Workspace(load_model_recipe(recipe), recipe, folder, folder)
    compiled_model(workspace).program.save(folder / "program.h5")
    return folder / "program.h5"


@pytest.fixture(scope="module")
def jets(tmp_path_factory):
    return made(tmp_path_factory.mktemp("jets"), JETS, JETS.parent / "small.h5")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return made(tmp_path_factory.mktemp("images"), IMAGES, IMAGES.parent / "quantized.h5")


@pytest.fixture(scope="module")
def image_bundle(images):
    return program_bundle(images, embedded_sample(), recipe=IMAGES, command="trigger-nn bundle it")


def changed_recipe(folder, source, *changes):
    """A recipe with other texts, in no git repository."""
    text = source.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def numbers_of(path, program):
    return trigger_nn.network_inputs(read_sample(path), program)


def pattern(line, kind):
    """The mantissas of one line of a .hex file."""
    raw = [int(word, 16) for word in line.split()]
    return [x - (1 << kind.width) if kind.signed and x >> (kind.width - 1) else x for x in raw]


def real_events(bundle, port, kind):
    """Mantissas of the real events among the vectors of the design, (events, elements)."""
    (group,) = [g for g in json.loads(bundle.files["vectors/events.json"])["groups"] if g["name"] == REAL]
    lines = bundle.files[f"vectors/design/inputs/{port}.hex"].decode().splitlines()
    return [pattern(line, kind) for line in lines[group["first"] : group["first"] + group["count"]]]


def expected(bundle, port):
    return bundle.files[f"vectors/design/expected/{port}.hex"].decode().splitlines()


# A program and its model: classes.


def test_a_tagger_states_what_its_networks_do(jets):
    program, path = Program.load(jets), embedded_sample("jets")
    bundle = program_bundle(jets, path, recipe=JETS, command="trigger-nn bundle it")
    manifest, labels = read_manifest(bundle), read_sample(path).splits["test"].process
    scores = Emulator(program).predict(numbers_of(path, program))
    accuracy, area = manifest.performance
    assert accuracy.measure == "accuracy"
    assert accuracy.emulated == (scores.argmax(axis=1) == labels).mean()
    assert accuracy.quantized == accuracy.emulated  # QKeras is exact up to the logits
    assert accuracy.float_network is None
    assert accuracy.events == len(labels) == area.events
    assert 0.8 < area.emulated < 1
    assert manifest.thresholds == manifest.limits == ()
    assert manifest.digests.program == program.digest
    assert manifest.digests.weights == weights_digest(program)
    assert manifest.digests.recipe == sha256(JETS.read_bytes())
    assert manifest.digests.training_sample == sha256(path.read_bytes())
    assert manifest.recipe == json.loads(json.dumps(program.provenance["recipe"]))
    assert manifest.command == "trigger-nn bundle it"
    assert [p.name for p in manifest.outputs] == ["output"]
    assert manifest.meanings[manifest.outputs[0].name].text.endswith(": quark, gluon, w, z, top")
    assert "15: multiplicity in counts of 0.125 from 49" in manifest.meanings[manifest.inputs[0].name].text
    assert verify(bundle, build=False).holds


def test_the_float_model_beside_it_counts_too(jets, tmp_path):
    for name in ("program.h5", "quantized.h5"):
        shutil.copy(jets.with_name(name), tmp_path)
    shutil.copy(JETS.parent / "small.h5", tmp_path / "float.h5")
    accuracy = read_manifest(program_bundle(tmp_path / "program.h5", embedded_sample("jets"))).performance[0]
    assert accuracy.float_network == accuracy.quantized == accuracy.emulated


def test_the_number_of_vectors(jets, tmp_path):
    """As given, else as the recipe says, else 500; they are the first of the split."""
    program, path = Program.load(jets), embedded_sample("jets")
    recipe = changed_recipe(tmp_path, JETS, ("vectors = 500", "vectors = 7"))
    kind = program.inputs[0].type
    test = read_sample(path).splits["test"]["features"]
    for given, rules, count in ((None, recipe, 7), (3, recipe, 3), (None, None, 500)):
        found = real_events(program_bundle(jets, path, recipe=rules, vectors=given), "features", kind)
        assert np.array_equal(found, test[:count])


def test_another_split_gives_vectors_but_no_figures(jets):
    program, path = Program.load(jets), embedded_sample("jets")
    bundle = program_bundle(jets, path, split="validation", vectors=4)
    validation = read_sample(path).splits["validation"]["features"][:4]
    assert np.array_equal(real_events(bundle, "features", program.inputs[0].type), validation)
    assert read_manifest(bundle).performance == ()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_numbers_in_place_of_a_sample(jets, tmp_path, suffix):
    program = Program.load(jets)
    numbers = numbers_of(embedded_sample("jets"), program)[:9]
    path = tmp_path / f"jets{suffix}"
    np.save(path, numbers) if suffix == ".npy" else np.savez(path, features=numbers)
    bundle = program_bundle(jets, path)
    assert read_manifest(bundle).performance == ()
    found = np.array(real_events(bundle, "features", program.inputs[0].type))
    assert np.array_equal(found, numbers * 2.0 ** program.inputs[0].type.fraction)


def test_a_bundle_is_written_under_its_name_and_as_a_zip(jets, tmp_path):
    bundle = program_bundle(jets, embedded_sample("jets"), vectors=2)
    folder = write_bundle(bundle, tmp_path / "fw")
    assert folder == tmp_path / f"fw/jet_tagger_small-{bundle.digest[:8]}"
    assert (tmp_path / f"fw/{folder.name}.zip").read_bytes() == bundle.zip()
    assert write_bundle(bundle, tmp_path / "fw") == folder
    assert sorted(p.name for p in (tmp_path / "fw").iterdir()) == [folder.name, f"{folder.name}.zip"]


# What a program's road refuses.


def test_a_missing_model_is_named(jets, tmp_path):
    shutil.copy(jets, tmp_path / "program.h5")
    with pytest.raises(HandoffError, match=r"no model at .*/quantized\.h5.*--model"):
        program_bundle(tmp_path / "program.h5", embedded_sample("jets"))
    with pytest.raises(HandoffError, match=r"no model at .*mine\.h5"):
        program_bundle(jets, embedded_sample("jets"), model=tmp_path / "mine.h5")


@pytest.mark.parametrize("name", ["text.h5", "program.h5"])
def test_a_file_that_is_no_model_is_refused(jets, tmp_path, name):
    (tmp_path / "text.h5").write_text("no model")
    shutil.copy(jets, tmp_path)
    with pytest.raises(TriggerNNError, match=name):
        program_bundle(jets, embedded_sample("jets"), model=tmp_path / name)


def test_another_model_is_refused(jets, tmp_path):
    model = trigger_nn.load_model(JETS.parent / "small.h5")
    weights = model.get_weights()
    weights[0][0, 0] += 0.25
    model.set_weights(weights)
    model.save(tmp_path / "other.h5")
    digest = Program.load(jets).digest[:12]
    for path in (tmp_path / "other.h5", JETS.parent / "quantized.h5"):
        with pytest.raises(HandoffError, match=f"{path.name} compiles to program [0-9a-f]{{12}}, not to {digest}"):
            program_bundle(jets, embedded_sample("jets"), model=path)


def test_a_model_with_other_inputs_is_refused(jets):
    with pytest.raises(TriggerNNError, match=r"event_image/quantized\.h5|input"):
        program_bundle(jets, embedded_sample("jets"), model=IMAGES.parent / "quantized.h5")


def test_a_program_without_its_hardware_is_refused(jets, tmp_path):
    program = Program.load(jets)
    for stored, says in (({}, "does not record what it was compiled for"), ({"hardware": {"part": "mine"}}, "part")):
        replace(program, provenance=stored).save(tmp_path / "program.h5")
        with pytest.raises(RecipeError, match=says):
            program_bundle(tmp_path / "program.h5", embedded_sample("jets"), model=JETS.parent / "small.h5")


def test_events_that_do_not_fit_are_refused(jets, tmp_path):
    with pytest.raises(EventsError, match="no column 'features'"):
        program_bundle(jets, embedded_sample())
    with pytest.raises(EventsError, match=r"no events file at .*none\.h5"):
        program_bundle(jets, tmp_path / "none.h5")
    with pytest.raises(EventsError, match="no split 'tets'"):
        program_bundle(jets, embedded_sample("jets"), split="tets")
    for values in (np.zeros((3, 4)), np.zeros((0, 16)), np.full((3, 16), np.nan)):
        np.save(tmp_path / "bad.npy", values)
        with pytest.raises(EventsError):
            program_bundle(jets, tmp_path / "bad.npy")
    with pytest.raises(RecipeError, match="no recipe at"):
        program_bundle(jets, embedded_sample("jets"), recipe=tmp_path / "none.toml")


@pytest.mark.parametrize(("network", "events", "recipe"), [("jets", "jets", IMAGES), ("images", "event_images", JETS)])
def test_a_recipe_of_another_network_is_refused(network, events, recipe, request):
    """Its classes or signals are not what the outputs stand for, so no figure would be true."""
    with pytest.raises(TriggerNNError):
        program_bundle(request.getfixturevalue(network), embedded_sample(events), recipe=recipe)


def test_a_recipe_with_the_signals_in_another_order_is_refused(images, tmp_path):
    """Each threshold would be that of the other signal."""
    recipe = changed_recipe(tmp_path, IMAGES, ('["hh4b", "vbf_inv"]', '["vbf_inv", "hh4b"]'))
    with pytest.raises(TriggerNNError, match="hh4b"):
        program_bundle(images, embedded_sample(), recipe=recipe)


@pytest.fixture(scope="module")
def few():
    """A small part of the embedded images."""
    sample = read_sample(embedded_sample())
    return replace(sample, splits={split: part.take(slice(0, 400)) for split, part in sample.splits.items()})


def test_a_sample_without_a_process_of_the_recipe_is_refused(images, few, tmp_path):
    write_sample(tmp_path / "renamed.h5", replace(few, processes=("zero_bias", "qcd", "hh4b", "other")), 1)
    with pytest.raises(TriggerNNError, match="vbf_inv"):
        program_bundle(images, tmp_path / "renamed.h5", recipe=IMAGES)
    unstated = read_manifest(program_bundle(images, tmp_path / "renamed.h5", vectors=3))
    assert (unstated.performance, unstated.thresholds) == ((), ())
    assert "vbf_inv" in unstated.limits[0]


def test_a_sample_without_the_split_that_cuts_are_tuned_on_is_refused(images, few, tmp_path):
    write_sample(tmp_path / "test_only.h5", replace(few, splits={"test": few.splits["test"]}), 1)
    with pytest.raises(TriggerNNError, match="train"):
        program_bundle(images, tmp_path / "test_only.h5", recipe=IMAGES)


# A program and its model: signals with rates.


def test_thresholds_stand_for_their_rates(image_bundle, images):
    """Each is the loosest integer whose rate, counted here, is no higher than it says; its efficiency is exact."""
    program, sample = Program.load(images), read_sample(embedded_sample())
    test, output = sample.splits["test"], program.outputs[0]
    scores = Emulator(program).predict(numbers_of(embedded_sample(), program)) * 2.0**output.type.fraction
    background = sample.select("test", "zero_bias", "qcd")
    rates = test.rate.astype(float)
    manifest = read_manifest(image_bundle)
    assert [(t.signal, t.element, t.rate) for t in manifest.thresholds] == [
        (signal, i, khz * 1e3) for i, signal in enumerate(("hh4b", "vbf_inv")) for khz in (50, 100, 300)
    ]
    for t in manifest.thresholds:
        score, wanted = scores[:, t.element], sample.select("test", t.signal)
        assert rates[background & (score > t.mantissa)].sum() <= t.rate
        assert rates[background & (score >= t.mantissa)].sum() > t.rate
        assert t.efficiency == (score[wanted] > t.mantissa).mean()
        assert t.in_firmware == (t.rate == 100e3)
    efficiency = {p.measure: p.emulated for p in manifest.performance}
    assert efficiency == {
        f"efficiency for {t.signal} at {t.rate / 1e3:g} kHz": t.efficiency for t in manifest.thresholds
    }
    assert all(p.quantized == p.emulated and p.float_network is None for p in manifest.performance)


def test_the_firmware_decides_at_the_recipe_s_rate(image_bundle, images):
    manifest, program = read_manifest(image_bundle), Program.load(images)
    assert [(p.name, p.bits) for p in manifest.outputs] == [("output", 24), ("decision", 2)]
    assert manifest.meanings[manifest.outputs[1].name].text.endswith("bit 0: hh4b at 100 kHz, 1: vbf_inv at 100 kHz")
    assert manifest.meanings[manifest.outputs[0].name].text == "one score a signal (a logit): hh4b, vbf_inv"
    assert "the first column is phi cell 11, the last is phi cell 0" in manifest.meanings[manifest.inputs[0].name].text
    cuts = [t.mantissa for t in manifest.thresholds if t.in_firmware]
    scores = [pattern(line, program.outputs[0].type) for line in expected(image_bundle, "output")]
    bits = [[int(word) for word in line.split()] for line in expected(image_bundle, "decision")]
    assert bits == [[int(x > cut) for x, cut in zip(score, cuts, strict=True)] for score in scores]
    assert {tuple(row) for row in bits} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert verify(image_bundle, build=False).holds


def test_without_a_recipe_the_program_s_own_counts_and_nothing_is_decided(images):
    manifest = read_manifest(program_bundle(images, embedded_sample(), vectors=3))
    assert [t.rate for t in manifest.thresholds] == [50e3, 100e3, 300e3] * 2  # the default rates
    assert [p.name for p in manifest.outputs] == ["output"]
    assert not any(t.in_firmware for t in manifest.thresholds)


def test_the_recipe_s_handoff_and_rates_are_taken(images, tmp_path):
    recipe = changed_recipe(
        tmp_path, IMAGES, ("rates_khz = [50.0, 100.0, 300.0]", "rates_khz = [0.01, 300.0]"),
        ("decision_khz = 100.0", "decision_khz = 300.0\nrandom_vectors = 6"), ("layers = false", "layers = true"),
        ('board = "x0"', 'board = "serenity"'), ("vectors = 500", "vectors = 4"),
    )  # fmt: skip
    bundle = program_bundle(images, embedded_sample(), recipe=recipe)
    manifest, program = read_manifest(bundle), Program.load(images)
    assert [(t.rate, t.in_firmware) for t in manifest.thresholds] == [(10.0, False), (300e3, True)] * 2
    assert manifest.handoff == load_model_recipe(recipe).handoff
    groups = {g["name"]: g["count"] for g in json.loads(bundle.files["vectors/events.json"])["groups"]}
    assert (groups[REAL], groups[RANDOM] + groups[SPARSE]) == (4, 6)
    assert all(any(f"/{op.name}." in path for path in bundle.files) for op in program.operations)
    assert any(b"serenity" in content for path, content in bundle.files.items() if path.startswith("vectors/"))
    assert manifest.revision == ""
    # So few background events stand behind 10 Hz that the card says so.
    unresolved = [limit for limit in manifest.limits if "0.01 kHz" in limit]
    assert [limit.split(" rests")[0] for limit in unresolved] == [
        f"The rate of 0.01 kHz for {signal}" for signal in ("hh4b", "vbf_inv")
    ]
    assert all(limit in bundle.files["CARD.md"].decode() for limit in unresolved)
    assert verify(bundle, build=False).holds


def test_a_rate_above_all_background_lets_everything_pass(images, tmp_path):
    program, sample = Program.load(images), read_sample(embedded_sample())
    rates = ("rates_khz = [50.0, 100.0, 300.0]", "rates_khz = [1e9]"), ("decision_khz = 100.0", "decision_khz = 1e9")
    recipe = load_model_recipe(changed_recipe(tmp_path, IMAGES, *rates))
    kind, rng = program.outputs[0].type, np.random.default_rng(1)
    scores = rng.integers(kind.minimum, kind.maximum, (len(sample.splits["test"]), 2), endpoint=True)
    scores[:9] = kind.minimum
    figures = figures_of(program, sample, recipe, {"emulator": scores * 2.0**-kind.fraction})
    assert [t.efficiency for t in figures.thresholds] == [1.0, 1.0]
    assert all(t.mantissa < kind.minimum for t in figures.thresholds)


# The builder.


@pytest.fixture(scope="module")
def tower_recipe(tmp_path_factory):
    changes = ("builder = false", "builder = true"), ("vectors = 500", "vectors = 6")
    return changed_recipe(tmp_path_factory.mktemp("recipe"), IMAGES, *changes)


@pytest.fixture(scope="module")
def tower_bundle(images, tower_recipe):
    return program_bundle(images, embedded_sample(), recipe=tower_recipe, command="trigger-nn bundle it")


def test_what_the_builder_must_know_is_recorded(images):
    raw = Program.load(images).provenance["events"]["raw"]
    assert raw == raw_record(read_sample(embedded_sample()).provenance)
    assert raw["towers"] == [100, 72]


def test_towers_come_in_where_the_recipe_asks_for_the_builder(images, tower_bundle):
    program, manifest = Program.load(images), read_manifest(tower_bundle)
    assert "image" not in [p.name for p in manifest.inputs]
    assert all(p.elements % 72 == 0 for p in manifest.inputs)
    assert manifest.builder["kind"] == "event_image"
    assert [p.name for p in manifest.outputs] == ["output", "decision"]
    lines = tower_bundle.files["vectors/network/inputs/image.hex"].decode().splitlines()
    assert len(lines) == manifest.vectors.network_events
    real = [pattern(line, program.inputs[0].type) for line in lines[-6:]]
    wanted = numbers_of(embedded_sample(), program)[:6] * 2.0 ** program.inputs[0].type.fraction
    assert np.array_equal(real, wanted.reshape(6, -1))
    assert verify(tower_bundle, build=False).holds


def test_a_builder_that_nobody_knows_is_refused(images, jets, tmp_path):
    program = Program.load(images)
    shutil.copy(images.with_name("quantized.h5"), tmp_path)
    recipe = changed_recipe(tmp_path, IMAGES, ("builder = false", "builder = true"))
    made_of = {key: value for key, value in program.provenance["events"].items() if key != "column"}
    replace(program, provenance=program.provenance | {"events": made_of}).save(tmp_path / "program.h5")
    with pytest.raises(HandoffError, match="does not record the view"):
        program_bundle(tmp_path / "program.h5", embedded_sample(), recipe=recipe)


# A model that was compiled in this process.


@pytest.fixture(scope="module")
def compiled():
    return trigger_nn.compile(tagger(), INPUT, name="tagger")


CUTS = (Threshold("b", 3, 1e5, 17, 0.5), Threshold("a", 0, 2e5, -5, 0.25))


def test_thresholds_of_a_call_are_all_decided(compiled):
    x = events(tagger(), 30)
    bundle = trigger_nn.bundle(compiled, x, "what comes", "what goes", CUTS, random_vectors=5)
    manifest = read_manifest(bundle)
    assert [(t.signal, t.element, t.rate, t.mantissa, t.in_firmware) for t in manifest.thresholds] == [
        ("b", 3, 1e5, 17, True), ("a", 0, 2e5, -5, True),
    ]  # fmt: skip
    assert [p.name for p in manifest.outputs] == [compiled.program.output_names[0], "decision"]
    told = [manifest.meanings[port.name].text for port in (manifest.inputs[0], manifest.outputs[0])]
    assert told == ["what comes", "what goes"]
    assert manifest.meanings[manifest.outputs[1].name].text.endswith("bit 0: b at 100 kHz, 1: a at 200 kHz")
    assert manifest.handoff.random_vectors == 5
    kind = compiled.program.outputs[0].type
    scores = [pattern(line, kind) for line in expected(bundle, compiled.program.output_names[0])]
    bits = [[int(w) for w in line.split()] for line in expected(bundle, "decision")]
    assert bits == [[int(s[3] > 17), int(s[0] > -5)] for s in scores]
    assert verify(bundle, build=False).holds
    plain = trigger_nn.bundle(compiled, x)
    assert "decision" not in [p.name for p in read_manifest(plain).outputs]
    assert read_manifest(plain).symbol != manifest.symbol


def test_a_network_without_a_recipe_has_no_recipe_s_digest(compiled):
    digests = read_manifest(trigger_nn.bundle(compiled, events(tagger(), 3))).digests
    assert (digests.recipe, digests.training_sample) == ("", "")  # nothing is known of either


@pytest.mark.parametrize("element", [5, 99, -1])
def test_a_threshold_of_an_element_that_is_not_there_is_refused(compiled, element):
    with pytest.raises(TriggerNNError, match=str(element)):
        trigger_nn.bundle(compiled, events(tagger(), 3), thresholds=(Threshold("x", element, 1e5, 0, 0.5),))


def test_bad_calls_are_refused(compiled):
    x = events(tagger(), 3)
    with pytest.raises(EventsError, match=r"at least one event|no events"):
        trigger_nn.bundle(compiled, x[:0])
    with pytest.raises(EventsError, match="shape"):
        trigger_nn.bundle(compiled, x[:, :4])
    with pytest.raises(EventsError, match="finite"):
        trigger_nn.bundle(compiled, x * np.nan)
    with pytest.raises(RecipeError, match=r"handoff: unknown key 'layer'; did you mean 'layers'"):
        trigger_nn.bundle(compiled, x, layer=True)
    with pytest.raises(HandoffError, match="does not record the view"):
        trigger_nn.bundle(compiled, x, builder=True)


def two_by_two():
    """Two inputs, two outputs."""
    keras.utils.set_random_seed(5)
    a, b = keras.layers.Input((4,), name="calo"), keras.layers.Input((3,), name="muons")
    x = relu("r1")(dense(5, "d1")(keras.layers.Concatenate(name="cat")([a, b])))
    return keras.Model([a, b], [dense(2, "hadronic")(x), dense(3, "leptonic")(relu("r2")(dense(4, "d2")(x)))])


def test_two_inputs_and_two_outputs():
    compiled = trigger_nn.compile(two_by_two(), {"calo": "fixed<9,4>", "muons": "ufixed<6,3>"}, name="two")
    rng = np.random.default_rng(2)
    x = {"calo": rng.uniform(-8, 8, (20, 4)), "muons": rng.uniform(0, 8, (20, 3))}
    program = compiled.program
    bundle = trigger_nn.bundle(compiled, x, thresholds=(Threshold("tau", 1, 4e4, 3, 0.5),))
    manifest = read_manifest(bundle)
    assert [(p.name, p.type, p.elements) for p in manifest.inputs] == [
        ("calo", "fixed<9,4>", 4), ("muons", "ufixed<6,3>", 3),
    ]  # fmt: skip
    assert [p.name for p in manifest.outputs] == [*program.output_names, "decision"]
    cast = Emulator(program).cast(x)
    for port in program.inputs:
        assert np.array_equal(real_events(bundle, port.name, port.type), cast[port.name])
    scores = [pattern(line, program.outputs[0].type) for line in expected(bundle, program.output_names[0])]
    assert expected(bundle, "decision") == [str(int(s[1] > 3)) for s in scores]
    assert verify(bundle, build=False).holds
    with pytest.raises(EventsError, match="'muons'"):
        trigger_nn.bundle(compiled, {"calo": x["calo"]})
    with pytest.raises(EventsError, match="'muons'"):
        trigger_nn.bundle(compiled, x["calo"])
    with pytest.raises(EventsError):
        trigger_nn.bundle(compiled, x | {"muons": x["muons"][:7]})
    with pytest.raises(HandoffError, match=r"2 inputs|record the view"):
        trigger_nn.bundle(compiled, x, builder=True)


def test_streams_are_handed_over_alone():
    compiled = trigger_nn.compile(tagger(), INPUT, name="flow", io_type="io_stream")
    bundle = trigger_nn.bundle(compiled, events(tagger(), 9))
    assert read_manifest(bundle).hardware.io_type == "io_stream"
    assert b"hls::stream" in b"".join(c for p, c in bundle.files.items() if p.startswith("hls/firmware/flow"))
    shallow = trigger_nn.bundle(compiled, events(tagger(), 20), fifo_depths="modelled")
    depths = re.findall(r"variable=\w+ depth=(\d+)", shallow.files["hls/firmware/network.cpp"].decode())
    needed = stream(compiled.program, hardware_of(compiled.program)).needed
    assert sorted(map(int, depths)) == sorted(needed.values())
    assert verify(bundle, build=False).holds
    with pytest.raises(UnsupportedLayerError, match="io_stream"):
        trigger_nn.bundle(compiled, events(tagger(), 9), thresholds=CUTS)


def test_compiled_bundle_takes_numbers_by_port(compiled):
    x = events(tagger(), 5)
    bundle = compiled_bundle(compiled, {"features": x}, {}, (), builder=False, handoff={})
    assert bundle.digest == trigger_nn.bundle(compiled, x).digest


# The same bytes, anywhere.

AGAIN = """
    import sys, numpy as np
    from pathlib import Path
    import trigger_nn
    from tests.frontend.test_compile import INPUT, events, tagger
    from trigger_nn.files import sha256
    from trigger_nn.recipe import load_model_recipe
    from trigger_nn.workflow.handoff import program_bundle
    from trigger_nn.workflow.workspace import embedded_sample
    program, recipe = map(Path, sys.argv[1:])
    made = program_bundle(program, embedded_sample(), recipe=recipe, command="trigger-nn bundle it")
    for path in sorted(made.files):
        print(sha256(made.files[path]), path)
    print(sha256(made.zip()), "zip")
    called = trigger_nn.bundle(trigger_nn.compile(tagger(), INPUT, name="tagger"), events(tagger(), 50), layers=True)
    print(sha256(called.zip()), "without a recipe")
"""


def elsewhere(script, folder, *arguments, **environment):
    """Lines that a script prints in another process: other folder, time zone, locale, hash seed, one thread."""
    other = os.environ | {
        "TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "4242", "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT), "HOME": str(folder), "OMP_NUM_THREADS": "1", **environment,
    }  # fmt: skip
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=other, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_same_bytes_in_another_process(images, tower_recipe, tower_bundle, compiled, tmp_path):
    files = tower_bundle.files
    ours = [f"{sha256(files[path])} {path}" for path in sorted(files)] + [f"{sha256(tower_bundle.zip())} zip"]
    called = trigger_nn.bundle(compiled, events(tagger(), 50), layers=True)
    ours.append(f"{sha256(called.zip())} without a recipe")
    relative = [os.path.relpath(path, tmp_path) for path in (images, tower_recipe)]
    assert elsewhere(AGAIN, tmp_path, *relative) == ours


def test_no_place_and_no_name_of_this_machine_is_in_it(image_bundle, images):
    told = [str(ROOT), str(images.parent), "/tmp/"]
    leaks = {(path, text) for path, c in image_bundle.files.items() for text in told if text.encode() in c}
    assert leaks == set()


def test_where_one_stands_is_not_what_it_is_made_of(compiled, tmp_path, monkeypatch):
    """Without a recipe there is no repository that the network came from, whatever lies around the working folder."""
    x = events(tagger(), 3)
    ours = trigger_nn.bundle(compiled, x)
    monkeypatch.chdir(tmp_path)
    again = trigger_nn.bundle(compiled, x)
    assert [p for p in ours.files if ours.files[p] != again.files.get(p)] == []
    assert ours.digest == again.digest


def test_a_link_out_of_the_repository_has_its_own_name(tmp_path):
    """Events often lie on another disk, linked into the repository."""
    subprocess.run(["git", "init", "-q", tmp_path / "repository"], check=True)
    (tmp_path / "disk").write_text("events")
    (tmp_path / "repository/sub").mkdir()
    (tmp_path / "repository/plain").write_text("events")
    (tmp_path / "repository/sub/link").symlink_to(tmp_path / "disk")
    assert in_repository(tmp_path / "repository/plain") == "plain"
    assert in_repository(tmp_path / "disk") == "disk"
    assert in_repository(tmp_path / "repository/sub/link") in ("link", "sub/link")


def test_a_program_s_file_is_the_same_whenever_it_is_saved(compiled):
    assert saved(compiled.program) == saved(compiled.program)


def test_write_and_read_again(image_bundle, tmp_path):
    folder = write_bundle(image_bundle, tmp_path)
    assert trigger_nn.handoff.bundle.Bundle.read(folder) == image_bundle
    assert trigger_nn.handoff.bundle.Bundle.read(Path(f"{folder}.zip")) == image_bundle
