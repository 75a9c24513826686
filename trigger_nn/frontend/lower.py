"""hls4ml ModelGraph -> Program, layer by layer. What the generated C++ would do is read off the graph, never assumed.

Constants are parsed from the very text that hls4ml writes into the project, and cast as the C++ casts them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend import tables
from trigger_nn.program.fixed import Fixed, from_float
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Relu,
    Reshape,
    Scale,
    Softmax,
    SoftmaxKind,
    Window,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

# hls4ml's class of a layer -> the nearest thing that can be used in its place.
NEAREST = {
    "Conv1D": "QConv2D with a height of 1",
    "DepthwiseConv2D": "QConv2D",
    "SeparableConv2D": "two QConv2D layers",
    "LSTM": "QDense layers on flattened time steps",
    "GRU": "QDense layers on flattened time steps",
    "GlobalPooling2D": "AveragePooling2D or MaxPooling2D over the whole image",
    "Merge": "Concatenate",
    "TernaryTanh": "quantized_relu",
    "HardActivation": "quantized_relu",
    "ParametrizedActivation": "quantized_relu",
    "PReLU": "quantized_relu",
}


def lower(graph: Any, name: str) -> Program:
    """Lower every layer of `graph`.

    Raises:
        UnsupportedLayerError: names the first layer that can't be lowered, why, and the nearest that can.
    """
    tensors: dict[str, str] = {}  # hls4ml's output name -> our tensor name
    inputs: list[Port] = []
    operations: list[Operation] = []
    for layer in graph.get_layers():
        for output in layer.outputs:
            tensors[output] = layer.name
        variable = layer.get_output_variable()
        if layer.class_name == "Input":
            inputs.append(Port(layer.name, _shape(variable.shape), _type(variable.type, layer)))
            continue
        operations.append(_operation(layer, tuple(tensors[source] for source in layer.inputs)))
    outputs = tuple(tensors[output] for output in graph.outputs)
    return check(Program(name, tuple(inputs), tuple(operations), outputs))


def _operation(layer: Any, inputs: tuple[str, ...]) -> Operation:
    handler = _HANDLERS.get(layer.class_name)
    if handler is None:
        raise _refusal(layer, f"its kind ({layer.class_name}) is not supported")
    variable = layer.get_output_variable()
    common = {
        "name": layer.name,
        "inputs": inputs,
        "shape": _shape(variable.shape),
        "type": _type(variable.type, layer),
    }
    return handler(layer, common)


def _dense(layer: Any, common: dict[str, Any]) -> Operation:
    _only_latency(layer)
    return Dense(
        **common, **_products(layer), accumulator=_attribute_type(layer, "accum_t"), reuse_factor=_reuse(layer)
    )


def _conv2d(layer: Any, common: dict[str, Any]) -> Operation:
    _only_latency(layer)
    dilation = (int(layer.get_attr("dilation_height", 1) or 1), int(layer.get_attr("dilation_width", 1) or 1))
    if dilation != (1, 1):
        raise _refusal(layer, f"its dilation is {dilation}", "dilation 1")
    return Conv2D(
        **common, **_products(layer), accumulator=_attribute_type(layer, "accum_t"), window=_window(layer, "filt"),
        reuse_factor=_reuse(layer), partitions=int(layer.get_attr("n_partitions")),
    )  # fmt: skip


def _batch_normalization(layer: Any, common: dict[str, Any]) -> Operation:
    _only_plain_product(layer, layer.weights["scale"].type.precision)
    return Scale(**common, scale=_constant(layer, "scale"), bias=_constant(layer, "bias"))


def _activation(layer: Any, common: dict[str, Any]) -> Operation:
    match layer.get_attr("activation").lower():
        case "linear":
            return Cast(**common)
        case "relu":
            return Relu(**common)
        case "sigmoid":
            size = _table_size(layer, "table_size")
            return Lookup(**common, table=tables.sigmoid(size, _attribute_type(layer, "table_t")), span=tables.SPAN)
        case other:
            raise _refusal(layer, f"its activation {other!r} is not supported", "quantized_relu or sigmoid")


def _softmax(layer: Any, common: dict[str, Any]) -> Operation:
    if layer.get_attr("activation") != "softmax":  # hls4ml 1.3.0 then writes C++ that does not compile
        raise _refusal(layer, "it is a Softmax layer", "Activation('softmax')")
    implementation = str(layer.get_attr("implementation", "stable"))
    if implementation not in list(SoftmaxKind):
        raise _refusal(
            layer, f"its implementation {implementation!r} is not supported", "'stable', 'latency' or 'argmax'"
        )
    if len(common["shape"]) != 1:
        raise _refusal(layer, f"it runs over an array of shape {common['shape']}", "softmax over a vector")
    kind = SoftmaxKind(implementation)
    source = _type(layer.get_input_variable().type, layer)
    sizes = {side: _table_size(layer, f"{side}_table_size", "table_size") for side in ("exp", "inv")}
    types = {part: _attribute_type(layer, f"{part}_t") for part in ("exp_table", "inv_table", "inv_inp", "accum")}
    difference = source
    if kind is SoftmaxKind.STABLE and layer.get_attr("inp_norm_t") is not None:
        difference = _attribute_type(layer, "inp_norm_t")
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


def _pooling2d(layer: Any, common: dict[str, Any]) -> Operation:
    window = _window(layer, "pool")
    accumulator = _attribute_type(layer, "accum_t")
    if layer.get_attr("pool_op") == "Max":
        source = _type(layer.get_input_variable().type, layer)
        # The C++ pads with only the top bit set: the smallest value of a signed type, half of an unsigned one's range.
        fill = source.minimum if source.signed else 1 << (source.width - 1)
        return MaxPool2D(**common, window=window, accumulator=accumulator, fill=fill)
    count = bool(layer.get_attr("count_pad", False))
    return AveragePool2D(**common, window=window, accumulator=accumulator, count_padding=count)


def _reshape(_: Any, common: dict[str, Any]) -> Operation:
    return Reshape(**common)


def _concatenate(layer: Any, common: dict[str, Any]) -> Operation:
    axis = int(layer.get_attr("axis"))
    return Concatenate(**common, axis=axis - 1 if axis > 0 else axis + len(common["shape"]))


Handler = Callable[[Any, dict[str, Any]], Operation]
_HANDLERS: dict[str, Handler] = {
    "Dense": _dense,
    "Conv2D": _conv2d,
    "PointwiseConv2D": _conv2d,
    "BatchNormalization": _batch_normalization,
    "Activation": _activation,
    "Softmax": _softmax,
    "Pooling2D": _pooling2d,
    "Reshape": _reshape,
    "Concatenate": _concatenate,
}


def _products(layer: Any) -> dict[str, Any]:
    _only_plain_product(layer, layer.weights["weight"].type.precision)
    return {"weights": _constant(layer, "weight"), "bias": _constant(layer, "bias")}


def _constant(layer: Any, which: str) -> Constant:
    variable = layer.weights[which]
    kind = _type(variable.type, layer)
    # Iterating over the variable yields the decimal text that goes into the C++ project.
    numbers = np.array([float(text) for text in variable], np.float64)
    return Constant(from_float(numbers, kind).reshape(variable.data.shape), kind)


def _window(layer: Any, what: str) -> Window:
    def attribute(name: str) -> int:
        return int(layer.get_attr(name, 0))

    return Window(
        size=(attribute(f"{what}_height"), attribute(f"{what}_width")),
        stride=(attribute("stride_height"), attribute("stride_width")),
        padding=(attribute("pad_top"), attribute("pad_bottom"), attribute("pad_left"), attribute("pad_right")),
    )


def _reuse(layer: Any) -> int:
    return int(layer.get_attr("reuse_factor", 1))


def _only_latency(layer: Any) -> None:
    strategy = str(layer.get_attr("strategy", "latency")).lower()
    if strategy != "latency":
        raise _refusal(layer, f"its strategy {strategy!r} is not supported", "'latency'")


def _only_plain_product(layer: Any, weight: Any) -> None:
    product = layer.model.config.backend.product_type(layer.get_input_variable().type.precision, weight)
    if product != "mult":
        raise _refusal(
            layer, f"its weights or inputs make hls4ml use the product {product!r}", "quantized_bits of 3 bits or more"
        )


def _table_size(layer: Any, *names: str) -> int:
    size = next(int(layer.get_attr(name)) for name in names if layer.get_attr(name) is not None)
    if size & (size - 1):
        raise _refusal(layer, f"its table has {size} entries", "a power of two")
    return size


def _attribute_type(layer: Any, name: str) -> Fixed:
    return _type(layer.get_attr(name), layer)


def _type(named: Any, layer: Any) -> Fixed:
    text = str(named.precision)
    if "fixed<" not in text and "int<" not in text:
        raise _refusal(layer, f"its type {text!r} is not fixed-point", "fixed<width,integer>")
    return Fixed.parse(text)


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in shape)


def _refusal(layer: Any, reason: str, nearest: str = "") -> UnsupportedLayerError:
    nearest = nearest or NEAREST.get(layer.class_name, "dense, conv 2D, relu, pooling")
    return UnsupportedLayerError(f"Layer {layer.name!r} can't be lowered: {reason}; nearest that can: {nearest}.")
