"""The steps of the main job: what each does, what it writes, what decides its result."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import MismatchError
from trigger_nn.events.inputs import input_mantissas, input_type, network_input
from trigger_nn.events.quantities import to_json
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.files import replacing, sha256
from trigger_nn.passes.exact import needs_double
from trigger_nn.program.program import Program
from trigger_nn.studies.agreement import Agreement, compare_layers, compare_with_cpp
from trigger_nn.workflow.workspace import (
    Workspace,
    events_digest,
    load_agreements,
    load_scores,
    packages,
    versions,
    write_bundle,
    write_json,
    write_yaml,
)

if TYPE_CHECKING:
    from trigger_nn.frontend.compile import Compiled

Progress = Callable[[str, int, int], None]

EMULATED_AT_ONCE = 1 << 15  # events


@dataclass(frozen=True)
class Step:
    """One step: its verb, what it does, the files it writes, and what decides its result beside earlier steps."""

    verb: str
    does: str
    writes: tuple[str, ...]
    decides: Callable[[Workspace], object]
    run: Callable[[Workspace, Progress], str]


def _train(workspace: Workspace, progress: Progress) -> str:
    sample = workspace.sample()
    from trigger_nn.frontend.legacy import save_model
    from trigger_nn.training.fit import train

    trained = train(sample, workspace.recipe, progress)
    for name, model in (("float.h5", trained.float_model), ("quantized.h5", trained.quantized_model)):
        with replacing(workspace.path(name)) as temporary:
            save_model(model, str(temporary))
    losses = {"float": trained.float_losses, "QKeras": trained.quantized_losses}
    write_json(workspace.path("losses.json"), losses)
    return f"validation loss {min(losses['float']):.4f} float, {min(losses['QKeras']):.4f} quantized"


def _compile(workspace: Workspace, _: Progress) -> str:
    compiled = compiled_model(workspace)
    compiled.program.save(workspace.path("program.h5"))
    write_json(workspace.path("choices.json"), [vars(choice) for choice in compiled.choices])
    write_yaml(workspace.path("hls4ml_config.yml"), compiled.config)
    saved = sum(choice.saved for choice in compiled.choices)
    size = len(compiled.program.operations)
    return f"program {compiled.program.digest[:12]}, {size} operations, {saved} bits narrower than hls4ml's auto"


def _emulate(workspace: Workspace, progress: Progress) -> str:
    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    emulator, name = Emulator(program), program.inputs[0].name
    inputs = _mantissas(workspace, sample)
    emulator.predict_mantissas({name: inputs[:1]})  # makes the machine code, which the rate leaves out
    parts, seconds = [], 0.0
    for start in range(0, len(inputs), EMULATED_AT_ONCE):
        started = time.monotonic()
        parts.append(emulator.predict_mantissas({name: inputs[start : start + EMULATED_AT_ONCE]}))
        seconds += time.monotonic() - started
        progress("events emulated", min(start + EMULATED_AT_ONCE, len(inputs)), len(inputs))
    scores = {"emulator": np.concatenate(parts)}
    scores |= _keras_scores(workspace, network_input(sample, _values(workspace, sample), workspace.recipe.events))
    rate = len(inputs) / seconds
    with replacing(workspace.path("scores.npz")) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, rate=np.array(rate), **scores)
    return f"{len(inputs)} events at {rate:,.0f} events/s"


def _keras_scores(workspace: Workspace, inputs: np.ndarray) -> dict[str, np.ndarray]:
    from trigger_nn.frontend.legacy import load_model

    models = {"float": "float.h5", "QKeras": "quantized.h5"}
    return {
        name: np.asarray(load_model(str(workspace.path(file))).predict(inputs, batch_size=1024, verbose=0))
        for name, file in models.items()
    }


def _verify(workspace: Workspace, progress: Progress) -> str:
    from trigger_nn.frontend.layers import layer_outputs
    from trigger_nn.frontend.legacy import load_model
    from trigger_nn.hardware.csim import trace

    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    compiled = compiled_model(workspace)
    if compiled.program != program:
        raise MismatchError(
            "Compiling the model again gave another program; run: trigger-nn compile RECIPE --force, and go on."
        )
    events = _chosen(sample, workspace.recipe.verify.events)
    inputs = network_input(sample, _values(workspace, sample)[events], workspace.recipe.events)
    ours = Emulator(program).trace(inputs)
    progress("sides compared", 1, 3)
    agreements = [compare_with_cpp(program, ours, trace(compiled.graph, inputs))]
    progress("sides compared", 2, 3)
    if not program.provenance["losses"]:
        names, model = compiled.counterparts, load_model(str(workspace.path("quantized.h5")))
        found = layer_outputs(model, list(names.values()), [inputs], needs_double(program))
        keras = {name: found[layer] for name, layer in names.items() if layer in found}
        agreements.append(compare_layers(ours, keras, ("emulator", "QKeras forward pass")))
    progress("sides compared", 3, 3)
    write_json(workspace.path("agreement.json"), [_agreement_facts(agreement) for agreement in agreements])
    return "; ".join(
        f"{a.values:,} values in {len(a.layers)} layers of {a.events} events equal {a.theirs}" for a in agreements
    )


def _bundle(workspace: Workspace, _: Progress) -> str:
    from trigger_nn.frontend.graph import project_files
    from trigger_nn.workflow.handoff import Known, bundle_of
    from trigger_nn.workflow.origin import origin_of
    from trigger_nn.workflow.performance import figures_of

    sample, path = workspace.sample(), workspace.path("program.h5")
    program, compiled = Program.load(path), compiled_model(workspace)
    scores = load_scores(workspace, program)[0]
    told = "; ".join(
        f"{a.ours} = {a.theirs}, {a.values:,} values of {a.events} events" for a in load_agreements(workspace)
    )
    events = _mantissas(workspace, sample)[_chosen(sample, workspace.recipe.verify.vectors)]
    bundle = bundle_of(
        Known(
            program, path.read_bytes(), project_files(compiled.graph),
            {program.inputs[0].name: events}, origin_of(program, workspace.recipe_path, workspace.command),
            figures_of(program, sample, workspace.recipe, scores), f"Bit for bit on the test sample: {told}.",
        ),
        workspace.recipe.handoff,
    )  # fmt: skip
    folder = write_bundle(bundle, workspace.bundles)
    write_json(workspace.path("bundle.json"), {"folder": str(folder), "digest": bundle.digest})
    return f"{len(bundle.files)} files, digest {bundle.digest[:12]}, in {folder}, and as a zip"


def _report(workspace: Workspace, _: Progress) -> str:
    from trigger_nn.workflow.pages.run import run_page
    from trigger_nn.workflow.pages.writing import write_page

    return f"page at {write_page(run_page(workspace), workspace.build)}"


def compiled_model(workspace: Workspace) -> "Compiled":
    """The quantized model of the recipe, compiled."""
    from trigger_nn.frontend.compile import compile_model
    from trigger_nn.frontend.legacy import load_model
    from trigger_nn.handoff.builders.record import RAW, raw_record

    sample, recipe = workspace.sample(), workspace.recipe
    model = load_model(str(workspace.path("quantized.h5")))
    provenance = {
        "recipe": recipe.model_dump(include={"name", "events", "network", "training", "hardware"}),
        "versions": versions(),
        "events": {
            "sha256": events_digest(workspace),
            "view": recipe.events.view,
            "column": to_json(sample.column(recipe.events.view)),
            RAW: raw_record(sample.provenance),
        },
        "outputs": list(recipe.events.outputs),
    }
    kind = input_type(sample.column(recipe.events.view), recipe.events)
    return compile_model(model, recipe.name, kind, workspace.path("hls").resolve(), recipe.hardware, provenance)


def _chosen(sample: Sample, count: int) -> np.ndarray:
    """The first `count` events of the test split, which is shuffled; all of them when there are fewer."""
    return np.arange(min(count, len(sample.splits["test"])))


def _values(workspace: Workspace, sample: Sample) -> np.ndarray:
    return sample.splits["test"][workspace.recipe.events.view]


def _mantissas(workspace: Workspace, sample: Sample) -> np.ndarray:
    column = sample.column(workspace.recipe.events.view)
    return input_mantissas(_values(workspace, sample), column, workspace.recipe.events)


def _agreement_facts(agreement: Agreement) -> dict[str, Any]:
    return vars(agreement) | {"layers": [vars(layer) for layer in agreement.layers]}


def _digest_of(workspace: Workspace, name: str) -> str:
    return sha256(workspace.path(name).read_bytes())


STEPS = (
    Step(
        "train", "train the float network and its quantized twin",
        ("float.h5", "quantized.h5", "losses.json"),
        lambda w: [events_digest(w), w.recipe.events, w.recipe.network, w.recipe.training], _train,
    ),
    Step(
        "compile", "convert through hls4ml, prove ranges, choose types, lower to the program",
        ("program.h5", "choices.json", "hls4ml_config.yml"),
        lambda w: [w.recipe.name, w.recipe.hardware, _digest_of(w, "quantized.h5"), packages()], _compile,
    ),
    Step(
        "emulate", "emulate the test sample, and run both Keras networks on it",
        ("scores.npz",), lambda w: [_digest_of(w, "program.h5"), _digest_of(w, "float.h5")], _emulate,
    ),
    Step(
        "verify", "build hls4ml's C++ with g++ and compare every layer",
        ("agreement.json",), lambda w: w.recipe.verify.events, _verify,
    ),
    Step(
        "bundle", "write the firmware bundle", ("bundle.json",),
        lambda w: [
            w.recipe.verify.vectors, w.recipe.study, w.recipe.handoff, str(w.bundles), w.command, w.revision,
            versions(), toolchain.installed("alkaid") if w.recipe.handoff.rtl else "",
        ],
        _bundle,
    ),
    Step("report", "compare triggers and draw the page", ("report.html", "report.json"), lambda _: "", _report),
)  # fmt: skip
