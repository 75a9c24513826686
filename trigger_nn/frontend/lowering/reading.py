"""Reading hls4ml's layers: types, shapes, constants, attributes; the refusal when something can't be lowered."""

from collections.abc import Callable
from typing import Any

import numpy as np

from trigger_nn.errors import PrecisionError, UnsupportedLayerError
from trigger_nn.program.fixed import Fixed, Rounding, from_float
from trigger_nn.program.operations import Constant, Operation, Window

Handler = Callable[[Any, dict[str, Any]], Operation | list[Operation]]
"""From hls4ml's layer and what all operations have (name, inputs, shape, type), the operation or operations.

The last of several carries the layer's name; none at all means that the layer hands on its first input.
"""


def strategy(layer: Any) -> str:
    """hls4ml's strategy in small letters: latency, resource, resource_unrolled (unrolled), distributed_arithmetic."""
    return str(layer.get_attr("strategy", "latency")).lower()


def is_stream(layer: Any) -> bool:
    """Whether the project passes tensors through FIFOs, pixel by pixel (io_stream), rather than as arrays."""
    return bool(layer.model.config.get_config_value("IOType") == "io_stream")


def constant(layer: Any, which: str) -> Constant:
    """The weight variable `which` as mantissas of its type, in the shape hls4ml keeps it in."""
    variable = layer.weights[which]
    kind = type_of(variable.type, layer)
    # Iterating over the variable yields the decimal text that goes into the C++ project.
    numbers = np.array([float(text) for text in variable], np.float64)
    if not np.all(np.isfinite(numbers)):
        reason = f"its {which} are not all finite numbers (a quantizer with alpha='auto' divides 0 by 0)"
        raise refusal(layer, reason, "alpha=1, or a quantizer of more bits")
    return Constant(from_float(numbers, kind).reshape(variable.data.shape), kind)


def window_of(layer: Any, what: str) -> Window:
    """The window of a convolution (`filt`) or a pooling (`pool`); that of a sequence has height 1."""

    def attribute(name: str, default: int = 0) -> int:
        return int(layer.get_attr(name, default))

    return Window(
        size=(attribute(f"{what}_height", 1), attribute(f"{what}_width")),
        stride=(attribute("stride_height", 1), attribute("stride_width")),
        padding=(attribute("pad_top"), attribute("pad_bottom"), attribute("pad_left"), attribute("pad_right")),
    )


def only_channels_last(layer: Any) -> None:
    """Refuse channels in the first place."""
    if layer.get_attr("data_format") == "channels_first":
        raise refusal(layer, "its data format is channels_first", "data_format='channels_last'")


def reuse(layer: Any) -> int:
    """How often each multiplier is used for one event."""
    return int(layer.get_attr("reuse_factor", 1))


def attribute_type(layer: Any, name: str) -> Fixed:
    """The fixed-point type that the layer keeps as attribute `name`."""
    return type_of(layer.get_attr(name), layer)


def type_of(named: Any, layer: Any) -> Fixed:
    """hls4ml's named type as ours."""
    text = str(named.precision)
    if "fixed<" not in text and "int<" not in text:
        raise refusal(layer, f"its type {text!r} is not fixed-point", "fixed<width,integer>")
    try:
        kind = Fixed.parse(text)
    except PrecisionError:
        raise refusal(layer, f"its type {text!r} asks for more than overflow modes", "no saturation bits") from None
    # Unlike ap_fixed, ap_int drops what is behind the point towards zero, as C does (ap_int_base.h).
    return kind if "fixed<" in text else kind.modes(Rounding.TRN_ZERO, kind.overflow)


def assigned_type(named: Any, layer: Any, *sources: Fixed) -> Fixed:
    """hls4ml's named type as ours, as it rounds what is assigned to it from values of the types `sources`.

    ap_int drops what is behind the point towards zero; but towards minus infinity if the source is signed and its
    point comes first. If the point lies before the first bit, to_ap_int_base (ap_fixed_base.h) never sets the result.
    """
    kind = type_of(named, layer)
    if not is_whole(named):
        return kind
    if any(source.integer < 0 for source in sources):
        reason = f"C++'s conversion to {named.precision} from {', '.join(map(str, sources))} is undefined"
        raise refusal(layer, reason, "fixed<width,integer>")
    downwards = {source.integer == 0 for source in sources if source.signed and source.fraction > 0}
    if len(downwards) > 1:
        reason = f"C++ rounds what becomes {named.precision} in two ways ({', '.join(map(str, sources))})"
        raise refusal(layer, reason, "fixed<width,integer>")
    return kind.modes(Rounding.TRN, kind.overflow) if downwards == {True} else kind


def is_whole(named: Any) -> bool:
    """Whether hls4ml's named type is an ap_int or ap_uint."""
    return "fixed<" not in str(named.precision)


def pack(variable: Any) -> int:
    """How many values a packet of a stream has."""
    inner = getattr(variable, "input_var", None)  # a flattened stream keeps the packets of what was flattened
    return pack(inner) if inner is not None else int(variable.shape[-1])


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape without the axis of events."""
    return tuple(int(size) for size in shape)


def refusal(layer: Any, reason: str, nearest: str = "") -> UnsupportedLayerError:
    """The error that names the layer, why it can't be lowered, and the nearest that can."""
    nearest = nearest or "a layer that docs/coverage.md lists as lowered"
    return UnsupportedLayerError(f"Layer {layer.name!r} can't be lowered: {reason}; nearest that can: {nearest}.")
