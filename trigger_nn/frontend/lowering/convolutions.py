"""Convolutions."""

from typing import Any

from trigger_nn.frontend.lowering.products import constants_of, only_latency
from trigger_nn.frontend.lowering.reading import Handler, attribute_type, refusal, reuse, window_of
from trigger_nn.program.operations import Conv2D, Operation


def _conv2d(layer: Any, common: dict[str, Any]) -> Operation:
    only_latency(layer)
    dilation = (int(layer.get_attr("dilation_height", 1) or 1), int(layer.get_attr("dilation_width", 1) or 1))
    if dilation != (1, 1):
        raise refusal(layer, f"its dilation is {dilation}", "dilation 1")
    return Conv2D(
        **common, **constants_of(layer), accumulator=attribute_type(layer, "accum_t"), window=window_of(layer, "filt"),
        reuse_factor=reuse(layer), partitions=int(layer.get_attr("n_partitions")),
    )  # fmt: skip


HANDLERS: dict[str, Handler] = {
    "Conv2D": _conv2d,
    "PointwiseConv2D": _conv2d,
}
