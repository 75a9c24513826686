"""Networks whose layers between them use nearly every template for streams."""

import functools
from pathlib import Path

from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.graph import project_files
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import HardwareSpec

L = keras.layers
BITS = "quantized_bits(4,1,alpha=1)"
WEIGHTS = {"kernel_quantizer": BITS, "bias_quantizer": BITS}
SYMBOL = Fixed(False, 3, 3)
SEPARABLE = {"depthwise_quantizer": BITS, "pointwise_quantizer": BITS, "bias_quantizer": BITS}


def _relu(name):
    return qkeras.QActivation("quantized_relu(4,2)", name=name)


def residual():
    """Padded convolutions, pooling, a branch that joins again, softmax; beside them a sequence of symbols."""
    image = x = L.Input((8, 9, 2), name="image")
    x = _relu("a1")(qkeras.QConv2D(3, 3, padding="same", name="c1", **WEIGHTS)(x))
    x = L.MaxPooling2D(2, name="p1")(x)
    y = qkeras.QConv2D(3, 3, padding="same", name="c2", **WEIGHTS)(x)
    x = L.Flatten(name="flat")(L.Add(name="sum")([x, y]))
    x = L.Activation("softmax", name="s")(qkeras.QDense(5, name="d", **WEIGHTS)(x))
    symbols = L.Input((16,), name="symbols")
    z = qkeras.QConv1D(4, 3, strides=2, name="c1d", **WEIGHTS)(L.Embedding(8, 3, name="emb")(symbols))
    z = L.GRU(3, name="gru")(L.MaxPooling1D(2, name="p1d")(z))
    layers = {"c1d": {"strategy": "resource", "reuse_factor": 3}}
    return keras.Model([image, symbols], [x, z]), {"layers": layers}


def moves():
    """Separable convolution, upsampling, padding, cropping, joining, permuting, regrouping, global pooling."""
    image = L.Input((8, 9, 2), name="image")
    x = _relu("a1")(qkeras.QSeparableConv2D(3, 3, name="sep", **SEPARABLE)(image))
    up = L.UpSampling2D(2, name="up")(x)
    x = L.Cropping2D(((1, 1), (1, 1)), name="crop")(L.ZeroPadding2D(((0, 2), (2, 0)), name="zp")(up))
    x = L.Permute((2, 1, 3), name="turn")(L.Concatenate(name="cat")([x, up]))
    x = qkeras.QDense(3, name="pw", **WEIGHTS)(L.Reshape((14 * 12, 6), name="resh")(x))
    return keras.Model(image, L.GlobalAveragePooling1D(name="gap")(x)), {}


def squeeze():
    """Vivado: strides, shared multipliers, broadcast, rows joined, vectors joined, two inputs, an inner output."""
    image, more = L.Input((7, 8, 2), name="image"), L.Input((4,), name="more")
    x = _relu("a1")(qkeras.QConv2D(4, (3, 2), strides=(2, 1), name="c1", **WEIGHTS)(image))
    gate = qkeras.QConv2D(4, (3, 7), name="whole", **WEIGHTS)(x)
    x = L.Multiply(name="gated")([x, gate])
    rows = L.Concatenate(axis=2, name="rows")([x, L.BatchNormalization(name="bn")(x)])
    flat = L.Flatten(name="flat")(L.AveragePooling2D((1, 2), name="pool")(rows))
    dense = qkeras.QDense(6, name="d", **WEIGHTS)(flat)
    joined = L.Concatenate(name="cat")([_relu("a2")(dense), more])
    model = keras.Model([image, more], [qkeras.QDense(2, name="last", **WEIGHTS)(joined), dense])
    layers = {"whole": {"strategy": "resource", "reuse_factor": 4}}
    return model, {"backend": "Vivado", "layers": layers}


NETWORKS = {"residual": residual, "moves": moves, "squeeze": squeeze}


@functools.cache
def compiled(name):
    """The program of a network, its hardware, its HLS project, and hls4ml's graph of it."""
    model, choices = NETWORKS[name]()
    hardware = HardwareSpec.model_validate({"io_type": "io_stream", **choices})
    types = {port: SYMBOL if port == "symbols" else Fixed(True, 8, 4) for port in model.input_names}
    made = compile_model(model, name, types, Path("unwritten"), hardware)
    return made.program, hardware, project_files(made.graph), made.graph
