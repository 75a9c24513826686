"""The synthesis report of HLS as text: one module's, and the summary of all of them that Vitis HLS writes.

`<module>_csynth.rpt` (`== Vivado HLS Report for`, `== Vitis HLS Report for`) has latencies in five columns up to
2019.1, in seven since, which add them in units of time. `csynth.rpt` is the same in Vivado HLS, and in Vitis HLS a
table of all modules (`== Synthesis Summary Report of`) with the greatest latency only. Structure: AMD UG902, UG1399.
"""

import re
from collections.abc import Sequence
from itertools import islice

from trigger_nn.hardware.reports.figures import after, count, decimal, first_table, resources, rows, span
from trigger_nn.hardware.reports.values import Module, Report, ReportError, Resources, Slack, Span

TITLE = re.compile(r"^== (Vivado HLS|Vitis HLS|Synthesis Summary) Report (?:for|of) '([^']+)'", re.MULTILINE)
FACT = re.compile(r"^\s*\* (Version|Target device):\s+(\S+)", re.MULTILINE)


def read_module_text(file: str, text: str) -> Report:
    """The report of one module.

    Raises:
        ReportError: a table is missing, as in a file that was cut off, or a figure is no number.
    """
    tool, top, facts = _header(text)
    lines = text.splitlines()
    clock = _table(after(lines, "+ Timing"), "timing", header=1)[0]
    latency, interval, pipeline = _cycles(_table(after(lines, "+ Latency"), "latency", header=2)[0])
    area = _table(after(lines, "== Utilization Estimates"), "utilization", header=0)
    return Report(
        kind="synthesis",
        tool=tool,
        file=file,
        version=facts.get("Version"),
        top=top,
        part=facts.get("Target device"),
        pipeline=pipeline,
        clock_target=decimal(clock[1]),
        clock_estimated=decimal(clock[2]),
        clock_uncertainty=decimal(clock[3]),
        latency=latency,
        interval=interval,
        used=_resources(area, "Total"),
        available=_resources(area, "Available"),
    )


def read_summary_text(file: str, text: str) -> Report:
    """The top of a summary, and its modules.

    Raises:
        ReportError: the table is missing or cut off, or a figure is no number.
    """
    _, top, facts = _header(text)
    table = _table(after(text.splitlines(), "+ Performance & Resource Estimates"), "estimates", header=0)
    heads = [" ".join(parts).strip() for parts in zip(*table[:2], strict=False)]
    found = [dict(zip(heads, row, strict=False)) for row in table[2:] if row[0].startswith("+")]
    if not found or _name(found[0]) != top:
        raise ReportError(f"has no line of {top} in its table of estimates")
    first = _summarized(found[0])
    return Report(
        kind="synthesis",
        tool="Vitis HLS",
        file=file,
        version=facts.get("Version"),
        top=top,
        part=facts.get("Target device"),
        latency=first.latency,
        interval=first.interval,
        used=first.used,
        slack=Slack(wns=decimal(found[0].get("Slack"))),
        modules=tuple(_summarized(line) for line in found[1:]),
    )


def _header(text: str) -> tuple[str, str, dict[str, str]]:
    title = TITLE.search(text)
    if not title:
        raise ReportError("has no title of a synthesis report")
    return title[1], title[2], dict(FACT.findall(text))


def _table(lines: Sequence[str], what: str, header: int) -> list[tuple[str, ...]]:
    """The rows of the table at the top of `lines`, behind `header` rows."""
    found = list(islice(rows(first_table(lines)), header, None))
    if not found or len(found[0]) < 4:
        raise ReportError(f"is cut off: it has no table of {what}")
    return found


def _cycles(row: tuple[str, ...]) -> tuple[Span, Span, str]:
    """Latency least and greatest, in seven columns the same in units of time, interval least and greatest, kind."""
    if len(row) not in (5, 7):
        raise ReportError(f"has a table of latency with {len(row)} columns, where 5 or 7 are known")
    return span(row[0], row[1]), span(row[-3], row[-2]), row[-1]


def _resources(table: Sequence[tuple[str, ...]], line: str) -> Resources:
    found = next((row for row in table if row[0] == line), None)
    if table[0][0] != "Name" or found is None:
        raise ReportError(f"is cut off: its table of utilization has no line {line!r}")
    return resources(dict(zip(table[0], found, strict=False)).get)


def _name(line: dict[str, str]) -> str:
    if "Modules & Loops" not in line:
        raise ReportError("has a summary table without the column 'Modules & Loops'")
    return line["Modules & Loops"].strip("+* ")


def _summarized(line: dict[str, str]) -> Module:
    latency, interval = (Span(maximum=count(line.get(name))) for name in ("Latency (cycles)", "Interval"))
    return Module(_name(line), latency, interval, resources(line.get))
