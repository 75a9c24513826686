"""Walk hls4ml's graph in order and lower each layer by the handler of its class."""

from collections.abc import Mapping
from typing import Any

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
from trigger_nn.frontend.lowering.reading import Handler, refusal, shape_of, type_of
from trigger_nn.program.operations import Operation
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
    tensors: dict[str, str] = {}  # hls4ml's output name -> our tensor name
    inputs: list[Port] = []
    operations: list[Operation] = []
    for layer in graph.get_layers():
        if layer.class_name == "Input":
            variable = layer.get_output_variable()
            inputs.append(Port(layer.name, shape_of(variable.shape), type_of(variable.type, layer)))
            result = layer.name
        else:
            made = _operations(layer, tuple(tensors[source] for source in layer.inputs))
            operations += made
            # A layer that computes nothing (a copy of a stream) hands on its input under other names.
            result = made[-1].name if made else tensors[layer.inputs[0]]
        tensors |= dict.fromkeys(layer.outputs, result)
    outputs = tuple(tensors[output] for output in graph.outputs)
    return check(Program(name, tuple(inputs), tuple(operations), outputs))


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
    return made if isinstance(made, list) else [made]
