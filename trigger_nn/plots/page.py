"""Gather tables and figures of a finished run into the report page."""

import json
from typing import TYPE_CHECKING

import numpy as np

from trigger_nn.passes.exact import Choice
from trigger_nn.plots import figures
from trigger_nn.plots.report import ReportContent, render
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.studies.comparison import compare_triggers

if TYPE_CHECKING:
    from trigger_nn.workflow import Workspace


def report_page(workspace: "Workspace") -> str:
    """The HTML page of a run whose steps before `report` are done."""
    from trigger_nn import workflow

    sample, recipe = workspace.sample(), workspace.recipe
    program = Program.load(workspace.path("program.h5"))
    scores, rate = workflow.load_scores(workspace, program)
    comparisons = compare_triggers(sample, recipe, scores)
    estimate = workflow.estimated(workspace, program)
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
        recipe, program, workflow.load_agreements(workspace), comparisons, estimate, _choices(workspace),
        workflow.sample_facts(sample), drawn, rate,
    )  # fmt: skip
    return render(content)


def _choices(workspace: "Workspace") -> list[Choice]:
    def kind(text: str | None) -> Fixed | None:
        return Fixed.parse(text) if text and text != "None" else None

    types = ("before", "after", "accumulator_before", "accumulator_after")
    stored = json.loads(workspace.path("choices.json").read_text())
    return [Choice(**facts | {key: kind(facts[key]) for key in types}) for facts in stored]
