"""A page -> JSON: the same sections, tables and figures, for programs."""

import json
import math
import numbers
from typing import Any, assert_never

from trigger_nn.files import sha256
from trigger_nn.plots.page.layout import Placed, placed
from trigger_nn.plots.page.values import Cell, Figure, Links, Page, Table, Text

VERSION = 1  # of the layout of the JSON file


def render_json(page: Page) -> str:
    """`page` as JSON text, keys sorted. A number that is not finite is null, and its text says what it is.

    Pictures are left out: of each stand its caption, its size in bytes, and its SHA-256.
    """
    content = {
        "version": VERSION,
        "title": page.title,
        "subtitle": page.subtitle,
        "facts": [{"value": fact.value, "label": fact.label} for fact in page.facts],
        "sections": [
            {"title": section.title, "blocks": [_block(block) for block in blocks]} for section, blocks in placed(page)
        ],
        "provenance": dict(page.provenance),
    }
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def _block(at: Placed) -> dict[str, Any]:
    match at.block:
        case Table(heads, rows, caption):
            cells = [[_cell(cell) for cell in row] for row in rows]
            return {"kind": at.kind, "number": at.number, "caption": caption, "heads": list(heads), "rows": cells}
        case Figure(caption, png, alt):
            told = {"caption": caption, "alt": alt, "name": f"figure {at.number}"}
            return {"kind": at.kind, "number": at.number, "size": len(png), "sha256": sha256(png)} | told
        case Text(text, warning):
            return {"kind": at.kind, "text": text, "warning": warning}
        case Links(files):
            return {"kind": at.kind, "files": dict(files)}
        case _:
            assert_never(at.block)


def _cell(cell: Cell) -> dict[str, Any]:
    return {"text": cell.text, "value": _plain(cell.value)}


def _plain(value: object) -> int | float | str | None:
    """Numbers of numpy as Python's; None for what JSON can't hold."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    return str(value)
