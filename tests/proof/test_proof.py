"""Random models against hls4ml's C++, in CI's time: a few that cover everything, and all that ever differed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.proof.batch import compare_descriptions, features
from tests.proof.build import run_projects, write_project
from tests.proof.choose import covered
from tests.proof.compare import EQUAL, HLS4ML, REFUSED, check_model, make_graph
from tests.proof.description import (
    InputDescription,
    LayerDescription,
    ModelDescription,
    build_model,
    draw_values,
    from_json,
    to_json,
)
from tests.proof.difference import first_difference
from tests.proof.models import FAMILIES, draw_seeded, models
from trigger_nn.engines.native.machine import runnable
from trigger_nn.hardware import csim

HERE = Path(__file__).parent
CHOSEN = json.loads((HERE / "chosen.json").read_text())
REGRESSIONS = sorted((HERE / "regressions").glob("*.json"))
TOGETHER = 10  # models in one translation unit

# What the chosen models must show; the strategies are those of hls4ml's Vivado and Vitis backends without da4ml.
STRATEGIES = {"latency", "resource", "resource_unrolled"}
IO_TYPES = {"io_parallel", "io_stream"}
LAYERS = {
    *("Dense", "QDense", "Conv1D", "QConv1D", "Conv2D", "QConv2D", "QConv2DBatchnorm"),
    *("DepthwiseConv1D", "DepthwiseConv2D", "QDepthwiseConv2D"),
    *("SeparableConv1D", "SeparableConv2D", "QSeparableConv1D", "QSeparableConv2D"),
    *("BatchNormalization", "QBatchNormalization", "LayerNormalization", "Embedding", "Nested"),
    *(f"Activation {name}" for name in ("relu", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign")),
    *("Activation hard_sigmoid", "Activation linear", "Activation leaky_relu"),
    *(f"Activation softmax {name}" for name in ("stable", "latency", "legacy", "argmax")),
    *("LeakyReLU", "ThresholdedReLU", "ELU", "PReLU", "ReLU"),
    *(f"QActivation quantized_{name}" for name in ("bits", "relu", "tanh", "sigmoid")),
    *("QActivation binary", "QActivation ternary"),
    *(f"{what}Pooling{n}D" for what in ("Max", "Average", "GlobalMax", "GlobalAverage") for n in (1, 2)),
    *(f"{what}{n}D" for what in ("ZeroPadding", "Cropping", "UpSampling") for n in (1, 2)),
    *("Reshape", "Flatten", "Permute", "Concatenate", "Dot"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    *("LSTM", "GRU", "Bidirectional LSTM", "Bidirectional GRU", "TimeDistributed Dense"),
}


@pytest.fixture(scope="module")
def chosen():
    return [draw_seeded(entry["seed"], entry["families"]) for entry in CHOSEN]


def test_the_chosen_models_cover_every_layer_strategy_and_io_type(chosen):
    shown = {feature for model in chosen for feature in covered(model.backend, model.io_type, features(model))}
    assert LAYERS - {feature[1] for feature in shown if feature[0] == "kind"} == set()
    built = {feature[1:] for feature in shown if feature[0] == "build" and feature[1] in STRATEGIES}
    assert len(built) == len(STRATEGIES) * len(IO_TYPES) * 2  # both backends


@pytest.mark.parametrize("start", range(0, len(CHOSEN), TOGETHER))
def test_chosen_models_equal_the_cpp(gxx, chosen, start):
    part = slice(start, start + TOGETHER)
    verdicts = compare_descriptions(chosen[part], "outputs")
    names = [f"seed {entry['seed']} of {entry['families']}" for entry in CHOSEN[part]]
    named = dict(zip(names, verdicts, strict=True))
    assert {name: found for name, found in named.items() if found.status != EQUAL} == {}
    assert all(found.values > 0 for found in verdicts)
    assert {frozenset(found.targets) for found in verdicts} == {frozenset(target.name for target in runnable())}


@pytest.mark.parametrize("start", range(0, len(REGRESSIONS), TOGETHER))
def test_what_once_differed_is_equal_or_refused(gxx, start):
    paths = REGRESSIONS[start : start + TOGETHER]
    verdicts = compare_descriptions([from_json(path.read_text()) for path in paths])
    named = {path.stem: found for path, found in zip(paths, verdicts, strict=True)}
    assert {name: found for name, found in named.items() if found.status not in (EQUAL, REFUSED)} == {}


def test_every_family_draws_models_that_survive_json():
    for family in FAMILIES:
        for seed in range(3):
            model = draw_seeded(seed, family.name)
            assert from_json(to_json(model)) == model
            assert features(model)


@settings(max_examples=3, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(models("dense,activation"))
def test_hypothesis_draws_models(model):
    assert build_model(model).output_shape


def _dense(**changes):
    entry = InputDescription("inp0", (3,), "fixed<8,3>")
    layer = LayerDescription("dense_0", "Dense", {"units": 2}, ("inp0",))
    return ModelDescription("Vitis", "io_parallel", (entry,), (layer,), ("dense_0",), 5, {"dense_0": changes})


def test_the_fast_build_gives_the_bits_of_hls4mls_own(gxx, tmp_path):
    """-O0 and one translation unit against `ModelGraph.trace`, with its -O3 and its library."""
    model = _dense(Precision={"accum": "fixed<9,4,RND,SAT>", "result": "fixed<6,3,RND_CONV,WRAP>"})
    events = draw_values(model.inputs[0], np.random.default_rng(1), 20)
    keras_model = build_model(model)
    options = (model.backend, model.io_type, model.changes, {"inp0": "fixed<8,3>"})
    ours, own = (make_graph(keras_model, name, *options, fast) for name, fast in (("m0", True), ("own", False)))
    run = run_projects([write_project(ours, "m0", tmp_path)], [(events,)], tmp_path)[0]
    own.config.config["OutputDir"] = str(tmp_path / "own")
    for layer in own.get_layers():
        layer.set_attr("trace", True)
    theirs = csim.trace(own, events)
    assert run.stable
    assert np.array_equal(next(iter(run.outputs.values())), theirs.outputs[0])
    assert np.array_equal(run.layers["dense_0"], theirs.layers["dense_0"])


def test_a_model_that_does_not_compile_harms_no_other(gxx):
    """keras.layers.Softmax: hls4ml 1.3.0 names its configuration in two ways."""
    good = _dense()
    softmax = LayerDescription("softmax_1", "Softmax", {}, ("dense_0",))
    bad = replace(good, layers=(*good.layers, softmax), outputs=("softmax_1",))
    found = compare_descriptions([good, bad, good])
    assert [entry.status for entry in found] == [EQUAL, HLS4ML, EQUAL]
    assert found[1].stage == "compile"


def test_an_assertion_of_the_cpp_stops_its_model_alone(gxx):
    """A convolution in io_parallel whose reuse factor exceeds the products of one sum; see nnet_conv1d_resource.h."""
    good = _dense()
    entry = InputDescription("inp0", (4, 1), "fixed<8,3>")
    layer = LayerDescription("conv1d_0", "Conv1D", {"filters": 4, "kernel_size": 2}, ("inp0",))
    changes = {"conv1d_0": {"Strategy": "Resource", "ReuseFactor": 8}}
    bad = ModelDescription("Vitis", "io_parallel", (entry,), (layer,), ("conv1d_0",), 1, changes)
    found = compare_descriptions([good, bad])
    assert [entry.status for entry in found] == [EQUAL, HLS4ML]
    assert found[1].stage == "run"
    assert "Assertion" in found[1].message


def test_cpp_that_reads_what_it_never_wrote_is_told_apart(gxx, tmp_path):
    """hls4ml 1.3.0 declares the result of a SimpleRNN and writes no code that sets it."""
    entry = InputDescription("inp0", (4, 2), "fixed<8,3>")
    layer = LayerDescription("simplernn_0", "SimpleRNN", {"units": 3}, ("inp0",))
    model = ModelDescription("Vitis", "io_parallel", (entry,), (layer,), ("simplernn_0",), 1, {})
    graph = make_graph(build_model(model), "m0", model.backend, model.io_type, {}, {"inp0": entry.type})
    events = draw_values(entry, np.random.default_rng(1), 8)
    run = run_projects([write_project(graph, "m0", tmp_path)], [(events,)], tmp_path)[0]
    assert run.failure == ""
    assert not run.stable


def test_a_difference_is_found_and_told():
    theirs = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert first_difference(theirs, theirs.copy()) == ""
    ours = theirs.copy()
    ours[1, 0] += 2.0**-30
    assert first_difference(theirs, ours).startswith("event 1, element 0: C++ 2.0, emulator 2.0000000009")
    assert "1 of 4" in first_difference(theirs, ours)


def test_check_model_takes_a_hand_made_model(gxx):
    found = check_model(build_model(_dense()), {"dense_0": {"Precision": {"accum": "fixed<9,4,RND,SAT>"}}})
    assert (found.status, found.values) == (EQUAL, 24 * 2)
