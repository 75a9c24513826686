"""The trained model in float64: the same graph and weights, for networks whose sums float32 can't hold.

Keras and QKeras compute in float32, which is exact only while every sum stays below 2^24 of its least significant
bits. Beyond that the model's own forward pass rounds, and is no judge of an exact program; in float64 it is, to 2^53.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from trigger_nn.frontend.legacy import keras, qkeras, tf

_relu_in_float32 = qkeras.quantized_relu.__call__


def _relu(quantizer: Any, x: Any) -> Any:
    """QKeras's quantized_relu casts to float32 whatever it is given: round in float64 first, which that keeps."""
    scale = 2.0 ** (quantizer.bits - (quantizer.negative_slope != 0.0) - int(quantizer.integer))
    x = tf.where(x >= 0, tf.round(x * scale) / scale, x)
    return tf.cast(_relu_in_float32(quantizer, x), tf.float64)


def _power(base: Any, exponent: Any) -> Any:
    """Keras's own takes the plain number 2.0 for a float32."""
    return tf.pow(tf.cast(base, exponent.dtype) if tf.is_tensor(exponent) else base, exponent)


@contextmanager
def doubled(model: Any) -> Iterator[Any]:
    """A float64 copy of `model`; while it is in use Keras computes in float64."""
    before = keras.backend.floatx()
    keras.backend.set_floatx("float64")
    custom: dict[str, Any] = {}
    qkeras.utils._add_supported_quantized_objects(custom)
    try:
        with (
            patch.object(qkeras.quantized_relu, "__call__", _relu),
            patch.object(qkeras.quantizers.K, "pow", _power),
            keras.utils.custom_object_scope(custom),
        ):
            twin = keras.models.clone_model(model, clone_function=_cloned)
            twin.set_weights(model.get_weights())
            yield twin
    finally:
        keras.backend.set_floatx(before)


def _cloned(layer: Any) -> Any:
    return type(layer).from_config(_in_double(layer.get_config()))


def _in_double(value: Any) -> Any:
    """A configuration with every `dtype` in float64."""
    if isinstance(value, dict):
        return {k: "float64" if k == "dtype" and v == "float32" else _in_double(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_in_double(v) for v in value]
    return value
