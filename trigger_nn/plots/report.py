"""Result tables and figures on one self-contained HTML page."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2

from trigger_nn.hardware.estimate import Estimate
from trigger_nn.passes.exact import Choice
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.agreement import Agreement
from trigger_nn.studies.classes import ClassComparison
from trigger_nn.studies.comparison import SignalComparison


@dataclass(frozen=True)
class ReportContent:
    """All that the page shows: `comparisons` of triggers, or `classes` of a classifier."""

    recipe: ModelRecipe
    program: Program
    agreements: Sequence[Agreement]
    comparisons: Sequence[SignalComparison]
    classes: ClassComparison | None
    estimate: Estimate
    choices: Sequence[Choice]
    sample: Mapping[str, object]
    figures: Mapping[str, Sequence[tuple[str, bytes]]]
    emulation_rate: float


def render(content: ReportContent) -> str:
    """The page as HTML text; nothing on it is loaded from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("trigger_nn.plots", "templates"), undefined=jinja2.StrictUndefined, autoescape=True
    )
    environment.filters["data"] = lambda png: "data:image/png;base64," + base64.b64encode(png).decode()
    return environment.get_template("report.html.j2").render(c=content)
