"""The trained model's own forward pass, layer by layer, for comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trigger_nn.frontend.double import doubled
from trigger_nn.frontend.legacy import keras
from trigger_nn.program.operations import TimeStep
from trigger_nn.program.program import Program

BATCH = 512


def counterparts(program: Program, model: Any, folded: Mapping[str, str] | None = None) -> dict[str, str]:
    """For each operation that yields what a Keras layer of `model` yields: that layer.

    hls4ml makes several operations of a layer: its scale, its activation. The last of them yields what the layer
    does, and the others have no counterpart; nor has a part of a layer that hls4ml repeats or splits, nor a layer of a
    nested model but the last, which stands for the model. `folded` maps a
    layer into which hls4ml folded a batch normalisation to that batch normalisation.
    """
    layers = {layer.name for layer in model.layers}
    nested = {_end_of(layer): layer.name for layer in model.layers if hasattr(layer, "layers")}
    return {
        _last_of(name, program, layers): nested.get(name) or (folded or {}).get(name, name)
        for name in (operation.name for operation in program.operations)
        if name in layers or name in nested
    }


def _end_of(model: Any) -> str:
    """The layer that a nested model ends in; of several models in each other, of the innermost."""
    last = next(layer for layer in model.layers if layer.name == model.output_names[0])
    return _end_of(last) if hasattr(last, "layers") else str(last.name)


def _last_of(name: str, program: Program, layers: set[str]) -> str:
    """The last operation that hls4ml made of layer `name`: those after it have its name and more."""
    last = name
    if isinstance(program.operation(name), TimeStep):  # where a loop over time steps begins; its end collects them
        return f"{name}_end"
    for operation in program.operations:
        made_of_it = operation.name.startswith(f"{name}_") and operation.name not in layers
        if made_of_it and operation.inputs == (last,):
            last = operation.name
    return last


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
    probe = keras.Model(model.inputs, [_output_of(model.get_layer(name), model) for name in present])
    batches: list[list[Any]] = []
    for start in range(0, len(inputs[0]), BATCH):
        values = probe([x[start : start + BATCH] for x in inputs], training=False)
        batches.append(values if len(present) > 1 else [values])
    return {name: np.concatenate([batch[i].numpy() for batch in batches]) for i, name in enumerate(present)}


def _output_of(layer: Any, model: Any) -> Any:
    """What `layer` yields in `model`; a nested model has an output of its own as well."""
    calls = (i for i in range(len(layer.inbound_nodes)) if f"{layer.name}_ib-{i}" in model._network_nodes)
    return layer.get_output_at(next(calls))
