"""The second promise in breadth: with exact types QKeras, the emulator and the program agree on every layer."""

import numpy as np
import pytest

from trigger_nn import Emulator
from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.graph import build_graph
from trigger_nn.frontend.layers import counterparts, layer_outputs
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower
from trigger_nn.passes.exact import needs_double
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.recipe import HardwareSpec, LayerSpec, hardware_spec

INPUT = Fixed(True, 8, 3)
bits, relu = qkeras.quantized_bits, qkeras.quantized_relu
WEIGHTS = {"kernel_quantizer": bits(5, 0, alpha=1), "bias_quantizer": bits(6, 1, alpha=1)}


def activation(name, width=7, integer=3):
    return qkeras.QActivation(relu(width, integer), name=name)


def sequence():
    x = i = keras.layers.Input((10, 3), name="series")
    x = activation("a1")(qkeras.QConv1D(4, 3, padding="same", name="c1", **WEIGHTS)(x))
    x = keras.layers.MaxPooling1D(2, name="p1")(x)
    x = activation("a2")(qkeras.QConv1D(3, 2, padding="causal", name="c2", **WEIGHTS)(x))
    x = keras.layers.GlobalMaxPooling1D(name="g")(x)
    return keras.Model(i, qkeras.QDense(3, name="d", **WEIGHTS)(x))


def image():
    x = i = keras.layers.Input((8, 8, 2), name="image")
    x = keras.layers.ZeroPadding2D(1, name="z")(x)
    x = qkeras.QDepthwiseConv2D(
        3, depthwise_quantizer=bits(5, 0, alpha=1), bias_quantizer=bits(6, 1, alpha=1), name="dw"
    )(x)
    x = activation("a1")(x)
    x = activation("a2")(qkeras.QConv2D(4, 1, name="pw", **WEIGHTS)(x))
    x = keras.layers.AveragePooling2D(2, name="p")(x)
    x = keras.layers.Cropping2D(1, name="crop")(x)
    x = keras.layers.UpSampling2D(2, name="up")(x)
    x = keras.layers.Flatten(name="f")(x)
    return keras.Model(i, qkeras.QDense(3, name="d", **WEIGHTS)(x))


def merged():
    i = keras.layers.Input((6,), name="features")
    a = activation("a1")(qkeras.QDense(5, name="d1", **WEIGHTS)(i))
    b = activation("a2", 6, 2)(qkeras.QDense(5, name="d2", **WEIGHTS)(i))
    parts = [
        keras.layers.Add(name="sum")([a, b]),
        keras.layers.Subtract(name="difference")([a, b]),
        keras.layers.Multiply(name="product")([a, b]),
        keras.layers.Maximum(name="larger")([a, b]),
        keras.layers.Minimum(name="smaller")([a, b]),
    ]
    x = parts[0]
    for n, part in enumerate(parts[1:], 1):
        x = keras.layers.Concatenate(name=f"c{n}")([x, part])
    return keras.Model(i, qkeras.QDense(2, name="d3", **WEIGHTS)(x))


def few_bits():
    x = i = keras.layers.Input((6,), name="features")
    binary = {"kernel_quantizer": qkeras.binary(alpha=1), "bias_quantizer": bits(6, 1, alpha=1)}
    ternary = {"kernel_quantizer": qkeras.ternary(alpha=1), "bias_quantizer": bits(6, 1, alpha=1)}
    x = activation("a1")(qkeras.QDense(6, name="d1", **binary)(x))
    x = activation("a2")(qkeras.QDense(6, name="d2", **ternary)(x))
    return keras.Model(i, qkeras.QDense(2, name="d3", **WEIGHTS)(x))


def powers_of_two():
    """Weights that are scaled by powers of two, and weights that are powers of two."""
    bias = bits(6, 1, alpha=1)
    x = i = keras.layers.Input((6,), name="features")
    scaled = {"kernel_quantizer": bits(6, 0, alpha="auto_po2"), "bias_quantizer": bias}
    x = qkeras.QActivation(bits(8, 3, alpha=1), name="q1")(qkeras.QDense(5, name="d1", **scaled)(x))
    x = qkeras.QDense(4, kernel_quantizer=qkeras.quantized_po2(4), bias_quantizer=bias, name="d2")(x)
    return keras.Model(i, x)


def steps():
    """Batch normalisation merged with binary and ternary activations."""
    x = i = keras.layers.Input((6,), name="features")
    x = keras.layers.BatchNormalization(name="bn1")(qkeras.QDense(5, name="d1", **WEIGHTS)(x))
    x = qkeras.QActivation(qkeras.binary(alpha=1), name="b1")(x)
    x = keras.layers.BatchNormalization(name="bn2")(qkeras.QDense(5, name="d2", **WEIGHTS)(x))
    x = qkeras.QActivation(qkeras.ternary(alpha=1, threshold=0.5), name="t2")(x)
    model = keras.Model(i, qkeras.QDense(2, name="d3", **WEIGHTS)(x))
    rng = np.random.default_rng(0)
    for layer in (model.get_layer("bn1"), model.get_layer("bn2")):
        layer.set_weights([rng.uniform(0.3, 1.5, w.shape) for w in layer.get_weights()])
    return model


def wide_sums():
    """Sums of 30 bits and more: float32 can't judge them."""
    kinds = {"kernel_quantizer": bits(14, 0, alpha=1), "bias_quantizer": bits(14, 1, alpha=1)}
    x = i = keras.layers.Input((12,), name="features")
    x = activation("a1", 16, 6)(qkeras.QDense(12, name="d1", **kinds)(x))
    return keras.Model(i, qkeras.QDense(4, name="d2", **kinds)(x))


def random_events(program, count=200):
    rng = np.random.default_rng(5)
    return {
        p.name: to_float(rng.integers(p.type.minimum, p.type.maximum, (count, *p.shape), endpoint=True), p.type)
        for p in program.inputs
    }


RESOURCE = {"strategy": "resource"}


@pytest.mark.parametrize(
    ("make", "hardware"),
    [
        (make, hardware)
        for make in (sequence, image, merged, few_bits, powers_of_two)
        for hardware in ({}, {"io_type": "io_stream"}, RESOURCE, {"backend": "Vivado"})
        if (make, hardware) != (image, RESOURCE)  # hls4ml has no depthwise C++ for that
    ],
)
def test_every_layer_equals_qkeras(tmp_path, make, hardware):
    keras.utils.set_random_seed(7)
    model = make()
    compiled = compile_model(model, "net", INPUT, tmp_path / "net", hardware_spec(**hardware))
    assert compiled.losses == ()
    x = random_events(compiled.program)
    ours = Emulator(compiled.program).trace(x)
    names = counterparts(compiled.program, model)
    theirs = layer_outputs(model, list(names.values()), [x[name] for name in model.input_names])
    compared = {name: theirs[layer] for name, layer in names.items() if layer in theirs}
    assert len(compared) >= 3
    for name, values in compared.items():
        assert np.array_equal(ours[name], values.reshape(ours[name].shape)), name


def test_beyond_float32_the_model_is_judged_in_float64(tmp_path):
    keras.utils.set_random_seed(8)
    model = wide_sums()
    compiled = compile_model(model, "net", Fixed(True, 16, 3), tmp_path / "net")
    assert needs_double(compiled.program)
    assert compiled.losses == ()
    x = random_events(compiled.program)
    ours = Emulator(compiled.program).trace(x)["d2"]
    assert np.array_equal(ours, layer_outputs(model, ["d2"], list(x.values()), double=True)["d2"])
    assert not np.array_equal(ours, layer_outputs(model, ["d2"], list(x.values()))["d2"])


def test_the_chosen_types_are_an_ordinary_configuration_of_hls4ml(tmp_path):
    keras.utils.set_random_seed(9)
    model = merged()
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    again = lower(build_graph(model, "net", compiled.config, HardwareSpec(), tmp_path / "again"), "net")
    assert again == compiled.program


def test_types_that_the_user_sets_are_kept(tmp_path):
    keras.utils.set_random_seed(9)
    asked = {"accum": "fixed<9,4,RND,SAT>", "result": "fixed<6,3,RND,SAT>"}
    hardware = HardwareSpec(layers={"d1": LayerSpec(precision=asked, reuse_factor=2, strategy="resource")})
    program = compile_model(merged(), "net", INPUT, tmp_path / "net", hardware).program
    layer = program.operation("d1")
    assert (str(layer.accumulator), str(layer.type)) == (asked["accum"], asked["result"])
    assert (layer.reuse_factor, str(layer.strategy)) == (2, "resource")


def test_a_layer_that_is_not_there_is_named(tmp_path):
    hardware = HardwareSpec(layers={"nowhere": LayerSpec(reuse_factor=2)})
    with pytest.raises(RecipeError, match=r"'nowhere'.*d1"):
        compile_model(merged(), "net", INPUT, tmp_path, hardware)


def test_several_inputs_have_types_of_their_own(tmp_path):
    one, two = keras.layers.Input((4,), name="one"), keras.layers.Input((4,), name="two")
    model = keras.Model(
        [one, two], [keras.layers.Add(name="sum")([one, two]), keras.layers.Maximum(name="m")([one, two])]
    )
    kinds = {"one": Fixed(True, 8, 3), "two": Fixed(False, 5, 4)}
    compiled = compile_model(model, "net", kinds, tmp_path / "net")
    assert {port.name: port.type for port in compiled.program.inputs} == kinds
    x = random_events(compiled.program)
    ours = Emulator(compiled.program).trace(x)
    assert np.array_equal(ours["sum"], x["one"] + x["two"])
    assert np.array_equal(ours["m"], np.maximum(x["one"], x["two"]))
    with pytest.raises(RecipeError, match=r"'two'.*one, two"):
        compile_model(model, "net", {"one": INPUT}, tmp_path / "net")


def test_auto_leaves_types_to_hls4ml(tmp_path):
    keras.utils.set_random_seed(9)
    compiled = compile_model(merged(), "net", INPUT, tmp_path / "net", HardwareSpec(precision="auto"))
    exact = compile_model(merged(), "net", INPUT, tmp_path / "net")
    assert compiled.choices == ()
    assert str(compiled.program.operation("d1").accumulator) != str(exact.program.operation("d1").accumulator)


def test_a_layer_that_hls4ml_drops_is_noticed(tmp_path):
    """hls4ml 1.3.0 drops a Permute before a Flatten, unless it reads an input; its C++ and the program then agree."""
    x = i = keras.layers.Input((2, 3, 2), name="image")
    x = keras.layers.Permute((2, 1, 3), name="turn")(keras.layers.Activation("relu", name="r")(x))
    model = keras.Model(i, dense_after(keras.layers.Flatten(name="f")(x)))
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    assert any(loss.startswith("f:") and "drops" in loss for loss in compiled.losses)


def dense_after(x):
    return qkeras.QDense(2, name="d", **WEIGHTS)(x)


def test_a_layer_called_twice_is_refused(tmp_path):
    x = keras.layers.Input((6,), name="features")
    layer = qkeras.QDense(6, name="again", **WEIGHTS)
    with pytest.raises(UnsupportedLayerError, match=r"'again' is called 2 times"):
        compile_model(keras.Model(x, layer(layer(x))), "net", INPUT, tmp_path)


def test_steps_say_that_their_thresholds_are_rounded(tmp_path):
    compiled = compile_model(steps(), "net", INPUT, tmp_path / "net")
    assert [loss.split(":")[0] for loss in compiled.losses] == ["bnbt_bn1", "bnbt_bn2"]
    x = random_events(compiled.program)
    ours = Emulator(compiled.program).trace(x)
    assert set(np.unique(ours["bnbt_bn1"])) <= {0.0, 1.0}
    assert set(np.unique(ours["bnbt_bn2"])) <= {-1.0, 0.0, 1.0}


def test_layer_normalisation_and_einstein_sums_compile(tmp_path):
    x = i = keras.layers.Input((4, 6), name="series")
    x = keras.layers.EinsumDense("abc,cd->abd", output_shape=(4, 5), bias_axes="d", name="mix")(x)
    model = keras.Model(i, keras.layers.LayerNormalization(name="norm")(x))
    program = compile_model(model, "net", INPUT, tmp_path / "net").program
    assert [type(op).__name__ for op in program.operations] == ["EinsumDense", "LayerNormalization"]


def test_an_activation_inside_a_layer_is_compared_where_it_ends(tmp_path):
    """hls4ml makes two operations of it; the first has no counterpart in Keras, the second is the layer."""
    x = i = keras.layers.Input((6,), name="features")
    quantized = qkeras.QDense(5, activation=relu(7, 3), name="d1", **WEIGHTS)
    model = keras.Model(i, qkeras.QDense(2, name="d2", **WEIGHTS)(quantized(x)))
    compiled = compile_model(model, "net", INPUT, tmp_path / "net")
    assert compiled.losses == ()
    assert list(counterparts(compiled.program, model)) == [compiled.program.operations[1].name, "d2"]


def test_a_loop_over_time_steps_is_compared_at_its_end(tmp_path):
    x = i = keras.layers.Input((4, 3), name="series")
    x = keras.layers.TimeDistributed(qkeras.QDense(2, name="inner", **WEIGHTS), name="each")(x)
    model = keras.Model(i, qkeras.QDense(2, name="d", **WEIGHTS)(keras.layers.Flatten(name="f")(x)))
    layers = {"each": LayerSpec(precision={"result": str(INPUT)})}
    compiled = compile_model(model, "net", INPUT, tmp_path / "net", HardwareSpec(layers=layers))
    assert counterparts(compiled.program, model) == {"each_end": "each", "f": "f", "d": "d"}


def test_a_type_that_is_none_is_refused_before_hls4ml_sees_it():
    with pytest.raises(RecipeError, match=r"layers.d1.precision.*'fixed<3' is no fixed-point type"):
        hardware_spec(layers={"d1": {"precision": {"accum": "fixed<3"}}})


def two_layers():
    x = i = keras.layers.Input((32,), name="features")
    x = activation("a")(qkeras.QDense(4, name="d1", **WEIGHTS)(x))
    return keras.Model(i, qkeras.QDense(2, name="d2", **WEIGHTS)(x))


@pytest.mark.parametrize("precision", ["exact", "auto"])
def test_a_type_that_the_user_sets_too_narrow_is_told(tmp_path, precision):
    """Random events need not reach the sum that overflows; the proven range does."""
    keras.utils.set_random_seed(3)
    layers = {"d1": LayerSpec(precision={"accum": "fixed<15,5>"})}
    compiled = compile_model(two_layers(), "net", INPUT, tmp_path, HardwareSpec(layers=layers, precision=precision))
    assert any(loss.startswith("d1: its accum type fixed<15,5> was chosen by you") for loss in compiled.losses)


def test_symmetric_saturation_is_no_multiple_of_its_input_steps(tmp_path):
    """-128 becomes -127 there, so the sum after it needs all its bits."""
    keras.utils.set_random_seed(3)
    x = i = keras.layers.Input((2,), name="features")
    x = keras.layers.Activation("linear", name="q")(x)
    model = keras.Model(i, qkeras.QDense(1, name="d", **WEIGHTS)(x))
    model.get_layer("d").set_weights([np.array([[0.5], [0.5]]), np.array([0.0])])
    layers = {"q": LayerSpec(precision={"result": "fixed<8,4,TRN,SAT_SYM>"})}
    program = compile_model(model, "net", Fixed(True, 6, 4), tmp_path, HardwareSpec(layers=layers)).program
    x = np.array([[-8.0, -8.0], [-8.0, 0.0]])
    assert Emulator(program).predict(x).ravel().tolist() == [-7.9375, -3.96875]


def test_a_type_that_the_layer_does_not_have_is_refused(tmp_path):
    layers = {"d1": LayerSpec(precision={"acum": "fixed<20,8>"})}
    with pytest.raises(RecipeError, match=r"'d1' a type for 'acum'; it has types for: .*accum"):
        compile_model(two_layers(), "net", INPUT, tmp_path, HardwareSpec(layers=layers))


def test_types_of_softmax_that_the_user_sets_are_kept(tmp_path):
    x = i = keras.layers.Input((4,), name="features")
    model = keras.Model(i, keras.layers.Activation("softmax", name="s")(x))
    asked = {"accum": "fixed<20,8>", "exp_table": "ufixed<12,2>"}
    hardware = HardwareSpec(layers={"s": LayerSpec(precision=asked)})
    softmax = compile_model(model, "net", INPUT, tmp_path, hardware).program.operation("s")
    assert (str(softmax.accumulator), str(softmax.exponential.type)) == tuple(asked.values())


def test_a_nested_model_is_judged_where_it_ends(tmp_path):
    keras.utils.set_random_seed(3)
    inner = keras.Sequential(
        [keras.layers.Input((5,)), keras.layers.ReLU(max_value=0.05, name="r"), qkeras.QDense(3, name="d2", **WEIGHTS)],
        name="inner",
    )
    x = i = keras.layers.Input((4,), name="features")
    model = keras.Model(i, inner(qkeras.QDense(5, name="d1", **WEIGHTS)(x)))
    compiled = compile_model(model, "net", INPUT, tmp_path)
    assert [loss.split(":")[0] for loss in compiled.losses] == ["d2"]
    assert compiled.counterparts["d2"] == "inner"


def test_an_input_beyond_the_vocabulary_is_told(tmp_path):
    x = i = keras.layers.Input((3,), name="words")
    model = keras.Model(i, keras.layers.Embedding(10, 4, name="e")(x))
    compiled = compile_model(model, "net", Fixed(False, 8, 8), tmp_path)
    assert any("beyond its 10 entries" in loss for loss in compiled.losses)


def test_lstm_after_another_layer_compiles_when_its_three_types_are_one(tmp_path):
    keras.utils.set_random_seed(3)
    x = i = keras.layers.Input((6, 2), name="series")
    x = keras.layers.LSTM(3, name="memory")(qkeras.QConv1D(3, 2, name="c", **WEIGHTS)(x))
    model, one = keras.Model(i, x), "fixed<14,6>"
    layers = {
        "memory": LayerSpec(precision={"result": one, "accum": one}), "c": LayerSpec(precision={"result": one}),
        "c_linear": LayerSpec(precision={"result": one}),
    }  # fmt: skip
    program = compile_model(model, "net", INPUT, tmp_path, HardwareSpec(layers=layers)).program
    assert str(program.operation("memory").accumulator) == one


def test_batch_normalisation_that_is_folded_is_the_layer_it_is_folded_into(tmp_path):
    x = i = keras.layers.Input((4,), name="features")
    x = keras.layers.BatchNormalization(name="bn")(keras.layers.Dense(3, name="d")(x))
    compiled = compile_model(keras.Model(i, x), "net", INPUT, tmp_path)
    assert compiled.counterparts == {"d": "bn"}
