"""Gather tables and figures of a finished run into the report page."""

import json

import numpy as np

from trigger_nn.events.inputs import is_image
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.plots import figures
from trigger_nn.plots.report import ReportContent, render
from trigger_nn.program.program import Program
from trigger_nn.studies.classes import ClassComparison, compare_classifiers
from trigger_nn.studies.comparison import SignalComparison, compare_triggers
from trigger_nn.workflow.workspace import (
    Workspace,
    estimated,
    load_agreements,
    load_choices,
    load_scores,
    sample_facts,
)

Drawn = list[tuple[str, bytes]]


def report_page(workspace: Workspace) -> str:
    """The HTML page of a run whose steps before `report` are done."""
    sample, recipe = workspace.sample(), workspace.recipe
    program = Program.load(workspace.path("program.h5"))
    scores, rate = load_scores(workspace, program)
    estimate = estimated(workspace, program)
    triggers: tuple[SignalComparison, ...] = ()
    classes: ClassComparison | None = None
    drawn: dict[str, Drawn] = {}
    if recipe.events.classes:
        classes = compare_classifiers(sample, recipe, scores)
        drawn["classes"] = _class_figures(classes)
    else:
        triggers = compare_triggers(sample, recipe, scores)
        kinds = {name: sample.select("test", name) for name in recipe.events.named}
        targets = [khz * 1e3 for khz in recipe.study.rates_khz]
        drawn |= {
            c.signal: _trigger_figures(c, targets, scores["emulator"][:, i], kinds) for i, c in enumerate(triggers)
        }
    losses = json.loads(workspace.path("losses.json").read_text())
    drawn["events"] = [
        *_event_figures(sample, recipe.events.view, recipe.events.named),
        ("Validation loss during training.", figures.training_losses(losses)),
    ]
    drawn["hardware"] = [("Where cycles and LUTs go.", figures.layer_costs(estimate))]
    content = ReportContent(
        recipe, program, load_agreements(workspace), triggers, classes, estimate, load_choices(workspace),
        sample_facts(sample, recipe.events.view), drawn, rate,
    )  # fmt: skip
    return render(content)


def _trigger_figures(
    comparison: SignalComparison, targets: list[float], emulated: np.ndarray, kinds: dict[str, np.ndarray]
) -> Drawn:
    signal = comparison.signal
    return [
        (f"Efficiency for {signal} against the rate of its trigger.", figures.rate_curves(comparison, targets)),
        ("Efficiency at fixed rates, with 68 % binomial intervals.", figures.efficiencies(comparison)),
        (
            "Emulated scores of each process; QCD as generated, without its weights.",
            figures.score_distributions(emulated, kinds, signal),
        ),
    ]


def _class_figures(comparison: ClassComparison) -> Drawn:
    return [
        ("Mistag rate against efficiency of each class, against all others.", figures.class_curves(comparison)),
        ("What the emulated network takes each class for.", figures.confusion(comparison)),
    ]


def _event_figures(sample: Sample, view: str, processes: tuple[str, ...]) -> Drawn:
    """Images: one event of each process. Anything else: how each number is distributed."""
    column, events = sample.column(view), sample.splits["test"]
    kinds = {name: sample.select("test", name) for name in processes}
    if is_image(column) and len(column.shape) == 2:
        first = {name: events[view][int(np.flatnonzero(mask)[0])] for name, mask in kinds.items()}
        drawn = figures.event_images(first, column)
        return [("The first test event of each process.", drawn)]
    values = {name: events[view][mask].reshape(int(mask.sum()), -1) for name, mask in kinds.items()}
    return [("Each number of the input, in its unit, by process.", figures.feature_distributions(values, column))]
