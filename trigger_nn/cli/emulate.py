"""The verb `trigger-nn emulate`: a program over files of events, however many they hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger_nn.terminal import AsJson, Bar, console, print_json

if TYPE_CHECKING:
    from trigger_nn.workflow.emulate import Emulated


def emulate(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    events: Annotated[
        list[Path],
        typer.Argument(
            help="events of this package (file or folder), npy, npz, HDF5, parquet or ROOT", metavar="EVENTS"
        ),
    ],
    out: Annotated[Path, typer.Option(help="scores to write: .h5 (integers, their types), or .npy (integers)")] = Path(
        "scores.h5"
    ),
    split: Annotated[str, typer.Option(help="split of events files of this package")] = "test",
    column: Annotated[
        list[str] | None,
        typer.Option(help="column of the input (PORT=COLUMN of several inputs); several: stacked on its last axis"),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="what foreign files hold, as `events convert` takes it: TOML; nanoaod, delphes")
    ] = None,
    tree: Annotated[str, typer.Option(help="tree of ROOT files; the only one if not given")] = "",
    mantissas: Annotated[bool, typer.Option("--mantissas", help="the files hold the input's integers already")] = False,
    block: Annotated[int | None, typer.Option(help="most events at once; fewer if they are large", min=1)] = None,
    engine: Annotated[str, typer.Option(help="native (fast) or reference (evident); same bits")] = "",
    threads: Annotated[int | None, typer.Option(help="of the native engine; all cores if not given", min=1)] = None,
    restart: Annotated[bool, typer.Option("--restart", help="drop what an interrupted run left, begin again")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a compiled program on events, without TensorFlow and hls4ml; scores are the output ports' integers.

    Without --column an input is fed from the column of its name, or the only one. Interrupted, even killed, the same
    command goes on after the last finished block; until all is there, scores are in the folder OUT.part.
    """
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.emulate import DEFAULT_ENGINE, block_size, emulate_to_file, engine_named
    from trigger_nn.workflow.reading import Reading
    from trigger_nn.workflow.sources import open_sources

    loaded, engine = Program.load(program), engine or DEFAULT_ENGINE
    runner = engine_named(engine, threads)
    reading = Reading(split, tuple(column or ()), mapping, tree, mantissas)
    sources, size = open_sources(loaded, tuple(events), reading), block_size(loaded, engine, block)
    with Bar() as progress:
        done = emulate_to_file(loaded, sources, reading, out, runner, size, progress, restart)
    if as_json:
        print_json(_plain(done))
    else:
        console.print(_sentence(done))


def _sentence(done: "Emulated") -> str:
    ports = ", ".join(f"{port.type} integers of {port.name!r}" for port in done.job.outputs)
    earlier = f", {done.continued} of them by an interrupted run" if done.continued else ""
    return f"{done.job.events} events{earlier}, at {done.rate:,.0f}/s; {ports} in {done.out}"


def _plain(done: "Emulated") -> dict[str, Any]:
    """The summary as JSON holds it; `lsb` is what one count of a score is worth."""
    outputs = [
        {"name": port.name, "type": str(port.type), "shape": list(port.shape), "lsb": 2.0**-port.type.fraction}
        for port in done.job.outputs
    ]
    return {
        "out": str(done.out), "events": done.job.events, "continued": done.continued, "events_per_second": done.rate,
        "outputs": outputs, **done.job.facts,
    }  # fmt: skip
