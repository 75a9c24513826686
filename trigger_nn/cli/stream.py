"""The verb `trigger-nn stream`: FIFO depths, latency, interval and deadlocks of an io_stream design."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from trigger_nn.errors import RecipeError
from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.hardware.streaming.analyse import Streaming
    from trigger_nn.hardware.streaming.clock import Rate
    from trigger_nn.program.program import Program
    from trigger_nn.recipe import HardwareSpec

app = typer.Typer()

BASIS = (
    "From the order in which hls4ml's templates read and write, which equals that of their C++, and from the pragmas "
    "of their loops; cycles within a loop are assumed, and no vendor tool was run."
)


@app.command()
def stream(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    events: Annotated[int, typer.Option(help="events to simulate, more if they don't settle", min=2)] = 8,
    depths: Annotated[Path | None, typer.Option(help="JSON, {FIFO: depth}; hls4ml's own where not given")] = None,
    rates: Annotated[
        Path | None, typer.Option(help="JSON, {layer: [interval, latency]} of its loop, from the HLS tool's report")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write the needed depths to this file, as --depths reads it")] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the FIFOs of a program compiled for io_stream. Exit code 1 if they come to a stop."""
    from trigger_nn.files import replacing
    from trigger_nn.hardware.streaming.analyse import stream as simulate
    from trigger_nn.program.program import Program

    loaded = Program.load(program)
    hardware = _hardware(loaded)
    with notes.status("simulating FIFOs"):
        found = simulate(loaded, hardware, _depths(depths), events, _rates(rates))
    if out:
        with replacing(out) as temporary:
            temporary.write_text(json.dumps(found.needed, indent=2) + "\n")
    if as_json:
        print_json(asdict(found))
    else:
        _print(found, hardware)
    if found.deadlock:
        raise typer.Exit(1)


def _print(found: "Streaming", hardware: "HardwareSpec") -> None:
    table = Table("FIFO", "from", "to", "bits", "packs an event", "most held", "needed", "given", box=None)
    held_up = (found.latency, found.interval) != (found.free_latency, found.free_interval)
    for fifo in found.fifos:
        given = f"{fifo.given}{' (short)' if held_up and fifo.given < fifo.needed else ''}"
        numbers = map(str, (fifo.width, fifo.tokens, fifo.occupancy, fifo.needed))
        table.add_row(fifo.name, fifo.producer, fifo.consumer, *numbers, given)
    console.print(table)
    given, needed = (sum(fifo.width * getattr(fifo, which) for fifo in found.fifos) for which in ("given", "needed"))
    console.print(f"FIFOs hold {given:,} bits as given, {needed:,} bits with the needed depths")
    if found.deadlock:
        console.print(f"DEADLOCK  {found.deadlock}")
    else:
        console.print(f"as given           {_times(found.latency, found.interval, hardware)}")
    console.print(f"with needed depths {_times(found.free_latency, found.free_interval, hardware)}")
    console.print(f"The interval is set by {found.bottleneck!r}. {BASIS}")


def _times(latency: int | None, interval: int | None, hardware: "HardwareSpec") -> str:
    return " and ".join(
        f"{what} {cycles:,} cycles ({cycles * hardware.clock_period:,.0f} ns)"
        for what, cycles in (("latency", latency), ("interval", interval))
        if cycles is not None
    )


def _hardware(program: "Program") -> "HardwareSpec":
    from trigger_nn.recipe import HardwareSpec, recipe_of

    if "hardware" not in program.provenance:
        raise RecipeError(
            f"Program {program.name!r} does not say what hardware it was compiled for; compile it again with a recipe, "
            "or call trigger_nn.hardware.streaming.analyse.stream with a HardwareSpec."
        )
    return recipe_of(program.provenance["hardware"], HardwareSpec, f"hardware of program {program.name!r}")


def _depths(path: Path | None) -> dict[str, int]:
    numbers = _read(path)
    for name, depth in numbers.items():
        if not isinstance(depth, int) or isinstance(depth, bool):
            raise RecipeError(f"{path}: the depth of FIFO {name!r} is {depth!r}; give a whole number of packs.")
    return dict(numbers)


def _rates(path: Path | None) -> "dict[str, Rate]":
    from trigger_nn.hardware.streaming.clock import Rate

    pairs = _read(path)
    for name, pair in pairs.items():
        good = isinstance(pair, list) and len(pair) == 2 and all(type(n) is int and n > 0 for n in pair)
        if not good:
            raise RecipeError(f"{path}: the rate of layer {name!r} is {pair!r}; give [interval, latency] in cycles.")
    return {name: Rate(*pair) for name, pair in pairs.items()}


def _read(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise RecipeError(f"There is no file {path}; give the path of a JSON file.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RecipeError(f'{path} can\'t be read as JSON: {error}; give an object such as {{"conv": 4}}.') from None
    if not isinstance(content, dict):
        raise RecipeError(f'{path} holds no JSON object; give one such as {{"conv": 4}}.')
    return content
