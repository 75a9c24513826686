"""Distributed arithmetic: the exact sum, then one cast; held against da4ml's C++ built with g++, and against QKeras."""

from importlib.util import find_spec

import numpy as np
import pytest

from trigger_nn import Emulator
from trigger_nn.errors import ToolNotFound, UnsupportedLayerError
from trigger_nn.frontend import graph as frontend
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower
from trigger_nn.frontend.lowering.distributed import FACTORS
from trigger_nn.frontend.precision import with_input_types
from trigger_nn.hardware.csim import trace
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.operations import SumOfProducts
from trigger_nn.recipe import HardwareSpec

needs_da4ml = pytest.mark.skipif(find_spec("da4ml") is None, reason="da4ml is not installed (pip install .[da])")
INPUT = Fixed(True, 8, 3)
bits, relu = qkeras.quantized_bits, qkeras.quantized_relu
WEIGHTS = {"kernel_quantizer": bits(5, 0, alpha=1), "bias_quantizer": bits(6, 1, alpha=1)}
SPEC = HardwareSpec(strategy="distributed_arithmetic")


def dense():
    x = i = keras.layers.Input((6,), name="features")
    x = qkeras.QActivation(relu(7, 3), name="a1")(qkeras.QDense(5, name="d1", **WEIGHTS)(x))
    return keras.Model(i, qkeras.QDense(3, name="d2", **WEIGHTS)(x))


def image():
    x = i = keras.layers.Input((5, 4, 2), name="image")
    x = qkeras.QConv2D(3, (3, 2), strides=(2, 1), padding="same", name="c1", **WEIGHTS)(x)
    x = qkeras.QActivation(relu(6, 2), name="a1")(x)
    x = qkeras.QConv2D(2, 1, name="c2", **WEIGHTS)(x)
    return keras.Model(i, qkeras.QDense(2, name="d1", **WEIGHTS)(keras.layers.Flatten(name="f")(x)))


def with_weights(model):
    """Weights over all of their range, and an output that nothing but its bias makes."""
    rng = np.random.default_rng(1)
    weights = [rng.uniform(-1, 1, weight.shape) for weight in model.get_weights()]
    weights[0][..., 0] = 0
    model.set_weights(weights)
    return model


def graph_of(result="fixed<12,5>", input_type=INPUT):
    model = with_weights(dense())
    config = with_input_types(frontend.default_config(model, SPEC), model, input_type)
    for name in ("d1", "d2"):
        config["LayerName"][name]["Precision"]["result"] = result
    return config, model


@needs_da4ml
@pytest.mark.parametrize("architecture", [dense, image])
def test_program_equals_cpp_and_qkeras(architecture, tmp_path):
    model = with_weights(architecture())
    compiled = compile_model(model, "net", INPUT, tmp_path, SPEC)
    sums = [operation for operation in compiled.program.operations if isinstance(operation, SumOfProducts)]
    assert {operation.strategy for operation in sums} == {"distributed_arithmetic"}
    assert compiled.losses == ()
    (port,) = compiled.program.inputs
    mantissas = np.random.default_rng(2).integers(INPUT.minimum, INPUT.maximum, (200, *port.shape), endpoint=True)
    mantissas[0], mantissas[1] = INPUT.minimum, INPUT.maximum
    events = to_float(mantissas, INPUT)
    ours, cpp = Emulator(compiled.program).trace({port.name: events}), trace(compiled.graph, events)
    compared = [name for name in cpp.layers if name in ours]
    assert {operation.name for operation in sums} <= set(compared)
    for name in compared:
        np.testing.assert_array_equal(ours[name].ravel(), cpp.layers[name].ravel(), err_msg=name)
    np.testing.assert_array_equal(ours[compiled.program.outputs[0].name], model.predict(events, verbose=0))


@needs_da4ml
def test_graph_without_the_kept_factors_is_refused(tmp_path):
    config, model = graph_of()
    graph = frontend.build_graph(model, "net", config, SPEC, tmp_path)
    layer = next(layer for layer in graph.get_layers() if layer.name == "d1")
    del layer.attributes[FACTORS]
    with pytest.raises(UnsupportedLayerError, match="'d1' can't be lowered: hls4ml hands its weights to da4ml"):
        lower(graph, "net")


@needs_da4ml
@pytest.mark.parametrize(
    ("result", "input_type", "reason"),
    [
        ("int<6>", INPUT, "rounds to an integer in several ways"),
        ("fixed<12,10,RND,SAT>", INPUT, "C\\+\\+ stops when it rounds"),  # the output of a bias alone has few bits
        ("fixed<12,5>", Fixed(True, 40, 20), "da4ml may round them"),
    ],
)
def test_what_cpp_or_da4ml_may_not_do_exactly_is_refused(result, input_type, reason, tmp_path):
    config, model = graph_of(result, input_type)
    graph = frontend.build_graph(model, "net", config, SPEC, tmp_path)
    with pytest.raises(UnsupportedLayerError, match=f"'d1' can't be lowered: .*{reason}"):
        lower(graph, "net")


def test_missing_da4ml_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(frontend, "find_spec", lambda name: None)
    config, model = graph_of()
    with pytest.raises(ToolNotFound, match=r"Layer 'd1' .* pip install 'trigger_nn\[da\]'"):
        frontend.build_graph(model, "net", config, SPEC, tmp_path)
