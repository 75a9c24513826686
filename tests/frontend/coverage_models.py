"""The smallest model of each row of docs/coverage.md: Keras layers, and cases that are refused."""

from types import SimpleNamespace

import numpy as np

from tests.proof.compare import Comparison, make_graph
from trigger_nn.frontend import graph as frontend
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


def _typed(**types):
    return {"changes": _precision(**types)}


def _set(**settings):
    return {"changes": {"it": settings}}


def _with(**attributes):
    """What no Keras 2 model leads to: attributes of the graph's layer written by hand."""
    return {"edit": lambda graph: _layer(graph).attributes.update(attributes)}


def _distributed(*weights, bias=0.0):
    """What hls4ml makes of a dense layer with `weights` for each input when da4ml is there."""
    factors = (np.resize(np.array(weights, float), (2, 4)).T, np.full(2, bias))
    return _with(strategy="distributed_arithmetic", distributed_factors=factors)


def _retyped(graph):
    _layer(graph).get_output_variable().type = SimpleNamespace(precision="fixed<8,3>")


def _layer(graph):
    return next(layer for layer in graph.get_layers() if layer.name == "it")


def _qdense(quantizer, **more):
    return qkeras.QDense(2, kernel_quantizer=quantizer, name="it", **more)


def _softmax():
    return L.Activation("softmax", name="it")


def _einsum_dense():
    return L.EinsumDense("abc,cd->abd", (6, 3), name="it")


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


# What a row of the tables of refusals asks for: shapes, layers, options of `graph_of`; or a graph made by hand.
REFUSED = {
    # types
    "type that is not fixed-point": lambda: (VECTOR, L.Dense(2, name="it"), {"input_types": "float"}),
    "saturation bits": lambda: (VECTOR, L.Dense(2, name="it"), {"input_types": "fixed<8,4,RND,SAT,1>"}),
    "result of an integer type, from values without integer bits": lambda: (
        VECTOR, L.ReLU(name="it"), {"input_types": "fixed<8,0>"} | _typed(result="int<8>"),
    ),
    "convolution, accumulator of an integer type, products far behind the point": lambda: (
        SEQUENCE, L.Conv1D(2, 3, name="it"),
        {"input_types": "fixed<8,-2>"} | _typed(weight="fixed<8,1>", accum="int<8>"),
    ),
    "convolution, accumulator of an integer type, bias and products of other integer bits": lambda: (
        SEQUENCE, L.Conv1D(2, 3, name="it"),
        {"input_types": "fixed<8,-1>"} | _typed(weight="fixed<8,1>", bias="fixed<8,4>", accum="int<8>"),
    ),
    # the model
    "Dropout as the last layer": lambda: (VECTOR, [L.Dense(2, name="it"), L.Dropout(0.1)]),
    "an input as an output": lambda: (VECTOR, lambda given: [given, L.Dense(2, name="it")(given)]),
    "weights that are not numbers": lambda: (
        VECTOR, _qdense("quantized_bits(4,1,alpha='auto')", kernel_initializer="zeros"),
    ),
    # dense layers, normalisation
    "unrolled, reuse factor that nothing is near": lambda: (
        (5,), L.Dense(1, name="it"), _set(Strategy="Resource_Unrolled", ReuseFactor=2),
    ),
    "quantized_po2, 0": lambda: (VECTOR, _qdense("quantized_po2(10)", kernel_initializer="zeros")),
    "quantized_po2, wide": lambda: (
        VECTOR, _qdense("quantized_po2(8)", kernel_initializer=keras.initializers.Constant([[1e30, 1e-30]] * 4)),
    ),
    "quantized_po2 for a bias": lambda: (VECTOR, _qdense(BITS, bias_quantizer="quantized_po2(4)")),
    "bits times bits, accumulator without the ones": lambda: (
        VECTOR, _qdense("binary(alpha=1)"), {"input_types": "uint<1>"} | _typed(accum="fixed<4,6>"),
    ),
    "BatchNormalization over another axis than the last": _of("BatchNormalization", (3, 5), axis=1),
    "BatchNormalization with gamma 0 before binary or ternary": lambda: (
        VECTOR, [L.BatchNormalization(gamma_initializer="zeros"), qkeras.QActivation("binary()", name="it")],
    ),
    # activations
    "Softmax layer": _of("Softmax", VECTOR),
    "softmax of one signed bit": lambda: (VECTOR, _softmax(), {"input_types": "fixed<1,1>"}),
    "softmax, TableSize": lambda: (VECTOR, _softmax(), _set(TableSize=1000)),
    "softmax, narrow inv_inp_t": lambda: (VECTOR, _softmax(), _set(inv_inp_t="fixed<4,2>")),
    "relu6, io_stream": lambda: (VECTOR, L.Activation("relu6", name="it"), STREAM),
    "exponential, gelu, swish": _of("Activation", VECTOR, "exponential"),
    "ternary(threshold=0.5) without BatchNormalization": lambda: (
        VECTOR, qkeras.QActivation("ternary(threshold=0.5)", name="it"),
    ),
    "ternary of a sequence or an image, io_stream": lambda: (
        SEQUENCE, qkeras.QActivation("ternary()", name="it"), STREAM,
    ),
    "UnaryLUT shorter than its addresses": lambda: (
        VECTOR, _named(_Table, "", "UnaryLUT")(name="it"), {"input_types": "fixed<5,2>"},
    ),
    # convolutions
    "convolution with channels first": _of("Conv2D", (6, 6, 6), 2, 3, data_format="channels_first"),
    "depthwise convolution, depth multiplier": _of("DepthwiseConv2D", IMAGE, 3, depth_multiplier=2),
    "depthwise convolution, resource, io_parallel": lambda: (
        IMAGE, L.DepthwiseConv2D(3, name="it"), {"changes": {"Model": {"Strategy": "Resource"}}},
    ),
    "convolution, resource, a reuse factor that does not divide": lambda: (
        (5, 2, 3), L.Conv2D(1, 1, name="it"),
        {"backend": "Vivado", "changes": {"it": {"Strategy": "Resource", "ReuseFactor": 2}}},
    ),
    "two padded 1D layers that read one tensor, io_stream": lambda: (SEQUENCE, _padded_twice, STREAM),
    "encoded convolution, some sizes and strides": lambda: (
        (4, 2), L.Conv1D(2, 3, 2, name="it"), STREAM | {"backend": "Vivado"} | _set(ConvImplementation="Encoded"),
    ),
    "window of height 1 with a vertical stride, io_stream": lambda: (
        IMAGE, L.Conv2D(2, (1, 3), (2, 1), name="it"), STREAM,
    ),
    "convolution, reuse factor above the products of a sum": lambda: (
        SEQUENCE, L.Conv1D(2, 3, name="it"), _set(Strategy="Resource", ReuseFactor=24),
    ),
    # pooling, arrangement
    "pooling or up-sampling with channels first": _of("MaxPooling2D", (2, 6, 6), data_format="channels_first"),
    "average pooling, accumulator of an integer type": lambda: (
        IMAGE, L.AveragePooling2D(name="it"), _typed(accum="int<8>"),
    ),
    "encoded pooling, Vitis": lambda: (IMAGE, L.MaxPooling2D(name="it"), STREAM | _set(ConvImplementation="Encoded")),
    "pooling with stride other than size, io_stream": lambda: (IMAGE, L.MaxPooling2D(3, 2, name="it"), STREAM),
    "padded pooling, io_stream": lambda: (IMAGE, L.MaxPooling2D(4, padding="same", name="it"), STREAM),
    "Flatten before anything but Dense, io_stream": lambda: (
        SEQUENCE, [L.Flatten(name="it"), L.Activation("relu", name="user")], STREAM,
    ),
    "Flatten, then Reshape to a vector, io_stream": lambda: (
        SEQUENCE, [L.Flatten(), L.Reshape((24,)), L.Activation("relu", name="it")], STREAM,
    ),
    "Reshape to a last axis that does not fit, io_stream": lambda: ((3, 4), L.Reshape((2, 6), name="it"), STREAM),
    "UpSampling, hundreds of pixels by hundreds": _of("UpSampling1D", (300, 1), 300),
    "Permute that changes nothing, io_stream": lambda: (SEQUENCE, L.Permute((1, 2), name="it"), STREAM),
    # merging
    "merging tensors of unequal rank": lambda: ([(3, 4), (4,)], L.Add(name="it")),
    "merging tensors that both are repeated": lambda: ([(1, 3), (3, 1)], L.Add(name="it")),
    "Concatenate after global pooling with keepdims": lambda: ([SEQUENCE, SEQUENCE], _joined),
    "Dot, io_stream": lambda: ([VECTOR, VECTOR], L.Dot(axes=1, name="it"), STREAM | _typed(accum="fixed<32,16>")),
    "Dot of one or two bits": lambda: (
        [VECTOR, VECTOR], L.Dot(axes=1, name="it"), {"input_types": "int<2>"} | _typed(accum="fixed<32,16>"),
    ),
    # recurrent layers
    "SimpleRNN": _of("SimpleRNN", SEQUENCE, 3),
    "LSTM, unequal types": lambda: (SEQUENCE, L.LSTM(2, name="it"), {"input_types": "fixed<10,4>"}),
    "LSTM, GRU, other activations": _of("LSTM", SEQUENCE, 2, activation="elu"),
    "LSTM, GRU, bits times bits": lambda: (
        SEQUENCE, L.GRU(2, name="it"), {"input_types": "uint<1>"} | _typed(weight="uint<1>"),
    ),
    "LSTM, GRU, resource, some reuse factors": lambda: (
        (3, 1), L.GRU(2, name="it"), _set(Strategy="Resource", ReuseFactor=3),
    ),
    "GRU, reset gate before the product": _of("GRU", SEQUENCE, 3, reset_after=False),
    "Bidirectional, io_stream": lambda: (
        SEQUENCE, L.Bidirectional(L.LSTM(3), name="it"), STREAM | {"backend": "Vivado"},
    ),
    "Bidirectional, sum": lambda: (SEQUENCE, L.Bidirectional(L.LSTM(3), merge_mode="sum", name="it")),
    # transformer layers
    "LayerNormalization, io_stream": lambda: (SEQUENCE, L.LayerNormalization(name="it"), STREAM),
    "LayerNormalization, scale of int<2>": lambda: (
        SEQUENCE, L.LayerNormalization(name="it"), _typed(scale="int<2>"),
    ),
    "LayerNormalization, TableRangePower2": lambda: (
        SEQUENCE, L.LayerNormalization(name="it"), _set(TableRangePower2=31),
    ),
    "EinsumDense, uint<1> times uint<1>": lambda: (
        SEQUENCE, _einsum_dense(), {"input_types": "uint<1>"} | _typed(weight="uint<1>"),
    ),
    "EinsumDense, weights of int<2>": lambda: (SEQUENCE, _einsum_dense(), _typed(weight="int<2>")),
    # time distributed
    "TimeDistributed, io_stream": lambda: (SEQUENCE, L.TimeDistributed(L.Dense(3), name="it"), STREAM),
    "TimeDistributed that several layers read": lambda: (SEQUENCE, _read_twice),
    "TimeDistributed, a name ending in _end": lambda: (SEQUENCE, L.TimeDistributed(L.Dense(3), name="the_end")),
    "TimeDistributed, 1D convolution or pooling": lambda: (IMAGE, L.TimeDistributed(L.Conv1D(2, 3), name="it")),
    "TimeDistributed, Dense over more than one axis": lambda: (IMAGE, L.TimeDistributed(L.Dense(3), name="it")),
    "TimeDistributed, another type than its input's": lambda: (
        SEQUENCE, L.TimeDistributed(L.Dense(3), name="it"), {"input_types": "fixed<8,3>"},
    ),
    # distributed arithmetic, without da4ml
    "distributed arithmetic, graph made without trigger_nn": lambda: (
        VECTOR, L.Dense(2, name="it"), _with(strategy="distributed_arithmetic"),
    ),
    "distributed arithmetic, result of an integer type": lambda: (
        VECTOR, L.Dense(2, name="it"), _typed(result="int<8>") | _distributed(1),
    ),
    "distributed arithmetic, weights that are not numbers": lambda: (
        VECTOR, L.Dense(2, name="it"), _distributed(np.nan),
    ),
    "distributed arithmetic, wide weights": lambda: (VECTOR, L.Dense(2, name="it"), _distributed(1 + 2.0**-23, 2**24)),
    "distributed arithmetic, wide sums": lambda: (VECTOR, L.Dense(2, name="it"), _distributed(2.0**-38)),
    "distributed arithmetic, a bias of many bits": lambda: (
        VECTOR, L.Dense(2, name="it"), _distributed(1, bias=2.0**-34),
    ),
    "distributed arithmetic, a rounded output behind the point": lambda: (
        VECTOR, L.Dense(2, name="it"), _typed(result="fixed<7,5,RND,SAT>") | _distributed(0, bias=2.0**-5),
    ),
    "distributed arithmetic, encoded convolution": lambda: (
        SEQUENCE, L.Conv1D(2, 3, name="it"), _with(strategy="distributed_arithmetic", implementation="encoded"),
    ),
    "distributed arithmetic, depthwise convolution": lambda: (
        IMAGE, L.DepthwiseConv2D(3, name="it"), STREAM | _with(strategy="distributed_arithmetic"),
    ),
    "distributed arithmetic, EinsumDense": lambda: (
        SEQUENCE, _einsum_dense(), _with(strategy="distributed_arithmetic"),
    ),
    # no Keras 2 model leads there
    "a class of layer from another reader": lambda: stub_of("MatMul"),
    "compressed weights": lambda: (VECTOR, L.Dense(2, name="it"), _with(strategy="compressed")),
    "a strategy of another backend": lambda: (VECTOR, L.Dense(2, name="it"), _with(strategy="other")),
    "Einsum, accumulator of an integer type": lambda: einsum("int<8>"),
    "convolution with a dilation": lambda: (SEQUENCE, L.Conv1D(2, 3, name="it"), _with(dilation=2)),
    "ParametrizedActivation, another function": lambda: (VECTOR, L.LeakyReLU(name="it"), _with(activation="other")),
    "HardActivation, another function": lambda: (
        VECTOR, qkeras.QActivation("quantized_sigmoid(4)", name="it"), _with(activation="other"),
    ),
    "softmax over another axis, io_stream": lambda: (SEQUENCE, _softmax(), STREAM | _with(axis=1)),
    "softmax, n_outer that does not divide": lambda: (VECTOR, _softmax(), _with(n_outer=3)),
    "merging by another operation": lambda: ([VECTOR, VECTOR], L.Add(name="it"), _with(op="divide")),
    "UpSampling, interpolation": lambda: (IMAGE, L.UpSampling2D(name="it"), _with(algorithm="bilinear")),
    "UpSampling, another type": lambda: (IMAGE, L.UpSampling2D(name="it"), {"edit": _retyped}),
    "GRU, LSTM of PyTorch": lambda: (SEQUENCE, L.GRU(2, name="it"), _with(pytorch=True)),
    "Bidirectional of other layers": lambda: (
        SEQUENCE, L.Bidirectional(L.GRU(2), name="it"), _with(forward_class_name="SimpleRNN"),
    ),
    "TimeDistributed without its end": lambda: (
        SEQUENCE, L.TimeDistributed(L.Dense(3), name="it"), {"edit": lambda graph: graph.graph.pop("it_end")},
    ),
}  # fmt: skip

# What compiling a model refuses before or after its graph is lowered.
REFUSED_BY_COMPILE = {
    "distributed arithmetic, QConv2DBatchnorm": lambda: (
        IMAGE,
        qkeras.QConv2DBatchnorm(filters=2, kernel_size=3, name="it", **_QUANTIZED),
        {"strategy": "distributed_arithmetic"},
    ),
    "a layer called twice (shared)": lambda: ([VECTOR, VECTOR], _shared()),
    "a name that C++ can't bear": lambda: (VECTOR, L.Dense(2, name="a-b")),
    "a result of another shape than in Keras": _of("Conv2D", IMAGE, 2, 3, dilation_rate=2),
    "what hls4ml refuses itself": lambda: (VECTOR, L.GaussianNoise(0.1, name="it")),
}

# Smallest models that reach classes of hls4ml which those of LAYERS do not.
OTHER_CLASSES = {
    "ApplyAlpha": lambda: (VECTOR, _qdense("quantized_bits(4,1,alpha='auto')", kernel_initializer="ones")),
    "BatchNormalizationQuantizedTanh": lambda: (VECTOR, qkeras.QActivation("ternary()", name="it")),
    "Broadcast": lambda: ([IMAGE, (1, 1, 2)], L.Add(name="it"), STREAM | {"backend": "Vivado"}),
    "Clone": lambda: (VECTOR, lambda given: L.Add(name="it")([given, given]), STREAM),
    "Einsum": lambda: einsum("fixed<16,6>"),
    "HardActivation": _of("Activation", VECTOR, "hard_sigmoid"),
    "Repack": lambda: ((3, 4), L.Reshape((6, 2), name="it"), STREAM),
    "Softmax": lambda: (VECTOR, _softmax()),
}

# What hls4ml turns into something else without a word.
CHANGED = {
    "a layer called twice (shared)": lambda: ([VECTOR, VECTOR], _shared()),
    "`activation=` of a layer inside TimeDistributed": lambda: (
        SEQUENCE, L.TimeDistributed(L.Dense(3, activation="relu", name="inner"), name="it"),
    ),
    "`TimeDistributed` that is an output and is read by another layer": lambda: (SEQUENCE, _branching),
    "`ReLU(max_value=..., negative_slope=..., threshold=...)`": _of("ReLU", VECTOR, max_value=6),
    "`dilation_rate` of a convolution": _of("Conv2D", IMAGE, 2, 3, dilation_rate=2),
    "`kernel_quantizer` of a QDense over more than one axis": lambda: (
        SEQUENCE, _qdense(BITS, kernel_initializer=keras.initializers.Constant(0.2)),
    ),
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
    "LSTM, GRU, use_bias=False": _of("GRU", SEQUENCE, 3, use_bias=False),
    "Bidirectional of SimpleRNN": lambda: (SEQUENCE, L.Bidirectional(L.SimpleRNN(3), name="it")),
    "LSTM, GRU, return_state": lambda: (SEQUENCE, [L.LSTM(3, return_state=True, name="it"), _first, L.ReLU()]),
    "stochastic_ternary as an activation": lambda: (VECTOR, qkeras.QActivation("stochastic_ternary()", name="it")),
    "Permute called perm (or a layer named like another attribute of its own)": lambda: (
        SEQUENCE, L.Permute((2, 1), name="perm"),
    ),
    "EinsumDense, resource": lambda: (SEQUENCE, _einsum_dense(), _set(Strategy="Resource")),
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


def _padded_twice(given):
    return L.Add()([L.Conv1D(2, 3, padding="same", name=name)(given) for name in ("one", "it")])


def _joined(given):
    return L.Concatenate(name="it")([L.GlobalMaxPooling1D(keepdims=True)(tensor) for tensor in given])


def _read_twice(tensor):
    each = L.TimeDistributed(L.Dense(3), name="it")(tensor)
    return L.Add()([each, L.Activation("relu")(each)])


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
    asked = usual | (options or {})
    edit = asked.pop("edit", None)
    graph = make_graph(model, "m0", **asked)
    if edit is not None:
        edit(graph)
    return graph


def einsum(accumulator):
    """A graph of hls4ml's layer Einsum, a product of two inputs, which its reader of Keras 3 alone makes."""
    project = frontend.create_config(output_dir="unused", project_name="m0", backend="Vitis", io_type="io_parallel")
    model = {"Precision": "fixed<16,6>", "ReuseFactor": 1, "Strategy": "Latency"}
    project["HLSConfig"] = {"Model": model, "LayerName": _typed(accum=accumulator)["changes"]}
    shapes = {"given0": (2, 3), "given1": (3, 2)}
    layers = [{"name": name, "class_name": "InputLayer", "input_shape": shapes[name]} for name in shapes]
    sizes = {"inp0_shape": (2, 3), "inp1_shape": (3, 2), "out_shape": (2, 2), "equation": "ab,bc->ac"}
    layers.append({"name": "it", "class_name": "Einsum", "inputs": list(shapes)} | sizes)
    graph = frontend.hls4ml.model.ModelGraph.from_layer_list(project, layers, list(shapes), ["it"])
    graph.apply_flow(graph.config.backend.get_default_flow())
    return graph


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


__all__ = [
    "BEYOND_HLS4ML", "CHANGED", "LAYERS", "OTHER_CLASSES", "REFUSED", "REFUSED_BY_COMPILE", "Comparison", "einsum",
    "graph_of", "model_of", "operations_of", "stub_of",
]  # fmt: skip
