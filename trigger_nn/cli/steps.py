"""The verbs of the main job: run, train, compile; and what they share: a recipe's workspace and its steps."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger_nn.cli.programs import print_choices
from trigger_nn.cli.summary import print_summary, summary_as_plain
from trigger_nn.terminal import AsJson, Bar, console, notes, print_json

app = typer.Typer()

if TYPE_CHECKING:
    from trigger_nn.passes.exact import Choice
    from trigger_nn.workflow.workspace import Workspace

RecipePath = Annotated[Path, typer.Argument(help="recipe of the model, a TOML file", metavar="RECIPE")]
BuildFolder = Annotated[Path, typer.Option(help="folder for intermediate files")]
BundleFolder = Annotated[Path, typer.Option(help="folder for bundles")]
Force = Annotated[bool, typer.Option("--force", help="repeat the step even if nothing changed")]
ProgramPath = Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")]
DEFAULT_BUILD, DEFAULT_BUNDLES = Path("build"), Path("firmware_projects")


@app.command()
def run(
    recipe: RecipePath,
    build: BuildFolder = DEFAULT_BUILD,
    out: BundleFolder = DEFAULT_BUNDLES,
    as_json: AsJson = False,
) -> None:
    """All steps: train, compile, emulate, verify, bundle, report. What is up to date is not repeated."""
    summary(until("report", recipe, build, out, force=False), as_json)


@app.command()
def train(
    recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False, as_json: AsJson = False
) -> None:
    """Train the float network and its quantized twin. In JSON: the validation losses, epoch by epoch."""
    workspace = until("train", recipe, build, DEFAULT_BUNDLES, force)
    if as_json:
        models = {name: workspace.path(f"{name}.h5") for name in ("float", "quantized")}
        print_json({"losses": recorded(workspace, "losses.json"), "models": models})


@app.command("compile")
def compile_(
    recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False, as_json: AsJson = False
) -> None:
    """Convert the quantized network through hls4ml and lower it to a program (BUILD/NAME/program.h5).

    Prints for every layer the range proven, the types chosen, those that hls4ml would have chosen, and the bits saved.
    """
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.workspace import load_choices

    workspace = until("compile", recipe, build, DEFAULT_BUNDLES, force)
    program, choices = Program.load(workspace.path("program.h5")), load_choices(workspace)
    config, losses = workspace.path("hls4ml_config.yml"), program.provenance["losses"]
    if as_json:
        files = {"program": workspace.path("program.h5"), "config": config}
        chosen = [_plain(choice) for choice in choices]
        print_json({"name": program.name, "digest": program.digest, "choices": chosen, "losses": losses} | files)
        return
    print_choices(choices, losses)
    console.print(f"hls4ml configuration with these types: {config}")


def until(verb: str, recipe: Path, build: Path, bundles: Path, force: bool) -> "Workspace":
    """Bring all steps up to `verb` up to date, with a bar; what is done goes to stderr."""
    from trigger_nn.workflow.run import run_until

    workspace = workspace_of(recipe, build, bundles)
    with Bar() as progress:
        run_until(workspace, verb, progress, notes.print, force)
    return workspace


def workspace_of(recipe: Path, build: Path, bundles: Path) -> "Workspace":
    """Where the files of `recipe` go."""
    from trigger_nn.recipe import load_model_recipe
    from trigger_nn.workflow.workspace import Workspace

    loaded = load_model_recipe(recipe)
    return Workspace(loaded, recipe, build / loaded.name, bundles)


def summary(workspace: "Workspace", as_json: bool) -> None:
    """The figures that matter, and where everything lies."""
    if as_json:
        print_json(summary_as_plain(workspace))
    else:
        print_summary(workspace)


def recorded(workspace: "Workspace", name: str) -> Any:
    """What a step wrote as JSON."""
    from trigger_nn.workflow.workspace import readable

    with readable(workspace.path(name)) as path:
        return json.loads(path.read_text())


def _plain(choice: "Choice") -> dict[str, Any]:
    """The range as numbers, types as hls4ml writes them."""
    ends = {end: getattr(choice, end) * 2.0**-choice.after.fraction for end in ("low", "high")}
    types = {
        name: str(kind) if (kind := getattr(choice, name)) else None
        for name in ("before", "after", "accumulator_before", "accumulator_after")
    }
    return asdict(choice) | ends | types | {"bits_saved": choice.saved}
