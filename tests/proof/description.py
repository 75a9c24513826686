"""A model as plain data: everything needed to make it again, in JSON, so that a mismatch can be kept for ever."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from trigger_nn.frontend.legacy import keras, qkeras

warnings.filterwarnings("ignore", message=".*is unseeded and being called multiple times.*")

Args = Mapping[str, Any]


@dataclass(frozen=True)
class InputDescription:
    """An input: shape without the batch, its type, and what its events are.

    `values`: "grid" (mantissas of the type, ends included), "raw" (numbers off the grid and beyond the range as well,
    which the C++ casts) or "index" (0 to `limit` - 1, for an embedding).
    """

    name: str
    shape: tuple[int, ...]
    type: str
    values: str = "grid"
    limit: int = 0


@dataclass(frozen=True)
class LayerDescription:
    """A layer: the name of its Keras or QKeras class, its arguments, the layers it reads.

    Arguments are JSON; a wrapped layer is {"kind": ..., "args": ...} under "layer".
    """

    name: str
    kind: str
    args: Args
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class ModelDescription:
    """A model and its hls4ml configuration; `changes` go over hls4ml's own, layer by layer."""

    backend: str
    io_type: str
    inputs: tuple[InputDescription, ...]
    layers: tuple[LayerDescription, ...]
    outputs: tuple[str, ...]
    weights: int  # seed
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def to_json(description: ModelDescription) -> str:
    """One line of JSON."""
    return json.dumps(asdict(description), sort_keys=True)


def from_json(text: str) -> ModelDescription:
    """The description that `to_json` wrote."""
    fields = json.loads(text)
    inputs = tuple(InputDescription(**entry | {"shape": tuple(entry["shape"])}) for entry in fields["inputs"])
    layers = tuple(LayerDescription(**entry | {"inputs": tuple(entry["inputs"])}) for entry in fields["layers"])
    return ModelDescription(**fields | {"inputs": inputs, "layers": layers, "outputs": tuple(fields["outputs"])})


def build_layer(kind: str, args: Args, name: str | None = None) -> Any:
    """The Keras layer; lists become tuples, which Keras wants for shapes and paddings."""
    options: dict[str, Any] = {key: _tuples(value) for key, value in args.items()}
    if "layer" in options:
        options["layer"] = build_layer(args["layer"]["kind"], args["layer"]["args"], f"{name}_inner")
    if name is not None:
        options["name"] = name
    if "activation" in options and options["activation"] is None:
        options.pop("activation")
    if kind == "Nested":
        return _nested(options)
    home = qkeras if hasattr(qkeras, kind) and kind.startswith("Q") else keras.layers
    return getattr(home, kind)(**options)


def _nested(options: Mapping[str, Any]) -> Any:
    """A model in a model: dense layers of the given widths."""
    inner = keras.Sequential(name=options["name"])
    inner.add(keras.layers.InputLayer(options["shape"]))
    for index, units in enumerate(options["units"]):
        inner.add(keras.layers.Dense(units, name=f"{options['name']}_dense{index}", activation="relu"))
    return inner


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list | tuple) else value


def build_model(description: ModelDescription) -> Any:
    """The Keras model with its weights."""
    keras.backend.clear_session()
    tensors = {entry.name: keras.layers.Input(entry.shape, name=entry.name) for entry in description.inputs}
    inputs = list(tensors.values())
    for layer in description.layers:
        given = [tensors[name] for name in layer.inputs]
        tensors[layer.name] = build_layer(layer.kind, layer.args, layer.name)(given if len(given) > 1 else given[0])
    model = keras.Model(inputs, [tensors[name] for name in description.outputs])
    set_weights(model, description.weights)
    return model


def set_weights(model: Any, seed: int) -> None:
    """Random weights: some on a grid, some off it, some zero; variances positive."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = [_weight(rng, variable.name, tuple(variable.shape)) for variable in layer.weights]
        layer.set_weights(values)


def _weight(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if "iteration" in name:
        return np.full(shape, -1)  # QConv2DBatchnorm counts its steps
    if "variance" in name:
        return rng.uniform(0.05, 4.0, shape).astype(np.float32)
    if "gamma" in name:
        return rng.uniform(-2.0, 2.0, shape).astype(np.float32)
    values = rng.uniform(-1, 1, shape) * rng.choice([0.5, 1.0, 1.0, 3.0])
    if rng.random() < 0.4:
        values = np.round(values * 8) / 8
    values = np.where(rng.random(shape) < rng.choice([0.0, 0.1, 0.5]), 0.0, values)
    return values.astype(np.float32)


def draw_values(entry: InputDescription, rng: np.random.Generator, count: int) -> np.ndarray:
    """Events of one input, (count, *shape), as numbers; the first two are the ends of the range."""
    from trigger_nn.program.fixed import Fixed

    shape = (count, *entry.shape)
    if entry.values == "index":
        return rng.integers(0, entry.limit, shape).astype(np.float64)
    kind = Fixed.parse(entry.type)
    step = 2.0**-kind.fraction
    if entry.values == "raw":
        reach = 1.3 * (kind.maximum + 1)
        low = -reach if kind.signed or rng.random() < 0.5 else 0.0
        return np.round(rng.uniform(low, reach, shape) * 16) / 16 * step
    mantissas = rng.integers(kind.minimum, kind.maximum, shape, endpoint=True)
    ends = rng.choice([kind.minimum, kind.maximum, 0], shape)
    small = rng.integers(max(kind.minimum, -8), min(kind.maximum, 8), shape, endpoint=True)
    pick = rng.random(shape)
    mantissas = np.where(pick < 0.1, ends, np.where(pick < 0.25, small, mantissas))
    mantissas[0], mantissas[1] = kind.minimum, kind.maximum
    return mantissas * step
