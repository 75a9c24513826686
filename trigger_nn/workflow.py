"""The main job as steps: train, compile, emulate, verify, bundle, report.

Each step reads files of earlier steps and writes its own below `build/<name>/`, with a stamp: the digest of all that
decided its result. A step whose stamp still holds is not repeated, so a failure late costs nothing early.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import MismatchError, TriggerNNError
from trigger_nn.events.dataset import Sample, read_sample
from trigger_nn.events.views import input_mantissas, input_type, network_input
from trigger_nn.files import replacing, sha256
from trigger_nn.hardware.estimate import Estimate, estimate
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.agreement import Agreement, LayerAgreement, compare_layers
from trigger_nn.version import __version__

EMBEDDED = "embedded"
Progress = Callable[[str, int, int], None]


def embedded_sample() -> Path:
    """The events file that comes with the package."""
    return Path(str(resources.files("trigger_nn.events") / "sample" / "event_images.h5"))


@dataclass(frozen=True)
class Workspace:
    """A recipe, and where its files go: intermediate ones below `build`, the bundle at `bundle`."""

    recipe: ModelRecipe
    recipe_folder: Path
    build: Path
    bundle: Path

    @property
    def events_path(self) -> Path:
        """The events file, relative paths counted from the recipe."""
        if self.recipe.events.file == EMBEDDED:
            return embedded_sample()
        return self.recipe_folder / self.recipe.events.file

    def path(self, name: str) -> Path:
        """A file of a step."""
        return self.build / name

    def sample(self) -> Sample:
        """The events, with the processes that the recipe names.

        Raises:
            EventsError: the file is missing or damaged. TriggerNNError: it lacks a process.
        """
        sample = read_sample(self.events_path)
        for name in (*self.recipe.events.signals, *self.recipe.events.backgrounds):
            if name not in sample.processes:
                known = ", ".join(sample.processes)
                raise TriggerNNError(f"{self.events_path} has no process {name!r}; the recipe can name: {known}.")
        return sample


@dataclass(frozen=True)
class Step:
    """One step: its verb, what it does, the files it writes, and what decides its result beside earlier steps."""

    verb: str
    does: str
    writes: tuple[str, ...]
    decides: Callable[[Workspace], object]
    run: Callable[[Workspace, Progress], str]


def run_until(workspace: Workspace, verb: str, progress: Progress, say: Callable[[str], None], force: bool = False) -> None:
    """Bring every step up to and including `verb` up to date; `say` gets one line a step.

    `force` repeats the last step even when nothing changed.
    """
    digest = ""
    last = [step.verb for step in STEPS].index(verb)
    for number, step in enumerate(STEPS[: last + 1], 1):
        digest = sha256(json.dumps([digest, step.verb, __version__, step.decides(workspace)], default=str).encode())
        stamp = workspace.path(f"{step.verb}.stamp")
        current = stamp.is_file() and stamp.read_text() == digest
        head = f"[{number}/{len(STEPS)}] {step.verb}"
        if current and all(_present(workspace, name) for name in step.writes) and not (force and step.verb == verb):
            say(f"{head}: up to date")
            continue
        stamp.unlink(missing_ok=True)
        started = time.monotonic()
        say(f"{head}: {step.does}")
        outcome = step.run(workspace, progress)
        with replacing(stamp) as temporary:
            temporary.write_text(digest)
        say(f"{head}: {outcome} ({time.monotonic() - started:.0f} s)")


def _present(workspace: Workspace, name: str) -> bool:
    return (workspace.bundle / "manifest.json" if name == "bundle" else workspace.path(name)).exists()


# --- steps -----------------------------------------------------------------------------------------------------


def _train(workspace: Workspace, progress: Progress) -> str:
    sample = workspace.sample()
    from trigger_nn.frontend.legacy import save_model
    from trigger_nn.training.fit import train

    trained = train(sample, workspace.recipe, progress)
    for name, model in (("float.h5", trained.float_model), ("quantized.h5", trained.quantized_model)):
        with replacing(workspace.path(name)) as temporary:
            save_model(model, str(temporary))
    losses = {"float": trained.float_losses, "QKeras": trained.quantized_losses}
    _write_json(workspace.path("losses.json"), losses)
    return f"validation loss {min(losses['float']):.4f} float, {min(losses['QKeras']):.4f} quantized"


def _compile(workspace: Workspace, progress: Progress) -> str:
    compiled = _compiled(workspace)
    compiled.program.save(workspace.path("program.h5"))
    _write_json(workspace.path("choices.json"), [vars(choice) for choice in compiled.choices])
    saved = sum(c.before.width - c.after.width for c in compiled.choices)
    return f"program {compiled.program.digest[:12]}, {len(compiled.program.operations)} operations, {saved} bits narrower than auto"


def _emulate(workspace: Workspace, progress: Progress) -> str:
    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    image = sample.splits["test"].image
    emulator, name = Emulator(program), program.inputs[0].name
    inputs = input_mantissas(image, workspace.recipe.events)
    parts, seconds = [], 0.0
    for start in range(0, len(inputs), 1024):
        started = time.monotonic()
        parts.append(emulator.predict_mantissas({name: inputs[start : start + 1024]}))
        seconds += time.monotonic() - started
        progress("events emulated", min(start + 1024, len(inputs)), len(inputs))
    scores = {"emulator": np.concatenate(parts)}
    scores |= _keras_scores(workspace, network_input(sample, image, workspace.recipe.events))
    rate = len(inputs) / seconds
    with replacing(workspace.path("scores.npz")) as temporary, temporary.open("wb") as file:
        np.savez(file, rate=rate, **scores)
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
    from trigger_nn.hardware.csim import trace

    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    compiled = _compiled(workspace)
    if compiled.program != program:
        raise MismatchError("Compiling the model again gave another program; run: trigger-nn compile RECIPE --force.")
    events = _chosen(sample, workspace.recipe.verify.events)
    inputs = network_input(sample, sample.splits["test"].image[events], workspace.recipe.events)
    ours = Emulator(program).trace(inputs)
    progress("sides compared", 1, 3)
    output = program.outputs[0].name
    theirs = trace(compiled.graph, inputs)
    theirs = {name: value for name, value in theirs.items() if name in ours} | {
        output: value for name, value in theirs.items() if name.startswith("output ")
    }
    agreements = [compare_layers(ours, theirs, ("emulator", "hls4ml's C++ built by g++"))]
    progress("sides compared", 2, 3)
    keras = layer_outputs(str(workspace.path("quantized.h5")), list(ours), inputs)
    if not program.provenance["losses"]:
        agreements.append(compare_layers(ours, keras, ("emulator", "QKeras forward pass")))
    progress("sides compared", 3, 3)
    _write_json(workspace.path("agreement.json"), [_agreement_facts(agreement) for agreement in agreements])
    return "; ".join(
        f"{a.values:,} values in {len(a.layers)} layers of {a.events} events equal {a.theirs}" for a in agreements
    )


def _bundle(workspace: Workspace, progress: Progress) -> str:
    from trigger_nn.frontend.graph import project_files
    from trigger_nn.handoff.bundle import HandoffFacts, make_bundle

    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    events = _chosen(sample, workspace.recipe.verify.vectors)
    agreements = load_agreements(workspace)
    facts = HandoffFacts(
        input_meaning=_input_meaning(workspace, sample),
        output_meaning="one score a signal (a logit): " + ", ".join(workspace.recipe.events.signals),
        estimate=estimated(workspace, program),
        part=workspace.recipe.hardware.part,
        clock_period=workspace.recipe.hardware.clock_period,
        versions=versions(),
        thresholds=_thresholds(workspace, sample, program),
        agreement="Bit for bit on the test sample: " + "; ".join(
            f"{a.ours} = {a.theirs}, {a.values:,} values of {a.events} events" for a in agreements
        ) + ".",
    )  # fmt: skip
    mantissas = input_mantissas(sample.splits["test"].image[events], workspace.recipe.events)
    project = project_files(_compiled(workspace).graph)
    bundle = make_bundle(program, project, mantissas, workspace.path("program.h5").read_bytes(), facts)
    bundle.write(workspace.bundle)
    return f"{len(bundle.files)} files, digest {bundle.digest[:12]}, in {workspace.bundle}"


def _report(workspace: Workspace, progress: Progress) -> str:
    from trigger_nn.plots.page import report_page

    with replacing(workspace.path("report.html")) as temporary:
        temporary.write_text(report_page(workspace))
    return f"page at {workspace.path('report.html')}"


def _events_digest(workspace: Workspace) -> str:
    path = workspace.events_path
    return sha256(path.read_bytes()) if path.is_file() else "missing"


STEPS = (
    Step(
        "train", "train the float network and its quantized twin",
        ("float.h5", "quantized.h5", "losses.json"),
        lambda w: [_events_digest(w), w.recipe.events, w.recipe.network, w.recipe.training], _train,
    ),
    Step(
        "compile", "convert through hls4ml, prove ranges, choose types, lower to the program",
        ("program.h5", "choices.json"),
        lambda w: [w.recipe.name, w.recipe.hardware, sha256(w.path("quantized.h5").read_bytes())], _compile,
    ),
    Step("emulate", "emulate the test sample, and run both Keras networks on it", ("scores.npz",), lambda w: "", _emulate),
    Step(
        "verify", "build hls4ml's C++ with g++ and compare every layer",
        ("agreement.json",), lambda w: w.recipe.verify.events, _verify,
    ),
    Step(
        "bundle", "write the firmware bundle", ("bundle",),
        lambda w: [w.recipe.verify.vectors, w.recipe.study, str(w.bundle)], _bundle,
    ),
    Step("report", "compare triggers and draw the page", ("report.html",), lambda w: "", _report),
)  # fmt: skip


# --- facts that later rooms read -------------------------------------------------------------------------------


def estimated(workspace: Workspace, program: Program) -> Estimate:
    """Latency and resources of `program` for the recipe's part and clock."""
    return estimate(program, workspace.recipe.hardware.clock_period, workspace.recipe.hardware.part)


def load_scores(workspace: Workspace, program: Program) -> tuple[dict[str, np.ndarray], float]:
    """Scores of the test sample, by network, as numbers; and the emulator's events/s."""
    with np.load(workspace.path("scores.npz")) as stored:
        scores = {name: stored[name].astype(np.float64) for name in ("float", "QKeras")}
        scores["emulator"] = to_float(stored["emulator"], program.outputs[0].type)
        return scores, float(stored["rate"])


def load_agreements(workspace: Workspace) -> list[Agreement]:
    """What the verify step found equal."""
    stored = json.loads(workspace.path("agreement.json").read_text())
    return [Agreement(**facts | {"layers": tuple(LayerAgreement(**x) for x in facts["layers"])}) for facts in stored]


def versions() -> dict[str, str]:
    """Versions of what decided the bits."""
    from trigger_nn import toolchain

    packages = ("numpy", "h5py", "hls4ml", "qkeras", "tensorflow", "tf_keras")
    return {"trigger_nn": __version__} | {name: metadata.version(name) for name in packages} | {"g++": toolchain.version("g++")}


def _compiled(workspace: Workspace) -> Any:
    from trigger_nn.frontend.compile import compile_model
    from trigger_nn.frontend.legacy import load_model

    sample, recipe = workspace.sample(), workspace.recipe
    model = load_model(str(workspace.path("quantized.h5")))
    provenance = {
        "recipe": recipe.model_dump(),
        "versions": versions(),
        "events": {"sha256": _events_digest(workspace), "lsb_gev": sample.lsb},
        "signals": list(recipe.events.signals),
    }
    kind = input_type(sample, recipe.events)
    return compile_model(model, recipe.name, kind, workspace.path("hls").resolve(), recipe.hardware, provenance)


def _chosen(sample: Sample, count: int) -> np.ndarray:
    """The first `count` events of the test split, which is shuffled; all of them when there are fewer."""
    return np.arange(min(count, len(sample.splits["test"])))


def _thresholds(workspace: Workspace, sample: Sample, program: Program) -> tuple[Any, ...]:
    from trigger_nn.handoff.bundle import Threshold
    from trigger_nn.studies.comparison import compare_triggers

    scores, _ = load_scores(workspace, program)
    comparisons = compare_triggers(sample, workspace.recipe, {"emulator": scores["emulator"]})
    scale = 2.0 ** program.outputs[0].type.fraction
    return tuple(
        Threshold(c.signal, i, row.target, round(row.point.threshold * scale), row.efficiency.value)
        for i, c in enumerate(comparisons) for row in c.rows if row.trigger == "emulator"
    )  # fmt: skip


def _input_meaning(workspace: Workspace, sample: Sample) -> str:
    rows, columns = sample.splits["test"].image.shape[1:]
    wrap = workspace.recipe.events.wrap_phi
    return (
        f"transverse energy of calorimeter cells in counts of {sample.lsb} GeV, {sample.bits} bits, saturating, pile-up "
        f"pedestal subtracted; {rows} rows of eta from -{sample.eta_max:g} to {sample.eta_max:g}, {columns} columns of phi "
        f"from -pi, with {wrap} column(s) repeated at each edge (column 0 is phi cell {(columns - wrap) % columns}, the "
        "last is phi cell 0 or on)"
    )


def _agreement_facts(agreement: Agreement) -> dict[str, Any]:
    return vars(agreement) | {"layers": [vars(layer) for layer in agreement.layers]}


def _write_json(path: Path, content: object) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, default=str))


def sample_facts(sample: Sample) -> Mapping[str, object]:
    """What the report says of the events."""
    made = sample.provenance
    recipe = made["recipe"]
    return {
        "processes": sample.processes,
        "counts": {
            split: [int((events.process == i).sum()) for i in range(len(sample.processes))]
            for split, events in sample.splits.items()
        },
        "made": f"Pythia {made['pythia']}, {recipe['centre_of_mass_energy'] / 1000:g} TeV, pile-up {recipe['pileup']:g}, "
        f"a toy calorimeter, cells in counts of {sample.lsb} GeV, {sample.bits} bits",
    }
