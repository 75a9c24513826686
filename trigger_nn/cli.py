"""The command line: one verb a step, and `run` for all. The only module that prints."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from trigger_nn.cli_check import check
from trigger_nn.cli_emulate import emulate
from trigger_nn.cli_events import app as events_app
from trigger_nn.cli_programs import app as programs_app
from trigger_nn.cli_programs import print_choices
from trigger_nn.errors import TriggerNNError
from trigger_nn.terminal import Bar, console

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Compile, emulate and hand over neural networks for the Level-1 trigger.",
)  # fmt: skip
app.add_typer(events_app, name="events")
app.add_typer(programs_app)
app.command()(check)
app.command()(emulate)

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


class _Interrupted(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, which typer would turn into a bare `Aborted.`, nor an Exception."""


def _interrupt(*_: object) -> None:
    raise _Interrupted


def main() -> None:
    """Run the command line; an error a user can mend is one sentence and exit code 1, an interrupt is 130."""
    signal.signal(signal.SIGINT, _interrupt)
    try:
        app(standalone_mode=True)
    except TriggerNNError as error:
        _stop(f"error: {error}", 1)
    except _Interrupted:
        _stop("interrupted: nothing half-written is left; repeat the command to go on from the last finished step", 130)
    except OSError as error:
        _stop(f"error: {error.filename or 'a file'}: {error.strerror or error}; mend that and repeat the command", 1)


def _stop(sentence: str, code: int) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence)
    sys.exit(code)


@app.command()
def run(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, out: BundleFolder = DEFAULT_BUNDLES) -> None:
    """All steps: train, compile, emulate, verify, bundle, report. What is up to date is not repeated."""
    _until("report", recipe, build, out, force=False)
    _summary(recipe, build, out)


@app.command()
def train(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False) -> None:
    """Train the float network and its quantized twin."""
    _until("train", recipe, build, DEFAULT_BUNDLES, force)


@app.command("compile")
def compile_(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False) -> None:
    """Convert the quantized network through hls4ml and lower it to a program (BUILD/NAME/program.h5).

    Prints for every layer the range proven, the types chosen, those that hls4ml would have chosen, and the bits saved.
    """
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.workspace import load_choices

    _until("compile", recipe, build, DEFAULT_BUNDLES, force)
    workspace = _workspace(recipe, build, DEFAULT_BUNDLES)
    print_choices(load_choices(workspace), Program.load(workspace.path("program.h5")).provenance["losses"])
    console.print(f"hls4ml configuration with these types: {workspace.path('hls4ml_config.yml')}")


@app.command()
def verify(recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, force: Force = False) -> None:
    """Build hls4ml's C++ with g++ and compare every layer with the emulator, bit for bit."""
    _until("verify", recipe, build, DEFAULT_BUNDLES, force)


@app.command()
def bundle(
    recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, out: BundleFolder = DEFAULT_BUNDLES, force: Force = False
) -> None:
    """Write what the firmware engineer receives: HLS project, vectors, bench, manifest, README."""
    _until("bundle", recipe, build, out, force)


@app.command()
def report(
    recipe: RecipePath, build: BuildFolder = DEFAULT_BUILD, out: BundleFolder = DEFAULT_BUNDLES, force: Force = False
) -> None:
    """Compare float, quantized, emulated and cut-based triggers; write one HTML page."""
    _until("report", recipe, build, out, force)
    _summary(recipe, build, out)


@app.command()
def estimate(
    program: ProgramPath,
    part: Annotated[str, typer.Option(help="FPGA part; the one it was compiled for if not given")] = "",
    clock_period: Annotated[float, typer.Option(help="ns; 0: the one it was compiled for", min=0.0)] = 0.0,
) -> None:
    """Estimate latency and resources of a compiled program."""
    from trigger_nn.hardware.estimate import estimate as estimate_program
    from trigger_nn.program.program import Program

    loaded = Program.load(program)
    hardware = loaded.provenance.get("hardware", {})
    part = part or hardware.get("part", "xcvu13p-flga2577-2-e")
    result = estimate_program(loaded, clock_period or hardware.get("clock_period", 5.0), part)
    table = Table("layer", "kind", "cycles", "interval", "LUT", "FF", "DSP", "BRAM36", box=None)
    for layer in result.layers:
        table.add_row(
            layer.layer,
            layer.kind,
            *map(str, (layer.latency, layer.interval, layer.lut, layer.ff, layer.dsp, layer.bram)),
        )
    console.print(table)
    console.print(
        f"{result.cycles} cycles = {result.latency:.0f} ns = {result.bunch_crossings} bunch crossings; an event every "
        f"{result.interval} cycles; LUT {100 * result.share('lut'):.2f} %, FF {100 * result.share('ff'):.2f} % of "
        f"{part}. Estimated from the program, no vendor tool was run."
    )
    if result.unmodelled:
        console.print(f"not modelled, so counted as registers only: {', '.join(result.unmodelled)}")


def _until(verb: str, recipe: Path, build: Path, bundles: Path, force: bool) -> None:
    from trigger_nn.workflow.run import run_until

    with Bar() as progress:
        run_until(_workspace(recipe, build, bundles), verb, progress, console.print, force)


def _workspace(recipe: Path, build: Path, bundles: Path) -> "Workspace":
    from trigger_nn.recipe import load_model_recipe
    from trigger_nn.workflow.workspace import Workspace

    loaded = load_model_recipe(recipe)
    return Workspace(loaded, recipe.parent, build / loaded.name, bundles / loaded.name)


def _summary(recipe: Path, build: Path, bundles: Path) -> None:
    """The figures that matter, and where everything lies."""
    from trigger_nn.program.program import Program
    from trigger_nn.studies.classes import compare_classifiers
    from trigger_nn.studies.comparison import compare_triggers
    from trigger_nn.workflow.workspace import estimated, load_scores

    workspace = _workspace(recipe, build, bundles)
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


if __name__ == "__main__":
    main()
