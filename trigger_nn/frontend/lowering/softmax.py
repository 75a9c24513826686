"""Softmax."""

from typing import Any

import numpy as np

from trigger_nn.frontend import tables
from trigger_nn.frontend.lowering.activations import only_equal_packs
from trigger_nn.frontend.lowering.reading import Handler, attribute_type, is_stream, refusal, type_of
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Operation, Softmax, SoftmaxKind
from trigger_nn.program.semantics.activations import address_bits

# What nnet::activ_config gives the legacy implementation whatever the layer asks for; the size in io_stream only.
LEGACY_TYPE, LEGACY_SIZE = Fixed(True, 18, 8), 1024


def _softmax(layer: Any, common: dict[str, Any]) -> Operation:
    if layer.get_attr("activation") != "softmax":  # the C++ calls softmax_config, but its struct is Softmax_config
        raise refusal(layer, "hls4ml writes C++ for a Softmax layer that does not compile", "Activation('softmax')")
    only_equal_packs(layer)
    common = common | _axes(layer, common["shape"])
    kind = SoftmaxKind(str(layer.get_attr("implementation", "stable")))
    match kind:
        case SoftmaxKind.STABLE | SoftmaxKind.LATENCY:
            return _by_top_bits(layer, common, kind)
        case SoftmaxKind.LEGACY:
            sizes = (LEGACY_SIZE, LEGACY_SIZE) if is_stream(layer) else (_size(layer, "exp"), _size(layer, "inv"))
            constants = (
                tables.legacy_exponential(sizes[0], LEGACY_TYPE), tables.legacy_inverse(sizes[1], LEGACY_TYPE)
            )  # fmt: skip
            return _without_types(common, kind, constants, LEGACY_TYPE)
        case SoftmaxKind.ARGMAX:
            nothing = Constant(np.zeros(1, np.int64), Fixed(False, 1, 1))
            return _without_types(common, kind, (nothing, nothing), nothing.type)


def _axes(layer: Any, shape: tuple[int, ...]) -> dict[str, int]:
    """How many softmaxes there are, before and after the axis that they run over.

    In io_parallel hls4ml goes by two attributes, which its reader of Keras 2 never sets: there softmax runs over the
    whole tensor. In io_stream it runs over each packet, the last axis.
    """
    size = int(np.prod(shape))
    if is_stream(layer):
        if int(layer.get_attr("axis", -1)) != -1:
            raise refusal(layer, "hls4ml's C++ for io_stream stops at an axis other than -1", "axis=-1")
        return {"outer": size // shape[-1], "inner": 1}
    outer, inner = (int(layer.get_attr(name, 1)) for name in ("n_outer", "n_inner"))
    if size % (outer * inner):
        raise refusal(layer, f"n_outer {outer} times n_inner {inner} does not divide its {size} values", "a divisor")
    return {"outer": outer, "inner": inner}


def _by_top_bits(layer: Any, common: dict[str, Any], kind: SoftmaxKind) -> Operation:
    """Stable and latency."""
    types = {part: attribute_type(layer, f"{part}_t") for part in ("exp_table", "inv_table", "inv_inp", "accum")}
    if layer.get_attr("inv_inp_t").name == "model_default_t":
        types["inv_inp"] = types["exp_table"]
    argument = type_of(layer.get_input_variable().type, layer)
    sizes = {side: _size(layer, side) for side in ("exp", "inv")}
    if kind is SoftmaxKind.STABLE:
        argument, sizes["exp"] = _difference(layer, argument, sizes)
    _only_addressable(layer, "exponentials", sizes["exp"], argument)
    _only_addressable(layer, "inverses", sizes["inv"], types["inv_inp"])
    scale = float(layer.get_attr("exp_scale", 1.0))
    negative = kind is SoftmaxKind.STABLE
    return Softmax(
        **common,
        kind=kind,
        exponential=tables.exponential(sizes["exp"], argument, types["exp_table"], negative, scale),
        inverse=tables.inverse(sizes["inv"], types["inv_inp"], types["inv_table"]),
        difference=argument,
        accumulator=types["accum"],
        sum=types["inv_inp"],
    )


def _difference(layer: Any, source: Fixed, sizes: dict[str, int]) -> tuple[Fixed, int]:
    """The type of max - x, and the size of the table that it addresses."""
    if layer.get_attr("inp_norm_t") is not None:
        return attribute_type(layer, "inp_norm_t"), sizes["exp"]
    width = source.width - source.signed  # max - x is never negative: hls4ml drops the sign bit
    if not width:
        raise refusal(layer, f"its input of type {source} has no bit but the sign", "two bits, or 'latency'")
    # With a signed input hls4ml takes the size of the table of inverses for that of the exponentials.
    size = min(sizes["inv"], 2**width) if source.signed else sizes["exp"]
    return Fixed(False, width, source.integer - source.signed), size


def _size(layer: Any, side: str) -> int:
    """Entries of the table `exp` or `inv`."""
    size = layer.get_attr(f"{side}_table_size")
    return int(layer.get_attr("table_size") if size is None else size)


def _only_addressable(layer: Any, what: str, size: int, argument: Fixed) -> None:
    """Refuse tables that the C++ reads past the end of, or addresses by bits that the argument does not have."""
    if size < 2 or size & (size - 1):
        raise refusal(layer, f"its table of {what} has {size} entries, and its address can pass them", "a power of two")
    if address_bits(size) > argument.width:
        raise refusal(
            layer, f"its table of {what} has {size} entries, but is addressed by {argument}",
            f"a table_size of {2**argument.width}",
        )  # fmt: skip


def _without_types(
    common: dict[str, Any], kind: SoftmaxKind, constants: tuple[Constant, Constant], only: Fixed
) -> Operation:
    """Implementations that use none of the layer's types."""
    exponential, inverse = constants
    return Softmax(
        **common, kind=kind, exponential=exponential, inverse=inverse, difference=only, accumulator=only, sum=only
    )


HANDLERS: dict[str, Handler] = {
    "Softmax": _softmax,
}
