"""Functions of single elements: Activation, ParametrizedActivation, PReLU, HardActivation, HGQ's layers."""

from typing import Any

import numpy as np

from trigger_nn.frontend import tables
from trigger_nn.frontend.lowering.reading import Handler, attribute_type, constant, is_stream, pack, refusal, type_of
from trigger_nn.program.fixed import Fixed, from_float
from trigger_nn.program.operations import (
    BinaryStep,
    BitLookup,
    Cast,
    CastEach,
    Constant,
    ExponentialLinear,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    Operation,
    Relu,
    TernaryStep,
    ThresholdedRelu,
)
from trigger_nn.program.semantics.merging import compared_as_unsigned

ONE = Constant(np.ones(1, np.int64), Fixed(False, 1, 1))
# What a selu's positive branch is multiplied by: nnet_activation.h has these digits in a type of its own,
# nnet_activation_stream.h more digits in the type of the input.
SELU_SCALE, SELU_SCALE_STREAM = 1.0507009873554805, 1.0507009873554804934193349852946
SELU_TYPE = Fixed(False, 16, 1)


def _activation(layer: Any, common: dict[str, Any]) -> Operation:
    only_equal_packs(layer)
    name = layer.get_attr("activation").lower()
    if name in ("relu6", "relu1") and is_stream(layer):
        raise refusal(layer, f"hls4ml has no {name!r} for io_stream", "relu, or io_parallel")
    match name:
        case "linear":
            return Cast(**common)
        case "relu":
            return Relu(**common)
        case "relu6" | "relu1":
            return Relu(**common, limit=int(name[-1]))
        case "binary_tanh":
            return BinaryStep(**common, zero=_is_bit(layer))
        case "ternary_tanh":
            source = type_of(layer.get_input_variable().type, layer)
            return TernaryStep(**common, doubled=None if is_stream(layer) else source)
        case "selu":
            return _selu(layer, common)
        case _:
            return _by_table(layer, common, name)


def _by_table(layer: Any, common: dict[str, Any], name: str) -> Operation:
    """A function over [-span / 2, span / 2)."""
    size, kind = _table(layer)
    match name:
        case "sigmoid":
            return Lookup(**common, table=tables.sigmoid(size, kind), span=tables.SPAN)
        case "tanh":
            return Lookup(**common, table=tables.tanh(size, kind), span=tables.TANH_SPAN)
        case "softplus":
            return Lookup(**common, table=tables.softplus(size, kind), span=tables.SPAN)
        case "softsign":
            return Lookup(**common, table=tables.softsign(size, kind), span=tables.SPAN)
        case _:
            raise refusal(
                layer,
                f"hls4ml writes C++ for its activation {name!r} that does not compile",
                "relu, elu, selu, sigmoid, tanh, softplus or softsign",
            )


def _selu(layer: Any, common: dict[str, Any]) -> Operation:
    size, kind = _table(layer)
    stream = is_stream(layer)
    source = type_of(layer.get_input_variable().type, layer)
    positive = _number(SELU_SCALE_STREAM, source) if stream else _number(SELU_SCALE, SELU_TYPE)
    return ExponentialLinear(
        **common, table=tables.selu(size, kind), span=tables.NEGATIVE_SPAN, positive=positive, negative=ONE,
        first_on_overflow=not stream,
    )  # fmt: skip


def _parametrized(layer: Any, common: dict[str, Any]) -> Operation:
    """Leaky and thresholded relu, elu: one parameter, which the C++ reads as a double and casts to its type."""
    only_equal_packs(layer)
    name = layer._get_act_function_name()
    kind = attribute_type(layer, "param_t")
    parameter = _number(float(f"{layer.get_attr('activ_param', 1.0)}"), kind)
    match name:
        case "leaky_relu":
            return LeakyRelu(**common, slope=parameter)
        case "thresholded_relu":
            source = type_of(layer.get_input_variable().type, layer)
            return ThresholdedRelu(
                **common, threshold=parameter, unsigned=source.signed and compared_as_unsigned(source, kind)
            )
        case "elu":
            size, table_type = _table(layer)
            table = tables.elu(size, table_type)
            return ExponentialLinear(
                **common, table=table, span=tables.NEGATIVE_SPAN, positive=ONE, negative=parameter
            )  # fmt: skip
        case other:
            raise refusal(layer, f"its activation {other!r} is not known", "LeakyReLU, ThresholdedReLU or ELU")


def _prelu(layer: Any, common: dict[str, Any]) -> Operation:
    only_equal_packs(layer)
    slope = constant(layer, "param")
    return LeakyRelu(**common, slope=Constant(slope.mantissa.reshape(common["shape"]), slope.type))


def _hard(layer: Any, common: dict[str, Any]) -> Operation:
    only_equal_packs(layer)
    name = layer.get_attr("activation").lower()
    if name not in ("hard_sigmoid", "hard_tanh"):
        raise refusal(layer, f"its activation {name!r} is not known", "quantized_sigmoid or quantized_tanh")
    slope, shift = (
        _number(float(f"{layer.get_attr(part)}"), attribute_type(layer, f"{part}_t")) for part in ("slope", "shift")
    )
    return HardSigmoid(**common, slope=slope, shift=shift, symmetric=name == "hard_tanh")


def _ternary_tanh(layer: Any, _: dict[str, Any]) -> Operation:
    raise refusal(
        layer,
        "hls4ml writes no C++ for a ternary activation of threshold 0.5 that does not follow a batch normalisation",
        "another threshold, or a batch normalisation before it",
    )


def _unary_lut(layer: Any, common: dict[str, Any]) -> Operation:
    only_equal_packs(layer)
    table = constant(layer, "table")
    width = type_of(layer.get_input_variable().type, layer).width
    if table.mantissa.size < 1 << width:
        raise refusal(
            layer, f"its table has {table.mantissa.size} entries, but its input of {width} bits can ask for more",
            f"{1 << width} entries",
        )  # fmt: skip
    return BitLookup(**common, table=Constant(table.mantissa.ravel()[: 1 << width], table.type))


def _fixed_point_quantizer(layer: Any, common: dict[str, Any]) -> Operation:
    """A type for every element; those of no bits become 0."""
    signs, widths, integers = (
        np.broadcast_to(np.asarray(part)[0], common["shape"]).ravel().tolist() for part in layer.mask_kbi
    )
    modes = f"{layer.RND},{layer.SAT}"
    kinds = [
        Fixed.parse(f"{'' if k else 'u'}fixed<{int(b)},{int(i)},{modes}>") if b else None
        for k, b, i in zip(signs, widths, integers, strict=True)
    ]
    return CastEach(**common, kinds=tuple(kinds))


def only_equal_packs(layer: Any) -> None:
    """Refuse where a stream of other packets than the result's comes in, which the C++ reads past their end."""
    if not is_stream(layer):
        return
    given, made = (pack(variable) for variable in (layer.get_input_variable(), layer.get_output_variable()))
    if given != made:
        raise refusal(
            layer,
            f"it gets {given} values at a time from a flattened stream, and hls4ml's C++ reads {made}",
            "the activation before the Flatten, or io_parallel",
        )


def _table(layer: Any) -> tuple[int, Fixed]:
    """Size and type of the layer's table."""
    return int(layer.get_attr("table_size")), attribute_type(layer, "table_t")


def _number(value: float, kind: Fixed) -> Constant:
    return Constant(from_float(np.array([value]), kind), kind)


def _is_bit(layer: Any) -> bool:
    """Whether the result is ap_uint<1>, for which the C++ makes 0 of -1; ap_ufixed<1,1> wraps it to 1."""
    return str(layer.get_output_variable().type.precision).removeprefix("ap_") == "uint<1>"


HANDLERS: dict[str, Handler] = {
    "Activation": _activation,
    "ParametrizedActivation": _parametrized,
    "PReLU": _prelu,
    "HardActivation": _hard,
    "TernaryTanh": _ternary_tanh,
    "UnaryLUT": _unary_lut,
    "FixedPointQuantizer": _fixed_point_quantizer,
}
