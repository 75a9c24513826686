"""The verb `trigger-nn rtl`: a program as Verilog or VHDL, simulated, synthesised, placed."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger_nn.cli.synthesis import print_placement, print_synthesis
from trigger_nn.errors import RecipeError
from trigger_nn.terminal import AsJson, console, notes, print_json, telling

if TYPE_CHECKING:
    from trigger_nn.hardware.rtl.block import Rtl
    from trigger_nn.hardware.simulation.check import Check
    from trigger_nn.hardware.synthesis import Placement, Synthesis
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.rtl import Asked

app = typer.Typer()


@app.command("rtl")
def rtl_(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    out: Annotated[Path, typer.Option(help="folder for NAME/, the sources")] = Path("build/rtl"),
    clock_period: Annotated[float | None, typer.Option(help="ns; the program's own", min=0.0)] = None,
    uncertainty: Annotated[float | None, typer.Option(help="% of the period kept free", min=0.0, max=99.0)] = None,
    part: Annotated[str, typer.Option(help="part that it must fit; the program's own")] = "",
    vhdl: Annotated[bool, typer.Option("--vhdl", help="VHDL in place of Verilog")] = False,
    combinational: Annotated[bool, typer.Option("--combinational", help="no registers at all")] = False,
    check: Annotated[bool, typer.Option("--check", help="simulate by Verilator, against the emulator")] = False,
    events: Annotated[Path | None, typer.Option(help="real events to simulate too: a sample, .npy or .npz")] = None,
    split: Annotated[str, typer.Option(help="split of a sample")] = "test",
    random: Annotated[int, typer.Option(help="random events of each kind to simulate", min=1)] = 1000,
    synthesise: Annotated[bool, typer.Option("--synthesise", help="count cells by Yosys, for UltraScale+")] = False,
    place: Annotated[bool, typer.Option("--place", help="place and route by nextpnr, on an ECP5")] = False,
    largest: Annotated[int, typer.Option(help="LUTs beyond which it is refused", min=1)] = 1_000_000,
    minutes: Annotated[float, typer.Option(help="that each tool may take", min=0.1)] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Write a program as RTL: unrolled, pipelined for its clock, an event every clock cycle.

    Refused, with its size, if it is too large to unroll. Ends with code 1 if the simulation differs from the emulator.
    """
    from trigger_nn.hardware.simulation.verilator import find as find_verilator
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.rtl import simulated, write_block, written

    tools = [
        name
        for name, wanted in (("--check", check or events), ("--synthesise", synthesise), ("--place", place))
        if wanted
    ]
    if vhdl and tools:
        raise RecipeError(
            f"{tools[0]} reads Verilog alone; leave out --vhdl, or take the VHDL to a simulator of your own."
        )
    loaded = Program.load(program)
    asked = replace(_asked(loaded, clock_period, uncertainty, part, vhdl, combinational), largest=largest)
    if check or events:
        find_verilator()
    given = _mantissas(loaded, events, split)
    with notes.status("unrolling"):
        block = written(loaded, asked)
    folder = write_block(block, out / loaded.name)
    found: dict[str, Any] = {"check": None, "synthesis": None, "placement": None}
    if check or events:
        with notes.status("simulating with Verilator"):
            found["check"] = simulated(loaded, block, given, random, 60 * minutes)
    if synthesise:
        found["synthesis"] = _synthesised(block, minutes)
    if place:
        found["placement"] = _placed(block, minutes)
    if as_json:
        print_json({"block": _plain(block, folder)} | {k: _fields(v) for k, v in found.items()})
    else:
        _print(block, folder, **found)
    if found["check"] is not None and not found["check"].agrees:
        raise typer.Exit(1)


def _asked(
    program: "Program",
    clock_period: float | None,
    uncertainty: float | None,
    part: str,
    vhdl: bool,
    combinational: bool,
) -> "Asked":
    from trigger_nn.workflow.origin import recorded_hardware
    from trigger_nn.workflow.rtl import Asked

    hardware = recorded_hardware(program)
    return Asked(
        hardware.clock_period if clock_period is None else clock_period,
        part or hardware.part,
        hardware.clock_uncertainty if uncertainty is None else uncertainty,
        "vhdl" if vhdl else "verilog",
        combinational,
    )


def _mantissas(program: "Program", events: Path | None, split: str) -> Any:
    from trigger_nn.workflow.inputs import mantissas_at

    return mantissas_at(program, events, split) if events else None


def _synthesised(block: "Rtl", minutes: float) -> "Synthesis":
    from trigger_nn.hardware.synthesis import Limits, synthesise

    with telling("Yosys") as tell:
        return synthesise(block, limits=Limits(seconds=60 * minutes), progress=tell)


def _placed(block: "Rtl", minutes: float) -> "Placement":
    from trigger_nn.hardware.synthesis import Limits, place

    with telling("Yosys, nextpnr") as tell:
        return place(block, Limits(seconds=60 * minutes), tell)


def _print(
    block: "Rtl", folder: Path, check: "Check | None", synthesis: "Synthesis | None", placement: "Placement | None"
) -> None:
    ports = ", ".join(port.name for port in block.inputs) + " -> " + ", ".join(port.name for port in block.outputs)
    took = f"{block.latency} cycles = {block.latency * block.clock_period:g} ns, an event every cycle"
    console.print(
        f"{folder}: module {block.name}, {len(block.files)} {block.language} files in the order of sources.f\n"
        f"{ports}; {took if block.latency else 'combinational'}\n"
        f"delay of the logic {block.depth:.1f}{_stages(block)} (alkaid's model, about ns in UltraScale+; "
        "no vendor's tool has timed it)"
    )
    if check:
        console.print("\n".join(check.sentences))
    if synthesis:
        print_synthesis(synthesis)
    if placement:
        print_placement(placement)


def _stages(block: "Rtl") -> str:
    if not block.latency:
        return ""
    over = (
        ": a single operation takes more than the clock leaves; choose a slower one"
        if block.longest > block.stage
        else ""
    )
    return f", of the longest stage {block.longest:.2f} where the clock leaves {block.stage:.2f}{over}"


def _plain(block: "Rtl", folder: Path) -> dict[str, Any]:
    return {
        "name": block.name, "folder": str(folder), "language": block.language, "latency_cycles": block.latency,
        "clock_period_ns": block.clock_period, "depth": block.depth, "stage": block.stage,
        "longest_stage": block.longest, "digest": block.digest,
        "files": list(block.files), "versions": dict(block.versions),
    }  # fmt: skip


def _fields(value: Any) -> Any:
    """A result as JSON holds it, with what it says of itself."""
    if value is None:
        return None
    told = {
        name: getattr(value, name)
        for name in ("agrees", "lut", "levels", "critical_words", "harness_limits")
        if hasattr(value, name)
    }
    return asdict(value) | told
