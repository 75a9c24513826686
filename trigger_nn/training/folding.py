"""Move a float network's weights into its quantized twin: fold batch normalisation, then balance the scales.

The twin's weights live in a fixed range and have no free scale. A layer's output can be multiplied by any power of two
if the next layer's weights are divided by it, since relu commutes with positive factors; so each layer is scaled to
use the range of its weights and of its activations' grid.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.recipe import NetworkSpec

QUANTILE = 0.999  # of a layer's activations that should lie on the grid without saturating


@dataclass(frozen=True)
class Folded:
    """Kernel and bias of one layer, batch normalisation included."""

    name: str
    kernel: np.ndarray
    bias: np.ndarray


def fold(model: Any) -> list[Folded]:
    """Kernel and bias of each weighted layer of a float network, in order."""
    layers = {layer.name: layer for layer in model.layers}
    return [
        _fold_one(layers[name], layers.get(f"{name}_norm"))
        for name in layers
        if layers[name].__class__.__name__ in ("Conv2D", "Dense")
    ]


def transfer(folded: list[Folded], activations: dict[str, np.ndarray], twin: Any, spec: NetworkSpec) -> None:
    """Set the twin's weights from `folded`; `activations` are the float relu outputs of each layer on some events."""
    incoming = 1.0
    for layer in folded:
        outgoing = 1.0
        if layer.name in activations:
            reach = 2.0 ** spec.quantizer(layer.name, "activations").integer
            top = float(np.quantile(activations[layer.name], QUANTILE))
            outgoing = 2.0 ** np.floor(np.log2(reach / max(top, 1e-6)))
            # Weights saturate at their range: let no more than a few of the largest do so.
            own = spec.quantizer(layer.name, "weights")
            largest = float(np.quantile(np.abs(layer.kernel), 0.99)) / incoming
            outgoing = min(outgoing, 2.0 ** np.ceil(np.log2(2.0**own.integer / max(largest, 1e-6))))
        twin.get_layer(layer.name).set_weights([layer.kernel * outgoing / incoming, layer.bias * outgoing])
        incoming = outgoing


def _fold_one(layer: Any, normalization: Any) -> Folded:
    weights = layer.get_weights()
    if normalization is None:
        return Folded(layer.name, weights[0], weights[1])
    gamma, beta, mean, variance = normalization.get_weights()
    scale = gamma / np.sqrt(variance + normalization.epsilon)
    return Folded(layer.name, weights[0] * scale, beta - mean * scale)
