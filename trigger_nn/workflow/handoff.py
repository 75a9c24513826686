"""Roads to a bundle: from a run of a recipe, from a saved program and the model it came from, from a compiled model."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import HandoffError, RecipeError, TriggerNNError
from trigger_nn.events.quantities import Column, from_json
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.files import sha256
from trigger_nn.handoff.builders import builder_for
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts, Origin
from trigger_nn.handoff.make import make_bundle
from trigger_nn.handoff.manifest import weights_digest
from trigger_nn.hardware.estimate import estimate
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import HandoffSpec, HardwareSpec, ModelRecipe, handoff_spec, load_model_recipe, recipe_of
from trigger_nn.workflow.inputs import mantissas_at, numbers_at
from trigger_nn.workflow.meanings import by_name, meanings
from trigger_nn.workflow.performance import Figures, figures_of
from trigger_nn.workflow.workspace import checked, versions

if TYPE_CHECKING:
    from trigger_nn.frontend.compile import Compiled

MODEL, FLOAT_MODEL = "quantized.h5", "float.h5"  # beside a program that `trigger-nn compile` made


@dataclass(frozen=True)
class Known:
    """What a bundle is made of, by whichever road it was found.

    `project` is hls4ml's, by path (`frontend.graph.project_files`); `events` are mantissas by input port; `figures`
    what the networks do on a sample.
    """

    program: Program
    program_file: bytes
    project: Mapping[str, bytes]
    events: Mapping[str, np.ndarray]
    origin: Origin
    figures: Figures = field(default_factory=Figures)
    agreement: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def bundle_of(known: Known, spec: HandoffSpec, builder: bool | None = None) -> Bundle:
    """The bundle.

    Raises:
        UnsupportedLayerError: the view has no builder, or a design of streams wants one. HandoffError, EventsError: see
            `handoff.make.make_bundle`.
    """
    program, hardware = known.program, hardware_of(known.program)
    wanted = spec.builder if builder is None else builder
    spec = spec.model_copy(update={"builder": wanted})
    front = builder_for(program, candidates=spec.candidates) if wanted else None
    design = Design(program, hardware, front, _decided(known.figures, spec))
    facts = HandoffFacts(
        estimate=estimate(program, hardware.clock_period, hardware.part),
        origin=replace(known.origin, weights=weights_digest(program)),
        meanings=_meanings(design, known.texts),
        thresholds=known.figures.thresholds,
        performance=known.figures.performance,
        limits=known.figures.limits,
    )
    if known.agreement:
        facts = replace(facts, agreement=known.agreement)
    return make_bundle(design, known.project, known.events, known.program_file, facts, spec)


def hardware_of(program: Program) -> HardwareSpec:
    """The [hardware] that `program` was compiled for.

    Raises:
        RecipeError: it is not recorded, or no longer valid.
    """
    stored = program.provenance.get("hardware")
    if not isinstance(stored, dict):
        raise RecipeError(
            f"Program {program.name!r} does not record what it was compiled for; compile it again with: "
            "trigger-nn compile RECIPE."
        )
    return recipe_of(stored, HardwareSpec, "hardware of the program")


def program_bundle(
    path: Path,
    events: Path,
    model: Path | None = None,
    recipe: Path | None = None,
    split: str = "test",
    vectors: int | None = None,
    command: str = "",
) -> Bundle:
    """The bundle of a saved program, which knows its integers, and the Keras model it came from, which makes its HLS.

    Args:
        path: the program.
        events: a sample of this package, .npy or .npz.
        model: the quantized model; without it `quantized.h5` beside the program.
        recipe: its [handoff], [study] and [verify] count; without it their defaults.
        split: of the events.
        vectors: so many of the events, the first ones, become test vectors; None: as the recipe says.
        command: what a person would repeat.

    Raises:
        HandoffError: the model is missing, or compiles to another program.
        EventsError: the events do not fit.
    """
    program = Program.load(path)
    given = _own_recipe(program, recipe) if recipe else _recorded_recipe(program)
    compiled, source = _recompiled(program, model or path.parent / MODEL)
    found = mantissas_at(program, events, split)
    count = vectors or (given.verify.vectors if given else 500)
    figures = Figures()
    if events.suffix not in (".npy", ".npz") and given is not None and split == "test":
        scores = _scores(program, events, source, path.parent / FLOAT_MODEL, found)
        figures = _figures(program, events, given, scores, stated=recipe is not None)
    return bundle_of(
        Known(
            program, path.read_bytes(), _project(compiled), {name: x[:count] for name, x in found.items()},
            origin_of(program, recipe, command, path), figures,
        ),
        given.handoff if given else HandoffSpec(),
    )  # fmt: skip


def _figures(
    program: Program, events: Path, recipe: ModelRecipe, scores: Mapping[str, np.ndarray], stated: bool
) -> Figures:
    """What the networks do on `events`; of a recipe that nobody `stated`, only where the events have what it names."""
    try:
        sample = checked(read_sample(events), recipe, str(events))
    except TriggerNNError as error:
        if stated:
            raise
        return Figures(limits=(f"Performance and thresholds were not measured on the events given: {error}",))
    return figures_of(program, sample, recipe, scores)


def compiled_bundle(
    compiled: "Compiled",
    numbers: Mapping[str, np.ndarray],
    texts: Mapping[str, str],
    thresholds: tuple[Threshold, ...],
    builder: bool,
    handoff: Mapping[str, Any],
) -> Bundle:
    """The bundle of a model that was compiled in this process; `numbers` by input port.

    `texts["in"]` and `texts["out"]` say what the first ports carry. All `thresholds` are decided in firmware.
    """
    program = compiled.program
    spec = handoff_spec(**handoff)
    told = {program.inputs[0].name: texts.get("in", ""), program.output_names[0]: texts.get("out", "")}
    known = Known(
        program, saved(program), _project(compiled), Emulator(program).cast(dict(numbers)), origin_of(program),
        Figures(thresholds=thresholds, all_decide=True), texts={name: text for name, text in told.items() if text},
    )  # fmt: skip
    return bundle_of(known, spec, builder)


def saved(program: Program) -> bytes:
    """The bytes of a program's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        return path.read_bytes()


def origin_of(program: Program, recipe: Path | None = None, command: str = "", at: Path | None = None) -> Origin:
    """What is known of a program's making: its provenance, and the repository of the recipe, else of the file `at`."""
    made = program.provenance
    content = made.get("recipe", {})
    recorded = sha256(json.dumps(content, sort_keys=True).encode()) if content else ""
    place = recipe or at
    return Origin(
        versions=versions(),
        compiled_with=made.get("versions", {}),
        recipe=sha256(recipe.read_bytes()) if recipe else recorded,
        sample=made.get("events", {}).get("sha256", ""),
        revision=toolchain.git_revision(place.parent) if place else "",
        command=command,
        recipe_content=content,
    )


def _project(compiled: "Compiled") -> Mapping[str, bytes]:
    from trigger_nn.frontend.graph import project_files

    return project_files(compiled.graph)


def _decided(figures: Figures, spec: HandoffSpec) -> tuple[Threshold, ...]:
    """The thresholds that the firmware applies."""
    if figures.all_decide:
        return figures.thresholds
    rate = spec.decision_khz
    return tuple(t for t in figures.thresholds if rate is not None and t.rate == rate * 1e3)


def _meanings(design: Design, texts: Mapping[str, str]) -> Any:
    made = design.program.provenance
    stored = made.get("events", {}).get("column")
    column: Column | None = from_json(stored) if stored else None
    classes = bool(made.get("recipe", {}).get("events", {}).get("classes"))
    return by_name(meanings(design, column, made.get("outputs", ()), classes), texts)


def _recorded_recipe(program: Program) -> ModelRecipe | None:
    """What the program records of its recipe, all else at its default."""
    stored = program.provenance.get("recipe")
    return recipe_of(stored, ModelRecipe, "recipe of the program") if isinstance(stored, dict) else None


def _own_recipe(program: Program, path: Path) -> ModelRecipe:
    """The recipe at `path`, if its network tells apart what the program does: thresholds go by the outputs' order.

    Raises:
        HandoffError: its outputs are others.
    """
    recipe = load_model_recipe(path)
    made = list(program.provenance.get("outputs", recipe.events.outputs))
    if list(recipe.events.outputs) != made:
        raise HandoffError(
            f"{path} is for outputs {', '.join(recipe.events.outputs)}, program {program.name!r} has "
            f"{', '.join(made)}, in this order; give the recipe that the program was made by."
        )
    return recipe


def _recompiled(program: Program, path: Path) -> tuple["Compiled", Any]:
    """The model compiled as the program was, and the model."""
    from trigger_nn.frontend.compile import compile_model
    from trigger_nn.frontend.legacy import load_model

    if not path.is_file():
        raise HandoffError(
            f"There is no model at {path}, of which the HLS project of program {program.name!r} is made; give the "
            "quantized Keras model with --model."
        )
    try:
        model = load_model(str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise HandoffError(
            f"{path} is no Keras 2 or QKeras model in HDF5 ({reason}); give the one of {program.name!r}."
        ) from None
    types = {port.name: port.type for port in program.inputs}
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_model(model, program.name, types, Path(folder), hardware_of(program))
    if compiled.program.digest != program.digest:
        raise HandoffError(
            f"{path} compiles to program {compiled.program.digest[:12]}, not to {program.digest[:12]}: another model, "
            "or other versions of the tools; give the model the program was made from, or compile it again."
        )
    return compiled, model


def _scores(
    program: Program, events: Path, model: Any, float_path: Path, mantissas: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Scores of the events by network: the float one if its model is there, QKeras, the emulator."""
    from trigger_nn.frontend.legacy import load_model

    numbers = numbers_at(program, events)[program.inputs[0].name].astype(np.float32)
    networks = {"float": load_model(str(float_path))} if float_path.is_file() else {}
    networks["QKeras"] = model
    scores = {
        name: np.asarray(network.predict(numbers, batch_size=1024, verbose=0), np.float64)
        for name, network in networks.items()
    }
    return scores | {"emulator": to_float(Emulator(program).predict_mantissas(mantissas), program.outputs[0].type)}
