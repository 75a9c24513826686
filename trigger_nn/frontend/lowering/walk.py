"""Walk hls4ml's graph in order and lower each layer by the handler of its class."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend.lowering import (
    activations,
    arrangement,
    convolutions,
    merging,
    pooling,
    products,
    recurrent,
    softmax,
    transformer,
)
from trigger_nn.frontend.lowering.loops import Tensors, body_of, is_loop, unrolled
from trigger_nn.frontend.lowering.reading import Handler, is_whole, refusal, shape_of, type_of
from trigger_nn.frontend.lowering.views import with_views
from trigger_nn.program.operations import Operation, SumOfProducts
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

# hls4ml's class of a layer -> what lowers it.
HANDLERS: Mapping[str, Handler] = {
    **products.HANDLERS,
    **convolutions.HANDLERS,
    **activations.HANDLERS,
    **softmax.HANDLERS,
    **pooling.HANDLERS,
    **arrangement.HANDLERS,
    **merging.HANDLERS,
    **recurrent.HANDLERS,
    **transformer.HANDLERS,
}


def lower(graph: Any, name: str) -> Program:
    """Lower every layer of `graph`, a ModelGraph after the flow of its backend.

    Raises:
        UnsupportedLayerError: names the first layer that can't be lowered, why, and the nearest that can.
    """
    tensors: Tensors = {}
    inputs: list[Port] = []
    operations: list[Operation] = []
    layers = iter(graph.get_layers())
    for layer in layers:
        if layer.class_name == "Input":
            variable = layer.get_output_variable()
            kind, whole = type_of(variable.type, layer), is_whole(variable.type)
            inputs.append(Port(layer.name, shape_of(variable.shape), kind, whole))
            tensors = {**tensors, **dict.fromkeys(layer.outputs, layer.name)}
        elif is_loop(layer):
            body, end = body_of(layer, layers)
            made, tensors = unrolled(layer, end, tensors, partial(_sequence, body))
            operations += made
        else:
            made, tensors = _sequence([layer], tensors)
            operations += made
    outputs = _outputs(graph, inputs, tensors)
    operations = with_views(inputs, operations, graph.get_layers())
    return check(Program(name, _in_order(graph, inputs, tensors), tuple(operations), outputs))


def _outputs(graph: Any, inputs: list[Port], tensors: Tensors) -> tuple[str, ...]:
    """The tensors that the model hands out, in order."""
    outputs = tuple(tensors[output] for output in graph.outputs if output in tensors)
    if not outputs or len(outputs) != len(graph.outputs):
        raise UnsupportedLayerError(
            "hls4ml's graph lacks an output of the model; don't end the model in a Dropout layer."
        )
    for port in inputs:
        if port.name in outputs:
            raise UnsupportedLayerError(
                f"The model hands out its input {port.name!r} as it is, and hls4ml's C++ then does not compile; "
                "put a layer that computes something between them."
            )
    return outputs


def _in_order(graph: Any, inputs: list[Port], tensors: Tensors) -> tuple[Port, ...]:
    """Input ports in the order of the C++ function's arguments, which is the model's."""
    order = [tensors[source] for source in graph.inputs]
    return tuple(sorted(inputs, key=lambda port: order.index(port.name)))


def _sequence(layers: Iterable[Any], tensors: Tensors) -> tuple[list[Operation], Tensors]:
    """The operations of `layers`, and `tensors` with their outputs added."""
    operations: list[Operation] = []
    for layer in layers:
        made = _operations(layer, tuple(tensors[source] for source in layer.inputs))
        operations += made
        # A layer that computes nothing (a copy of a stream) hands on its input under other names.
        result = made[-1].name if made else tensors[layer.inputs[0]]
        tensors = {**tensors, **dict.fromkeys(layer.outputs, result)}
    return operations, tensors


def _operations(layer: Any, inputs: tuple[str, ...]) -> list[Operation]:
    handler = HANDLERS.get(layer.class_name)
    if handler is None:
        raise refusal(layer, f"its kind ({layer.class_name}) is not supported")
    variable = layer.get_output_variable()
    common = {
        "name": layer.name,
        "inputs": inputs,
        "shape": shape_of(variable.shape),
        "type": type_of(variable.type, layer),
    }
    made = handler(layer, common)
    made = made if isinstance(made, list) else [made]
    if is_whole(variable.type) and layer.class_name not in convolutions.HANDLERS:
        _refuse_unset_bits(layer, made)
    return made


def _refuse_unset_bits(layer: Any, made: list[Operation]) -> None:
    """Refuse what ap_int makes of values without integer bits: it rounds them otherwise, or never sets them.

    See `reading.assigned_type`, which convolutions follow.
    """
    sources = [type_of(source.type, layer) for source in map(layer.get_input_variable, layer.inputs)]
    sources += [operation.accumulator for operation in made if isinstance(operation, SumOfProducts)]
    without = [source for source in sources if source.fraction > 0 and source.integer <= 0]
    if without:
        reason = f"C++ does not convert {without[0]} to an integer as it does other types"
        raise refusal(layer, reason, "fixed<width,integer> for its result")
