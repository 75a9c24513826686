"""Einstein sums, embedding, layer normalisation."""

import math
from typing import Any

import numpy as np

from trigger_nn.frontend.lowering.reading import (
    Handler,
    attribute_type,
    constant,
    is_stream,
    refusal,
    shape_of,
    strategy,
)
from trigger_nn.program.fixed import Fixed, from_float
from trigger_nn.program.operations import Operation
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.transformer import Einsum, EinsumDense, Embedding, LayerNormalization


def _embedding(layer: Any, common: dict[str, Any]) -> Operation:
    table = constant(layer, "embeddings")
    rows, columns = int(layer.get_attr("vocab_size")), int(layer.get_attr("n_out"))
    return Embedding(**common, table=Constant(table.mantissa.reshape(rows, columns), table.type))


def _layer_normalization(layer: Any, common: dict[str, Any]) -> Operation:
    _only_parallel(layer)
    _only_products(layer, layer.get_input_variable().type.precision, layer.weights["scale"].type.precision)
    power = int(layer.get_attr("table_range_power2"))
    if not 0 <= power <= 30:
        raise refusal(layer, f"its TableRangePower2 is {power}", "0 to 30")
    return LayerNormalization(
        **common,
        scale=_flat(layer, "scale"),
        bias=_flat(layer, "bias"),
        accumulator=attribute_type(layer, "accum_t"),
        table=inverse_root(
            int(layer.get_attr("table_size")),
            int(layer.get_attr("epsilon_power_of_10")),
            power,
            attribute_type(layer, "table_t"),
        ),
        range_power=power,
    )


def inverse_root(size: int, epsilon_power: int, range_power: int, kind: Fixed) -> Constant:
    """1 / sqrt(10^-epsilon_power + v) at `size` points v from 0 to 2^-range_power (init_invert_sqr_table).

    The argument and its root are float32, the quotient is a double.
    """
    epsilon = np.float32(math.pow(10.0, -epsilon_power))
    step = np.float32(2.0**-range_power) / np.float32(size)
    roots = np.sqrt(epsilon + step * np.arange(size, dtype=np.float32))
    return Constant(from_float(1.0 / roots.astype(np.float64), kind), kind)


def _einsum_dense(layer: Any, common: dict[str, Any]) -> Operation:
    _only_parallel(layer)
    if strategy(layer) != "latency":
        raise refusal(layer, f"its strategy is {strategy(layer)!r}", "'latency'")
    _only_products(layer, layer.get_input_variable().type.precision, layer.weights["weight"].type.precision)
    batch, free, outputs, contracted = (int(layer.get_attr(f"n_{n}")) for n in _DENSE_SIZES)
    weights, bias = constant(layer, "weight"), constant(layer, "bias")
    return EinsumDense(
        **common,
        equation=str(layer.get_attr("equation")),
        order=shape_of(layer.get_attr("inp_tpose_idxs")),
        weights=Constant(weights.mantissa.reshape(batch, contracted, outputs), weights.type),
        bias=Constant(bias.mantissa.reshape(batch, free, outputs), bias.type),
        accumulator=attribute_type(layer, "accum_t"),
        inner_shape=shape_of(layer.get_attr("out_interpert_shape")),
        result_order=shape_of(layer.get_attr("out_tpose_idxs")),
    )


_DENSE_SIZES = ("inplace", "free_data", "free_kernel", "contract")


def _einsum(layer: Any, common: dict[str, Any]) -> Operation:
    _only_parallel(layer)
    left, right = (layer.get_input_variable(name).type for name in layer.inputs)
    _only_products(layer, left.precision, right.precision)
    if "fixed<" not in str(layer.get_attr("accum_t").precision):  # ap_int would cut each product before it adds it
        raise refusal(layer, "its accumulator is an integer type", "a 'fixed' type of as many bits")
    batch, free0, free1, contracted = (int(layer.get_attr(f"n_{n}")) for n in ("inplace", "free0", "free1", "contract"))
    return Einsum(
        **common,
        equation=str(layer.get_attr("equation")),
        orders=(shape_of(layer.get_attr("inp0_tpose_idxs")), shape_of(layer.get_attr("inp1_tpose_idxs"))),
        sizes=(batch, free0, free1, contracted),
        accumulator=attribute_type(layer, "accum_t"),
        inner_shape=shape_of(layer.get_attr("out_interpert_shape")),
        result_order=shape_of(layer.get_attr("out_tpose_idxs")),
    )


def _flat(layer: Any, which: str) -> Constant:
    values = constant(layer, which)
    return Constant(values.mantissa.ravel(), values.type)


def _only_parallel(layer: Any) -> None:
    """hls4ml has these layers for arrays only; for streams it writes C++ that does not compile."""
    if is_stream(layer):
        raise refusal(layer, f"hls4ml has no {layer.class_name} for io_stream", "io_parallel")


def _only_products(layer: Any, data: Any, weight: Any) -> None:
    """Refuse what nnet_mult.h and its `cast` do not treat as plain multiplications."""
    product = layer.model.config.backend.product_type(data, weight)
    if product != "mult":
        raise refusal(layer, f"its types make hls4ml use the product {product!r}", "types of 3 bits or more")
    if str(data) == str(weight) == "uint<1>":
        raise refusal(
            layer, "hls4ml takes two uint<1> for -1 and 1 when it casts, but not when it multiplies", "uint<2>"
        )


HANDLERS: dict[str, Handler] = {
    "Embedding": _embedding,
    "LayerNormalization": _layer_normalization,
    "EinsumDense": _einsum_dense,
    "Einsum": _einsum,
}
