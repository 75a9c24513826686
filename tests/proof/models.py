"""Random small models: layers by family, then a random hls4ml configuration over every key that hls4ml offers."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.proof.description import LayerDescription, ModelDescription
from tests.proof.families import activations, arrangement, products, sequences
from tests.proof.sketch import Sketch, Tensor, draw_type
from trigger_nn.frontend import graph as frontend


@dataclass(frozen=True)
class Family:
    """Layers of one kind: the ranks of tensor it takes, without the batch, and the function that draws them."""

    name: str
    ranks: tuple[int, ...]
    draw: Callable[[Sketch, Tensor], Tensor]
    streams: float = 0.5  # how often io_stream, where hls4ml knows it at all


FAMILIES = (
    Family("dense", (1, 1, 1, 2), products.dense),
    Family("conv1d", (2,), products.conv1d),
    Family("conv2d", (3,), products.conv2d),
    Family("depthwise", (2, 3), products.depthwise),
    Family("separable", (2, 3), products.separable),
    Family("batchnorm", (1, 2, 3), activations.batchnorm),
    Family("activation", (1, 1, 2, 3), activations.activation),
    Family("quantized", (1, 1, 2, 3), activations.quantized),
    Family("softmax", (1, 1, 2), activations.softmax),
    Family("pooling", (2, 3), arrangement.pooling),
    Family("padding", (2, 3), arrangement.padding),
    Family("reshaping", (1, 2, 3), arrangement.reshaping),
    Family("merging", (1, 2, 3), arrangement.merging),
    Family("recurrent", (2,), sequences.recurrent),
    Family("embedding", (1, 2), sequences.embedding),
    Family("timedistributed", (2, 2, 2, 2, 3), sequences.timedistributed, 0.02),
    Family("layernorm", (2,), sequences.layernorm, 0.03),
    Family("nested", (1,), sequences.nested),
)
# Drawn after another family now and then, so that layers meet each other.
COMPANIONS = ("dense", "activation", "quantized", "reshaping", "pooling", "conv1d", "conv2d", "merging", "batchnorm")


def families(names: str) -> tuple[Family, ...]:
    """Families by name, separated by commas; "all" is all of them.

    Raises:
        ValueError: a name is none.
    """
    known = {family.name: family for family in FAMILIES}
    if names == "all":
        return FAMILIES
    unknown = [name for name in names.split(",") if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no family; choose from {', '.join(known)}.")
    return tuple(known[name] for name in names.split(","))


def draw_seeded(seed: int, names: str = "all") -> ModelDescription:
    """The model of a seed; the same for ever as long as this package does not change."""
    return draw_model(Random(f"{names}:{seed}"), families(names))


def models(names: str = "all") -> st.SearchStrategy[ModelDescription]:
    """The same models as a hypothesis strategy, which can shrink them."""
    return st.builds(draw_model, st.randoms(use_true_random=False), st.just(families(names)))


def draw_model(rng: Random, among: Iterable[Family] = FAMILIES) -> ModelDescription:
    """One model of one to three families of `among`, or of one of them with companions."""
    chosen = rng.choice(list(among))
    io_type = "io_stream" if rng.random() < chosen.streams else "io_parallel"
    sketch = Sketch(rng, io_type, rng.choice(["Vitis", "Vivado"]))
    x = _draw(sketch, chosen, _first_input(sketch, chosen))
    mates = [family for family in FAMILIES if family.name in COMPANIONS]
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        mate = rng.choice(mates)
        if x.size > 80:
            break
        x = _draw(sketch, mate, _adapted(sketch, mate, x))
    outputs = _outputs(sketch, x)
    used = [entry for entry in sketch.inputs if any(entry.name in layer.inputs for layer in sketch.layers)]
    weights = rng.randrange(1 << 30)
    draft = ModelDescription(sketch.backend, sketch.io_type, tuple(used), tuple(sketch.layers), outputs, weights)
    return ModelDescription(**vars(draft) | {"changes": _draw_changes(rng, draft, sketch.model(draft.inputs, outputs))})


def _first_input(sketch: Sketch, family: Family) -> Tensor:
    rank = sketch.pick(*family.ranks)
    shapes = {
        1: (sketch.upto(1, 8),),
        2: (sketch.upto(2, 6), sketch.upto(1, 3)),
        3: (sketch.upto(2, 5), sketch.upto(2, 5), sketch.upto(1, 3)),
    }
    return sketch.input(shapes[rank])


def _draw(sketch: Sketch, family: Family, x: Tensor) -> Tensor:
    """Draw a family; one that Keras refuses on this tensor leaves it as it is, or gives way to an activation."""
    try:
        return family.draw(sketch, x)
    except (ValueError, TypeError):
        return sketch.add("Activation", {"activation": "relu"}, x) if not sketch.layers else x


def _adapted(sketch: Sketch, family: Family, x: Tensor) -> Tensor:
    """`x` in a rank that `family` takes."""
    if x.rank in family.ranks:
        return x
    if 1 in family.ranks or x.rank == 1:
        x = x if x.rank == 1 else sketch.add("Flatten", {}, x)
    if x.rank in family.ranks:
        return x
    rank = sketch.pick(*family.ranks)
    divisors = [number for number in range(1, x.size + 1) if x.size % number == 0]
    first = sketch.pick(*divisors)
    target = [first, x.size // first] if rank == 2 else [first, x.size // first, 1]
    return sketch.add("Reshape", {"target_shape": target}, x)


def _outputs(sketch: Sketch, last: Tensor) -> tuple[str, ...]:
    """The last layer, and now and then another one as well."""
    read = {name for layer in sketch.layers for name in layer.inputs}
    loose = [layer.name for layer in sketch.layers if layer.name not in read and layer.name != last.name]
    others = [layer.name for layer in sketch.layers if layer.name in read and layer.kind not in ("Flatten", "Reshape")]
    if others and sketch.chance(0.12):
        loose.append(sketch.pick(*others))
    return (*loose, last.name)


def _draw_changes(rng: Random, draft: ModelDescription, model: Any) -> dict[str, dict[str, Any]]:
    """Random values for the keys of hls4ml's own configuration; nothing if hls4ml can't even make that."""
    try:
        with frontend._quiet():
            architecture = frontend._Architecture(model)
            config = frontend.config_from_keras_model(architecture, granularity="name", backend=draft.backend)
    except Exception:
        return {}
    names = {entry.name for entry in draft.inputs}
    products = _products(model)
    changes = {
        name: _draw_layer(rng, entry, products.get(name, (1, 1)))
        for name, entry in config["LayerName"].items()
        if name not in names
    }
    general: dict[str, Any] = {"Strategy": rng.choice(["Latency", "Latency", "Resource"])}
    if rng.random() < 0.3:
        general["Precision"] = {"default": f"fixed<{rng.randint(10, 18)},{rng.randint(3, 7)}>"}
    for entry in changes.values():
        if (draft.backend, draft.io_type) == ("Vitis", "io_stream") and rng.random() < 0.97:
            entry.pop("ConvImplementation", None)  # asserts that it is the line buffer
    for layer in draft.layers:
        _match(rng, changes, layer, general.get("Precision", {}).get("default", "fixed<16,6>"))
    return {name: entry for name, entry in changes.items() if entry} | {"Model": general}


def _match(rng: Random, changes: dict[str, dict[str, Any]], layer: LayerDescription, default: str) -> None:
    """One type where hls4ml 1.3.0 compiles with one type only.

    An LSTM's input, result and accumulator have one; a time-distributed layer's input and result have that of what it
    wraps, which is the model's default.
    """
    cell = layer.args["layer"]["kind"] if "layer" in layer.args else layer.kind
    if rng.random() < 0.03 or (cell != "LSTM" and layer.kind != "TimeDistributed"):
        return
    kind = draw_type(rng, 14) if cell == "LSTM" else default
    for name in (layer.inputs[0], layer.name):
        changes.setdefault(name, {}).setdefault("Precision", {})["result"] = kind
    if cell == "LSTM":
        changes[layer.name]["Precision"]["accum"] = kind


# How often hls4ml's own choice of a type is changed, by what is written there: a quantizer's type stays more often.
_TYPES = {"auto": 0.55}
_KEYS: dict[str, tuple[float, tuple[Any, ...]]] = {
    "ParallelizationFactor": (0.4, (1, 2, 3, 4)),
    "ConvImplementation": (0.4, ("LineBuffer", "Encoded")),
    "TableSize": (0.4, (64, 128, 256, 512, 1024, 2048, 4096, 1000)),
    "Implementation": (0.8, ("stable", "latency", "legacy", "argmax")),
    "Skip": (0.05, (True,)),
    "Static": (0.4, (True, False)),
    "TimeStepLoopParallelism": (0.6, ("Off", "Unroll", "Pipeline")),
    "TableRangePower2": (0.3, (1, 2, 3)),
}


def _products(model: Any) -> dict[str, tuple[int, int]]:
    """Products of one sum, and sums (0 if depthwise), of layers with a kernel: what reuse factors are held against."""
    shapes = {
        layer.name: [tuple(weight.shape) for weight in layer.weights if "kernel" in weight.name]
        for layer in model.layers
    }
    sums = {name: 0 if "depthwise" in name else found[0][-1] for name, found in shapes.items() if found}
    return {name: (math.prod(shapes[name][0][:-1]), count) for name, count in sums.items()}


def _draw_layer(rng: Random, entry: dict[str, Any], products: tuple[int, int]) -> dict[str, Any]:
    """Changes to one layer's entry."""
    changes: dict[str, Any] = {}
    types = {name: _draw_precision(rng, name, kind) for name, kind in entry.get("Precision", {}).items()}
    if kept := {name: kind for name, kind in types.items() if kind}:
        changes["Precision"] = kept
    for key, (probability, choices) in _KEYS.items():
        if key in entry and rng.random() < probability:
            changes[key] = rng.choice(choices)
    if {"weight", "depthwise", "recurrent_weight", "forward_weight"} & set(entry.get("Precision", {})):
        changes |= _draw_strategy(rng, entry, products)
    return changes


def _draw_strategy(rng: Random, entry: dict[str, Any], products: tuple[int, int]) -> dict[str, Any]:
    """A strategy and a reuse factor that goes with it, most of the time.

    In hls4ml 1.3.0 a convolution in io_parallel asserts that its reuse factor is no more than the products of one
    sum, and an unrolled layer whose reuse factor ends up as 1 does not compile; any other is moved to one that works.
    """
    summed, sums = products
    reuse = rng.choice((1, 1, 2, 3, 4, 6, 8, 12))
    if rng.random() < (0.97 if "ParallelizationFactor" in entry else 0.85):
        reuse = min(reuse, summed)
    divisors = [number for number in range(2, summed + 1) if summed % number == 0 and number < summed * sums]
    unrolled = 0.05 if "recurrent_weight" in entry["Precision"] else 0.25
    if "weight" in entry["Precision"] and divisors and rng.random() < unrolled:
        return {"Strategy": "Resource_Unrolled", "ReuseFactor": rng.choice(divisors)}
    # Depthwise and separable layers have no resource strategy in io_parallel; streams take it, and use latency.
    latency = 0.95 if "depthwise" in entry["Precision"] or not sums else 0.5
    return {"Strategy": "Latency" if rng.random() < latency else "Resource", "ReuseFactor": reuse}


def _draw_precision(rng: Random, name: str, kind: str) -> str:
    """Another type, or nothing."""
    if name in ("mean", "variance", "beta", "gamma"):  # quantizers of the model, no types of the C++
        return ""
    if name in ("table", "exp_table", "inv_table", "inv_inp"):
        return draw_type(rng, 18) if rng.random() < 0.3 else ""
    if rng.random() < _TYPES.get(kind, 0.15):
        return draw_type(rng, 20 if "accum" in name else 14)
    return ""
