"""The models that CI compares with hls4ml's C++ (tests/proof), as generated C++: one more side that must agree."""

from functools import cache

import numpy as np
import pytest

from tests.engines.native.agreement import inputs_of
from tests.handoff.emulator.building import build
from tests.proof.compare import Comparison, make_graph
from tests.proof.description import build_model, draw_values, from_json
from tests.proof.models import draw_seeded
from tests.proof.test_proof import CHOSEN, REGRESSIONS
from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend.lowering import lower

EVENTS = 128  # of numbers, and as many of mantissas that reach both ends of every range


@cache
def descriptions():
    chosen = [draw_seeded(entry["seed"], entry["families"]) for entry in CHOSEN]
    return [*chosen, *(from_json(path.read_text()) for path in REGRESSIONS)]


def lowered(description, name):
    """The program; None where hls4ml or we refuse the model, as some of the regressions are."""
    types = {entry.name: entry.type for entry in description.inputs}
    made = (build_model(description), name, description.backend, description.io_type, description.changes, types)
    graph = make_graph(*made)
    if isinstance(graph, Comparison):
        return None
    try:
        return lower(graph, name)
    except UnsupportedLayerError:
        return None


def test_random_models(gxx, tmp_path):
    found = {f"m{i}": (lowered(one, f"m{i}"), one) for i, one in enumerate(descriptions())}
    there = {name: pair for name, pair in found.items() if pair[0] is not None}
    assert set(list(found)[: len(CHOSEN)]) <= set(there)
    binary = build([program for program, _ in there.values()], tmp_path)
    for program, description in there.values():
        inputs = {name: np.concatenate([own, drawn]) for name, own, drawn in _inputs(program, description)}
        expected, made = run_reference(program, inputs, program.output_names), binary.run(program, inputs)
        for name in program.output_names:
            assert np.array_equal(made[name], expected[name]), (program.name, name)


def _inputs(program, description):
    rng = np.random.default_rng(description.weights)
    events = {entry.name: draw_values(entry, rng, EVENTS) for entry in description.inputs}
    if len(program.inputs) == 1:
        events = {program.inputs[0].name: next(iter(events.values()))}
    cast, drawn = Emulator(program, run_reference).cast(events), inputs_of(program, EVENTS)
    return [(name, cast[name], drawn[name]) for name in cast]


@pytest.mark.parametrize("name", ["jet_tagger", "event_image"])
def test_a_shipped_model_on_a_hundred_thousand_events(gxx, tmp_path, name):
    import trigger_nn
    from tests.conftest import ROOT
    from trigger_nn.events.inputs import input_mantissas, input_type
    from trigger_nn.recipe import load_model_recipe

    recipe = load_model_recipe(ROOT / "models" / name / "recipe.toml")
    sample = trigger_nn.read_events("embedded:jets" if name == "jet_tagger" else None)
    view, column = recipe.events.view, sample.column(recipe.events.view)
    model = trigger_nn.load_model(ROOT / "models" / name / "quantized.h5")
    kind, chosen = input_type(column, recipe.events), recipe.hardware.model_dump(exclude_unset=True)
    program = trigger_nn.compile(model, kind, recipe.name, **chosen).program
    port = program.inputs[0]
    real = input_mantissas(sample.splits["test"][view], column, recipe.events)
    rng = np.random.default_rng(1)
    shape = (100_000 - len(real), *port.shape)
    drawn = rng.integers(port.type.minimum, port.type.maximum, shape, endpoint=True)
    inputs = {port.name: np.concatenate([real, drawn])}
    assert len(inputs[port.name]) == 100_000
    assert len(real) > 1000
    expected = Emulator(program).outputs_mantissas(inputs)
    for output, values in build([program], tmp_path, "-O2").run(program, inputs).items():
        assert np.array_equal(values, expected[output])
        assert len(np.unique(values)) > 100
