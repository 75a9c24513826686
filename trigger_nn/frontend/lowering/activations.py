"""Functions of single elements."""

from typing import Any

from trigger_nn.frontend import tables
from trigger_nn.frontend.lowering.reading import Handler, attribute_type, refusal, table_size
from trigger_nn.program.operations import Cast, Lookup, Operation, Relu


def _activation(layer: Any, common: dict[str, Any]) -> Operation:
    match layer.get_attr("activation").lower():
        case "linear":
            return Cast(**common)
        case "relu":
            return Relu(**common)
        case "sigmoid":
            size = table_size(layer, "table_size")
            return Lookup(**common, table=tables.sigmoid(size, attribute_type(layer, "table_t")), span=tables.SPAN)
        case other:
            raise refusal(layer, f"its activation {other!r} is not supported", "quantized_relu or sigmoid")


HANDLERS: dict[str, Handler] = {
    "Activation": _activation,
}
