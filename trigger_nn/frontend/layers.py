"""The trained model's own forward pass, layer by layer, for comparison."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trigger_nn.frontend.double import doubled
from trigger_nn.frontend.legacy import keras

BATCH = 512


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
