"""Pooling."""

from typing import Any

from trigger_nn.frontend.lowering.reading import Handler, attribute_type, type_of, window_of
from trigger_nn.program.operations import AveragePool2D, MaxPool2D, Operation


def _pooling2d(layer: Any, common: dict[str, Any]) -> Operation:
    window = window_of(layer, "pool")
    accumulator = attribute_type(layer, "accum_t")
    if layer.get_attr("pool_op") == "Max":
        source = type_of(layer.get_input_variable().type, layer)
        # The C++ pads with only the top bit set: the smallest value of a signed type, half of an unsigned one's range.
        fill = source.minimum if source.signed else 1 << (source.width - 1)
        return MaxPool2D(**common, window=window, accumulator=accumulator, fill=fill)
    count = bool(layer.get_attr("count_pad", False))
    return AveragePool2D(**common, window=window, accumulator=accumulator, count_padding=count)


HANDLERS: dict[str, Handler] = {
    "Pooling2D": _pooling2d,
}
