"""Where a program can't equal the trained model: known reasons, and what a trial on random events shows.

hls4ml ignores some options of Keras and QKeras layers without a word. Its C++ then agrees with the program, but not
with the model; so every compiled program is run beside the model's own forward pass, layer by layer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import PrecisionError, UnsupportedLayerError
from trigger_nn.frontend.layers import layer_outputs
from trigger_nn.passes.exact import Shortfall, needs_double
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, from_float, to_float
from trigger_nn.program.operations import (
    AveragePool2D,
    BinaryThreshold,
    Embedding,
    ExponentialLinear,
    LayerNormalization,
    Lookup,
    MaxPool2D,
    Operation,
    Scale,
    Softmax,
    TernaryThreshold,
)
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.program import Port, Program

TRIAL = 64  # random events
FLOAT32 = 1e-6  # relative: Keras's own rounding, not a difference of the program
UNEXPLAINED = (
    "hls4ml's C++ computes something else than Keras: it ignores an option of this layer (such as max_value, "
    "negative_slope, alpha, symmetric, keep_negative), or drops a layer before it (Permute before Flatten); leave "
    "options at what hls4ml knows"
)


def losses_of(
    graph: Any, program: Program, model: Any, names: Mapping[str, str], short: Collection[Shortfall]
) -> tuple[str, ...]:
    """One sentence for each layer at which the program departs from `model`: why, by how much, and what cures it.

    `names` are the layers of the model by the operations that yield what they yield (see `layers.counterparts`);
    `short` are types that hls4ml or the user chose and that hold too little.
    """
    reasons = _reasons(graph, program)
    for one in short:
        name = {"type": "result", "accumulator": "accum"}[one.field]
        reasons[one.layer].append(
            f"its {name} type {one.found} was chosen by you or by hls4ml, and {one.needed} is what would lose nothing; "
            "set that by hand, end the layer with a quantizer, or narrow what it reads"
        )
    sentences = []
    measured = _departures(program, model, names)
    for operation in program.operations:
        known, departure = reasons.get(operation.name, []), measured.get(operation.name)
        if departure is not None and not any(reasons.get(part) for part in (operation.name, *departure.parts)):
            known = [UNEXPLAINED]
        by = f" (off by up to {departure.largest:.3g} on {TRIAL} random events)" if departure is not None else ""
        sentences += [f"{operation.name}: {reason}{by}" for reason in known]
    return tuple(sentences)


@dataclass(frozen=True)
class _Departure:
    """How far a layer is from Keras's, given Keras's own inputs; `parts` are operations inside the layer before it."""

    largest: float
    parts: tuple[str, ...]


def _departures(program: Program, model: Any, names: Mapping[str, str]) -> dict[str, _Departure]:
    """The layers that depart from Keras although they read what Keras's layer reads."""
    mantissas = _random_events(program)
    numbers = {port.name: to_float(mantissas[port.name], port.type) for port in program.inputs}
    given = [numbers[name] for name in model.input_names]
    theirs = layer_outputs(model, list(names.values()), given, double=needs_double(program))
    ranges = prove_ranges(program)
    known, departures = dict(mantissas), {}  # Keras's values as mantissas, where they are on the grid
    for place, operation in enumerate(program.operations):
        if names.get(operation.name) not in theirs:
            continue
        right = _alike(theirs[names[operation.name]], operation)
        parts = _parts(operation, program, known, names)
        if parts is not None:
            until = replace(program, operations=program.operations[: place + 1])
            left = to_float(run_reference(until, known, (operation.name,))[operation.name], operation.type)
            largest = float(np.abs(left - right).max())
            if largest > FLOAT32 * float(np.abs(right).max()):
                departures[operation.name] = _Departure(largest, parts)
        nearest = from_float(right, operation.type.modes(Rounding.RND_CONV, Overflow.SAT))
        low, high = ranges[operation.name].low, ranges[operation.name].high
        reachable = np.all((nearest >= low) & (nearest <= high))  # types after it were chosen for no other values
        if reachable and np.array_equal(to_float(nearest, operation.type), right):
            known[operation.name] = nearest
    return departures


def _random_events(program: Program) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        port.name: rng.integers(*_bounds(port, program), (TRIAL, *port.shape), endpoint=True) for port in program.inputs
    }


def _bounds(port: Port, program: Program) -> tuple[int, int]:
    """The mantissas to try: of a port that an embedding reads, those of its table's entries, which Keras insists on."""
    tables = [op.table for op in program.operations if isinstance(op, Embedding) and op.inputs == (port.name,)]
    entries = [len(table.mantissa) << max(port.type.fraction, 0) for table in tables]
    return 0 if tables else port.type.minimum, min([port.type.maximum, *(count - 1 for count in entries)])


def _parts(
    operation: Operation, program: Program, known: Collection[str], layers: Collection[str]
) -> tuple[str, ...] | None:
    """Operations between the `known` tensors and `operation`; None if one of `layers` or a port is among them."""
    parts: list[str] = []
    for name in operation.inputs:
        if name in known:
            continue
        if name in layers or name in {port.name for port in program.inputs}:
            return None
        before = _parts(program.operation(name), program, known, layers)
        if before is None:
            return None
        parts += [*before, name]
    return tuple(parts)


def _alike(values: np.ndarray, operation: Operation) -> np.ndarray:
    """Keras's values in the shape of the operation; hls4ml may only have flattened them."""
    if values[0].size != np.prod(operation.shape):
        raise UnsupportedLayerError(
            f"Layer {operation.name!r} yields {values.shape[1:]} in Keras, but {operation.shape} in hls4ml, which "
            "ignores an option of it or of a layer before (such as dilation_rate); leave options at what hls4ml knows."
        )
    return values.reshape(len(values), *operation.shape)


def _reasons(graph: Any, program: Program) -> dict[str, list[str]]:
    """What is known beforehand, by layer: constants off their grid, tables, poolings that round."""
    found = {operation.name: _operation_losses(operation) for operation in program.operations}
    for operation in program.operations:
        if isinstance(operation, Embedding):
            source, entries = program.type_of(operation.inputs[0]), len(operation.table.mantissa)
            if source.maximum >> max(source.fraction, 0) >= entries:
                found[operation.name].append(
                    f"its input can be more than {entries - 1}, and hls4ml's C++ then reads beyond its "
                    f"{entries} entries; narrow the input, or add entries"
                )
            if source.minimum < 0:
                found[operation.name].append(
                    f"its input can be negative ({source}), and hls4ml's C++ then reads before its entries; give the "
                    "input an unsigned type"
                )
    for layer in graph.get_layers():
        for which, variable in layer.weights.items():
            kind = _off_grid(variable)
            if kind is not None and layer.name in found:
                cure = _cure(layer, program.operation(layer.name))
                found[layer.name].append(f"its {which} is not on the grid of {kind}, so it is rounded; {cure}")
    return found


def _cure(layer: Any, operation: Operation) -> str:
    """What puts a constant on its grid."""
    if isinstance(operation, Scale):
        return "fold it into the layer before"
    if layer.class_name.startswith("Pointwise"):
        # hls4ml 1.3.0 makes one of a QDense over several axes too, and loses its quantizers (multi_dense.py).
        return "give it a quantized_bits quantizer (a QDense over several axes: make it a QConv1D or QConv2D of size 1)"
    return "give it a quantized_bits quantizer"


def _off_grid(variable: Any) -> Fixed | None:
    """The type of a weight variable if it can't hold the trained numbers; None too where it is not fixed-point."""
    try:
        kind = Fixed.parse(str(variable.type.precision))
        written = np.array([float(text) for text in variable], np.float64)  # the text that goes into the C++
    except (PrecisionError, ValueError):  # powers of two are written as sign and exponent
        return None
    kept = to_float(from_float(written, kind), kind)
    return None if np.array_equal(kept, np.asarray(variable.data, np.float64).ravel()) else kind


def _operation_losses(operation: Operation) -> list[str]:
    match operation:
        case Lookup() | Softmax() | ExponentialLinear() | RecurrentNode() | LayerNormalization():
            return [
                "values are read from a table, which only approximates the function; decide on the layer before it, or "
                "quantize that to fewer integer bits"
            ]
        case MaxPool2D() if any(operation.window.padding) and operation.fill > 0:
            return ["hls4ml pads unsigned values with half their range; use padding 'valid'"]
        case BinaryThreshold() | TernaryThreshold():
            return [
                "batch normalisation and step are one comparison, whose thresholds hls4ml rounds down to the grid of "
                "its input, ignoring the sign of gamma; values within one step of a threshold can fall on the other "
                "side; quantize between the two with quantized_bits"
            ]
        case AveragePool2D() if not _power_of_two_windows(operation):
            return ["a window's mean is truncated unless its size is a power of two"]
        case _:
            return []


def _power_of_two_windows(operation: AveragePool2D) -> bool:
    size = operation.window.size[0] * operation.window.size[1]
    return size & (size - 1) == 0 and not any(operation.window.padding)
