"""Layers that move values."""

from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.reading import (
    Handler,
    is_stream,
    only_channels_last,
    pack,
    refusal,
    shape_of,
    type_of,
)
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Concatenate, Operation, Rearrange, Reshape

# Layers that take a flattened stream as it comes, in packs of the size it had before it was flattened.
_TAKE_ANY_PACK = ("Dense", "Concatenate", "Repack", "Reshape")


def _reshape(layer: Any, common: dict[str, Any]) -> Operation:
    """Only another name for the same array or stream, type and all."""
    source = layer.get_input_variable().shape
    if is_stream(layer) and len(source) > 1 and np.prod(source) != source[-1]:
        for user in _users(layer):
            if user.class_name not in _TAKE_ANY_PACK:
                reason = f"hls4ml does not regroup a flattened stream before {user.name!r} ({user.class_name})"
                raise refusal(layer, reason, "a Dense or Concatenate layer after it, or io_parallel")
    return Reshape(**common)


def _users(layer: Any) -> list[Any]:
    """The layers that read its stream, or a copy of it."""
    users = layer.get_output_nodes()
    return [each for user in users for each in (_users(user) if user.class_name == "Clone" else [user])]


def _repack(layer: Any, common: dict[str, Any]) -> list[Operation]:
    """A stream regrouped into other packs (repack_stream), each value cast."""
    source, target = pack(layer.get_input_variable()), common["shape"][-1]
    if max(source, target) % min(source, target):
        reason = f"hls4ml loses values when it regroups a stream from packs of {source} into packs of {target}"
        raise refusal(layer, reason, "last axes of which one divides the other, or io_parallel")
    return _cast_after(Reshape, layer, common)


def _clone(layer: Any, common: dict[str, Any]) -> list[Operation]:
    """Copies of a stream; nothing, unless hls4ml gives the copies another type, or one of an input is an output."""
    is_input = layer.get_input_node().class_name == "Input"
    handed_out = any(name in layer.model.outputs for name in layer.outputs)
    return [Cast(**common)] if common["type"] != _source(layer) or (is_input and handed_out) else []


def _concatenate(layer: Any, common: dict[str, Any]) -> Operation:
    axis = int(layer.get_attr("axis"))
    rank = len(common["shape"])
    if not str(layer.get_attr("op")).endswith(f"{rank}d"):
        reason = f"hls4ml joins {layer.get_attr('op')[-2:]} arrays here, but its inputs have {rank} axes"
        raise refusal(layer, reason, "global pooling with keepdims=False before it")
    if rank == 1:
        axis = 1  # the C++ for vectors does not look at it
    return Concatenate(**common, axis=axis - 1 if axis > 0 else axis + rank)


def _zero_padding(layer: Any, common: dict[str, Any]) -> Operation:
    return Rearrange(**common, padding=_around(layer, "pad", 1))


def _cropping(layer: Any, common: dict[str, Any]) -> Operation:
    return Rearrange(**common, padding=_around(layer, "crop", -1))


def _around(layer: Any, what: str, sign: int) -> tuple[tuple[int, int], ...]:
    """Zeros before and after each axis; the C++ for streams knows channels in the last place alone."""
    if is_stream(layer):
        only_channels_last(layer)
    sides = (("left", "right"),) if "1D" in layer.class_name else (("top", "bottom"), ("left", "right"))
    numbers = [[sign * int(layer.get_attr(f"{what}_{side}")) for side in pair] for pair in sides]
    pixels = tuple((before, after) for before, after in numbers)
    return ((0, 0), *pixels) if layer.get_attr("data_format") == "channels_first" else (*pixels, (0, 0))


def _resize(layer: Any, common: dict[str, Any]) -> Operation:
    """Pixels repeated (resize_nearest)."""
    only_channels_last(layer)
    algorithm = layer.get_attr("algorithm")
    if algorithm != "nearest":
        raise refusal(layer, f"hls4ml has no C++ for interpolation {algorithm!r}", "interpolation='nearest'")
    if common["type"] != _source(layer):
        reason = f"hls4ml's C++ can't change its type from {_source(layer)} to {common['type']}"
        raise refusal(layer, reason, "the input's type, and a cast in the next layer")
    old = [int(layer.get_attr(f"in_{side}")) for side in ("height", "width")]
    new = [int(layer.get_attr(f"out_{side}")) for side in ("height", "width")]
    if not all(_repeats_evenly(*sizes) for sizes in zip(old, new, strict=True)):
        raise refusal(layer, "it is so large that hls4ml's 16-bit ratios go astray", "a smaller image")
    factors = tuple(after // before for before, after in zip(old, new, strict=True))
    return Rearrange(**common, repeats=(*factors, 1)[-len(common["shape"]) :])


def _repeats_evenly(old: int, new: int) -> bool:
    """Whether the C++'s ratio in 16-bit fixed point finds the same pixels as whole repetition."""
    ratio = (old << 16) // new + 1
    return all((place * ratio) >> 16 == place // (new // old) for place in range(new))


def _transpose(layer: Any, common: dict[str, Any]) -> Operation:
    permutation = tuple(int(axis) for axis in layer.get_attr("perm"))
    if is_stream(layer) and permutation == (0, 1):
        # The C++ for a stream of two axes swaps them whatever it was told, and reads beyond the array if it can.
        raise refusal(layer, "hls4ml swaps the two axes of a stream although they are to stay", "no Permute")
    return Rearrange(**common, permutation=permutation)


def _broadcast(layer: Any, common: dict[str, Any]) -> Operation:
    """One pixel for all, or one channel for all (broadcast_stream)."""
    source = shape_of(layer.get_input_variable().shape)
    repeats = tuple(after // before for before, after in zip(source, common["shape"], strict=True))
    return Rearrange(**common, repeats=repeats)


def _source(layer: Any) -> Fixed:
    return type_of(layer.get_input_variable().type, layer)


def _cast_after(first: type[Reshape], layer: Any, common: dict[str, Any]) -> list[Operation]:
    """The move, and a cast after it if the type changes."""
    if common["type"] == _source(layer):
        return [first(**common)]
    moved = first(**common | {"name": f"{layer.name}/moved", "type": _source(layer)})
    return [moved, Cast(**common | {"inputs": (moved.name,)})]


HANDLERS: dict[str, Handler] = {
    "Reshape": _reshape,
    "Repack": _repack,
    "Clone": _clone,
    "Broadcast": _broadcast,
    "Concatenate": _concatenate,
    "ZeroPadding1D": _zero_padding,
    "ZeroPadding2D": _zero_padding,
    "Cropping1D": _cropping,
    "Cropping2D": _cropping,
    "Resize": _resize,
    "Transpose": _transpose,
}
