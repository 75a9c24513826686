"""The shipped weights: they compile, equal QKeras bit for bit on embedded events, and do what their cards say."""

import re

import numpy as np
import pytest

from tests.conftest import ROOT
from trigger_nn import Emulator, load_model
from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import column_for, input_type, network_input
from trigger_nn.events.quantities import to_json
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.frontend.compile import compile_model
from trigger_nn.program.fixed import to_float
from trigger_nn.recipe import load_model_recipe
from trigger_nn.studies.classes import compare_classifiers
from trigger_nn.studies.comparison import compare_triggers
from trigger_nn.workflow.workspace import events_at

SHIPPED = {
    "event_image/recipe.toml": "event_image/quantized.h5",
    "jet_tagger/recipe.toml": "jet_tagger/quantized.h5",
    "jet_tagger/small.toml": "jet_tagger/small.h5",
}


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request, tmp_path_factory):
    """Recipe, sample, model, program of one shipped model, and its card's text."""
    recipe = load_model_recipe(ROOT / "models" / request.param)
    sample = read_sample(events_at(recipe.events.file, ROOT / "models" / request.param))
    model = load_model(ROOT / "models" / SHIPPED[request.param])
    column = sample.column(recipe.events.view)
    facts = {"events": {"view": recipe.events.view, "column": to_json(column)}}
    kind = input_type(column, recipe.events)
    compiled = compile_model(model, recipe.name, kind, tmp_path_factory.mktemp("hls"), recipe.hardware, facts)
    card = (ROOT / "models" / request.param).with_name("README.md").read_text()
    return recipe, sample, model, compiled.program, card


def inputs(recipe, sample):
    return network_input(sample, sample.splits["test"][recipe.events.view], recipe.events)


def test_the_emulator_decides_as_qkeras_does(shipped):
    recipe, sample, model, program, _ = shipped
    assert program.provenance["losses"] == []
    x = inputs(recipe, sample)[:1000]
    assert np.array_equal(Emulator(program).predict(x), model.predict(x, verbose=0))


def test_it_does_what_its_card_says(shipped):
    recipe, sample, _, program, card = shipped
    assert column_for(sample, program) == recipe.events.view
    x = inputs(recipe, sample)
    emulator = Emulator(program)
    mantissas = [emulator.predict_mantissas(emulator.cast(x[i : i + 2000])) for i in range(0, len(x), 2000)]
    scores = {"emulator": to_float(np.concatenate(mantissas), program.outputs[0].type)}
    if recipe.events.classes:
        (network,) = compare_classifiers(sample, recipe, scores).networks
        row = "small, quantized = emulated" if "small" in recipe.name else "quantized = emulated"
        told = re.search(rf"^\| {row} \| ([\d.]+) \(([\d.]+)-([\d.]+)\) \| ([\d.]+) ", card, re.MULTILINE)
        accuracy = network.accuracy
        found = (accuracy.value, accuracy.low, accuracy.high, network.area)
        assert told.groups() == tuple(f"{number:.3f}" for number in found)
        return
    told = iter(re.findall(r"^\| quantized = emulated \| ([\d.]+) .*\| ([\d.]+) .*\| ([\d.]+) ", card, re.MULTILINE))
    for comparison in compare_triggers(sample, recipe, scores):
        rows = [row for row in comparison.rows if row.trigger == "emulator"]
        assert next(told) == tuple(f"{row.efficiency.value:.3f}" for row in rows)


def test_events_of_another_view_are_refused(shipped):
    recipe, _, _, program, _ = shipped
    other = "embedded:jets" if recipe.events.view == "image" else "embedded"
    with pytest.raises(EventsError, match=f"no column '{recipe.events.view}'"):
        column_for(read_sample(events_at(other, ROOT)), program)
