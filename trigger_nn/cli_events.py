"""The verbs of `trigger-nn events`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from trigger_nn.terminal import Bar, console

app = typer.Typer(no_args_is_help=True, help="Event samples: make, convert, check, look into.")

SamplePath = Annotated[Path, typer.Argument(help="events file (HDF5) or folder of shards", metavar="SAMPLE")]
DEFAULT_CACHE = Path("build") / "events"


@app.command("make")
def make_events(
    recipe: Annotated[Path, typer.Argument(help="recipe of the sample, a TOML file", metavar="RECIPE")],
    out: Annotated[Path, typer.Argument(help="folder of shards to write, or one file if it ends with .h5")],
    workers: Annotated[int, typer.Option(help="processes; the events do not depend on it", min=1)] = os.cpu_count()
    or 1,
    cache: Annotated[Path, typer.Option(help="folder where particles, library and views are kept")] = DEFAULT_CACHE,
) -> None:
    """Generate an event sample with Pythia 8 (needs the extra `sim`); an interrupted one goes on where it stopped."""
    from trigger_nn.events.production.make import make_sample
    from trigger_nn.events.production.specification import load_sample_recipe

    loaded = load_sample_recipe(recipe)
    with Bar() as progress:
        make_sample(loaded, out, cache, workers, progress)
    _describe(out)


@app.command("convert")
def convert_events(
    mapping: Annotated[Path, typer.Argument(help="TOML file: their branches -> our quantities; or nanoaod, delphes")],
    source: Annotated[Path, typer.Argument(help="their file: ROOT, HDF5, npy, npz or parquet")],
    out: Annotated[Path, typer.Argument(help="events file to write (HDF5)")],
) -> None:
    """Read other people's events into an events file (ROOT and parquet need the extra `readers`)."""
    from trigger_nn.events.foreign.mapping import load_mapping, shipped_mapping
    from trigger_nn.events.foreign.read import read_foreign
    from trigger_nn.events.storage.dataset import write_sample

    path = mapping if mapping.suffix else shipped_mapping(str(mapping))
    write_sample(out, read_foreign(source, load_mapping(path)))
    _describe(out)


@app.command("info")
def info_events(path: SamplePath) -> None:
    """Print what a sample holds: columns with their units, and events by split and process."""
    _describe(path)


@app.command("check")
def check_sample(path: SamplePath) -> None:
    """Read every event and check it: checksums, ranges, finite numbers, rates, no event shared between splits."""
    from trigger_nn.events.storage.check import check_sample as check

    with Bar() as progress:
        findings = check(path, progress)
    for finding in findings.said:
        console.print(finding)
    console.print(f"{path}: {findings.events} events are sound")


@app.command("view")
def view_event(
    path: SamplePath,
    out: Annotated[Path, typer.Option(help="picture to write (PNG)")] = Path("event.png"),
    split: Annotated[str, typer.Option(help="split of the sample")] = "test",
    event: Annotated[int, typer.Option(help="number of the event in its split, from 0", min=0)] = 0,
    process: Annotated[str, typer.Option(help="count only events of this process")] = "",
) -> None:
    """Draw one event: every column of it, in its units."""
    from trigger_nn.events.storage.shards import one_event
    from trigger_nn.files import replacing
    from trigger_nn.plots.events import event_picture

    found = one_event(path, split, event, process)
    with replacing(out) as temporary:
        temporary.write_bytes(event_picture(found))
    console.print(f"event {event} of {split}: {found.process}, in {out}")


def _describe(path: Path) -> None:
    """Tables of a sample's columns, and of its events by split and process."""
    from trigger_nn.events.storage.shards import description_of, tally
    from trigger_nn.workflow.workspace import how_made

    description = description_of(path)
    table = Table("column", "shape", "holds", box=None)
    for name, column in description.columns.items():
        kinds = list(dict.fromkeys(map(str, column.quantities)))
        table.add_row(
            name, str(column.shape), "; ".join(kinds[:4]) + (f"; and {len(kinds) - 4} more" * (len(kinds) > 4))
        )
    console.print(table)
    table = Table("split", "process", "events", "rate (kHz)", "cross section (mb)", box=None)
    for row in tally(path):
        section = description.provenance.get("generated", {}).get(f"{row.process}/{row.split}", {})
        value = section.get("cross_section_mb")
        table.add_row(
            row.split, row.process, str(row.events), f"{row.rate / 1e3:,.1f}", f"{value:.3g}" if value else ""
        )
    console.print(table)
    console.print(how_made(description))
