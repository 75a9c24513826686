"""Pooling, over windows and over everything."""

from typing import Any

from trigger_nn.frontend.lowering.reading import (
    Handler,
    attribute_type,
    is_stream,
    only_channels_last,
    refusal,
    type_of,
    window_of,
)
from trigger_nn.program.operations import AveragePool2D, MaxPool2D, Operation, Window


def _pooling(layer: Any, common: dict[str, Any]) -> Operation:
    """Windows over an image or a sequence (pooling1d_cl, pooling2d_cl)."""
    only_channels_last(layer)
    window = window_of(layer, "pool")
    if is_stream(layer):
        _check_stream(layer, window)
    # Streams add up a window in a tree, and divide by its size: they know no padding.
    return _pool(layer, common | {"window": window}, tree=is_stream(layer))


def _global_pooling(layer: Any, common: dict[str, Any]) -> Operation:
    """One window over everything; hls4ml gives the result shape (channels,), whatever `keepdims` says."""
    only_channels_last(layer)
    size = (int(layer.get_attr("in_height", 1)), int(layer.get_attr("in_width") or layer.get_attr("n_in")))
    window = Window(size=size, stride=size, padding=(0, 0, 0, 0))
    return _pool(layer, common | {"window": window, "flat": True}, tree=False)


def _pool(layer: Any, fields: dict[str, Any], tree: bool) -> Operation:
    fields = fields | {"accumulator": attribute_type(layer, "accum_t"), "cast_first": is_stream(layer)}
    if layer.get_attr("pool_op") == "Max":
        source = type_of(layer.get_input_variable().type, layer)
        # The C++ pads with only the top bit set: the smallest value of a signed type, half of an unsigned one's range.
        fill = source.minimum if source.signed else 1 << (source.width - 1)
        return MaxPool2D(**fields, fill=fill)
    if "fixed<" not in str(layer.get_attr("accum_t").precision):
        # ap_int rounds what it adds before adding it, and divides negative numbers as if they were unsigned.
        raise refusal(layer, "its accumulator is an integer type", "a 'fixed' type of as many bits, or more")
    return AveragePool2D(**fields, count_padding=bool(layer.get_attr("count_pad", False)), tree=tree)


def _check_stream(layer: Any, window: Window) -> None:
    """Refuse what makes hls4ml's C++ for streams stop at an assertion."""
    encoded = layer.get_attr("implementation") == "encoded"
    if encoded and layer.model.config.backend.name == "Vitis":
        raise refusal(
            layer, "hls4ml's C++ for Vitis and io_stream has no encoded pooling", "ConvImplementation LineBuffer"
        )
    if any(window.padding):
        reason = f"hls4ml's C++ for io_stream takes no padding in a pooling, and this has {window.padding}"
        raise refusal(layer, reason, "padding='valid', after a ZeroPadding layer for averages, or io_parallel")
    sequence = "1D" in layer.class_name and not encoded
    if window.size != window.stride and not sequence:
        reason = f"hls4ml's C++ for io_stream takes no stride {window.stride} that differs from its size {window.size}"
        raise refusal(layer, reason, "strides equal to pool_size, or io_parallel")


HANDLERS: dict[str, Handler] = {
    "Pooling1D": _pooling,
    "Pooling2D": _pooling,
    "GlobalPooling1D": _global_pooling,
    "GlobalPooling2D": _global_pooling,
}
