"""`estimate`: latency and resources of a compiled program before any synthesis, beside a part and named budgets."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from trigger_nn.errors import RecipeError
from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.hardware.budgets import Verdict
    from trigger_nn.hardware.estimate import Choice, Estimate, Figure
    from trigger_nn.program.program import Program

DEFAULT_PART, DEFAULT_CLOCK = "xcvu13p-flga2577-2-e", 5.0  # ns
DEFAULT_CALIBRATION = Path("build/calibration.json")
ROADS = ("hls", "rtl")


def estimate(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    part: Annotated[str, typer.Option(help="FPGA part; the one it was compiled for if not given")] = "",
    clock_period: Annotated[float, typer.Option(help="ns; 0: the one it was compiled for", min=0.0)] = 0.0,
    road: Annotated[str, typer.Option(help="hls: hls4ml's C++ through Vitis HLS; rtl: our own, unrolled")] = "hls",
    strategy: Annotated[
        str, typer.Option(help="of all layers: latency, resource, resource_unrolled, distributed_arithmetic")
    ] = "",
    reuse: Annotated[int, typer.Option(help="reuse factor of all layers; 0: what it was compiled for", min=0)] = 0,
    io_type: Annotated[str, typer.Option(help="io_parallel or io_stream; what it was compiled for if not given")] = "",
    budget: Annotated[
        list[str] | None, typer.Option(help="a named budget, or ns; the recipe's and all named ones if not given")
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(help="add the vendor's reports below this folder to the calibration", metavar="PROJECT"),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="calibration file to scale by; --calibrate writes build/calibration.json")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate latency and resources of a compiled program, as values with 90 % intervals.

    Beside them: the share of the part and of one of its super logic regions, and whether budgets are kept.
    """
    from trigger_nn.hardware.budgets import BUDGETS, budget_of, held, own_budgets
    from trigger_nn.hardware.estimate import estimate as estimate_program
    from trigger_nn.hardware.estimate.user import read_rows, scaled
    from trigger_nn.program.program import Program

    loaded = Program.load(program)
    hardware = loaded.provenance.get("hardware", {})
    part = part or hardware.get("part", DEFAULT_PART)
    clock = clock_period or hardware.get("clock_period", DEFAULT_CLOCK)
    if road not in ROADS:
        raise RecipeError(f"There is no road {road!r}; give hls or rtl.")
    choice = _choice(strategy, reuse, io_type or (hardware.get("io_type", "io_parallel") if road == "hls" else ""))
    result = estimate_program(loaded, clock, part, "rtl" if road == "rtl" else "hls", choice)
    if calibrate is not None:
        _learn(loaded, part, result, choice, calibrate, calibration or DEFAULT_CALIBRATION)
        calibration = calibration or DEFAULT_CALIBRATION
    if calibration is not None:
        result = scaled(result, read_rows(calibration))
    budgets = [budget_of(name) for name in budget] if budget else (*own_budgets(loaded), *BUDGETS)
    verdicts = [held(result, each) for each in budgets]
    if as_json:
        print_json(_facts(result, part, verdicts))
        return
    _print(result, part, verdicts)


def _choice(strategy: str, reuse: int, io_type: str) -> "Choice":
    from trigger_nn.hardware.estimate import Choice
    from trigger_nn.program.operations import Strategy

    if strategy and strategy not in list(Strategy):
        raise RecipeError(f"There is no strategy {strategy!r}; give one of {', '.join(Strategy)}.")
    return Choice(io_type or "io_parallel", Strategy(strategy) if strategy else None, reuse or None)


def _learn(program: "Program", part: str, result: "Estimate", choice: "Choice", project: Path, path: Path) -> None:
    """Add a row; the sentence on it goes to stderr, so that JSON stays JSON."""
    from trigger_nn.hardware.estimate.user import add_row, row_of
    from trigger_nn.hardware.reports import read_reports

    row = row_of(program.name, program.digest, part, result, read_reports(project), choice)
    rows = add_row(path, row)
    notes.print(f"{path}: {len(rows)} designs, this one from {row.source}")


def _print(result: "Estimate", part: str, verdicts: list["Verdict"]) -> None:
    from trigger_nn.hardware.estimate.values import RESOURCES

    table = Table("layer", "kind", "cycles", "interval", "LUT", "FF", "DSP", "BRAM36", box=None)
    for layer in result.layers:
        figures = (_told(result.layer_figure(layer, resource)) for resource in RESOURCES)
        table.add_row(layer.layer, layer.kind, str(layer.latency), str(layer.interval), *figures)
    totals = (_told(result.figure(resource)) for resource in RESOURCES)
    table.add_row("all", "", _told(result.cycles_figure), str(result.interval), *totals)
    console.print(table)
    cycles = result.cycles_figure
    period, device = result.clock_period, result.device
    console.print(
        f"{result.cycles} cycles = {result.latency:.0f} ns ({cycles.low * period:.0f} to {cycles.high * period:.0f}) = "
        f"{result.bunch_crossings} bunch crossings; an event every {result.interval} cycles, so that "
        f"{result.instances} of it take one every bunch crossing"
    )
    shares = ", ".join(f"{r.upper()} {100 * result.share(r):.2f} %" for r in RESOURCES)
    console.print(f"of {part}: {shares}")
    if device.slrs > 1:
        regions = ", ".join(f"{r.upper()} {100 * result.share_of_slr(r):.2f} %" for r in RESOURCES)
        console.print(f"of one of its {device.slrs} super logic regions: {regions}")
    for verdict in verdicts:
        console.print(_verdict(verdict))
    for note in (*result.notes, result.accuracy.basis):
        console.print(note)
    if result.unmodelled:
        console.print(f"not modelled, so counted as registers only: {', '.join(result.unmodelled)}")


def _told(figure: "Figure") -> str:
    """The value and, where it is wider than nothing, its interval."""
    value, low, high = (f"{number:,.0f}" for number in (figure.value, figure.low, figure.high))
    return value if low == high else f"{value} ({low} to {high})"


def _verdict(verdict: "Verdict") -> str:
    budget = verdict.budget
    limit = f"{budget.limit:g} ns"
    if budget.clock_period:
        limit += f" ({budget.limit / budget.clock_period:g} ticks of {budget.clock_period:g} ns)"
    kept = (
        f"kept, {abs(verdict.spare):.1f} ns to spare" if verdict.held else f"NOT kept, {-verdict.spare:.1f} ns too long"
    )
    doubt = "" if verdict.sure else "; the interval lies on both sides"
    return f"budget {budget.name}, {limit}: {kept}{doubt} [{budget.source}]"


def _facts(result: "Estimate", part: str, verdicts: list["Verdict"]) -> dict[str, Any]:
    from trigger_nn.hardware.estimate.values import RESOURCES

    return {
        "part": part,
        "device": asdict(result.device),
        "road": result.road,
        "clock_period_ns": result.clock_period,
        "cycles": asdict(result.cycles_figure),
        "latency_ns": result.latency,
        "bunch_crossings": result.bunch_crossings,
        "interval_cycles": result.interval,
        "instances": result.instances,
        "resources": {resource: asdict(result.figure(resource)) for resource in RESOURCES},
        "share": {resource: result.share(resource) for resource in RESOURCES},
        "share_of_slr": {resource: result.share_of_slr(resource) for resource in RESOURCES},
        "layers": [_layer(result, index) for index in range(len(result.layers))],
        "budgets": [asdict(verdict) | {"held": verdict.held, "sure": verdict.sure} for verdict in verdicts],
        "notes": list(result.notes),
        "basis": result.accuracy.basis,
        "unmodelled": list(result.unmodelled),
    }


def _layer(result: "Estimate", index: int) -> dict[str, Any]:
    from trigger_nn.hardware.estimate.values import RESOURCES

    layer = result.layers[index]
    figures = {resource: asdict(result.layer_figure(layer, resource)) for resource in RESOURCES}
    return {"layer": layer.layer, "kind": layer.kind, "cycles": layer.latency, "interval": layer.interval} | figures
