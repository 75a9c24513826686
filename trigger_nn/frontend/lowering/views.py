"""Other shapes of the same tensor, where hls4ml's layers disagree about it.

hls4ml's C++ keeps tensors as rows of numbers, so a layer may read one in another shape than the layer before gave it:
a global pooling gives (channels,) although `keepdims` asked for (1, 1, channels), and hls4ml drops a transposition of
an input of one channel along with its shape.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import prod
from typing import Any

from trigger_nn.program.operations import Operation, Reshape
from trigger_nn.program.program import Port
from trigger_nn.program.semantics import expected_shape

Shape = tuple[int, ...]


def with_views(inputs: Iterable[Port], operations: Iterable[Operation], layers: Iterable[Any]) -> list[Operation]:
    """`operations`, with a Reshape before each one that reads its first input in another shape than that has.

    `layers` are hls4ml's, which know the shape that they read. What no shape can mend is left as it is.
    """
    known = {port.name: port for port in inputs}
    sizes = {layer.name: _sizes(layer) for layer in layers}
    fitted: list[Operation] = []
    for operation in operations:
        view = _view(operation, [known[name].shape for name in operation.inputs], sizes.get(operation.name, ()))
        if view:
            source = known[operation.inputs[0]]
            name = f"{operation.name}/input"
            fitted.append(Reshape(name=name, inputs=(source.name,), shape=view, type=source.type))
            operation = replace(operation, inputs=(name, *operation.inputs[1:]))
        fitted.append(operation)
        known[operation.name] = Port(operation.name, operation.shape, operation.type)
    return fitted


def _view(operation: Operation, shapes: list[Shape], sizes: Shape) -> Shape:
    """The shape in which `operation` must read its first input; () when it is the one that it has, or none."""
    if not shapes or _yields(operation, shapes):
        return ()
    candidates = [sizes, operation.shape, (1,) * (len(operation.shape) - 1) + (prod(shapes[0]),)]
    fitting = [shape for shape in candidates if shape and prod(shape) == prod(shapes[0])]
    return next((shape for shape in fitting if _yields(operation, [shape, *shapes[1:]])), ())


def _yields(operation: Operation, shapes: list[Shape]) -> bool:
    return expected_shape(operation, shapes) == operation.shape


def _sizes(layer: Any) -> Shape:
    """The shape of the image or the sequence that hls4ml's layer thinks it reads; () of other layers."""
    channels = layer.get_attr("n_chan") or layer.get_attr("n_filt")
    width = layer.get_attr("in_width") or layer.get_attr("n_in")
    if not channels or not width or "Dense" in layer.class_name:
        return ()
    if "2D" in layer.class_name or (layer.class_name == "Resize" and len(layer.get_output_variable().shape) == 3):
        return (int(layer.get_attr("in_height")), int(width), int(channels))
    return (int(width), int(channels))
