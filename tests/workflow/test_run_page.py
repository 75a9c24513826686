"""The page of a run, from the files that its steps leave; no network is trained for it."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.browser import check_page
from tests.conftest import GOLDEN, ROOT
from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import TriggerNNError
from trigger_nn.events.inputs import input_mantissas
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.plots.page.json import render_json
from trigger_nn.plots.page.values import Figure, Links, Table, Text
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.operations import Constant, Dense
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.pages.run import run_page
from trigger_nn.workflow.pages.writing import write_page
from trigger_nn.workflow.workspace import Workspace, embedded_sample, load_scores, write_json

EVERY = 8  # event of the embedded samples, which is enough for a page
CHOICES = [
    {"layer": "conv1", "low": -5, "high": 7, "before": "fixed<21,10>", "after": "fixed<19,8>",
     "accumulator_before": "fixed<21,10>", "accumulator_after": "fixed<20,9>"},
    {"layer": "relu", "low": 0, "high": 7, "before": "ufixed<8,4,RND_CONV,SAT>", "after": "ufixed<8,4,RND_CONV,SAT>",
     "accumulator_before": None, "accumulator_after": None},
]  # fmt: skip
AGREEMENT = {
    "ours": "emulator", "theirs": "QKeras forward pass", "events": 20,
    "layers": [{"layer": "conv1", "values": 400, "differing": 0}, {"layer": "relu", "values": 300, "differing": 0}],
}  # fmt: skip
LOSSES = {"float": [0.9, 0.25, 0.5], "QKeras": [0.75, 0.7]}


def few(name, folder):
    """A sample with one event of `EVERY`."""
    sample = read_sample(embedded_sample(name))
    splits = {split: events.take(slice(None, None, EVERY)) for split, events in sample.splits.items()}
    write_sample(folder / f"{name}.h5", replace(sample, splits=splits), level=1)


def finished(folder, model, events, program):
    """A workspace as the steps before `report` leave it; float and QKeras score a little beside the emulator."""
    few(events, folder)
    text = (ROOT / f"models/{model}/recipe.toml").read_text()
    (folder / "recipe.toml").write_text(re.sub(r'file = "embedded[^"]*"', f'file = "{events}.h5"', text))
    recipe = load_model_recipe(folder / "recipe.toml")
    workspace = Workspace(recipe, folder / "recipe.toml", folder / "build" / recipe.name, folder / "bundles")
    workspace.build.mkdir(parents=True)
    program.save(workspace.path("program.h5"))
    sample, view = workspace.sample(), recipe.events.view
    inputs = input_mantissas(sample.splits["test"][view], sample.column(view), recipe.events)
    emulated = Emulator(program).predict_mantissas({program.inputs[0].name: inputs})
    near = to_float(emulated, program.outputs[0].type) + np.random.default_rng(1).normal(0, 0.1, emulated.shape)
    scores = {"emulator": emulated, "float": near, "QKeras": near + 0.01}
    np.savez(workspace.path("scores.npz"), rate=np.array(1234567.0), **scores)
    bundle = workspace.bundles / f"{recipe.name}-01234567"
    bundle.mkdir(parents=True)
    (bundle / "manifest.json").write_text("{}")
    files = {"choices": CHOICES, "agreement": [AGREEMENT], "losses": LOSSES}
    files["bundle"] = {"folder": str(bundle), "digest": "01234567" * 8}
    for name, content in files.items():
        write_json(workspace.path(f"{name}.json"), content)
    return workspace


def tagger():
    """Five classes from 16 features, by weights that nobody trained."""
    rng, wide, kind = np.random.default_rng(3), Fixed(True, 30, 20), Fixed(True, 10, 6)
    features = read_sample(embedded_sample("jets")).column("features")
    port = Fixed(True, 18, 10)
    dense = Dense(
        name="score", inputs=("features",), shape=(5,), type=kind, accumulator=wide, reuse_factor=1,
        weights=Constant(rng.integers(-8, 8, (features.shape[0], 5)), Fixed(True, 6, 0)),
        bias=Constant(np.zeros(5, int), kind),
    )  # fmt: skip
    recipe = load_model_recipe(ROOT / "models/jet_tagger/recipe.toml")
    made = {
        "events": {"view": "features"},
        "recipe": recipe.model_dump(mode="json"),
        "losses": ["relu saturates: widen it."],
    }
    return Program("jet_tagger", (Port("features", features.shape, port),), (dense,), ("score",), made)


@pytest.fixture(scope="module")
def triggers(tmp_path_factory):
    program = Program.load(GOLDEN / "event_image_program.h5")
    return finished(tmp_path_factory.mktemp("triggers"), "event_image", "event_images", program)


@pytest.fixture(scope="module")
def page(triggers):
    return run_page(triggers)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("classes"), "jet_tagger", "jets", tagger())


@pytest.fixture(scope="module")
def class_page(classes):
    return run_page(classes)


def blocks(page, kind, title=""):
    return [b for section in page.sections if title in section.title for b in section.blocks if isinstance(b, kind)]


def table(page, title, *heads):
    """The rows of the one table of a section that begins with these heads, as texts."""
    (found,) = (t for t in blocks(page, Table, title) if t.heads[: len(heads)] == heads)
    return [tuple(cell.text for cell in row) for row in found.rows]


def test_facts_are_those_of_the_run(page):
    facts = {fact.label.split(" (")[0]: fact.value for fact in page.facts}
    assert facts["values compared bit for bit, 0 differ"] == "700"
    assert facts["events emulated"] == "1,234,567/s"
    assert sum(label.startswith("efficiency for") for label in facts) == 2


def test_all_steps_are_told_of(page):
    assert table(page, "agrees", "one side") == [("emulator", "QKeras forward pass", "20", "2", "700", "0")]
    assert "No bit is lost" in blocks(page, Text, "agrees")[0].text
    types = table(page, "Types", "layer")
    assert types[0] == ("conv1", "-5", "7", "fixed<21,10>", "fixed<19,8>", "fixed<21,10>", "fixed<20,9>", "3")
    assert types[1][-3:] == ("", "", "0")
    assert table(page, "Training", "network") == [("float", "3", "2", "0.2500"), ("QKeras", "2", "2", "0.7000")]
    drawn = blocks(page, Figure, "Training")[0]
    assert "3 epochs of the float network and 2 epochs of the QKeras network" in drawn.caption
    assert [row[0] for row in table(page, "resources", "what")] == ["latency (cycles)", "LUT", "FF", "DSP", "BRAM36"]


def test_every_caption_of_events_says_how_many(page):
    titles = ("hh4b", "vbf_inv", "Scores", "Types", "Sample")
    captions = [figure.caption for title in titles for figure in blocks(page, Figure, title)]
    assert len(captions) >= 10
    assert [caption for caption in captions if not re.search(r"\d(,\d+)? (\w+ )*events", caption)] == []


def test_networks_and_cuts_stand_beside_each_other_with_flips(page, triggers):
    rows = table(page, "hh4b: networks", "trigger")
    assert {row[0] for row in rows} == {
        "float", "QKeras", "emulator", "hottest cell", "cuts, tuned", "cuts, as published",
    }  # fmt: skip
    flips = table(page, "hh4b: networks", "from")
    assert len(flips) == 2 * 2 * len(triggers.recipe.study.rates_khz)
    wanted = int(triggers.sample().select("test", "hh4b").sum())
    assert {row[4] for row in flips if row[3] == "signal"} == {f"{wanted:,}"}


def test_the_events_of_each_process_and_split_are_counted(page, triggers):
    sample = triggers.sample()
    rows = table(page, "Sample", "split", *sample.processes)
    for split, *counts in rows:
        assert [int(count.replace(",", "")) for count in counts] == [
            int((sample.splits[split].process == i).sum()) for i in range(len(sample.processes))
        ]


def test_links_lead_to_files_that_are_there(page, triggers):
    (links,) = blocks(page, Links)
    write_page(page, triggers.build)
    assert set(links.files.values()) >= {
        "report.json",
        "program.h5",
        "../../bundles/event_image-01234567/manifest.json",
    }
    assert all((triggers.build / path).is_file() for path in links.files.values())


def test_provenance_says_how_to_make_it_again(page, triggers):
    assert page.provenance["command"] == "trigger-nn report recipe.toml"
    assert page.provenance["program"] == Program.load(triggers.path("program.h5")).digest
    assert page.provenance["bundle"] == "01234567" * 8
    assert re.fullmatch(r"event_images\.h5, SHA-256 [0-9a-f]{64}", page.provenance["events"])
    assert "numpy" in page.provenance["versions"]


def test_the_page_is_sound_in_a_browser(page, triggers):
    path = write_page(page, triggers.build)
    assert path == triggers.path("report.html")
    check_page(path)
    assert json.loads(path.with_suffix(".json").read_text()) == json.loads(render_json(page))


def test_classes_stand_beside_each_other(class_page, classes):
    page = class_page
    rows = table(page, "Classes: networks", "network", "accuracy")
    scores = load_scores(classes, Program.load(classes.path("program.h5")))[0]["emulator"]
    sample = classes.sample()
    truth = np.array(sample.processes)[sample.splits["test"].process]
    right = np.array(classes.recipe.events.classes)[scores.argmax(axis=1)] == truth
    assert {row[0]: row[1] for row in rows}["emulator"] == f"{right.mean():.4f}"
    assert len(table(page, "Classes: networks", "network", "class")) == 15
    losses = blocks(page, Text, "agrees")
    assert [text.text for text in losses][1:] == ["relu saturates: widen it."]
    assert all(text.warning for text in losses)
    assert "Classes: quark, gluon, w, z, top." in page.subtitle
    check_page(write_page(page, classes.build))


def test_same_run_same_page(class_page, classes):
    assert render_json(run_page(classes)) == render_json(class_page)


@pytest.mark.parametrize("name", ["scores.npz", "agreement.json", "choices.json", "losses.json", "bundle.json"])
def test_what_is_missing_is_one_sentence(triggers, tmp_path, name):
    shutil.copytree(triggers.build, tmp_path / "build")
    (tmp_path / "build" / name).unlink()
    with pytest.raises(TriggerNNError, match=f"{name} is missing or damaged"):
        run_page(replace(triggers, build=Path(tmp_path / "build")))
