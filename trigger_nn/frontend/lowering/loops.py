"""TimeDistributed: hls4ml puts a marker before and one after the layers that run once for every time step.

The generated loop is unrolled. Operations of the last step carry the layers' names, as traces of the C++ hold what the
last step left behind; those of step t before it are called <layer>/step<t>.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trigger_nn.frontend.lowering.reading import is_stream, refusal, shape_of, type_of
from trigger_nn.program.operations import Operation
from trigger_nn.program.operations.transformer import Stack, TimeStep


def is_loop(layer: Any) -> bool:
    """Whether `layer` is the marker at the start of a loop over time steps."""
    return layer.class_name == "TimeDistributed" and _end_of(layer).name == f"{layer.name}_end"


def body_of(start: Any, layers: Iterator[Any]) -> tuple[list[Any], Any]:
    """The layers between the marker `start` and its end, taken off `layers`, and the end."""
    body: list[Any] = []
    for layer in layers:
        if layer is _end_of(start) or layer.name == f"{start.name}_end":
            return body, layer
        body.append(layer)
    raise refusal(start, "hls4ml's graph has no end of its loop over time steps", "the wrapped layer without it")


Tensors = Mapping[str, str]
"""Our name of each tensor by hls4ml's."""


def unrolled(
    start: Any, end: Any, tensors: Tensors, lower: Callable[[Tensors], tuple[list[Operation], Tensors]]
) -> tuple[list[Operation], Tensors]:
    """Every step's operations, then the one that joins their results; and `tensors` with those of the loop added.

    `lower` makes the operations of one step from the tensors before it, and returns them with the tensors after it.
    """
    steps = int(start.get_attr("n_time_steps"))
    _check(start, end, steps)
    first = TimeStep(**_common(start, (tensors[start.inputs[0]],)), step=0)
    body, after = lower({**tensors, **dict.fromkeys(start.outputs, start.name)})
    copies = [_renamed([replace(first, step=t), *body], "" if t == steps - 1 else f"/step{t}") for t in range(steps)]
    position = [first.name, *(operation.name for operation in body)].index(after[end.inputs[0]])
    stack = Stack(**_common(end, tuple(copy[position].name for copy in copies)))
    return [*(operation for copy in copies for operation in copy), stack], {
        **after,
        **dict.fromkeys(end.outputs, end.name),
    }


def _common(layer: Any, inputs: tuple[str, ...]) -> dict[str, Any]:
    variable = layer.get_output_variable()
    return {
        "name": layer.name,
        "inputs": inputs,
        "shape": shape_of(variable.shape),
        "type": type_of(variable.type, layer),
    }


def _check(start: Any, end: Any, steps: int) -> None:
    """Refuse what hls4ml 1.3.0 gets wrong: its C++ would not compile, or would read and write beyond its arrays."""
    if len(start.get_output_nodes()) > 1:
        reason = "several layers read it, and hls4ml gives all but one of them its last step"
        raise refusal(start, reason, "a linear Activation after it, which they read")
    if is_stream(start):
        raise refusal(start, "hls4ml has no TimeDistributed for io_stream", "io_parallel")
    if start.name.endswith("_end"):
        raise refusal(start, "its name ends in '_end', by which hls4ml knows its own marker", "another name")
    inner = end.get_input_variable()
    if shape_of(end.get_output_variable().shape) != (steps, *shape_of(inner.shape)):
        shapes = f"{shape_of(end.get_output_variable().shape)} of {steps} steps of {shape_of(inner.shape)}"
        raise refusal(start, f"hls4ml makes {shapes}", "Dense over (steps, features), 2D layers over (steps, h, w, c)")
    for marker in (start, end):
        given, made = (str(v.type.precision) for v in (marker.get_input_variable(), marker.get_output_variable()))
        if given != made:
            raise refusal(marker, f"hls4ml copies {given} to {made} with one template type", f"result type {given}")


def _renamed(operations: Sequence[Operation], suffix: str) -> list[Operation]:
    """The operations with `suffix` on their own names, wherever they occur."""
    names = {operation.name: operation.name + suffix for operation in operations}
    return [
        replace(op, name=names[op.name], inputs=tuple(names.get(name, name) for name in op.inputs)) for op in operations
    ]


def _end_of(layer: Any) -> Any:
    return layer.get_attr("wrapped_layer")
