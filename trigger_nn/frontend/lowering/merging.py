"""Layers that combine two tensors."""

from math import prod
from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.reading import Handler, attribute_type, is_stream, refusal, shape_of
from trigger_nn.program.operations import Dot, Merge, MergeKind, Operation


def _merge(layer: Any, common: dict[str, Any]) -> Operation:
    kind = str(layer.get_attr("op")).lower()
    if kind not in list(MergeKind):
        raise refusal(layer, f"its operation {kind!r} is not supported", ", ".join(MergeKind))
    _check_length(layer, common["shape"])
    shapes = [shape_of(layer.get_input_variable(name).shape) for name in layer.inputs]
    if prod(np.broadcast_shapes(*shapes)) != prod(common["shape"]):
        reason = f"hls4ml computes {common['shape']} of inputs {shapes[0]} and {shapes[1]}, which need both repeated"
        raise refusal(layer, reason, "inputs of which one has the shape of the result")
    return Merge(**common, kind=MergeKind(kind))


def _check_length(layer: Any, shape: tuple[int, ...]) -> None:
    """Refuse what hls4ml leaves half done: it finds the longer input by comparing texts such as '3*4' and '4'."""
    sizes = [layer.get_input_variable(name).size_cpp() for name in layer.inputs]
    length = prod(int(size) for size in max(sizes).split("*"))
    if length != prod(shape):
        reason = f"hls4ml takes {max(sizes)!r} for the larger of {sizes}, and computes {length} of {prod(shape)} values"
        raise refusal(layer, reason, "a Reshape of the smaller input to as many axes as the larger has")


def _dot(layer: Any, common: dict[str, Any]) -> Operation:
    if is_stream(layer):
        raise refusal(layer, "hls4ml has no C++ for a scalar product of streams", "io_parallel")
    kinds = [layer.get_input_variable(name).type.precision for name in layer.inputs]
    product = layer.model.config.backend.product_type(*kinds)
    if product != "mult":
        raise refusal(layer, f"its inputs make hls4ml use the product {product!r}", "inputs of 3 bits or more")
    return Dot(**common, accumulator=attribute_type(layer, "accum_t"))


HANDLERS: dict[str, Handler] = {
    "Merge": _merge,
    "Dot": _dot,
}
