"""Keras model -> Program: convert, prove ranges, choose exact types, convert again with them, and check the result.

hls4ml's ModelGraph stays the source of truth: the chosen types are written into its configuration, and the Program
that is returned is lowered from the graph that was built with them.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import PrecisionError
from trigger_nn.frontend.graph import HLS4ML_VERSION, Config, build_graph, default_config
from trigger_nn.frontend.lower import lower
from trigger_nn.passes.exact import Choice, choose_exact_types
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.operations import AveragePool2D, Lookup, MaxPool2D, Operation, Scale, Softmax
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec
from trigger_nn.version import __version__

SHIELD = "fixed<48,24>"


@dataclass(frozen=True)
class Compiled:
    """A compiled network: the program, hls4ml's graph that it was lowered from, and what was decided on the way.

    `losses` are sentences: where the program can't equal the trained model, why, and what would cure it.
    """

    program: Program
    graph: Any
    choices: tuple[Choice, ...]
    losses: tuple[str, ...]


def compile_model(
    model: Any,
    name: str,
    input_type: Fixed,
    output: Path,
    hardware: HardwareSpec | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Compiled:
    """Compile a Keras 2 or QKeras `model`, whose single input has type `input_type`.

    `output` is where hls4ml writes its project when asked to (see `hardware.csim` and `handoff`).

    Raises:
        UnsupportedLayerError: a layer that can't be converted or lowered.
        PrecisionError: hls4ml did not take a type that was chosen.
    """
    hardware = hardware or HardwareSpec()
    config = _with_scale_types(_with_input_type(default_config(model, hardware), model, input_type), model)
    shielded = _producers(model, lambda layer: _states_result(config, layer))
    draft = lower(build_graph(model, name, _shielded(config, shielded), hardware, output), name)
    # A result into which hls4ml folds a batch normalisation must stay `auto`, or it would not fold.
    folded = _producers(model, lambda layer: _is_folded(layer, draft))
    decided = _decided_by_model(draft, config) | folded
    auto = draft
    for _ in model.layers:  # each round settles at least one more of the folded results
        wanted, choices = choose_exact_types(draft, decided)
        graph = build_graph(model, name, _with_types(config, wanted, folded), hardware, output)
        program = lower(graph, name)
        difference = _different_type(wanted, program)
        if difference is None:
            break
        draft = program
    else:
        raise PrecisionError(difference)
    choices = tuple(_against_auto(choice, auto, shielded) for choice in choices)
    facts = {
        "trigger_nn": __version__,
        "hls4ml": HLS4ML_VERSION,
        "hardware": hardware.model_dump(),
        "losses": list(losses := _losses(graph, program)),
    }
    return Compiled(replace(program, provenance=facts | dict(provenance or {})), graph, choices, losses)


def _with_input_type(config: Config, model: Any, kind: Fixed) -> Config:
    for name in model.input_names:
        config["LayerName"][name]["Precision"]["result"] = str(kind)
    return config


def _with_scale_types(config: Config, model: Any) -> Config:
    """Types for unfused batch normalisation: 18 bits that reach the largest constant (a DSP's narrow operand)."""
    for layer in model.layers:
        precision = config["LayerName"].get(layer.name, {}).get("Precision", {})
        if precision.get("scale") == "auto":
            gamma, beta, mean, variance = _normalization(layer)
            scale = gamma / np.sqrt(variance + layer.epsilon)
            for key, values in (("scale", scale), ("bias", beta - mean * scale)):
                integer = int(np.ceil(np.log2(np.abs(values).max() + 1e-12))) + 2
                precision[key] = str(Fixed(True, 18, integer))
    return config


def _normalization(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    gamma = layer.gamma.numpy() if layer.gamma is not None else np.ones_like(mean)
    beta = layer.beta.numpy() if layer.beta is not None else np.zeros_like(mean)
    return gamma, beta, mean, variance


def _producers(model: Any, wanted: Callable[[Any], bool]) -> frozenset[str]:
    """Layers whose result goes straight into a layer that is `wanted`; inputs of the model not among them."""
    inbound = [node.inbound_layers for layer in model.layers if wanted(layer) for node in layer.inbound_nodes]
    return frozenset(one.name for one in inbound if not isinstance(one, list)) - set(model.input_names)


def _states_result(config: Config, layer: Any) -> bool:
    """Whether a quantizer of the model states the type of the layer's result."""
    result: str = config["LayerName"].get(layer.name, {}).get("Precision", {}).get("result", "auto")
    return result != "auto"


def _is_folded(layer: Any, program: Program) -> bool:
    """Whether hls4ml folded this batch normalisation into the layer before it."""
    return "BatchNormalization" in type(layer).__name__ and all(op.name != layer.name for op in program.operations)


def _shielded(config: Config, names: frozenset[str]) -> Config:
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
    return config


def _against_auto(choice: Choice, auto: Program, shielded: frozenset[str]) -> Choice:
    """The choice beside what hls4ml's `auto` made of the layer; of a shielded result, that of its accumulator."""
    operation = auto.operation(choice.layer)
    accumulator = getattr(operation, "accumulator", None)
    before = accumulator if choice.layer in shielded and accumulator is not None else operation.type
    return replace(choice, before=before, accumulator_before=accumulator)


def _decided_by_model(program: Program, config: Config) -> frozenset[str]:
    """Tensors whose type a quantizer of the model states."""
    return frozenset(
        op.name for op in program.operations
        if config["LayerName"].get(op.name, {}).get("Precision", {}).get("result", "auto") != "auto"
    )  # fmt: skip


def _with_types(config: Config, program: Program, left_auto: frozenset[str]) -> Config:
    """`config` with the program's types, layer by layer; results of `left_auto` are hls4ml's to infer."""
    config = copy.deepcopy(config)
    for name, layer in config["LayerName"].items():
        operation = next((op for op in program.operations if op.name == name), None) or _absorbed_into(name, program)
        if operation is None:
            continue
        if operation.name not in left_auto:
            layer["Precision"]["result"] = str(operation.type)
        accumulator = getattr(operation, "accumulator", None)
        if operation.name == name and accumulator is not None:
            layer["Precision"]["accum"] = str(accumulator)
    return config


def _absorbed_into(name: str, program: Program) -> Operation | None:
    """The operation that took over a linear activation, which hls4ml drops when it changes no type."""
    base = name.removesuffix("_linear")
    return next((op for op in program.operations if base != name and op.name == base), None)


def _different_type(wanted: Program, got: Program) -> str | None:
    """The first type that hls4ml overruled, as a sentence; then the promise of exactness would be empty."""
    if [op.name for op in wanted.operations] != [op.name for op in got.operations]:
        return "hls4ml made other layers of the model once its types were set; report this with the model."
    for expected, found in zip(wanted.operations, got.operations, strict=True):
        pairs: list[tuple[str, Any, Any]] = [("result", expected.type, found.type)]
        pairs += [("accum", getattr(expected, "accumulator", None), getattr(found, "accumulator", None))]
        for what, one, other in pairs:
            if one != other:
                return (
                    f"Layer {expected.name!r}: {what} type {one} was chosen, but hls4ml made it {other}; "
                    "set that type in the model with a quantizer."
                )
    return None


def _losses(graph: Any, program: Program) -> tuple[str, ...]:
    """Where the program departs from the trained model, and the smallest change that cures it."""
    found = []
    for layer in graph.get_layers():
        for which, variable in layer.weights.items():
            operation = program.operation(layer.name)
            constant = getattr(operation, {"weight": "weights"}.get(which, which))
            if not np.array_equal(to_float(constant.mantissa, constant.type), np.asarray(variable.data, np.float64)):
                cure = (
                    "fold it into the layer before"
                    if isinstance(operation, Scale)
                    else "give it a quantized_bits quantizer"
                )
                found.append(
                    f"{layer.name}: its {which} is not on the grid of {constant.type}, so it is rounded; {cure}"
                )
    for operation in program.operations:
        found += _operation_losses(operation)
    return tuple(found)


def _operation_losses(operation: Operation) -> list[str]:
    match operation:
        case Lookup() | Softmax():
            return [
                f"{operation.name}: read from a table, so it only approximates the function; compare the layer before"
            ]
        case MaxPool2D() if any(operation.window.padding) and operation.fill > 0:
            return [f"{operation.name}: hls4ml pads unsigned values with half their range; use padding 'valid'"]
        case AveragePool2D() if not _power_of_two_windows(operation):
            return [f"{operation.name}: a window's mean is truncated unless its size is a power of two"]
        case _:
            return []


def _power_of_two_windows(operation: AveragePool2D) -> bool:
    size = operation.window.size[0] * operation.window.size[1]
    return size & (size - 1) == 0 and not any(operation.window.padding)
