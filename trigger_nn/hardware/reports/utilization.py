"""Vivado's `report_utilization` as text (AMD UG835, and the files themselves).

Its tables changed: 7 series have Slice LUTs and Slice Registers, UltraScale CLB LUTs and CLB Registers, with a star
where a note follows; since 2021 there is a column Prohibited; UltraRAM is listed only if the device has it. Block RAM
is counted in tiles of 36 kbit, and halves of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trigger_nn.hardware.reports.figures import count, halves, rows
from trigger_nn.hardware.reports.values import ForeignReportError, Report, ReportError, Resources
from trigger_nn.hardware.reports.vivado import facts, headed

SITES = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "lut_logic": ("LUT as Logic",),
    "lut_memory": ("LUT as Memory",),
    "ff": ("CLB Registers", "Slice Registers", "Registers"),
    "dsp": ("DSPs", "DSP Slices"),
    "uram": ("URAM",),
}
TILES = "Block RAM Tile"
Table = Mapping[str, Mapping[str, str]]  # cells by site and column


def read_utilization(file: str, text: str) -> Report:
    """The report that `text` holds.

    Raises:
        ReportError: it is by hierarchy, the table of LUTs or registers is missing, or a figure is no number.
    """
    if "-hierarchical" in facts(text).get("Command", ""):
        raise ForeignReportError("lists utilization by hierarchy, and only report_utilization without that is read")
    sites = _sites(text)
    used, available = _resources(sites, "Used"), _resources(sites, "Available")
    if used.lut is None or used.ff is None:
        raise ReportError("is cut off: it has no table of LUTs and registers")
    return replace(headed(file, text, "utilization"), used=used, available=available)


def _sites(text: str) -> Table:
    """The rows of all tables of sites; a site met again is a detail of an earlier table."""
    sites: dict[str, Mapping[str, str]] = {}
    heads: tuple[str, ...] = ()
    for row in rows(text.splitlines()):
        if row[0] == "Site Type":
            heads = row
        elif len(row) == len(heads):
            sites.setdefault(row[0].rstrip("*"), dict(zip(heads, row, strict=True)))
    return sites


def _resources(sites: Table, column: str) -> Resources:
    counts = {ours: count(_cell(sites, names, column)) for ours, names in SITES.items()}
    return Resources(bram_18k=halves(_cell(sites, (TILES,), column)), **counts)


def _cell(sites: Table, names: Sequence[str], column: str) -> str | None:
    return next((sites[name].get(column) for name in names if name in sites), None)
