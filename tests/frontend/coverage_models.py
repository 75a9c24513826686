"""The smallest model of each row of docs/coverage.md: Keras layers, and cases that are refused."""

from types import SimpleNamespace

import numpy as np

from tests.proof.compare import Comparison, make_graph
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower

L = keras.layers
VECTOR, SEQUENCE, IMAGE = (4,), (6, 4), (6, 6, 2)
BITS = "quantized_bits(4,1,alpha=1)"
STREAM = {"io_type": "io_stream"}


@keras.saving.register_keras_serializable(package="")
class BinaryDense(L.Dense):
    """hls4ml knows the name alone."""


@keras.saving.register_keras_serializable(package="")
class TernaryDense(L.Dense):
    """hls4ml knows the name alone."""


class _Quantizer(L.Layer):
    def build(self, shape):
        """The three weights that hls4ml looks for."""
        for name, value in (("keep_negative", [1] * 4), ("bits", [6, 5, 4, 0]), ("integers", [2] * 4)):
            initial = keras.initializers.Constant([value])
            self.add_weight(name=name, shape=(1, *shape[1:]), dtype="int32", trainable=False, initializer=initial)

    def get_config(self):
        """What hls4ml reads."""
        more = {"fusible": False, "RND": "RND", "SAT": "SAT", "overrides": {"layers": {}}}
        return super().get_config() | more


class _Table(L.Layer):
    def build(self, shape):
        """One entry for each input of 4 bits."""
        self.add_weight(name="table", shape=(16,), initializer="ones")

    def get_config(self):
        """What hls4ml reads."""
        return super().get_config() | {"kif_out": [1, 1, 4]}


def _named(base, package, name):
    return keras.saving.register_keras_serializable(package=package)(type(name, (base,), {}))


def _q(layer, **more):
    return lambda: (SEQUENCE if "1D" in layer else IMAGE, getattr(qkeras, layer)(name="it", **more))


def _of(layer, shape, *arguments, **more):
    return lambda: (shape, getattr(L, layer)(*arguments, name="it", **more))


def _merging(layer, **more):
    return lambda: ([VECTOR, VECTOR], getattr(L, layer)(name="it", **more))


_QUANTIZED = {"kernel_quantizer": BITS, "bias_quantizer": BITS}
_SEPARABLE = {"depthwise_quantizer": BITS, "pointwise_quantizer": BITS, "bias_quantizer": BITS}


def _precision(**types):
    return {"it": {"Precision": types}}


def _recurrent(layer, **more):
    names = ("kernel_quantizer", "recurrent_quantizer", "bias_quantizer")
    quantizers = {name: qkeras.quantized_bits(6, 1, alpha=1) for name in names}
    one_type = {"changes": _precision(result="fixed<16,6>", accum="fixed<16,6>")}
    return lambda: (SEQUENCE, getattr(qkeras, layer)(3, activation="tanh", name="it", **quantizers, **more), one_type)


LAYERS = {
    "InputLayer": lambda: (VECTOR, L.Dense(2, name="it")),
    "Dropout": lambda: (VECTOR, [L.Dropout(0.1), L.Dense(2, name="it")]),
    "Dense": _of("Dense", VECTOR, 2),
    "BinaryDense": lambda: (VECTOR, BinaryDense(2, name="it")),
    "TernaryDense": lambda: (VECTOR, TernaryDense(2, name="it")),
    "QDense": lambda: (VECTOR, qkeras.QDense(2, name="it", **_QUANTIZED)),
    "Activation": _of("Activation", VECTOR, "tanh"),
    "ReLU": _of("ReLU", VECTOR),
    "LeakyReLU": _of("LeakyReLU", VECTOR),
    "ThresholdedReLU": _of("ThresholdedReLU", VECTOR),
    "ELU": _of("ELU", VECTOR),
    "PReLU": _of("PReLU", VECTOR),
    "Softmax": _of("Softmax", VECTOR),
    "QActivation": lambda: (VECTOR, qkeras.QActivation("quantized_relu(4,2)", name="it")),
    "BatchNormalization": _of("BatchNormalization", VECTOR),
    "QBatchNormalization": lambda: (VECTOR, qkeras.QBatchNormalization(name="it")),
    "LayerNormalization": _of("LayerNormalization", SEQUENCE),
    "Embedding": _of("Embedding", VECTOR, 8, 3),
    "EinsumDense": _of("EinsumDense", SEQUENCE, "abc,cd->abd", (6, 3)),
    "TimeDistributed": lambda: (SEQUENCE, L.TimeDistributed(L.Dense(3, name="inner"), name="it")),
    "Conv1D": _of("Conv1D", SEQUENCE, 2, 3),
    "Conv2D": _of("Conv2D", IMAGE, 2, 3),
    "DepthwiseConv1D": _of("DepthwiseConv1D", SEQUENCE, 3),
    "DepthwiseConv2D": _of("DepthwiseConv2D", IMAGE, 3),
    "SeparableConv1D": _of("SeparableConv1D", SEQUENCE, 2, 3),
    "SeparableConv2D": _of("SeparableConv2D", IMAGE, 2, 3),
    "QConv1D": _q("QConv1D", filters=2, kernel_size=3, **_QUANTIZED),
    "QConv2D": _q("QConv2D", filters=2, kernel_size=3, **_QUANTIZED),
    "QDepthwiseConv2D": _q("QDepthwiseConv2D", kernel_size=3, depthwise_quantizer=BITS, bias_quantizer=BITS),
    "QSeparableConv1D": _q("QSeparableConv1D", filters=2, kernel_size=3, **_SEPARABLE),
    "QSeparableConv2D": _q("QSeparableConv2D", filters=2, kernel_size=3, **_SEPARABLE),
    "QConv2DBatchnorm": _q("QConv2DBatchnorm", filters=2, kernel_size=3, **_QUANTIZED),
    "MaxPooling1D": _of("MaxPooling1D", SEQUENCE),
    "MaxPooling2D": _of("MaxPooling2D", IMAGE),
    "AveragePooling1D": _of("AveragePooling1D", SEQUENCE),
    "AveragePooling2D": _of("AveragePooling2D", IMAGE),
    "GlobalMaxPooling1D": _of("GlobalMaxPooling1D", SEQUENCE),
    "GlobalMaxPooling2D": _of("GlobalMaxPooling2D", IMAGE),
    "GlobalAveragePooling1D": _of("GlobalAveragePooling1D", SEQUENCE),
    "GlobalAveragePooling2D": _of("GlobalAveragePooling2D", IMAGE),
    "ZeroPadding1D": _of("ZeroPadding1D", SEQUENCE),
    "ZeroPadding2D": _of("ZeroPadding2D", IMAGE),
    "Cropping1D": _of("Cropping1D", SEQUENCE),
    "Cropping2D": _of("Cropping2D", IMAGE),
    "UpSampling1D": _of("UpSampling1D", SEQUENCE),
    "UpSampling2D": _of("UpSampling2D", IMAGE),
    "Permute": _of("Permute", SEQUENCE, (2, 1)),
    "Reshape": lambda: (SEQUENCE, [L.Reshape((4, 6)), L.Activation("relu")]),
    "Flatten": lambda: (SEQUENCE, [L.Flatten(), L.Activation("relu")]),
    "Add": _merging("Add"),
    "Subtract": _merging("Subtract"),
    "Multiply": _merging("Multiply"),
    "Average": _merging("Average"),
    "Maximum": _merging("Maximum"),
    "Minimum": _merging("Minimum"),
    "Concatenate": _merging("Concatenate"),
    "Dot": lambda: ([VECTOR, VECTOR], L.Dot(axes=1, name="it"), {"changes": _precision(accum="fixed<32,16>")}),
    "SimpleRNN": _of("SimpleRNN", SEQUENCE, 3),
    "LSTM": _of("LSTM", SEQUENCE, 3),
    "GRU": _of("GRU", SEQUENCE, 3),
    "QSimpleRNN": _recurrent("QSimpleRNN"),
    "QLSTM": _recurrent("QLSTM", recurrent_activation="sigmoid"),
    "QGRU": _recurrent("QGRU", recurrent_activation="sigmoid", reset_after=True),
    "Bidirectional": lambda: (SEQUENCE, L.Bidirectional(L.LSTM(3), name="it")),
    "Sequential": lambda: (VECTOR, keras.Sequential([L.Input(VECTOR), L.Dense(2, name="inner")], name="it")),
    "Functional": lambda: (VECTOR, _functional()),
    "FixedPointQuantizer": lambda: (VECTOR, _named(_Quantizer, "", "FixedPointQuantizer")(name="it")),
    "HGQ>FixedPointQuantizer": lambda: (VECTOR, _named(_Quantizer, "HGQ", "FixedPointQuantizer")(name="it")),
    "UnaryLUT": lambda: (VECTOR, _named(_Table, "", "UnaryLUT")(name="it"), {"input_types": "fixed<4,2>"}),
    "HGQ>UnaryLUT": lambda: (VECTOR, _named(_Table, "HGQ", "UnaryLUT")(name="it"), {"input_types": "fixed<4,2>"}),
}


# What a row of the table of refusals asks for: shapes, layers, options of `graph_of`.
REFUSED = {
    "type that is not fixed-point": lambda: (VECTOR, L.Dense(2, name="it"), {"input_types": "float"}),
    "saturation bits": lambda: (VECTOR, L.Dense(2, name="it"), {"input_types": "fixed<8,4,RND,SAT,1>"}),
    "Dropout as the last layer": lambda: (VECTOR, [L.Dense(2, name="it"), L.Dropout(0.1)]),
    "Softmax layer": _of("Softmax", VECTOR),
    "convolution with channels first": _of("Conv2D", (6, 6, 6), 2, 3, data_format="channels_first"),
    "depthwise convolution, depth multiplier": _of("DepthwiseConv2D", IMAGE, 3, depth_multiplier=2),
    "depthwise convolution, resource, io_parallel": lambda: (
        IMAGE, L.DepthwiseConv2D(3, name="it"), {"changes": {"Model": {"Strategy": "Resource"}}},
    ),
    "pooling with stride other than size, io_stream": lambda: (IMAGE, L.MaxPooling2D(3, 2, name="it"), STREAM),
    "padded pooling, io_stream": lambda: (IMAGE, L.MaxPooling2D(4, padding="same", name="it"), STREAM),
    "Dot, io_stream": lambda: (
        [VECTOR, VECTOR], L.Dot(axes=1, name="it"), STREAM | {"changes": _precision(accum="fixed<32,16>")},
    ),
    "SimpleRNN": _of("SimpleRNN", SEQUENCE, 3),
    "GRU, reset gate before the product": _of("GRU", SEQUENCE, 3, reset_after=False),
    "Bidirectional, io_stream": lambda: (
        SEQUENCE, L.Bidirectional(L.LSTM(3), name="it"), STREAM | {"backend": "Vivado"},
    ),
    "Bidirectional, sum": lambda: (SEQUENCE, L.Bidirectional(L.LSTM(3), merge_mode="sum", name="it")),
    "LayerNormalization, io_stream": lambda: (SEQUENCE, L.LayerNormalization(name="it"), STREAM),
    "LayerNormalization, scale of int<2>": lambda: (
        SEQUENCE, L.LayerNormalization(name="it"), {"changes": _precision(scale="int<2>")},
    ),
    "EinsumDense, uint<1> times uint<1>": lambda: (
        SEQUENCE, L.EinsumDense("abc,cd->abd", (6, 3), name="it"),
        {"input_types": "uint<1>", "changes": _precision(weight="uint<1>")},
    ),
    "EinsumDense, weights of int<2>": lambda: (
        SEQUENCE, L.EinsumDense("abc,cd->abd", (6, 3), name="it"), {"changes": _precision(weight="int<2>")},
    ),
    "TimeDistributed, io_stream": lambda: (SEQUENCE, L.TimeDistributed(L.Dense(3), name="it"), STREAM),
    "TimeDistributed, a name ending in _end": lambda: (SEQUENCE, L.TimeDistributed(L.Dense(3), name="the_end")),
    "TimeDistributed, 1D convolution or pooling": lambda: (IMAGE, L.TimeDistributed(L.Conv1D(2, 3), name="it")),
    "TimeDistributed, Dense over more than one axis": lambda: (IMAGE, L.TimeDistributed(L.Dense(3), name="it")),
    "TimeDistributed, another type than its input's": lambda: (
        SEQUENCE, L.TimeDistributed(L.Dense(3), name="it"), {"input_types": "fixed<8,3>"},
    ),
}  # fmt: skip

# What hls4ml turns into something else without a word.
CHANGED = {
    "a layer called twice (shared)": lambda: ([VECTOR, VECTOR], _shared()),
    "`activation=` of a layer inside TimeDistributed": lambda: (
        SEQUENCE, L.TimeDistributed(L.Dense(3, activation="relu", name="inner"), name="it"),
    ),
    "`TimeDistributed` that is an output and is read by another layer": lambda: (SEQUENCE, _branching),
    "`ReLU(max_value=..., negative_slope=..., threshold=...)`": _of("ReLU", VECTOR, max_value=6),
    "`dilation_rate` of a convolution": _of("Conv2D", IMAGE, 2, 3, dilation_rate=2),
    "`UpSampling2D(interpolation=\"bilinear\")`": _of("UpSampling2D", IMAGE, interpolation="bilinear"),
    "`LayerNormalization(epsilon=...)`": _of("LayerNormalization", SEQUENCE, epsilon=3e-3),
    "`Embedding` of an index outside the vocabulary": _of("Embedding", VECTOR, 5, 1),
}  # fmt: skip

# Models of which hls4ml itself makes no project, with the words of its refusal.
BEYOND_HLS4ML = {
    "a layer that hls4ml does not know, or of one's own": lambda: (VECTOR, L.GaussianNoise(0.1, name="it")),
    "Dense, compression": lambda: (
        VECTOR, L.Dense(2, name="it"), {"changes": {"it": {"Strategy": "Resource", "Compression": True}}},
    ),
    "merging more than two tensors": lambda: ([VECTOR] * 3, L.Add(name="it")),
    "PReLU, shared_axes": _of("PReLU", SEQUENCE, shared_axes=[1]),
    "LayerNormalization over another axis than the last": _of("LayerNormalization", SEQUENCE, axis=1),
    "LayerNormalization of a vector or an image": _of("LayerNormalization", IMAGE),
    "LayerNormalization, center=False or scale=False": _of("LayerNormalization", SEQUENCE, center=False),
    "LSTM, GRU, return_state": lambda: (SEQUENCE, [L.LSTM(3, return_state=True, name="it"), _first, L.ReLU()]),
    "EinsumDense, io_stream": lambda: (SEQUENCE, L.EinsumDense("abc,cd->abd", (6, 3), name="it"), STREAM),
    "nested model of several inputs": lambda: ([VECTOR, VECTOR], _pair()),
    "TimeDistributed, Flatten or another layer that gives a vector": lambda: (
        IMAGE, L.TimeDistributed(L.Flatten(), name="it"),
    ),
    "TimeDistributed, nested model": lambda: (
        SEQUENCE, L.TimeDistributed(keras.Sequential([L.Input((4,)), L.Dense(3)]), name="it"),
    ),
    "Dense over more than three axes": lambda: ((2, 2, 2, 2), L.Dense(2, name="it")),
}  # fmt: skip


def _shared():
    layer = L.Dense(2, name="it")
    return lambda inputs: L.Concatenate()([layer(inputs[0]), layer(inputs[1])])


def _branching(tensor):
    steps = L.TimeDistributed(L.Dense(3, name="inner"), name="it")(tensor)
    return [steps, L.Flatten()(steps)]


def _first(tensors):
    return tensors[0]


def _functional():
    given = L.Input(VECTOR)
    return keras.Model(given, L.Dense(2, name="inner")(given), name="it")


def _pair():
    given = [L.Input(VECTOR), L.Input(VECTOR)]
    return keras.Model(given, L.Add(name="inner")(given), name="it")


def model_of(shapes, layers):
    """Inputs of `shapes` (one, or a list of them), then `layers` (one, or a list)."""
    keras.backend.clear_session()
    many = isinstance(shapes, list)
    inputs = [L.Input(shape, name=f"given{i}") for i, shape in enumerate(shapes if many else [shapes])]
    x = inputs if many else inputs[0]
    for layer in layers if isinstance(layers, list) else [layers]:
        x = layer(x)
    return keras.Model(inputs, x)


def graph_of(shapes, layers, options=None):
    """hls4ml's graph of the smallest model, or a Comparison with hls4ml's own refusal."""
    model = model_of(shapes, layers)
    for layer in model.layers:
        layer.set_weights([np.abs(weight) for weight in layer.get_weights()])
    usual = {"changes": {}, "backend": "Vitis", "io_type": "io_parallel", "input_types": "fixed<16,6>"}
    return make_graph(model, "m0", **usual | (options or {}))


def stub_of(kind):
    """A graph of one layer of hls4ml's class `kind`, which no Keras 2 model leads to."""
    variable = SimpleNamespace(shape=[2], type=SimpleNamespace(precision="fixed<8,4>"))
    common = {"get_output_variable": lambda: variable, "get_input_variable": lambda *_: variable}
    given = SimpleNamespace(name="given", class_name="Input", outputs=["given"], inputs=[], **common)
    it = SimpleNamespace(name="it", class_name=kind, outputs=["it"], inputs=["given"], **common)
    return SimpleNamespace(get_layers=lambda: [given, it], outputs=["it"])


def operations_of(graph):
    """Names of the operations' classes, sorted, once each."""
    return sorted({type(operation).__name__ for operation in lower(graph, "m0").operations})


__all__ = ["BEYOND_HLS4ML", "CHANGED", "LAYERS", "REFUSED", "Comparison", "graph_of", "operations_of", "stub_of"]
