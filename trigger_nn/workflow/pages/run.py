"""The page of a finished run: what agrees, what the trigger decides, what it costs, and where all of it comes from."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.events.inputs import is_image, network_input
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.plots import figures
from trigger_nn.plots.page.values import Block, Fact, Figure, Links, Page, Section, Table, Text
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.agreement import Agreement
from trigger_nn.studies.classes import compare_classifiers
from trigger_nn.studies.comparison import SPLIT, compare_triggers
from trigger_nn.studies.layers import LayerRange, layer_ranges
from trigger_nn.workflow.pages.cells import number, text
from trigger_nn.workflow.pages.comparison import class_section, trigger_section
from trigger_nn.workflow.pages.hardware import hardware_section, types_section
from trigger_nn.workflow.pages.study import decision_facts, study_sections
from trigger_nn.workflow.study import study
from trigger_nn.workflow.workspace import (
    Workspace,
    estimated,
    events_digest,
    how_made,
    in_repository,
    load_agreements,
    load_choices,
    load_scores,
    readable,
    versions,
)

# What of a bundle is linked, where it is there: path inside, and what it is.
BUNDLED = {
    "README.md": "Firmware engineer's guide",
    "CARD.md": "Model card",
    "interface.md": "Ports, bits and thresholds",
    "manifest.json": "Manifest: digests, versions, thresholds",
    "emulator/program.h5": "Program in the bundle",
}
BUILT = {
    "report.json": "This page as JSON",
    "program.h5": "Compiled program",
    "hls4ml_config.yml": "hls4ml configuration",
    "agreement.json": "Agreement layer by layer",
}


def run_page(workspace: Workspace) -> Page:
    """The page of a run whose steps before `report` are done.

    Raises:
        TriggerNNError: a file of those steps is missing or damaged.
    """
    sample, recipe = workspace.sample(), workspace.recipe
    program = Program.load(workspace.path("program.h5"))
    scores, rate = load_scores(workspace, program)
    estimate, agreements = estimated(workspace, program), load_agreements(workspace)
    choices, losses = load_choices(workspace), _recorded(workspace, "losses.json")
    files, provenance = _files(workspace), _provenance(workspace, program)
    studied = study(program, [workspace.events_path], recipe.study, strict=False)
    sections = (
        _agreement_section(agreements, program),
        *study_sections(studied),
        *_comparisons(sample, recipe, scores),
        hardware_section(estimate, recipe.hardware.latency_budget),
        types_section(choices, *_ranges(sample, recipe, program)),
        _events_section(sample, recipe),
        _training_section(losses),
        Section("Files", (Links(files),)),
    )
    facts = (*decision_facts(studied.study), *_facts(recipe, estimate, agreements, rate))
    return Page(recipe.name, _subtitle(recipe, program), facts, sections, provenance)


def _recorded(workspace: Workspace, name: str) -> dict[str, Any]:
    """A JSON file of an earlier step."""
    with readable(workspace.path(name)) as path:
        content: dict[str, Any] = json.loads(path.read_text())
        return content


def _subtitle(recipe: ModelRecipe, program: Program) -> str:
    events, hardware = recipe.events, recipe.hardware
    if events.classes:
        told = f"Classes: {', '.join(events.classes)}."
    else:
        told = f"Signals: {', '.join(events.signals)}. Backgrounds: {', '.join(events.backgrounds)}."
    return f"Program {program.digest[:16]} for {hardware.part} at {hardware.clock_period:g} ns. {told}"


def _facts(
    recipe: ModelRecipe, estimate: Estimate, agreements: Sequence[Agreement], emulation_rate: float
) -> tuple[Fact, ...]:
    budget, device = recipe.hardware.latency_budget, estimate.device
    compared = sum(agreement.values for agreement in agreements)
    differing = sum(layer.differing for agreement in agreements for layer in agreement.layers)
    latency = f"{estimate.cycles} cycles, {estimate.latency:.0f} ns (estimate; budget {budget:.0f} ns)"
    return (
        Fact(f"{estimate.bunch_crossings} BX", latency),
        Fact(
            f"{100 * estimate.share('lut'):.1f} % LUT",
            f"{estimate.total('lut'):,} of {device.lut:,} (estimate)",
        ),
        Fact(f"{compared:,}", f"values compared bit for bit, {differing:,} differ"),
        Fact(f"{emulation_rate:,.0f}/s", "events emulated (native engine)"),
    )


def _agreement_section(agreements: Sequence[Agreement], program: Program) -> Section:
    rows = tuple(
        (
            text(a.ours), text(a.theirs), number(a.events), number(len(a.layers)), number(a.values),
            number(sum(layer.differing for layer in a.layers)),
        )
        for a in agreements
    )  # fmt: skip
    heads = ("one side", "other side", "events", "layers", "values", "differ")
    table = Table(heads, rows, "Every value of every layer, compared as integers are, on the first test events.")
    return Section("What agrees with what", (table, *_losses(program)))


def _losses(program: Program) -> tuple[Text, ...]:
    losses = program.provenance["losses"]
    if not losses:
        return (Text("No bit is lost anywhere but where a quantizer of the model says so."),)
    head = Text("Where the program can't equal the trained network:", warning=True)
    return (head, *(Text(loss, warning=True) for loss in losses))


def _comparisons(sample: Sample, recipe: ModelRecipe, scores: dict[str, np.ndarray]) -> tuple[Section, ...]:
    """Networks beside each other: one section a signal, or one for all classes."""
    if recipe.events.classes:
        return (class_section(compare_classifiers(sample, recipe, scores)),)
    targets = [khz * 1e3 for khz in recipe.study.rates_khz]
    return tuple(
        trigger_section(found, targets, int(sample.select(SPLIT, found.signal).sum()), len(sample.splits[SPLIT]))
        for found in compare_triggers(sample, recipe, scores)
    )


def _ranges(sample: Sample, recipe: ModelRecipe, program: Program) -> tuple[tuple[LayerRange, ...], int]:
    """Ranges of all layers, and of how many test events those are that were seen."""
    values = sample.splits[SPLIT][recipe.events.view][: recipe.verify.events]
    numbers = network_input(sample, values, recipe.events)
    observed = {program.inputs[0].name: numbers} | Emulator(program).trace(numbers)
    return layer_ranges(program, observed), len(values)


def _events_section(sample: Sample, recipe: ModelRecipe) -> Section:
    view = recipe.events.view
    seen = ", ".join(dict.fromkeys(str(quantity) for quantity in sample.column(view).quantities))
    rows = tuple(
        (text(split), *(number(int((events.process == i).sum())) for i in range(len(sample.processes))))
        for split, events in sample.splits.items()
    )
    counts = Table(("split", *sample.processes), rows, "Events of each process and split.")
    told = Text(f"Made with {how_made(sample)}. The network sees {view}: {seen}.")
    return Section("Sample", (_event_figure(sample, view, recipe.events.named), told, counts))


def _event_figure(sample: Sample, view: str, processes: tuple[str, ...]) -> Figure:
    """Images: one event of each process. Anything else: how each number is distributed."""
    column, events = sample.column(view), sample.splits[SPLIT]
    kinds = {name: sample.select(SPLIT, name) for name in processes}
    if is_image(column) and len(column.shape) == 2:
        first = {name: events[view][int(np.flatnonzero(mask)[0])] for name, mask in kinds.items()}
        caption = f"The first test event of each process, of {len(events):,} test events in all."
        return Figure(caption, figures.event_images(first, column), "transverse energy over eta and phi", wide=True)
    values = {name: events[view][mask].reshape(int(mask.sum()), -1) for name, mask in kinds.items()}
    caption = f"Each number of the input, in its unit, by process, of {len(events):,} test events."
    return Figure(caption, figures.feature_distributions(values, column), "histograms, one a number", wide=True)


def _training_section(losses: Mapping[str, Sequence[float]]) -> Section:
    """Validation losses, epoch by epoch, by network."""
    rows = tuple(
        (text(name), number(len(values)), number(int(np.argmin(values)) + 1), number(min(values), ".4f"))
        for name, values in losses.items()
    )
    epochs = " and ".join(f"{len(values)} epochs of the {name} network" for name, values in losses.items())
    drawn = Figure(
        f"Loss on the validation split after each of {epochs}.", figures.training_losses(losses), "loss by epoch"
    )
    heads = ("network", "epochs", "best epoch", "its validation loss")
    blocks: tuple[Block, ...] = (drawn, Table(heads, rows, "Epochs trained, and the best of them."))
    return Section("Training", blocks)


def _files(workspace: Workspace) -> dict[str, str]:
    """What lies beside the page and in the bundle, by what it is; paths from the page's folder."""
    bundle = workspace.bundle
    wanted = {bundle / name: what for name, what in BUNDLED.items()}
    wanted |= {bundle.parent / f"{bundle.name}.zip": "The whole bundle as a zip"}
    beside = {workspace.path(name): what for name, what in BUILT.items()}
    there = {path: what for path, what in (beside | wanted).items() if path.exists() or path.name == "report.json"}
    return {what: _relative(path, workspace.build) for path, what in there.items()}


def _relative(path: Path, folder: Path) -> str:
    """`path` as a link from `folder`; with slashes on every system."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _provenance(workspace: Workspace, program: Program) -> dict[str, str]:
    recipe, digest = in_repository(workspace.recipe_path), _recorded(workspace, "bundle.json")["digest"]
    return {
        "command": f"trigger-nn report {recipe}",
        "recipe": recipe,
        "repository": workspace.revision or "none",
        "program": program.digest,
        "bundle": digest,
        "events": f"{workspace.recipe.events.file}, SHA-256 {events_digest(workspace)}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
    }
