"""Networks from a recipe: the float baseline with batch normalisation, and its quantized twin without.

The twin's layers bear the baseline's names, so that folded weights move over layer by layer. Layer names become the
names of HLS functions and of traces.
"""

from typing import Any

from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.recipe import NetworkSpec, QuantizerSpec


def float_network(spec: NetworkSpec, input_shape: tuple[int, ...], outputs: int) -> Any:
    """The baseline: convolution or dense, batch normalisation, relu; one linear output (a logit) a signal or class."""
    x = inputs = keras.layers.Input(input_shape, name="image" if len(input_shape) > 1 else "features")
    for i, conv in enumerate(spec.convolutions, 1):
        x = keras.layers.Conv2D(
            conv.filters, conv.kernel, strides=conv.stride, padding=conv.padding, use_bias=False, name=f"conv{i}"
        )(x)
        x = keras.layers.BatchNormalization(name=f"conv{i}_norm")(x)
        x = keras.layers.Activation("relu", name=f"conv{i}_relu")(x)
        x = _pool(conv.pool, i)(x) if conv.pool > 1 else x
    x = keras.layers.Flatten(name="flatten")(x) if len(input_shape) > 1 else x
    for i, width in enumerate(spec.dense, 1):
        x = keras.layers.Dense(width, use_bias=False, name=f"dense{i}")(x)
        x = keras.layers.BatchNormalization(name=f"dense{i}_norm")(x)
        x = keras.layers.Activation("relu", name=f"dense{i}_relu")(x)
    x = keras.layers.Dense(outputs, name="score")(x)
    return keras.Model(inputs, x, name="float")


def quantized_network(spec: NetworkSpec, input_shape: tuple[int, ...], outputs: int) -> Any:
    """The quantized twin: every weight and activation on a grid that a power of two sets, no scale to multiply by."""
    x = inputs = keras.layers.Input(input_shape, name="image" if len(input_shape) > 1 else "features")
    for i, conv in enumerate(spec.convolutions, 1):
        name = f"conv{i}"
        x = qkeras.QConv2D(
            conv.filters, conv.kernel, strides=conv.stride, padding=conv.padding, **_grids(spec, name), name=name
        )(x)  # fmt: skip
        x = qkeras.QActivation(_relu(spec.quantizer(name, "activations")), name=f"{name}_relu")(x)
        x = _pool(conv.pool, i)(x) if conv.pool > 1 else x
    x = keras.layers.Flatten(name="flatten")(x) if len(input_shape) > 1 else x
    for i, width in enumerate((*spec.dense, outputs), 1):
        last = i > len(spec.dense)
        name = "score" if last else f"dense{i}"
        x = qkeras.QDense(width, **_grids(spec, name), name=name)(x)
        x = x if last else qkeras.QActivation(_relu(spec.quantizer(name, "activations")), name=f"{name}_relu")(x)
    x = qkeras.QActivation(_weights(spec.output), name="output")(x)
    return keras.Model(inputs, x, name="quantized")


def _pool(size: int, i: int) -> Any:
    return keras.layers.MaxPooling2D(size, name=f"conv{i}_pool")


def _grids(spec: NetworkSpec, layer: str) -> dict[str, Any]:
    kernel, bias = spec.quantizer(layer, "weights"), spec.quantizer(layer, "bias")
    return {"kernel_quantizer": _weights(kernel), "bias_quantizer": _weights(bias)}


def _weights(spec: QuantizerSpec) -> Any:
    return qkeras.quantized_bits(spec.bits, spec.integer, alpha=1)


def _relu(spec: QuantizerSpec) -> Any:
    return qkeras.quantized_relu(spec.bits, spec.integer)
