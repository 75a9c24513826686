"""Layers that move values."""

from typing import Any

from trigger_nn.frontend.lowering.reading import Handler
from trigger_nn.program.operations import Concatenate, Operation, Reshape


def _reshape(_: Any, common: dict[str, Any]) -> Operation:
    return Reshape(**common)


def _concatenate(layer: Any, common: dict[str, Any]) -> Operation:
    axis = int(layer.get_attr("axis"))
    return Concatenate(**common, axis=axis - 1 if axis > 0 else axis + len(common["shape"]))


HANDLERS: dict[str, Handler] = {
    "Reshape": _reshape,
    "Concatenate": _concatenate,
}
