"""The verb `trigger-nn scan`: recipes that differ in a few keys, trained and weighed one by one."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.terminal import Bar, console, notes

if TYPE_CHECKING:
    from trigger_nn.studies.scans.values import Effect, Interval, Scan, Trial

RATED = ("efficiency", "accuracy")  # metrics that have an interval
WHOLE = 1000  # from here on numbers are shown without places
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
    from trigger_nn.workflow.scan.run import Options, run_scan, scan_so_far
    from trigger_nn.workflow.scan.writing import write_scan, write_tables

    folder = out or Path("build") / "scans" / load_scan_spec(recipe).name
    try:
        with Bar() as progress:
            options = Options(workers, limit, cache)
            found = run_scan(recipe, folder, options, progress, notes.print, partial(write_tables, folder=folder))
    except KeyboardInterrupt:
        written = write_scan(scan_so_far(recipe, folder), recipe, folder)
        notes.print(f"written as far as it went: {', '.join(map(str, written.values()))}")
        raise
    written = write_scan(found, recipe, folder)
    if as_json:
        typer.echo(written["json"].read_text(), nl=False)
        return
    print_scan(found)
    console.print(f"written: {', '.join(map(str, written.values()))}")


def print_scan(found: "Scan") -> None:
    """The Pareto front, what failed, what effects cost."""
    counts = {state: sum(t.state == state for t in found.trials) for state in ("done", "failed", "waiting", "running")}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    at = f" for {found.signal} at {found.rate / 1e3:g} kHz" if found.signal and found.rate else ""
    console.print(f"{found.name}{at}: {len(found.trials)} trials ({told}), {len(found.front)} that no other beats")
    if found.front:
        console.print(_front(found))
    for trial in (*found.trials, *found.effect_trials):
        if trial.state == "failed":
            console.print(f"trial {trial.number} failed: {trial.why}")
    for effect in found.effects:
        console.print(in_words(effect, found.reference))


def in_words(effect: "Effect", reference: "Interval | None") -> str:
    """One line: efficiency, and how much more or less than the reference's."""
    gain, low, high = effect.gain
    size = (
        f"{gain:.3f} ({low:.3f} to {high:.3f}) more" if gain >= 0 else f"{-gain:.3f} ({-high:.3f} to {-low:.3f}) less"
    )
    beside = f" {reference[0]:.3f}" if reference else ""
    return f"{effect.what}: {effect.efficiency[0]:.3f}, {size} than the reference's{beside}"


def _front(found: "Scan") -> Table:
    heads = [f"{one.metric} ({one.unit})" if one.unit else one.metric for one in found.objectives]
    heads = [one for head in heads for one in ((head, "68 % interval") if head in RATED else (head,))]
    heads += ["rate (kHz)", "background events"] if found.signal else []
    title = "Pareto front by central values; those within each other's intervals are not told apart"
    keys = (key.removeprefix("network.") for key in found.keys)
    table = Table("trial", *keys, *heads, "epochs", box=None, title=title, title_justify="left")
    first = found.objectives[0]
    best = sorted(found.front, key=lambda trial: trial.metrics[first.metric], reverse=first.better == "larger")
    for trial in best:
        table.add_row(*_cells(found, trial))
    return table


def _cells(found: "Scan", trial: "Trial") -> tuple[str, ...]:
    from trigger_nn.studies.scans.table import told

    parameters = (told(trial.parameters.get(key)) for key in found.keys)
    metrics = [cell for one in found.objectives for cell in _metric(trial, one.metric)]
    if found.signal:
        rate, events = trial.metrics.get("rate_hz"), trial.metrics.get("background_events")
        metrics += ["" if rate is None else f"{rate / 1e3:.4g}", "" if events is None else f"{events:,.0f}"]
    return str(trial.number), *parameters, *metrics, "+".join(map(str, trial.epochs))


def _metric(trial: "Trial", metric: str) -> tuple[str, ...]:
    value, low, high = (trial.metrics.get(f"{metric}{end}") for end in ("", "_low", "_high"))
    cell = "" if value is None else f"{value:,.0f}" if value >= WHOLE else f"{value:.4g}"
    if metric not in RATED:
        return (cell,)
    return cell, "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
