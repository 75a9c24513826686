"""The trained model's own forward pass, layer by layer, for comparison."""

from collections.abc import Sequence

import numpy as np

from trigger_nn.frontend.legacy import keras, load_model


def layer_outputs(path: str, names: Sequence[str], inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the layers in `names` that the model at `path` has, for `inputs` as Keras takes them."""
    model = load_model(path)
    present = [name for name in names if name in {layer.name for layer in model.layers}]
    probe = keras.Model(model.input, [model.get_layer(name).output for name in present])
    values = probe.predict(inputs, batch_size=512, verbose=0)
    return dict(zip(present, values if len(present) > 1 else [values], strict=True))
