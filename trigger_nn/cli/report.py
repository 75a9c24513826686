"""The verb report: what vendor tools found, beside our estimate."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from trigger_nn.terminal import console, print_json

if TYPE_CHECKING:
    from trigger_nn.hardware.estimate import Estimate
    from trigger_nn.hardware.reports import Report, Reports, Row, Span
    from trigger_nn.program.program import Program

PROGRAMS = (Path("emulator", "program.h5"), Path("program.h5"))  # of a bundle, of a build folder
ACROSS = 4  # reports in one table of figures
SOUGHT = (
    "synthesis reports of Vivado HLS and Vitis HLS (csynth.xml, NAME_csynth.xml, csynth.rpt), of their implementation "
    "(export_impl.xml, NAME_export.xml) and cosimulation (NAME_cosim.rpt), and Vivado's report_utilization and "
    "report_timing_summary (.rpt, .txt)"
)
DEFAULT_PART, DEFAULT_CLOCK = "xcvu13p-flga2577-2-e", 5.0


def vendor_report(project: Path, program: Path | None, as_json: bool) -> None:
    """Print the reports below `project` beside the estimate from `program`, or from the program that lies there.

    Ends with code 1 if there is no report.
    """
    from trigger_nn.hardware.reports import beside_estimate, read_reports

    reports = read_reports(project)
    ours, note = _estimate(_program(project, program), reports)
    compared = beside_estimate(reports, ours)
    if as_json:
        content = {
            "estimate": _facts(ours),
            "note": note,
            **asdict(reports),
            "comparison": [asdict(r) for r in compared],
        }
        print_json(content)
    else:
        _print(project, reports, compared, note)
    if not reports.reports:
        raise typer.Exit(1)


def _program(project: Path, given: Path | None) -> "Program | None":
    from trigger_nn.program.program import Program

    path = given or next((found for name in PROGRAMS if (found := project / name).is_file()), None)
    return Program.load(path) if path else None


def _estimate(program: "Program | None", reports: "Reports") -> "tuple[Estimate | None, str]":
    """At the clock that HLS was given, if that is one, else at the program's own; and a sentence on what it is."""
    from trigger_nn.errors import RecipeError
    from trigger_nn.hardware.estimate import estimate

    if program is None:
        return None, "No estimate: there is no program in this folder; give one with --program."
    hardware = program.provenance.get("hardware", {})
    part = hardware.get("part", DEFAULT_PART)
    clocks = {report.clock_target for report in reports.of("synthesis") if report.clock_target}
    clock = clocks.pop() if len(clocks) == 1 else hardware.get("clock_period", DEFAULT_CLOCK)
    try:
        found = estimate(program, clock, part)
    except RecipeError as error:
        return None, f"No estimate of {program.name}: {error}"
    return found, f"Estimate: program {program.name}, digest {program.digest[:8]}, at {clock:g} ns on {part}."


def _facts(estimate: "Estimate | None") -> dict[str, object] | None:
    if estimate is None:
        return None
    return {
        "device": estimate.device.name,
        "clock_period": estimate.clock_period,
        "layers": [asdict(layer) for layer in estimate.layers],
        "unmodelled": estimate.unmodelled,
    }


def _print(project: Path, reports: "Reports", compared: "tuple[Row, ...]", note: str) -> None:
    if reports.reports:
        for number, report in enumerate(reports.reports, 1):
            console.print(_source(number, report))
        for first in range(0, len(reports.reports), ACROSS):
            console.print(_figures(compared, range(first, min(first + ACROSS, len(reports.reports)))))
        for report in reports.reports:
            if report.modules and report.kind == "synthesis":
                console.print(_modules(report))
        console.print(note)
    for left in reports.skipped:
        console.print(f"skipped: {left.reason}")
    if not reports.reports:
        console.print(f"There is no vendor report below {project} that can be read; looked for {SOUGHT}.")


def _source(number: int, report: "Report") -> str:
    tool = f"{report.tool} {report.version or ''}".strip()
    state = report.stage or (f"pipeline {report.pipeline}" if report.pipeline else None)
    said = (report.kind, tool, report.top, report.part, state, _verdict(report))
    return f"[{number}] {', '.join(text for text in said if text)}: {report.file}"


def _verdict(report: "Report") -> str | None:
    if report.passed is not None:
        return "passed" if report.passed else "FAILED"
    if report.slack.met is not None:
        return "timing met" if report.slack.met else "timing NOT met"
    return None


def _figures(compared: "tuple[Row, ...]", shown: range) -> Table:
    table = Table("quantity", "unit", box=None)
    table.add_column("estimate", justify="right")
    for number in shown:
        table.add_column(f"[{number + 1}]", justify="right")
        table.add_column("ratio", justify="right")
    for row in compared:
        if any(row.figures[number] is not None for number in shown):
            digits = 3 if row.unit == "ns" else 1
            pairs = ((_text(row.figures[number], digits), _ratio(row.ratios[number])) for number in shown)
            table.add_row(
                row.quantity, row.unit, _text(row.estimate, digits), *(cell for pair in pairs for cell in pair)
            )
    return table


def _modules(report: "Report") -> Table:
    table = Table(f"module of {report.top}", box=None)
    for name in ("latency (cycles)", "interval (cycles)", "LUT", "FF", "DSP", "BRAM18", "URAM"):
        table.add_column(name, justify="right")
    for module in report.modules:
        used = module.used
        counts = map(_text, (used.lut, used.ff, used.dsp, used.bram_18k, used.uram))
        table.add_row(module.name, _span(module.latency), _span(module.interval), *counts)
    return table


def _span(span: "Span") -> str:
    least, greatest = span.minimum, span.maximum
    if least is None or least == greatest:
        return _text(greatest)
    return f"{least:,} to {'?' if greatest is None else format(greatest, ',')}"


def _text(figure: float | None, digits: int = 0) -> str:
    if figure is None:
        return "-"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:,.{digits}f}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
