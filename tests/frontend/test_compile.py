"""Compiled models against two strangers: hls4ml's C++ built by g++, and QKeras's own forward pass."""

import numpy as np
import pytest

from trigger_nn import Emulator
from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.graph import build_graph, default_config
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower
from trigger_nn.hardware.csim import trace
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import HardwareSpec
from trigger_nn.studies.agreement import compare_layers, compare_with_cpp

INPUT = Fixed(True, 10, 4)


def bits(n, integer):
    return qkeras.quantized_bits(n, integer, alpha=1)


def conv(filters, size, name, **options):
    return qkeras.QConv2D(filters, size, kernel_quantizer=bits(6, 0), bias_quantizer=bits(8, 2), name=name, **options)


def dense(width, name):
    return qkeras.QDense(width, kernel_quantizer=bits(6, 0), bias_quantizer=bits(8, 2), name=name)


def relu(name):
    return qkeras.QActivation(qkeras.quantized_relu(8, 4), name=name)


def image_network():
    """Same and valid padding, strides, both poolings, concatenation; every value on a grid."""
    keras.utils.set_random_seed(2)
    x = inputs = keras.layers.Input((9, 8, 2), name="image")
    x = relu("a1")(conv(4, 3, "c1", padding="same")(x))
    x = keras.layers.MaxPooling2D(2, name="p1")(x)
    x = relu("a2")(conv(3, (2, 3), "c2", padding="valid", strides=(1, 1))(x))
    x = keras.layers.AveragePooling2D((1, 2), name="p2")(x)
    x = relu("a3")(conv(3, 2, "c3", padding="same", strides=(2, 1))(x))
    x = relu("a4")(dense(6, "d1")(keras.layers.Flatten(name="f")(x)))
    y = keras.layers.ReLU(name="a5")(dense(4, "d2")(x))
    x = keras.layers.Concatenate(name="cat")([x, y])
    x = qkeras.QActivation(bits(10, 4), name="out")(dense(3, "d3")(x))
    return keras.Model(inputs, x)


def tagger():
    """The plain multi-layer tagger, with softmax."""
    keras.utils.set_random_seed(3)
    x = inputs = keras.layers.Input((16,), name="features")
    for i, width in enumerate((24, 16, 16), 1):
        x = relu(f"a{i}")(dense(width, f"d{i}")(x))
    x = keras.layers.Activation("softmax", name="probabilities")(dense(5, "logits")(x))
    return keras.Model(inputs, x)


def float_network():
    """Unquantized: batch normalisation after a pooling (not folded) and after a dense layer (folded); sigmoid."""
    keras.utils.set_random_seed(4)
    x = inputs = keras.layers.Input((6, 6, 1), name="image")
    x = keras.layers.MaxPooling2D(2, padding="same", name="p")(x)
    x = keras.layers.BatchNormalization(name="bn1")(x)
    x = keras.layers.Dense(5, name="d1")(keras.layers.Flatten(name="f")(x))
    x = keras.layers.Activation("relu", name="a1")(keras.layers.BatchNormalization(name="bn2")(x))
    x = keras.layers.Dense(2, name="d2")(x)
    model = keras.Model(inputs, keras.layers.Activation("sigmoid", name="s")(x))
    rng = np.random.default_rng(1)
    for layer in (model.get_layer("bn1"), model.get_layer("bn2")):
        layer.set_weights([rng.uniform(0.3, 1.5, w.shape) for w in layer.get_weights()])
    return model


def events(model, count=400):
    """Events over the whole range of the port, its ends included."""
    rng = np.random.default_rng(11)
    shape = (count, *model.input_shape[1:])
    mantissas = rng.integers(INPUT.minimum, INPUT.maximum, shape, endpoint=True)
    mantissas[0], mantissas[1] = INPUT.minimum, INPUT.maximum
    return mantissas / 2.0**INPUT.fraction


@pytest.mark.parametrize("make", [image_network, tagger, float_network])
def test_every_layer_equals_the_cpp(gxx, tmp_path, make):
    model = make()
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    x = events(model)
    agreement = compare_with_cpp(compiled.program, Emulator(compiled.program).trace(x), trace(compiled.graph, x))
    assert agreement.exact


def test_every_layer_equals_qkeras(tmp_path):
    model = image_network()
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    assert compiled.losses == ()
    x = events(model)
    names = [op.name for op in compiled.program.operations]
    outputs = keras.Model(model.input, [model.get_layer(n).output for n in names]).predict(x, verbose=0)
    ours = Emulator(compiled.program).trace(x)
    assert compare_layers(ours, dict(zip(names, outputs, strict=True)), ("emulator", "QKeras")).exact


def test_tagger_equals_qkeras_up_to_the_table(tmp_path):
    model = tagger()
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    x = events(model)
    logits = keras.Model(model.input, model.get_layer("logits").output).predict(x, verbose=0)
    assert np.array_equal(Emulator(compiled.program).trace(x)["logits"], logits)
    assert [loss.split(":")[0] for loss in compiled.losses] == ["probabilities"]


def test_chosen_types_are_narrower_than_auto(tmp_path):
    compiled = compile_model(image_network(), "net", INPUT, tmp_path / "net")
    sums = [c for c in compiled.choices if c.accumulator_after is not None and c.layer.startswith(("c", "d"))]
    assert all(c.accumulator_after.width < c.accumulator_before.width for c in sums if c.layer != "cat")


def after_a_layer(activation):
    inputs = keras.layers.Input((6,), name="features")
    return keras.Model(inputs, dense(2, "d2")(activation(dense(5, "d1")(inputs))))


@pytest.mark.parametrize(
    "activation",
    [
        lambda: keras.layers.ReLU(max_value=1, name="a"),
        lambda: keras.layers.ReLU(negative_slope=0.5, name="a"),
        lambda: keras.layers.ReLU(threshold=1, name="a"),
        lambda: qkeras.QActivation(qkeras.quantized_bits(8, 3, alpha=2.0), name="a"),
        lambda: qkeras.QActivation(qkeras.quantized_bits(8, 3, alpha=1, keep_negative=0), name="a"),
        lambda: qkeras.QActivation(qkeras.quantized_bits(5, 2, alpha=1, symmetric=1), name="a"),
    ],
)
def test_options_that_hls4ml_ignores_are_not_passed_over(tmp_path, activation):
    """Emulator and C++ agree with each other there, but not with the trained model: that must be said."""
    compiled = compile_model(after_a_layer(activation()), "net", INPUT, tmp_path / "net")
    assert [loss.split(":")[0] for loss in compiled.losses] == ["a"]
    assert "off by up to" in compiled.losses[0]


def test_softmax_is_close_even_on_narrow_inputs(gxx, tmp_path):
    """With hls4ml's own table types the probabilities here come out as large as 2."""
    inputs = keras.layers.Input((4,), name="features")
    x = qkeras.QActivation(bits(6, 3), name="q")(inputs)
    model = keras.Model(inputs, keras.layers.Activation("softmax", name="s")(x))
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    x = events(model)
    ours = Emulator(compiled.program).trace(x)
    assert compare_with_cpp(compiled.program, ours, trace(compiled.graph, x)).exact
    # The sum of exponentials is read with 6 bits, in steps of 1/8: up to an eighth of a probability.
    assert np.abs(ours["s"] - model.predict(x, verbose=0)).max() < 0.125


def test_flat_network_on_an_image(gxx, tmp_path):
    inputs = keras.layers.Input((3, 4, 1), name="image")
    model = keras.Model(inputs, dense(2, "d")(keras.layers.Flatten(name="f")(inputs)))
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    x = events(model, 50)
    assert compare_with_cpp(compiled.program, Emulator(compiled.program).trace(x), trace(compiled.graph, x)).exact


@pytest.mark.parametrize("name", ["my-net", "2net", "Net", ""])
def test_names_that_cpp_can_not_take_are_refused(tmp_path, name):
    with pytest.raises(RecipeError, match="C\\+\\+ function"):
        compile_model(tagger(), name, INPUT, tmp_path)


LOSSY = {
    "c1": {"accum": "fixed<9,5,RND_ZERO,SAT_SYM>", "result": "fixed<8,4,RND_INF,WRAP>"},
    "c2": {"accum": "fixed<8,5,TRN,SAT_ZERO>", "result": "fixed<7,4,TRN_ZERO,SAT>"},
    "p2": {"accum": "ufixed<7,4,RND_MIN_INF,SAT>", "result": "fixed<6,3,RND,SAT_ZERO>"},
    "c3": {"accum": "fixed<12,3>", "result": "fixed<9,4,RND_CONV,SAT_SYM>"},
    "d1": {"accum": "fixed<10,6,RND_CONV,SAT>", "result": "fixed<12,8,TRN,SAT>"},
    "d2": {"accum": "fixed<8,3>", "result": "fixed<8,3,RND,SAT>"},
    "d3": {"accum": "fixed<11,6,RND,WRAP>", "result": "fixed<9,5>"},
    "p1": {"accum": "ufixed<7,4>", "result": "ufixed<6,3,RND,SAT>"},
}


def test_accumulators_that_round_and_overflow_equal_the_cpp(gxx, tmp_path):
    """Types set by hand, most of them too narrow: the order of rounding and overflow counts, and must be the C++'s."""
    model, hardware = image_network(), HardwareSpec()
    config = default_config(model, hardware)
    config["LayerName"]["image"]["Precision"]["result"] = str(INPUT)
    for layer, types in LOSSY.items():
        config["LayerName"][layer]["Precision"].update(types)
        if f"{layer}_linear" in config["LayerName"]:
            config["LayerName"][f"{layer}_linear"]["Precision"]["result"] = types["result"]
    graph = build_graph(model, "net", config, hardware, tmp_path / "net")
    x = events(model)
    program = lower(graph, "net")
    assert compare_with_cpp(program, Emulator(program).trace(x), trace(graph, x)).exact


@pytest.mark.parametrize("implementation", ["latency", "argmax"])
def test_other_softmax_implementations_equal_the_cpp(gxx, tmp_path, implementation):
    x = inputs = keras.layers.Input((5,), name="features")
    model = keras.Model(inputs, keras.layers.Activation("softmax", name="s")(x))
    hardware = HardwareSpec()
    config = default_config(model, hardware)
    config["LayerName"]["features"]["Precision"]["result"] = str(INPUT)
    config["LayerName"]["s"]["Implementation"] = implementation
    graph = build_graph(model, "net", config, hardware, tmp_path / "net")
    x = events(model)
    program = lower(graph, "net")
    assert compare_with_cpp(program, Emulator(program).trace(x), trace(graph, x)).exact


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (lambda: keras.layers.Conv1D(2, 2, dilation_rate=2, name="slide"), "slide"),
        (lambda: keras.layers.Softmax(name="soft"), r"soft.*Activation"),
        (lambda: keras.layers.Lambda(lambda x: x, name="anything"), "Lambda"),
    ],
)
def test_unsupported_layers_are_named(tmp_path, layer, named):
    inputs = keras.layers.Input((4, 2), name="series")
    with pytest.raises(UnsupportedLayerError, match=named):
        compile_model(keras.Model(inputs, layer()(inputs)), "net", INPUT, tmp_path)
