"""Roads to a bundle: from a run of a recipe, from a saved program and the model it came from, from a compiled model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import TriggerNNError
from trigger_nn.events.quantities import Column, from_json
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.handoff.builders import builder_for
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts, Origin
from trigger_nn.handoff.make import make_bundle
from trigger_nn.handoff.manifest import weights_digest
from trigger_nn.hardware.estimate import estimate
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.hardware.streaming.project import with_depths
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import HandoffSpec, ModelRecipe, handoff_spec
from trigger_nn.workflow.inputs import mantissas_at, numbers_at
from trigger_nn.workflow.meanings import by_name, meanings
from trigger_nn.workflow.origin import hardware_of, origin_of, own_recipe, recompiled, recorded_recipe, saved
from trigger_nn.workflow.performance import Figures, figures_of
from trigger_nn.workflow.workspace import checked

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
        estimate=estimate(program, hardware.clock_period, hardware.part, uncertainty=hardware.clock_uncertainty),
        origin=replace(known.origin, weights=weights_digest(program)),
        meanings=_meanings(design, known.texts),
        thresholds=known.figures.thresholds,
        performance=known.figures.performance,
        limits=known.figures.limits,
    )
    if known.agreement:
        facts = replace(facts, agreement=known.agreement)
    project = _with_depths(known, spec)
    return make_bundle(design, project, known.events, known.program_file, facts, spec)


def _with_depths(known: Known, spec: HandoffSpec) -> Mapping[str, bytes]:
    """The project, with FIFOs as deep as the recipe asks.

    Raises:
        RecipeError: depths from the token model, of a design without streams. UnsupportedLayerError: it has no model.
    """
    if spec.fifo_depths == "hls4ml":
        return known.project
    return with_depths(known.project, stream(known.program, hardware_of(known.program)).needed)


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
    given = own_recipe(program, recipe) if recipe else recorded_recipe(program)
    compiled, source = recompiled(program, model or path.parent / MODEL)
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
