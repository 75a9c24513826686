"""The networks that are measured. Shipped models bring their trained weights, all others have random ones.

Random weights are Keras's initial ones on their quantizer's grid. Nothing here skips a weight for being zero, but an
engine might: the share of zeros stands in the results.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trigger_nn
from trigger_nn.frontend.legacy import keras, qkeras

MODELS = Path(__file__).parents[3] / "models"
RELU = (8, 4)  # bits and integer bits of the activations of random networks
SEED = 1


@dataclass(frozen=True)
class Network:
    """A Keras model and how it is compiled. `weights` is "trained" or "random"."""

    name: str
    title: str
    model: Any
    input_type: str
    weights: str = "random"
    hardware: Mapping[str, Any] = field(default_factory=dict)

    def compile(self) -> Any:
        """The `Compiled` network: its program, and the graph that hls4ml's C++ is written from."""
        return trigger_nn.compile(self.model, self.input_type, self.name, **self.hardware)


def build(name: str) -> Network:
    """One of `NETWORKS`, the same weights each time."""
    keras.utils.set_random_seed(SEED)
    return NETWORKS[name]()


def tower(shape: tuple[int, ...], filters: Sequence[int], widths: Sequence[int], pool: int = 2, **conv: Any) -> Any:
    """Convolutions (3x3 unless `conv` says otherwise) with a max-pool each, then dense layers, the last linear."""
    x = inputs = keras.layers.Input(shape, name="inputs")
    for i, count in enumerate(filters, 1):
        x = _layer(qkeras.QConv2D, f"conv{i}", count, **({"kernel_size": 3} | conv))(x)
        x = _relu(f"conv{i}_relu")(x)
        x = keras.layers.MaxPooling2D(pool, name=f"pool{i}")(x) if pool > 1 else x
    x = keras.layers.Flatten(name="flatten")(x) if len(shape) > 1 else x
    for i, width in enumerate(widths, 1):
        x = _layer(qkeras.QDense, f"dense{i}", width)(x)
        x = _relu(f"dense{i}_relu")(x) if i < len(widths) else x
    return keras.Model(inputs, x)


def dense_of(width: int) -> Network:
    """A tagger whose three hidden layers all have `width` units."""
    keras.utils.set_random_seed(SEED)
    return Network(f"dense_{width}", f"{width}", tower((16,), (), (width, width, width, 5)), "fixed<8,4>")


def convolution_of(side: int) -> Network:
    """Two convolutions and two dense layers on a square image of `side` pixels."""
    keras.utils.set_random_seed(SEED)
    return Network(f"image_{side}", f"{side} x {side}", tower((side, side, 1), (8, 16), (32, 2)), "ufixed<8,4>")


def _layer(kind: Any, name: str, *size: int, **options: Any) -> Any:
    quantizers = {
        "kernel_quantizer": qkeras.quantized_bits(6, 0, alpha=1),
        "bias_quantizer": qkeras.quantized_bits(8, 2, alpha=1),
    }
    return kind(*size, **quantizers, **options, name=name)


def _relu(name: str) -> Any:
    return qkeras.QActivation(qkeras.quantized_relu(*RELU), name=name)


def _with_softmax(path: str) -> Any:
    """A shipped tagger, whose scores are logits, with a softmax behind them."""
    model = trigger_nn.load_model(MODELS / path)
    return keras.Model(model.input, keras.layers.Activation("softmax", name="softmax")(model.output))


def _tagger() -> Network:
    model = _with_softmax("jet_tagger/quantized.h5")
    return Network("tagger", "tagger\n16-64-32-32-5", model, "fixed<10,3>", "trained")


def _small_tagger() -> Network:
    model = _with_softmax("jet_tagger/small.h5")
    return Network("small_tagger", "small tagger\n16-32-16-16-5", model, "fixed<10,3>", "trained")


def _event_image() -> Network:
    model = trigger_nn.load_model(MODELS / "event_image" / "quantized.h5")
    return Network("event_image", "event image CNN\n20x14", model, "ufixed<10,4>", "trained")


def _regions() -> Network:
    model = tower((18, 14, 1), (4,), (16, 1), pool=1, kernel_size=2, strides=2)
    return Network("regions", "region CNN\n18x14", model, "ufixed<10,10>")


def _svhn() -> Network:
    model = tower((32, 32, 3), (16, 16, 24), (42, 64, 10))
    # As in arXiv:2101.05108. The same bits as io_parallel, and C++ as fast, but built in 8 s in place of 44 s.
    return Network("svhn", "SVHN-size CNN\n32x32x3", model, "ufixed<8,0>", hardware={"io_type": "io_stream"})


def _autoencoder() -> Network:
    return Network(
        "autoencoder", "autoencoder\n57-32-16-3-16-32-57", tower((57,), (), (32, 16, 3, 16, 32, 57)), "fixed<10,5>"
    )


def _lstm() -> Network:
    inputs = keras.layers.Input((20, 6), name="inputs")
    x = keras.layers.LSTM(20, name="memory")(inputs)
    x = _relu("hidden_relu")(_layer(qkeras.QDense, "hidden", 32)(x))
    model = keras.Model(inputs, _layer(qkeras.QDense, "score", 5)(x))
    return Network("lstm", "LSTM tagger\n20x6", model, "fixed<16,6>")


NETWORKS: Mapping[str, Callable[[], Network]] = {
    "tagger": _tagger,
    "small_tagger": _small_tagger,
    "event_image": _event_image,
    "regions": _regions,
    "autoencoder": _autoencoder,
    "lstm": _lstm,
    "svhn": _svhn,
}
