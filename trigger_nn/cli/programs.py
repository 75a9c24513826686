"""The verbs that look into programs: show, diff, diverge."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.cli.show import as_plain, carriers_as_plain, print_carriers, print_program
from trigger_nn.terminal import AsJson, Bar, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.passes.exact import Choice
    from trigger_nn.studies.difference import Difference
    from trigger_nn.studies.divergence import Divergence, SideParting

app = typer.Typer()

Threshold = Annotated[list[float] | None, typer.Option(help="an output fires above it; repeat for several outputs")]
ProgramPath = Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")]


@app.command()
def show(
    program: ProgramPath,
    carriers: Annotated[bool, typer.Option("--carriers", help="how the native engine computes each layer")] = False,
    target: Annotated[str, typer.Option(help="with --carriers: processor, of those this one can run; the best")] = "",
    as_json: AsJson = False,
) -> None:
    """Print a compiled program: ports, operations, types, proven ranges, where it came from."""
    from trigger_nn.program.program import Program

    loaded = Program.load(program)
    if carriers:
        from trigger_nn.engines.native.machine import runnable, target_named

        chosen = target_named(target) if target else runnable()[0]
        if as_json:
            print_json(carriers_as_plain(loaded, chosen))
        else:
            print_carriers(loaded, chosen)
    elif as_json:
        print_json(as_plain(loaded))
    else:
        print_program(loaded)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="compiled program (HDF5), or a bundle", metavar="BEFORE")],
    after: Annotated[Path, typer.Argument(help="compiled program (HDF5), or a bundle", metavar="AFTER")],
    events: Annotated[
        Path | None,
        typer.Option(
            help="run both on these: an events file of this package (HDF5), numbers (.npy), or numbers by port name "
            "(.npz)"
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="split of the events file")] = "test",
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """What changed between two programs or bundles: topology, types, weights, estimate; on events decisions and rate.

    Of bundles also what is around the network; their own thresholds count if none is given. Ends with code 1 if
    anything differs, with 0 only if the digests agree.
    """
    from dataclasses import asdict

    from trigger_nn.workflow.bundles import Side, changed

    with notes.status("comparing"):
        result = changed(Side.read(before), Side.read(after), events, split, tuple(threshold or ()))
    if as_json:
        print_json(asdict(result))
    else:
        print_difference(result)
    raise typer.Exit(1 if result.changes else 0)


def print_difference(result: "Difference") -> None:
    """A table of what differs; a sentence for each output, a row for each trigger."""
    table = Table("where", "what", "before", "after", box=None)
    for change in result.changes:
        table.add_row(change.where, change.what, change.before, change.after)
    console.print(table if result.changes else f"no difference: both have digest {result.after}")
    for out in result.outputs:
        console.print(
            f"output {out.output}: {out.differing} values differ on {out.events} events, by up to "
            f"{out.largest:g}; {out.decisions} decisions differ"
        )
    heads = ("trigger", "threshold before", "after", "events", "gained", "lost", "kHz before", "after")
    rows = Table(*heads, box=None)
    for one in result.firings:
        rates = ("-" if rate is None else f"{rate / 1e3:.4g}" for rate in (one.rate_before, one.rate_after))
        numbers = (f"{one.threshold_before:g}", f"{one.threshold_after:g}")
        rows.add_row(one.name, *numbers, *map(str, (one.events, one.gained, one.lost)), *rates)
    if result.firings:
        console.print(rows)


@app.command()
def diverge(
    recipe: Annotated[Path, typer.Argument(help="recipe of the model, a TOML file", metavar="RECIPE")],
    build: Annotated[Path, typer.Option(help="folder for intermediate files")] = Path("build"),
    events: Annotated[int, typer.Option(help="events of the test sample", min=1)] = 2000,
    threshold: Threshold = None,
    as_json: AsJson = False,
) -> None:
    """Where float Keras, QKeras, emulator and hls4ml's C++ part, layer by layer, and where a decision changes.

    Needs the steps up to `compile`, and g++. In JSON `flipped` is null where decisions are not compared, and what is
    infinite or no number is the text inf or nan.
    """
    from dataclasses import asdict

    from trigger_nn.recipe import load_model_recipe
    from trigger_nn.studies.divergence import Decision
    from trigger_nn.workflow.diverge import diverged
    from trigger_nn.workflow.workspace import Workspace

    loaded = load_model_recipe(recipe)
    workspace = Workspace(loaded, recipe, build / loaded.name, Path("firmware_projects"))
    with Bar() as progress:
        result = diverged(workspace, events, Decision(tuple(threshold or ())), progress)
    if as_json:
        print_json(asdict(result))
    else:
        print_divergence(result)


def print_divergence(divergence: "Divergence") -> None:
    """One table a side, and a sentence on where values and decisions part."""
    for side in divergence.sides:
        table = Table(side.side, "values", "differ", "largest", "in LSB", "rms", "scale", "decisions flipped", box=None)
        for layer in side.layers:
            cells = (f"{layer.largest:.4g}", f"{layer.largest_lsb:.4g}", f"{layer.rms:.4g}", f"{layer.scale:g}")
            flips = "-" if side.flipped is None else str(side.flips.get(layer.layer, 0))
            table.add_row(layer.layer, str(layer.values), str(layer.differing), *cells, flips)
        console.print(table)
        parts = f"parts from the emulator at {side.first_layer}" if side.first_layer else "equals the emulator"
        console.print(f"{side.side} {parts}; {_decisions(side, divergence.events)}\n")


def _decisions(side: "SideParting", events: int) -> str:
    if side.flipped is None:
        return "decisions not compared, as it lacks the output"
    where = f", the first at {side.first_flip}" if side.first_flip else ""
    return f"{side.flipped} of {events} decisions differ{where}"


def print_choices(choices: "Sequence[Choice]", losses: Sequence[str]) -> None:
    """What the compiler proved and chose, layer by layer, and what it could not make exact."""
    table = Table(
        "layer", "proven range", "type", "hls4ml's auto", "accumulator", "hls4ml's auto", "bits saved", box=None
    )
    for choice in choices:
        low, high = (bound * 2.0**-choice.after.fraction for bound in (choice.low, choice.high))
        accumulators = [str(kind or "") for kind in (choice.accumulator_after, choice.accumulator_before)]
        types = (str(choice.after), str(choice.before))
        table.add_row(choice.layer, f"{low:g} .. {high:g}", *types, *accumulators, str(choice.saved))
    if choices:
        table.add_row("in all", "", "", "", "", "", str(sum(choice.saved for choice in choices)))
        console.print(table)
    for loss in losses:
        console.print(f"inexact: {loss}")
