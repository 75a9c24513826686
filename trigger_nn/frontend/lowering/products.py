"""Dense layers and batch normalisation."""

from typing import Any

from trigger_nn.frontend.lowering.reading import Handler, attribute_type, constant, refusal, reuse
from trigger_nn.program.operations import Dense, Operation, Scale


def _dense(layer: Any, common: dict[str, Any]) -> Operation:
    only_latency(layer)
    return Dense(
        **common, **constants_of(layer), accumulator=attribute_type(layer, "accum_t"), reuse_factor=reuse(layer)
    )


def _batch_normalization(layer: Any, common: dict[str, Any]) -> Operation:
    only_plain_product(layer, layer.weights["scale"].type.precision)
    return Scale(**common, scale=constant(layer, "scale"), bias=constant(layer, "bias"))


def constants_of(layer: Any) -> dict[str, Any]:
    """Weights and bias."""
    only_plain_product(layer, layer.weights["weight"].type.precision)
    return {"weights": constant(layer, "weight"), "bias": constant(layer, "bias")}


def only_latency(layer: Any) -> None:
    """Refuse other strategies."""
    strategy = str(layer.get_attr("strategy", "latency")).lower()
    if strategy != "latency":
        raise refusal(layer, f"its strategy {strategy!r} is not supported", "'latency'")


def only_plain_product(layer: Any, weight: Any) -> None:
    """Refuse products that are not plain multiplications."""
    product = layer.model.config.backend.product_type(layer.get_input_variable().type.precision, weight)
    if product != "mult":
        raise refusal(
            layer, f"its weights or inputs make hls4ml use the product {product!r}", "quantized_bits of 3 bits or more"
        )


HANDLERS: dict[str, Handler] = {
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
}
