"""Gather tables and figures of a finished run into the report page."""

import json

import numpy as np

from trigger_nn.plots import figures
from trigger_nn.plots.report import ReportContent, render
from trigger_nn.program.program import Program
from trigger_nn.studies.comparison import compare_triggers
from trigger_nn.workflow.workspace import (
    Workspace,
    estimated,
    load_agreements,
    load_choices,
    load_scores,
    sample_facts,
)


def report_page(workspace: Workspace) -> str:
    """The HTML page of a run whose steps before `report` are done."""
    sample, recipe = workspace.sample(), workspace.recipe
    program = Program.load(workspace.path("program.h5"))
    scores, rate = load_scores(workspace, program)
    comparisons = compare_triggers(sample, recipe, scores)
    estimate = estimated(workspace, program)
    events = sample.splits["test"]
    kinds = {name: sample.select("test", name) for name in sample.processes}
    targets = [khz * 1e3 for khz in recipe.study.rates_khz]
    drawn: dict[str, list[tuple[str, bytes]]] = {
        c.signal: [
            (f"Efficiency for {c.signal} against the rate of its trigger.", figures.rate_curves(c, targets)),
            ("Efficiency at fixed rates, with 68 % binomial intervals.", figures.efficiencies(c)),
            (
                "Emulated scores of each process; QCD as generated, without its weights.",
                figures.score_distributions(scores["emulator"][:, i], kinds, c.signal),
            ),
        ]
        for i, c in enumerate(comparisons)
    }
    first = {name: events.image[int(np.flatnonzero(mask)[0])] for name, mask in kinds.items()}
    losses = json.loads(workspace.path("losses.json").read_text())
    drawn["events"] = [
        ("The first test event of each process.", figures.event_images(first, sample.lsb, sample.eta_max)),
        ("Validation loss during training.", figures.training_losses(losses)),
    ]
    drawn["hardware"] = [("Where cycles and LUTs go.", figures.layer_costs(estimate))]
    content = ReportContent(
        recipe, program, load_agreements(workspace), comparisons, estimate, load_choices(workspace),
        sample_facts(sample), drawn, rate,
    )  # fmt: skip
    return render(content)
