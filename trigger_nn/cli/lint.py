"""The verb `trigger-nn lint`: what a vendor's tool would refuse or do badly, before anyone waits for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.hardware.lint import Finding
    from trigger_nn.program.program import Program
    from trigger_nn.recipe import HardwareSpec

app = typer.Typer()


@app.command()
def lint(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    part: Annotated[str, typer.Option(help="part number; the program's own")] = "",
    clock_period: Annotated[float | None, typer.Option(help="ns; the program's own", min=0.0)] = None,
    spacing: Annotated[
        float, typer.Option(help="ns from one event to the next; 25 is every bunch crossing", min=0.0)
    ] = 25.0,
    as_json: AsJson = False,
) -> None:
    """What a tool would refuse or do badly with a program: layer, limit, who sets it, and the smallest change.

    Ends with code 1 if there is an error: a tool refuses, or the design can't work.
    """
    from trigger_nn.hardware.lint import Severity
    from trigger_nn.hardware.lint import lint as check
    from trigger_nn.hardware.lint.streams import stream_facts
    from trigger_nn.program.program import Program

    loaded = Program.load(program)
    hardware = _hardware(loaded, part, clock_period)
    with notes.status("checking"):
        found = check(loaded, hardware, spacing, stream_facts(loaded, hardware))
    if as_json:
        print_json(as_plain(loaded, hardware, spacing, found))
    else:
        print_findings(loaded, hardware, spacing, found)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise typer.Exit(1)


def _hardware(program: "Program", part: str, clock_period: float | None) -> "HardwareSpec":
    """What the program was compiled for, with what is asked for in its place; the defaults if it does not say."""
    from trigger_nn.recipe import hardware_spec
    from trigger_nn.workflow.origin import recorded_hardware

    stored = recorded_hardware(program)
    asked = ({"part": part} if part else {}) | ({} if clock_period is None else {"clock_period": clock_period})
    return hardware_spec(**(stored.model_dump() | asked))


def as_plain(
    program: "Program", hardware: "HardwareSpec", spacing: float, found: Sequence["Finding"]
) -> dict[str, Any]:
    """The findings as JSON holds them."""
    from dataclasses import asdict

    return {
        "program": program.name, "digest": program.digest, "part": hardware.part,
        "clock_period": hardware.clock_period, "spacing": spacing, "findings": [asdict(finding) for finding in found],
    }  # fmt: skip


def print_findings(program: "Program", hardware: "HardwareSpec", spacing: float, found: Sequence["Finding"]) -> None:
    """A table of findings and remedies, then who sets the limits."""
    console.print(
        f"{program.name}  digest {program.digest[:12]}  {hardware.part}, {hardware.clock_period:g} ns clock, "
        f"{hardware.io_type}, an event every {spacing:g} ns"
    )
    if not found:
        console.print("nothing found that a tool would refuse or do badly")
        return
    table = Table(
        "", "rule", "layer", "finding", "limit", "smallest change that passes", box=None, padding=(0, 2, 1, 0)
    )
    for finding in found:
        limit = f"{finding.limit.number:,g} {finding.limit.unit}"
        cells = (finding.severity, finding.rule, finding.layer or "design", finding.what, limit)
        table.add_row(*cells, finding.remedy + _brought(finding))
    console.print(table, soft_wrap=False)
    for rule, source in dict.fromkeys((finding.rule, finding.source) for finding in found):
        console.print(f"limit of {rule}: {source}")


def _brought(finding: "Finding") -> str:
    """What else the change would break."""
    told = ", ".join(f"{rule} ({layer})" if layer else str(rule) for rule, layer in finding.brings)
    return f"; but then: {told}" if told else ""
