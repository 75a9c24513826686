"""The verbs of the main job: run, train, compile; and what they share: a recipe's workspace, its steps, the figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.cli_programs import print_choices
from trigger_nn.terminal import Bar, console

app = typer.Typer()

if TYPE_CHECKING:
    from trigger_nn.studies.classes import ClassComparison
    from trigger_nn.studies.comparison import SignalComparison
    from trigger_nn.workflow.workspace import Workspace

RecipePath = Annotated[Path, typer.Argument(help="recipe of the model, a TOML file", metavar="RECIPE")]
BuildFolder = Annotated[Path, typer.Option(help="folder for intermediate files")]
BundleFolder = Annotated[Path, typer.Option(help="folder for bundles")]
Force = Annotated[bool, typer.Option("--force", help="repeat the step even if nothing changed")]
ProgramPath = Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")]
DEFAULT_BUILD, DEFAULT_BUNDLES = Path("build"), Path("firmware_projects")


@app.command()
def run(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, out: BundleFolder = DEFAULT_BUNDLES) -> None:
    """All steps: train, compile, emulate, verify, bundle, report. What is up to date is not repeated."""
    until("report", recipe, build, out, force=False)
    summary(recipe, build, out)


@app.command()
def train(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False) -> None:
    """Train the float network and its quantized twin."""
    until("train", recipe, build, DEFAULT_BUNDLES, force)


@app.command("compile")
def compile_(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False) -> None:
    """Convert the quantized network through hls4ml and lower it to a program (BUILD/NAME/program.h5).

    Prints for every layer the range proven, the types chosen, those that hls4ml would have chosen, and the bits saved.
    """
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.workspace import load_choices

    until("compile", recipe, build, DEFAULT_BUNDLES, force)
    workspace = workspace_of(recipe, build, DEFAULT_BUNDLES)
    print_choices(load_choices(workspace), Program.load(workspace.path("program.h5")).provenance["losses"])
    console.print(f"hls4ml configuration with these types: {workspace.path('hls4ml_config.yml')}")


def until(verb: str, recipe: Path, build: Path, bundles: Path, force: bool) -> None:
    """Bring all steps up to `verb` up to date, with a bar."""
    from trigger_nn.workflow.run import run_until

    with Bar() as progress:
        run_until(workspace_of(recipe, build, bundles), verb, progress, console.print, force)


def workspace_of(recipe: Path, build: Path, bundles: Path) -> "Workspace":
    """Where the files of `recipe` go."""
    from trigger_nn.recipe import load_model_recipe
    from trigger_nn.workflow.workspace import Workspace

    loaded = load_model_recipe(recipe)
    return Workspace(loaded, recipe, build / loaded.name, bundles)


def summary(recipe: Path, build: Path, bundles: Path) -> None:
    """The figures that matter, and where everything lies."""
    from trigger_nn.program.program import Program
    from trigger_nn.studies.classes import compare_classifiers
    from trigger_nn.studies.comparison import compare_triggers
    from trigger_nn.workflow.workspace import estimated, load_scores

    workspace = workspace_of(recipe, build, bundles)
    program = Program.load(workspace.path("program.h5"))
    scores, rate = load_scores(workspace, program)
    if workspace.recipe.events.classes:
        console.print(_class_table(compare_classifiers(workspace.sample(), workspace.recipe, scores)))
    else:
        for comparison in compare_triggers(workspace.sample(), workspace.recipe, scores):
            console.print(_efficiency_table(comparison))
    result = estimated(workspace, program)
    budget = workspace.recipe.hardware.latency_budget
    verdict = "within" if result.latency <= budget else "OVER"
    shares = ", ".join(f"{name.upper()} {100 * result.share(name):.1f} %" for name in ("lut", "ff", "dsp", "bram"))
    console.print(
        f"latency    {result.cycles} cycles, {result.latency:.0f} ns, {result.bunch_crossings} bunch crossings, "
        f"{verdict} the budget of {budget:g} ns (estimate)\nresources  {shares} (estimate)\n"
        f"emulator   {rate:,.0f} events/s (native engine)\nprogram    {workspace.path('program.h5')}\n"
        f"bundle     {workspace.bundle}\nreport     {workspace.path('report.html')}"
    )


def _class_table(comparison: "ClassComparison") -> Table:
    table = Table(
        "network", "accuracy", "68 % interval", "mean AUC", *(f"AUC {n}" for n in comparison.classes), box=None
    )
    for network in comparison.networks:
        accuracy = network.accuracy
        areas = (f"{row.area:.4f}" for row in network.rows)
        interval = f"{accuracy.low:.4f} to {accuracy.high:.4f}"
        table.add_row(network.network, f"{accuracy.value:.4f}", interval, f"{network.area:.4f}", *areas)
    return table


def _efficiency_table(comparison: "SignalComparison") -> Table:
    heads = ("rate (kHz)", "efficiency", "68 % interval", "background events", "effective")
    table = Table(f"efficiency for {comparison.signal}", *heads, box=None)
    for row in (*comparison.rows, comparison.fixed_cut):
        table.add_row(
            row.trigger,
            f"{row.target / 1e3:.0f}",
            f"{row.efficiency.value:.3f}",
            f"{row.efficiency.low:.3f} to {row.efficiency.high:.3f}",
            str(row.point.events),
            f"{row.point.effective:.0f}{'' if row.resolved else ' (not resolved)'}",
        )
    return table
