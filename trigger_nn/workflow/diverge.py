"""Bring together all that computes the network of a recipe: float Keras, QKeras, the emulator, hls4ml's C++."""

import numpy as np

from trigger_nn.errors import TriggerNNError
from trigger_nn.events.inputs import input_mantissas, network_input
from trigger_nn.passes.exact import needs_double
from trigger_nn.program.program import Program
from trigger_nn.studies.divergence import Decision, Divergence, find_divergence
from trigger_nn.workflow.steps import Progress, compiled_model
from trigger_nn.workflow.workspace import Workspace


def diverged(workspace: Workspace, events: int, decision: Decision, progress: Progress | None = None) -> Divergence:
    """Compare all sides on the first `events` events of the test sample.

    Raises:
        TriggerNNError: a step before has not been run. ToolNotFound: there is no g++.
    """
    from trigger_nn.frontend.layers import layer_outputs
    from trigger_nn.frontend.legacy import load_model
    from trigger_nn.hardware.csim import trace

    report = progress or (lambda *_: None)
    missing = [name for name in ("float.h5", "quantized.h5", "program.h5") if not workspace.path(name).is_file()]
    if missing:
        raise TriggerNNError(f"There is no {workspace.path(missing[0])} yet; run: trigger-nn compile RECIPE.")
    sample, spec = workspace.sample(), workspace.recipe.events
    program = Program.load(workspace.path("program.h5"))
    values = sample.splits["test"][spec.view][:events]
    inputs, names = network_input(sample, values, spec), [op.name for op in program.operations]
    sides = {}
    float_model = load_model(str(workspace.path("float.h5")))
    aliases = _float_names(names, [layer.name for layer in float_model.layers])
    found = layer_outputs(float_model, list(aliases.values()), [inputs])
    sides["float Keras"] = {name: found[theirs] for name, theirs in aliases.items()}
    report("sides computed", 1, 3)
    quantized = load_model(str(workspace.path("quantized.h5")))
    sides["QKeras"] = layer_outputs(quantized, names, [inputs], needs_double(program))
    report("sides computed", 2, 3)
    cpp = trace(compiled_model(workspace).graph, inputs)
    sides["hls4ml's C++"] = {name: layer for name, layer in cpp.layers.items() if name in names}
    report("sides computed", 3, 3)
    port = program.inputs[0].name
    mantissas = input_mantissas(values, sample.column(spec.view), spec)
    return find_divergence(program, {port: np.asarray(mantissas, np.int64)}, sides, decision, ("float Keras",))


def _float_names(names: list[str], known: list[str]) -> dict[str, str]:
    """The float network's layer for each of the program's: after its batch normalisation, which the twin folded."""
    candidates = {name: (f"{name}_norm", name) for name in names} | {"output": ("output", "score")}
    return {name: next(c for c in found if c in known) for name, found in candidates.items() if set(found) & set(known)}
