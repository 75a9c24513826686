"""Vivado's `report_timing_summary` as text (AMD UG906, and the files themselves)."""

import re
from collections.abc import Iterable
from dataclasses import replace

from trigger_nn.hardware.reports.figures import after, decimal
from trigger_nn.hardware.reports.values import Report, ReportError, Slack
from trigger_nn.hardware.reports.vivado import headed

COLUMNS = {"wns": "WNS(ns)", "tns": "TNS(ns)", "whs": "WHS(ns)", "ths": "THS(ns)"}
CLOCK = re.compile(r"^\s*\S+\s+\{[^}]*\}\s+(\d+\.\d+)\s+\d+\.\d+\s*$")  # name, waveform, period, frequency
VERDICTS = {"All user specified timing constraints are met.": True, "Timing constraints are not met.": False}
TABLE = 12  # lines behind the title within which the summary and its verdict stand


def read_timing(file: str, text: str) -> Report:
    """The report that `text` holds; the clock's period if all clocks of the design have the same.

    Raises:
        ReportError: the summary is missing or cut off, or a figure is no number.
    """
    lines = text.splitlines()
    summary = after(lines, "| Design Timing Summary")[:TABLE]
    clocks = after(lines, "| Clock Summary")
    end = next((i for i, line in enumerate(clocks) if line.startswith("| ") and "Clock Table" in line), len(clocks))
    periods = {float(found[1]) for line in clocks[:end] if (found := CLOCK.match(line))}
    clock = periods.pop() if len(periods) == 1 else None
    return replace(headed(file, text, "timing"), slack=_slack(summary), clock_target=clock)


def _slack(summary: Iterable[str]) -> Slack:
    """Of the table `WNS(ns)  TNS(ns) ...`, dashes, figures; then, in a line of its own, the verdict."""
    lines = [line.strip() for line in summary if set(line.strip()) - {"-", " ", "|"}]
    verdict = next((VERDICTS[line] for line in lines if line in VERDICTS), None)
    title = next((i for i, line in enumerate(lines) if line.startswith("WNS(ns)")), None)
    if title is None or title + 1 >= len(lines):
        raise ReportError("is cut off: it has no design timing summary")
    heads, figures = re.split(r"\s{2,}", lines[title]), lines[title + 1].split()
    if len(heads) != len(figures):
        raise ReportError(f"has {len(figures)} figures under {len(heads)} heads in its design timing summary")
    found = dict(zip(heads, figures, strict=True))
    return Slack(**{ours: decimal(found.get(theirs)) for ours, theirs in COLUMNS.items()}, met=verdict)
