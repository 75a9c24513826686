"""The verb `trigger-nn scan`: recipes that differ in a few keys, trained and weighed one by one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.terminal import Bar, console, notes

if TYPE_CHECKING:
    from trigger_nn.studies.scans.values import Scan, Trial

DEFAULT_CACHE = Path("build") / "events"


def scan(
    recipe: Annotated[Path, typer.Argument(help="recipe of the scan, a TOML file", metavar="SCAN")],
    out: Annotated[Path | None, typer.Option(help="folder of the scan; build/scans/NAME if not given")] = None,
    workers: Annotated[int | None, typer.Option(help="trials at once; as the recipe says if not given", min=1)] = None,
    limit: Annotated[int | None, typer.Option(help="run at most so many more trials", min=0)] = None,
    cache: Annotated[Path, typer.Option(help="folder where particles of events are kept")] = DEFAULT_CACHE,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON in place of a table")] = False,
) -> None:
    """Train, compile, emulate and estimate variants of a recipe: efficiency against latency and resources.

    Every trial is a recipe in a folder of its own, which `trigger-nn run` runs alone. An interrupted scan goes on when
    the command is repeated. Prints the trials that no other beats, and writes all of them as CSV and JSON, and a page.
    """
    from trigger_nn.recipe.scan import load_scan_spec
    from trigger_nn.workflow.scan.run import Options, run_scan
    from trigger_nn.workflow.scan.writing import write_scan

    folder = out or Path("build") / "scans" / load_scan_spec(recipe).name
    with Bar() as progress:
        found = run_scan(recipe, folder, Options(workers, limit, cache), progress, notes.print)
    written = write_scan(found, recipe, folder)
    if as_json:
        typer.echo(written["json"].read_text(), nl=False)
        return
    print_scan(found)
    console.print(f"written: {', '.join(map(str, written.values()))}")


def print_scan(found: "Scan") -> None:
    """What nothing beats, what failed, what effects cost."""
    counts = {state: sum(t.state == state for t in found.trials) for state in ("done", "failed", "waiting", "running")}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    at = f" for {found.signal} at {found.rate / 1e3:g} kHz" if found.signal and found.rate else ""
    console.print(f"{found.name}{at}: {len(found.trials)} trials ({told}), {len(found.front)} that no other beats")
    if found.front:
        console.print(_front(found))
    for trial in found.trials:
        if trial.state == "failed":
            console.print(f"trial {trial.number} failed: {trial.why}")
    for effect in found.effects:
        kept, (change, low, high) = 100 * effect.efficiency[0], (100 * bound for bound in effect.change)
        console.print(f"{effect.name}: {change:+.1f} % ({low:+.1f} to {high:+.1f}); without it {kept:.1f} %")


def _front(found: "Scan") -> Table:
    heads = [f"{one.metric} ({one.unit})" if one.unit else one.metric for one in found.objectives]
    table = Table("trial", *(key.removeprefix("network.") for key in found.keys), *heads, "epochs", box=None)
    first = found.objectives[0]
    best = sorted(found.front, key=lambda trial: trial.metrics[first.metric], reverse=first.better == "larger")
    for trial in best:
        table.add_row(*_cells(found, trial))
    return table


def _cells(found: "Scan", trial: "Trial") -> tuple[str, ...]:
    from trigger_nn.studies.scans.table import told

    parameters = (told(trial.parameters.get(key)) for key in found.keys)
    metrics = (f"{trial.metrics[one.metric]:,.4g}" for one in found.objectives)
    return str(trial.number), *parameters, *metrics, "+".join(map(str, trial.epochs))
