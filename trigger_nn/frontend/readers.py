"""Readers of Keras 2 layers that hls4ml 1.3.0 has C++ for, but reads from Keras 3 alone.

hls4ml takes them through `hls4ml.converters.register_keras_v2_layer_handler(name, reader)`.
"""

from typing import Any

import numpy as np


def read_einsum_dense(
    keras_layer: dict[str, Any], input_names: list[str] | None, input_shapes: list[list[int | None]], data_reader: Any
) -> tuple[dict[str, Any], list[int | None]]:
    """What hls4ml's layer EinsumDense needs, and the shape of its result (with events).

    Raises:
        ValueError: the equation does not keep events first, or the input's shape is not known.
    """
    config = keras_layer["config"]
    name = config["name"]
    given = tuple(size for size in input_shapes[0][1:] if size is not None)
    if len(given) + 1 < len(input_shapes[0]):
        raise ValueError(f"layer {name!r} needs an input of known shape, not {input_shapes[0]}")
    equation = without_events(config["equation"], name)
    kernel, bias = (data_reader.get_weights_data(name, which) for which in ("kernel", "bias"))
    result = np.einsum(equation, np.zeros(given), kernel).shape
    layer = {
        "name": name,
        "class_name": "EinsumDense",
        "activation": config["activation"],
        "equation": equation,
        "weight_data": kernel,
        "bias_data": bias if config["bias_axes"] else None,
        "inp_shape": given,
        "out_shape": result,
    }
    inputs = {} if input_names is None else {"inputs": input_names}
    return layer | inputs, [input_shapes[0][0], *result]


def without_events(equation: str, name: str) -> str:
    """`equation` without the axis of events, which must be first: "abc,cd->abd" becomes "bc,cd->bd"."""
    operands, result = equation.replace(" ", "").split("->")
    data, kernel = operands.split(",")
    if data.startswith("...") and result.startswith("..."):
        return f"{data},{kernel}->{result}"
    if data[:1] != result[:1] or data[:1] in kernel:
        raise ValueError(f"layer {name!r} has the equation {equation!r}, which does not keep events first")
    return f"{data[1:]},{kernel}->{result[1:]}"
