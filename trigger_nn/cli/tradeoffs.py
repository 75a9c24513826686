"""The verb `trigger-nn tradeoffs`: one program built in many ways, latency against resources."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from trigger_nn.errors import RecipeError
from trigger_nn.terminal import AsJson, console, notes

if TYPE_CHECKING:
    from trigger_nn.hardware.estimate import Figure
    from trigger_nn.studies.tradeoffs import Axes, Point, Precision, TradeOffs

T = TypeVar("T")
DEFAULT_PART = "xcvu13p-flga2577-2-e"
STEM = "tradeoffs"

app = typer.Typer()


@app.command()
def tradeoffs(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    clocks: Annotated[str, typer.Option(help="clock periods in ns, such as 2.5,5; 400 to 160 MHz if not given")] = "",
    reuse: Annotated[str, typer.Option(help="reuse factors; 1,2,4,8 if not given")] = "",
    strategies: Annotated[str, typer.Option(help="strategies of hls4ml, and rtl for our own; all if not given")] = "",
    bits: Annotated[
        str, typer.Option(help="bits that weights and activations lose; 2/1 if activations lose one of two")
    ] = "0,1,2",
    io_type: Annotated[str, typer.Option(help="io_parallel or io_stream; what it was compiled for if not given")] = "",
    events: Annotated[
        Path | None,
        typer.Option(
            help="count decisions of each precision on these: an events file of this package (HDF5), numbers (.npy), "
            "or numbers by port name (.npz)"
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="split of the events file")] = "test",
    threshold: Annotated[
        list[float] | None, typer.Option(help="an output fires above it; repeat for several outputs")
    ] = None,
    budget: Annotated[str, typer.Option(help="a named budget, or ns; that of the program's recipe if not given")] = "",
    part: Annotated[str, typer.Option(help="FPGA part; the one it was compiled for if not given")] = "",
    calibration: Annotated[Path | None, typer.Option(help="calibration file of `estimate` to scale by")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for table and plot; build/NAME if not given")] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate a program in every strategy, reuse factor, clock and precision: latency against LUT and DSP.

    Prints the designs that no other beats, and writes all of them as CSV and JSON, and a plot.
    """
    from trigger_nn.hardware.budgets import budget_of
    from trigger_nn.program.program import Program
    from trigger_nn.studies.divergence import Decision
    from trigger_nn.studies.tradeoffs import trade_offs
    from trigger_nn.studies.tradeoffs.files import as_json as json_of
    from trigger_nn.workflow.inputs import mantissas_at

    axes, loaded = _axes(clocks, reuse, strategies, bits), Program.load(program)
    hardware = loaded.provenance.get("hardware", {})
    limit = budget or str(hardware.get("latency_budget", ""))
    with notes.status("estimating designs"):
        table = trade_offs(
            loaded, part or hardware.get("part", DEFAULT_PART), axes, io_type=io_type,
            budget=budget_of(limit) if limit else None,
            inputs=mantissas_at(loaded, events, split) if events else None, decision=Decision(tuple(threshold or ())),
            **_adjusted(calibration),
        )  # fmt: skip
        written = _write(table, out or Path("build") / table.name)
    if as_json:
        typer.echo(json_of(table), nl=False)
        return
    print_trade_offs(table)
    console.print(f"written: {', '.join(str(path) for path in written)}")


def _axes(clocks: str, reuse: str, strategies: str, bits: str) -> "Axes":
    from trigger_nn.studies.tradeoffs import Axes

    asked: dict[str, Any] = {"precisions": _listed("bits", bits, _precision)}
    if clocks:
        asked["clock_periods"] = _listed("clocks", clocks, float)
    if reuse:
        asked["reuse_factors"] = _listed("reuse", reuse, int)
    if strategies:
        asked["ways"] = _listed("strategies", strategies, str)
    return Axes(**asked)


def _listed(option: str, text: str, read: Callable[[str], T]) -> tuple[T, ...]:
    """What is written between commas."""
    try:
        return tuple(read(part.strip()) for part in text.split(","))
    except ValueError:
        raise RecipeError(f"--{option} {text} can't be read; write numbers with commas between them.") from None


def _precision(text: str) -> "Precision":
    """Read `2` or `2/1`."""
    from trigger_nn.studies.tradeoffs import Precision

    weights, slash, activations = text.partition("/")
    return Precision(int(weights), int(activations if slash else weights))


def _adjusted(calibration: Path | None) -> dict[str, Any]:
    if calibration is None:
        return {}
    from trigger_nn.hardware.estimate.user import read_rows, scaled

    rows = read_rows(calibration)
    return {"adjusted": lambda found: scaled(found, rows)}


def _write(table: "TradeOffs", folder: Path) -> list[Path]:
    """The table as CSV and JSON, and the plot, each whole or not at all."""
    from trigger_nn.files import replacing
    from trigger_nn.plots.tradeoffs import latency_and_resources
    from trigger_nn.studies.tradeoffs.files import as_csv, as_json

    contents = {"csv": as_csv(table).encode(), "json": as_json(table).encode(), "png": latency_and_resources(table)}
    paths = [folder / f"{STEM}.{suffix}" for suffix in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    return paths


def print_trade_offs(table: "TradeOffs") -> None:
    """The designs that nothing beats, what each precision costs, what is left out, what the figures rest on."""
    budget = f", budget {table.budget.name}" if table.budget else ""
    console.print(f"{table.name}  digest {table.program[:12]}  {table.part}, {table.io_type}{budget}")
    console.print(_counted(table) if table.front else _nothing_fits(table))
    heads = ("bits", "strategy", "reuse", "clock (ns)", "latency (ns)", "instances", "LUT (1000)", "DSP")
    rows = Table(*heads, "of the part", "in budget", box=None)
    for cost in table.costs:
        own = [point for point in table.front if point.precision == cost.precision]
        for point in sorted(own, key=lambda point: point.latency.value):
            rows.add_row(*_cells(point))
    if table.front:
        console.print(rows)
    for cost in table.costs:
        if cost.same is not None and cost.program != table.program:
            value, low, high = (f"{100 * share:.2f}" for share in (cost.same.value, cost.same.low, cost.same.high))
            console.print(
                f"bits {cost.precision}: {value} % ({low} to {high}) of {cost.events} events decided as before"
            )
    for one in table.left_out:
        console.print(f"left out: {one.what}: {one.why}")
    for road, basis in {point.estimate.road: point.estimate.accuracy.basis for point in table.points}.items():
        console.print(f"{road}: {basis}")


def _counted(table: "TradeOffs") -> str:
    return (
        f"{len(table.front)} of {len(table.points)} designs that no other of the same precision beats in latency, LUT "
        "and DSP; ? where the interval lies on both sides of the budget"
    )


def _nothing_fits(table: "TradeOffs") -> str:
    """What comes nearest to the part, and what may help."""
    point = table.nearest
    found, resource = point.estimate, point.largest
    return (
        f"No design fits {table.part}: the nearest takes {100 * found.share(resource):.1f} % of its "
        f"{resource.upper()} ({point.way}, reuse factor {point.reuse_factor}, {found.clock_period:.4g} ns, bits "
        f"{point.precision}). Take a larger part, more sharing (--strategies resource with larger --reuse), more "
        "--bits to lose, or --io-type io_stream."
    )


def _cells(point: "Point") -> tuple[str, ...]:
    found, taken = point.estimate, point.taken
    reuse = str(point.reuse_factor) + (f" ({taken[0]} to {taken[-1]})" if len(taken) > 1 else "")
    return (
        str(point.precision), point.way, reuse, f"{found.clock_period:.4g}", _told(point.latency),
        str(found.instances), _told(found.figure("lut"), 1000), _told(found.figure("dsp")),
        f"{100 * max(found.share('lut'), found.share('dsp')):.1f} %", _kept(point),
    )  # fmt: skip


def _told(figure: "Figure", unit: int = 1) -> str:
    """In `unit`s; the interval where it is wider than nothing."""
    form = ",.0f" if unit == 1 else ",.1f"
    value, low, high = (f"{number / unit:{form}}" for number in (figure.value, figure.low, figure.high))
    return value if low == high else f"{value} ({low} to {high})"


def _kept(point: "Point") -> str:
    """Whether the budget is kept; with a question mark where the interval says both."""
    if point.verdict is None:
        return "-"
    return ("yes" if point.verdict.held else "no") + ("" if point.verdict.sure else "?")
