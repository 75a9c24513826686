"""The verbs of `trigger-nn events`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from trigger_nn.terminal import AsJson, Bar, console, notes, print_json

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
    as_json: AsJson = False,
) -> None:
    """Generate an event sample with Pythia 8 (needs the extra `sim`); an interrupted one goes on where it stopped."""
    from trigger_nn.events.production.make import make_sample
    from trigger_nn.events.production.specification import load_sample_recipe

    loaded = load_sample_recipe(recipe)
    with Bar() as progress:
        make_sample(loaded, out, cache, workers, progress)
    describe(out, as_json)


@app.command("convert")
def convert_events(
    mapping: Annotated[Path, typer.Argument(help="TOML file: their branches -> our quantities; or nanoaod, delphes")],
    source: Annotated[Path, typer.Argument(help="their file: ROOT, HDF5, npy, npz or parquet")],
    out: Annotated[Path, typer.Argument(help="events file to write (HDF5)")],
    as_json: AsJson = False,
) -> None:
    """Read other people's events into an events file (ROOT and parquet need the extra `readers`)."""
    from trigger_nn.events.foreign.mapping import load_mapping, shipped_mapping
    from trigger_nn.events.foreign.read import read_foreign
    from trigger_nn.events.storage.dataset import write_sample

    path = mapping if mapping.suffix else shipped_mapping(str(mapping))
    with notes.status(f"reading {source}"):
        write_sample(out, read_foreign(source, load_mapping(path)))
    describe(out, as_json)


@app.command("turn")
def turn_events(
    path: SamplePath,
    out: Annotated[Path, typer.Argument(help="folder of shards to write")],
    copies: Annotated[int, typer.Option(help="of each event, itself among them", min=1)] = 8,
    seed: Annotated[int, typer.Option(help="decides how copies are turned", min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Write copies of whole-event images, turned in phi and mirrored; studies know that copies are not independent."""
    from trigger_nn.events.turning import turned

    with Bar() as progress:
        turned(path, out, copies, seed, progress)
    describe(out, as_json)


@app.command("info")
def info_events(path: SamplePath, as_json: AsJson = False) -> None:
    """Print what a sample holds: columns with their units, and events by split and process."""
    describe(path, as_json)


@app.command("check")
def check_sample(path: SamplePath, as_json: AsJson = False) -> None:
    """Read every event and check it: checksums, ranges, finite numbers, rates, no event shared between splits."""
    from trigger_nn.events.storage.check import check_sample as check

    with Bar() as progress:
        findings = check(path, progress)
    if as_json:
        print_json({"sample": path, "events": findings.events, "sound": True, "said": findings.said})
        return
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
    as_json: AsJson = False,
) -> None:
    """Draw one event: every column of it, in its units."""
    from trigger_nn.events.storage.shards import one_event
    from trigger_nn.files import replacing
    from trigger_nn.plots.events import event_picture

    found = one_event(path, split, event, process)
    with replacing(out) as temporary:
        temporary.write_bytes(event_picture(found))
    if as_json:
        print_json({"event": event, "split": split, "process": found.process, "out": out})
    else:
        console.print(f"event {event} of {split}: {found.process}, in {out}")


def describe(path: Path, as_json: bool = False) -> None:
    """Tables of a sample's columns, and of its events by split and process; or the same as JSON."""
    from trigger_nn.events.quantities import to_json as to_plain
    from trigger_nn.events.storage.shards import description_of, tally
    from trigger_nn.workflow.workspace import how_made

    description = description_of(path)
    counts: list[dict[str, Any]] = [
        {
            "split": row.split, "process": row.process, "events": row.events, "rate_hz": row.rate,
            "cross_section_mb": _section(description.provenance, row.process, row.split),
        }
        for row in tally(path)
    ]  # fmt: skip
    if as_json:
        columns = {name: to_plain(column) for name, column in description.columns.items()}
        print_json({"sample": path, "columns": columns, "counts": counts, "made": how_made(description)})
        return
    table = Table("column", "shape", "holds", box=None)
    for name, column in description.columns.items():
        kinds = list(dict.fromkeys(map(str, column.quantities)))
        table.add_row(
            name, str(column.shape), "; ".join(kinds[:4]) + (f"; and {len(kinds) - 4} more" * (len(kinds) > 4))
        )
    console.print(table)
    table = Table("split", "process", "events", "rate (kHz)", "cross section (mb)", box=None)
    for row in counts:
        value = row["cross_section_mb"]
        numbers = (str(row["events"]), f"{row['rate_hz'] / 1e3:,.1f}", f"{value:.3g}" if value else "")
        table.add_row(row["split"], row["process"], *numbers)
    console.print(table)
    console.print(how_made(description))


def _section(provenance: Mapping[str, Any], process: str, split: str) -> float | None:
    generated = provenance.get("generated", {}).get(f"{process}/{split}", {})
    value: float | None = generated.get("cross_section_mb")
    return value
