"""Pages to render in tests: one with all that a page can hold, and some that is awkward."""

import math

import numpy as np

from trigger_nn.plots.page.values import Cell, Fact, Figure, Links, Page, Section, Table, Text
from trigger_nn.plots.style import as_png

PROMISE = "<script>alert('1 < 2 & \"3\"')</script>"  # text, not markup


def picture(width=4.0):
    """A real plot as PNG."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(width, 3.0))
    drawing.subplots().plot([1, 2, 3])
    return as_png(drawing)


def numbers():
    """A table in which sorting as text, or with what is missing first, would be wrong."""
    values = (10, 9, -1.5, 1_000, None, math.nan, math.inf, -math.inf, np.float32(2.5), np.int64(70))
    rows = tuple(
        (Cell(f"row {i}"), Cell("", None) if v is None else Cell(f"{v:,}", v), Cell("b" if i % 2 else "a"))
        for i, v in enumerate(values, 9)
    )
    return Table(("name", "value", "letter"), rows, "Ten values, `some` of them awkward.")


def wide(columns=12, rows=60):
    """As a scan has: many columns, many rows, long texts."""
    heads = tuple(f"network.layer_{i}.bits" for i in range(columns - 1))
    content = tuple(
        (*(Cell(f"{(i * j) % 17 / 7:.3f}", (i * j) % 17 / 7) for i in range(columns - 1)), Cell("why " * 20))
        for j in range(rows)
    )
    return Table((*heads, "why it failed"), content, "Trials of a scan.")


def full():
    """One of everything."""
    figure = Figure(f"Of 1,000 events: {PROMISE}", picture(), "a line that rises")
    sections = (
        Section("Numbers", (Text(f"What follows is odd: {PROMISE}"), numbers(), Text("Mind the gap.", warning=True))),
        Section("Figures", (figure, figure, Figure("Wide.", picture(12), wide=True))),
        Section("A scan", (wide(), Table(("nothing",), (), "No row."))),
        Section("Files", (Links({"Manifest": "../bundle #1/manifest.json"}),)),
    )
    facts = (Fact("16 BX", "latency (estimate)"), Fact("0.489", "efficiency at 100 kHz"))
    return Page("event_image", "Signals: hh4b.", facts, sections, {"program": "ab" * 32, "command": "trigger-nn x"})
