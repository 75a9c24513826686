"""hls4ml's configuration, type by type: what the model states, what is chosen, what must be left alone.

Functions take a configuration and return one; those that change it copy it first, but for the two that complete a
configuration just made.
"""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.frontend.graph import Config
from trigger_nn.passes.exact import CHOSEN, Slot
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Lstm, Operation, Softmax
from trigger_nn.program.program import Program
from trigger_nn.recipe import LayerSpec

SHIELD = "fixed<48,24>"


def with_input_types(config: Config, model: Any, kinds: Fixed | Mapping[str, Fixed]) -> Config:
    """The type of every input port: one for all, or one for each by name."""
    for name in model.input_names:
        kind = kinds if isinstance(kinds, Fixed) else kinds.get(name)
        if kind is None:
            known = ", ".join(model.input_names)
            raise RecipeError(f"Input {name!r} has no type; give one for each of the model's inputs: {known}.")
        config["LayerName"][name]["Precision"]["result"] = str(kind)
        for layer in _loops_over(model, name):  # hls4ml's C++ copies a time step into the same type
            config["LayerName"].get(layer, {}).setdefault("Precision", {})["result"] = str(kind)
    return config


def _loops_over(model: Any, name: str) -> list[str]:
    """TimeDistributed layers that read input `name`."""
    loops = [layer for layer in model.layers if type(layer).__name__ == "TimeDistributed"]
    return [layer.name for layer in loops if any(name == one.name for one in _sources(layer))]


def _sources(layer: Any) -> list[Any]:
    inbound = [node.inbound_layers for node in layer.inbound_nodes]
    return [one for found in inbound for one in (found if isinstance(found, list) else [found])]


def with_constant_types(config: Config, model: Any, asked: Mapping[str, LayerSpec]) -> Config:
    """Types of constants that neither a quantizer nor the user (`asked`, by layer) states.

    Unfused batch normalisation: 18 bits that reach the largest constant (a DSP's narrow operand). Softmax: tables and
    sums that reach 1 and the number of classes, no further; hls4ml's defaults reach 128, and address its table of 1 / x
    in steps so coarse that sums below 4 can read 1 / 0.
    """
    for layer in model.layers:
        precision = config["LayerName"].get(layer.name, {}).get("Precision", {})
        if precision.get("scale") == "auto" and "BatchNormalization" in type(layer).__name__:
            gamma, beta, mean, variance = _normalization(layer)
            scale = gamma / np.sqrt(variance + layer.epsilon)
            for key, values in (("scale", scale), ("bias", beta - mean * scale)):
                integer = int(np.ceil(np.log2(np.abs(values).max() + 1e-12))) + 2
                precision[key] = str(Fixed(True, 18, integer))
        if "inv_inp" in precision and not (asked.get(layer.name) and asked[layer.name].precision):
            classes = int(layer.output_shape[-1])
            reach = classes.bit_length()
            tables, sums = str(_saturating(18, 1)), str(_saturating(17 + reach, reach))
            precision["accum"] = sums
            # hls4ml 1.3.0 ignores these three among the precisions, but takes them as attributes of the layer.
            config["LayerName"][layer.name] |= {"exp_table_t": tables, "inv_table_t": tables, "inv_inp_t": sums}
    return config


def _saturating(width: int, integer: int) -> Fixed:
    return Fixed(False, width, integer, Rounding.RND, Overflow.SAT)


def _normalization(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    gamma = layer.gamma.numpy() if layer.gamma is not None else np.ones_like(mean)
    beta = layer.beta.numpy() if layer.beta is not None else np.zeros_like(mean)
    return gamma, beta, mean, variance


def producers(model: Any, layers: list[Any]) -> frozenset[str]:
    """Layers whose result goes straight into one of `layers`; inputs of the model not among them."""
    inbound = [node.inbound_layers for layer in layers for node in layer.inbound_nodes]
    return frozenset(one.name for one in inbound if not isinstance(one, list)) - set(model.input_names)


def states_result(config: Config, layer: Any) -> bool:
    """Whether a quantizer of the model states the type of the layer's result."""
    result: str = config["LayerName"].get(layer.name, {}).get("Precision", {}).get("result", "auto")
    return result != "auto"


def is_folded(layer: Any, program: Program) -> bool:
    """Whether hls4ml folded this batch normalisation into the layer before it."""
    own = {layer.name, f"bnbt_{layer.name}"}  # the latter: merged with a binary or ternary activation after it
    return "BatchNormalization" in type(layer).__name__ and all(op.name not in own for op in program.operations)


def shielded_results(config: Config, names: frozenset[str]) -> Config:
    """`config` with a stated result type for `names`.

    Into a result left `auto`, hls4ml 1.3.0 merges a linear activation that follows, and drops its quantizer
    (MergeLinearActivation looks for an attribute that QKeras layers lack).
    """
    config = copy.deepcopy(config)
    for name in names:
        for part in (name, f"{name}_linear"):
            precision = config["LayerName"].get(part, {}).get("Precision", {})
            if precision.get("result") == "auto":
                precision["result"] = SHIELD
        # The layer that multiplies by the scale of a quantizer, if hls4ml makes one.
        config["LayerName"].setdefault(f"{name}_alpha", {"Trace": True, "Precision": {"result": SHIELD}})
    return config


def stated_types(program: Program, config: Config) -> frozenset[Slot]:
    """Types that a quantizer of the model or the user states."""
    stated = {name: layer.get("Precision", {}) for name, layer in config["LayerName"].items()}
    keys = {"type": "result", "accumulator": "accum"}
    return frozenset(
        (op.name, field)
        for op in program.operations
        for field, key in keys.items()
        if stated.get(op.name, {}).get(key, "auto") != "auto"
    )


def kept_types(program: Program) -> frozenset[Slot]:
    """Types that can't be chosen one by one: of layers that hls4ml repeats or splits, and of what an LSTM reads.

    hls4ml's C++ for LSTM compiles only if input, result and accumulator are of one type, so its input's stays.
    """
    repeated = {op.name.split("/")[0] for op in program.operations if "/" in op.name}
    held = {name for op in program.operations if isinstance(op, Lstm) for name in op.inputs}
    return frozenset(
        (op.name, field)
        for op in program.operations
        for field in CHOSEN
        if hasattr(op, field) and (op.name.split("/")[0] in repeated or (field == "type" and op.name in held))
    )


def with_types(config: Config, program: Program, left_auto: frozenset[str], shielded: frozenset[str]) -> Config:
    """`config` with the program's types, layer by layer; results of `left_auto` are hls4ml's to infer.

    `shielded` are the layers that a quantizer follows (see `shielded_results`).
    """
    config = copy.deepcopy(config)
    for name in shielded - left_auto:
        config["LayerName"].setdefault(f"{name}_alpha", {"Trace": True, "Precision": {}})
    for name, layer in config["LayerName"].items():
        operation = next((op for op in program.operations if op.name == name), None) or _absorbed_into(name, program)
        if operation is None:
            continue
        if operation.name not in left_auto:
            layer["Precision"]["result"] = str(operation.type)
        accumulator = getattr(operation, "accumulator", None)
        if operation.name == name and accumulator is not None:
            layer["Precision"]["accum"] = str(accumulator)
        if isinstance(operation, Softmax) and operation.name == name:
            # hls4ml's own type for max - x has half the range that it needs, and wraps.
            source = program.type_of(operation.inputs[0])
            layer["inp_norm_t"] = str(Fixed(False, source.width, source.integer))
    for operation in program.operations:  # layers that hls4ml made itself
        if operation.name not in config["LayerName"] and operation.name not in left_auto:
            precision = {"result": str(operation.type)}
            if hasattr(operation, "accumulator"):
                precision["accum"] = str(operation.accumulator)
            config["LayerName"][operation.name] = {"Trace": True, "Precision": precision}
            # The linear activation of a layer in a nested model; of the same type it vanishes.
            linear = {"Precision": {"result": str(operation.type)}}
            config["LayerName"].setdefault(f"{operation.name}_linear", linear)
    return config


def _absorbed_into(name: str, program: Program) -> Operation | None:
    """The operation that took over a linear activation or a quantizer's scale, which hls4ml drops where it can."""
    base = name.removesuffix("_linear").removesuffix("_alpha")
    last = [op for op in program.operations if op.name in (base, f"{base}_alpha")]
    return last[-1] if base != name and last else None
