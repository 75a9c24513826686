"""The trained model's own forward pass, layer by layer, for comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trigger_nn.frontend.double import doubled
from trigger_nn.frontend.legacy import keras
from trigger_nn.program.program import Program

BATCH = 512


def counterparts(program: Program, folded: Mapping[str, str] | None = None) -> dict[str, str]:
    """For each operation that yields what a Keras layer of that name yields: the layer.

    `folded` maps a layer into which hls4ml folded a batch normalisation to that batch normalisation. Where hls4ml
    multiplies by a quantizer's scale in an operation of its own, that one yields what the layer does. A bit that stands
    for -1 or 1 has no counterpart, nor has the input of a layer in another shape.
    """
    names = {operation.name for operation in program.operations}
    found = {}
    for operation in program.operations:
        name = operation.name
        if f"{name}_alpha" not in names and "/" not in name:
            base = name.removesuffix("_alpha")
            found[name] = (folded or {}).get(base, base)
    return found


def layer_outputs(
    model: Any, names: Sequence[str], inputs: Sequence[np.ndarray], double: bool = False
) -> dict[str, np.ndarray]:
    """Outputs of the layers in `names` that `model` has, for its `inputs` (one array an input, (events, ...)).

    `double` computes in float64, for networks whose sums float32 can't hold.
    """
    if double:
        with doubled(model) as twin:
            return _outputs(twin, names, [np.asarray(x, np.float64) for x in inputs])
    return _outputs(model, names, inputs)


def _outputs(model: Any, names: Sequence[str], inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    known = {layer.name for layer in model.layers}
    present = [name for name in dict.fromkeys(names) if name in known]
    probe = keras.Model(model.inputs, [model.get_layer(name).output for name in present])
    batches: list[list[Any]] = []
    for start in range(0, len(inputs[0]), BATCH):
        values = probe([x[start : start + BATCH] for x in inputs], training=False)
        batches.append(values if len(present) > 1 else [values])
    return {name: np.concatenate([batch[i].numpy() for batch in batches]) for i, name in enumerate(present)}
