"""Recurrent layers: LSTM, GRU, and either in Bidirectional (backends/vivado/passes/recurrent_templates.py).

hls4ml knows neither `go_backwards` nor `stateful` nor an initial state: its C++ starts every event from zeros and runs
forwards, and so does the program.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trigger_nn.frontend import tables
from trigger_nn.frontend.lowering.products import BIT, factors_of, plain_constant
from trigger_nn.frontend.lowering.reading import (
    Handler,
    attribute_type,
    is_stream,
    refusal,
    reuse,
    strategy,
    type_of,
)
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Concatenate, Dense, Gru, Lookup, Lstm, Operation, Product, Relu, Strategy
from trigger_nn.program.operations.activations import ActivationOperation

GATES = {"LSTM": 4, "GRU": 3}


@dataclass(frozen=True)
class _Direction:
    """One direction of a layer: what hls4ml's names of its attributes begin with, its class, its operation's fields.

    `chooser` is the reuse factor by which hls4ml chooses the loops of both matrix products; `reuses` are those that
    the loops for features and for the state run with.
    """

    layer: Any
    prefix: str
    kind: str
    common: dict[str, Any]
    accumulator: Fixed
    chooser: int
    reuses: tuple[int, int]

    @property
    def units(self) -> int:
        """Size of the state."""
        return int(self.common["shape"][-1])

    def text(self, attribute: str) -> str:
        """An attribute of this direction as text."""
        return str(self.layer.get_attr(self.prefix + attribute, ""))


def _simple(layer: Any, _: dict[str, Any]) -> Operation:
    raise refusal(layer, "hls4ml writes no C++ for SimpleRNN, so its output is never set", "LSTM or GRU")


def _single(layer: Any, common: dict[str, Any]) -> Operation:
    if layer.get_attr("pass_initial_states") or layer.get_attr("pytorch"):
        raise refusal(layer, "it comes from PyTorch", "the same layer from Keras")
    if layer.class_name == "LSTM":
        _only_equal_types(layer)
    return _cell(_direction(layer, "", layer.class_name, common))


def _bidirectional(layer: Any, common: dict[str, Any]) -> list[Operation]:
    if is_stream(layer):
        raise refusal(layer, "hls4ml has no C++ for Bidirectional in io_stream", "io_parallel")
    kinds = {prefix: str(layer.get_attr(f"{prefix}class_name")) for prefix in ("forward_", "backward_")}
    if any(kind not in GATES for kind in kinds.values()):
        raise refusal(layer, f"hls4ml has no C++ for {' and '.join(kinds.values())} in it", "LSTM or GRU")
    if "LSTM" in kinds.values() and not layer.get_attr("static"):
        _only_equal_types(layer)
    units = {prefix: int(layer.get_attr(f"{prefix}n_states")) for prefix in kinds}
    if common["shape"][-1] != sum(units.values()):
        reason = "the C++ always joins both directions and would write past its result"
        raise refusal(layer, reason, "'concat' as merge_mode")
    parts = [
        common | {"name": f"{layer.name}/{prefix.rstrip('_')}", "shape": (*common["shape"][:-1], units[prefix])}
        for prefix in kinds
    ]
    cells = [_cell(_direction(layer, *kind, part)) for kind, part in zip(kinds.items(), parts, strict=True)]
    joined = common | {"inputs": tuple(cell.name for cell in cells)}
    return [*cells, Concatenate(**joined, axis=len(common["shape"]) - 1)]


def _direction(layer: Any, prefix: str, kind: str, common: dict[str, Any]) -> _Direction:
    return _Direction(
        layer,
        prefix,
        kind,
        common | {"inputs": common["inputs"][:1]},
        attribute_type(layer, "accum_t"),
        int(layer.get_attr(f"{prefix}reuse_factor")),
        (reuse(layer), int(layer.get_attr(f"{prefix}recurrent_reuse_factor"))),
    )


def _cell(direction: _Direction) -> Operation:
    if direction.text("apply_reset_gate") == "before":
        reason = "hls4ml's C++ applies the reset gate after the product, and misreads the biases"
        raise refusal(direction.layer, reason, "GRU(reset_after=True)")
    steps, features = (int(size) for size in direction.layer.get_input_variable().shape)
    activation, gate = direction.text("activation"), direction.text("recurrent_activation")
    fields = direction.common | {
        "accumulator": direction.accumulator,
        "kernel": _kernel(direction, "", features, direction.reuses[0], (steps,)),
        "recurrent": _kernel(direction, "recurrent_", direction.units, direction.reuses[1], ()),
        "gate": _function(direction, gate, "gate"),
        "candidate": _function(direction, activation, "candidate"),
        "backward": direction.prefix == "backward_",
        "static": bool(direction.layer.get_attr("static")),
    }
    if direction.kind == "LSTM":
        return Lstm(**fields, output=_function(direction, activation, "output"))
    return Gru(**fields)


def _kernel(direction: _Direction, which: str, rows: int, factor: int, positions: tuple[int, ...]) -> Dense:
    """The matrix product `which` ("" or "recurrent_") with `rows` inputs at each of `positions`, as a dense layer."""
    columns = GATES[direction.kind] * direction.units
    _only_loops_that_run(direction, rows, columns, factor)
    return Dense(
        **_part(direction, f"{which}kernel", (*positions, columns)),
        **_product(direction, f"{direction.prefix}{which}weight"),
        bias=plain_constant(direction.layer, f"{direction.prefix}{which}bias"),
        accumulator=direction.accumulator,
        reuse_factor=min(factor, rows * columns),
        strategy=Strategy(strategy(direction.layer)),
    )


def _part(direction: _Direction, part: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """What an operation inside the cell has: results are of the accumulator's type."""
    name = f"{direction.common['name']}/{part}"
    return {"name": name, "inputs": (), "shape": shape, "type": direction.accumulator}


def _product(direction: _Direction, which: str) -> dict[str, Any]:
    """Weights as (inputs, sums), and how they are multiplied: hls4ml looks at the layer's input for the state too."""
    layer, fields = direction.layer, factors_of(direction.layer, which)
    ends = [str(variable.type.precision) for variable in (layer.get_input_variable(), layer.get_output_variable())]
    bits = BIT in ends and str(layer.weights[which].type.precision) == BIT
    if bits or fields.get("product") in (Product.AGREEMENT, Product.SIGN):
        raise refusal(layer, "hls4ml's C++ would take single bits, of its input or its state, for -1 and 1", "two bits")
    weights = fields.pop("factors")
    mantissa = weights.mantissa
    if strategy(layer) == Strategy.UNROLLED:  # the generated code leaves out 0, which means -1 for binary weights
        mantissa = np.where(np.asarray(layer.weights[which].data) == 0, 0, mantissa)
    if layer.get_attr("_weights_transposed", False):
        mantissa = np.ascontiguousarray(mantissa.T)
    return fields | {"weights": replace(weights, mantissa=mantissa)}


def _function(direction: _Direction, activation: str, part: str) -> ActivationOperation:
    """An activation as nnet_recr_activations.h has it."""
    layer, common = direction.layer, _part(direction, part, (direction.units,))
    size, kind = int(layer.get_attr("table_size")), attribute_type(layer, "table_t")
    match activation:
        case "relu":
            return Relu(**common)
        case "sigmoid":
            return Lookup(**common, table=tables.sigmoid(size, kind), span=tables.SPAN)
        case "tanh":
            return Lookup(**common, table=tables.tanh(size, kind), span=tables.TANH_SPAN)
        case _:
            raise refusal(layer, f"hls4ml has no C++ for the activation {activation!r} in it", "tanh, sigmoid or relu")


def _only_equal_types(layer: Any) -> None:
    """Refuse an LSTM of unequal types: the form that is not static is always compiled with it, and takes only one."""
    kinds = [layer.get_input_variable().type, layer.get_output_variable().type, layer.get_attr("accum_t")]
    if len({str(kind.precision) for kind in kinds}) > 1:
        given = ", ".join(str(type_of(kind, layer)) for kind in kinds)
        reason = f"hls4ml's C++ of it compiles only if input, result and accumulator have one type, not {given}"
        raise refusal(layer, reason, "one Precision for the three, or GRU")


def _only_loops_that_run(direction: _Direction, rows: int, columns: int, factor: int) -> None:
    """Refuse where the loops of the resource strategy stop at an assertion or read past the weights."""
    if strategy(direction.layer) == Strategy.LATENCY:
        return
    short = (factor if strategy(direction.layer) == Strategy.UNROLLED else direction.chooser) <= rows
    used = min(factor, rows * columns)
    if not (rows % factor == 0 if short else used > rows and used % rows == 0):
        reason = f"with the reuse factor {factor} hls4ml's C++ stops at an assertion for {rows} inputs, {columns} sums"
        raise refusal(direction.layer, reason, f"a reuse factor that divides {rows}")


HANDLERS: dict[str, Handler] = {"SimpleRNN": _simple, "LSTM": _single, "GRU": _single, "Bidirectional": _bidirectional}
