"""Softmax."""

from typing import Any

from trigger_nn.frontend import tables
from trigger_nn.frontend.lowering.reading import Handler, attribute_type, refusal, table_size, type_of
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Operation, Softmax, SoftmaxKind


def _softmax(layer: Any, common: dict[str, Any]) -> Operation:
    if layer.get_attr("activation") != "softmax":  # hls4ml 1.3.0 then writes C++ that does not compile
        raise refusal(layer, "it is a Softmax layer", "Activation('softmax')")
    implementation = str(layer.get_attr("implementation", "stable"))
    if implementation not in list(SoftmaxKind):
        raise refusal(
            layer, f"its implementation {implementation!r} is not supported", "'stable', 'latency' or 'argmax'"
        )
    if len(common["shape"]) != 1:
        raise refusal(layer, f"it runs over an array of shape {common['shape']}", "softmax over a vector")
    kind = SoftmaxKind(implementation)
    source = type_of(layer.get_input_variable().type, layer)
    sizes = {side: table_size(layer, f"{side}_table_size", "table_size") for side in ("exp", "inv")}
    types = {part: attribute_type(layer, f"{part}_t") for part in ("exp_table", "inv_table", "inv_inp", "accum")}
    difference = source
    if kind is SoftmaxKind.STABLE and layer.get_attr("inp_norm_t") is not None:
        difference = attribute_type(layer, "inp_norm_t")
    elif kind is SoftmaxKind.STABLE:  # max - x is never negative: hls4ml drops the sign bit
        width = source.width - source.signed
        difference = Fixed(False, width, source.integer - source.signed)
        sizes["exp"] = min(sizes["exp"], 2**width) if source.signed else sizes["exp"]
    return Softmax(
        **common,
        kind=kind,
        exponential=tables.exponential(
            sizes["exp"], difference, types["exp_table"], negative=kind is SoftmaxKind.STABLE
        ),
        inverse=tables.inverse(sizes["inv"], types["inv_inp"], types["inv_table"]),
        difference=difference,
        accumulator=types["accum"],
        sum=types["inv_inp"],
    )


HANDLERS: dict[str, Handler] = {
    "Softmax": _softmax,
}
