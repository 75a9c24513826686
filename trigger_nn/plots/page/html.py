"""A page -> one HTML file that loads nothing: style, script and pictures stand in it."""

import base64
import math
import numbers
import re
import struct
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup, escape

from trigger_nn.plots.page.layout import Placed, placed
from trigger_nn.plots.page.values import Cell, Figure, Page, Table
from trigger_nn.rendering import templates

CONTENTS_FROM = 4  # sections; below, a table of contents is longer than what it saves
IN_LINE = 5  # facts beside each other at most
MANY = 6  # columns, beyond which print needs smaller letters
CROWDED = 12  # columns, beyond which it needs the sheet's long side
LONG_TABLE = 40  # rows, beyond which a table scrolls below its head


def render_html(page: Page) -> str:
    """`page` as HTML text. Tables are sorted by a click on a head; printing shows all of them."""
    environment = templates(
        "trigger_nn.plots", escaped=True,
        data=_data, size=_size, number=_number, numeric=_numeric, quoted=quote, marked=_marked,
        breakable=_breakable,
    )  # fmt: skip
    sections = [(section, _rows_of_figures(blocks)) for section, blocks in placed(page)]
    return environment.get_template("page.html.j2").render(
        page=page, sections=sections, contents=len(sections) >= CONTENTS_FROM, columns=_columns(len(page.facts)),
        many=MANY, crowded=CROWDED, long=LONG_TABLE,
    )  # fmt: skip


def _rows_of_figures(blocks: tuple[Placed, ...]) -> list[tuple[str, list[Placed]]]:
    """Neighbours of one kind together: figures that follow each other stand beside each other."""
    return [(kind, list(group)) for kind, group in groupby(blocks, lambda block: block.kind)]


def _columns(facts: int) -> int:
    """Beside each other, so that all lines are about as long."""
    lines = math.ceil(facts / IN_LINE)
    return math.ceil(facts / lines) if lines else 1


def _marked(text: str) -> str:
    """`text` escaped, in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _breakable(head: str) -> str:
    """`head` escaped; a long name may be broken after the dots and underscores within it."""
    return Markup(re.sub(r"(?<=\w[._])(?=\w)", "<wbr>", str(escape(head))))


def _data(figure: Figure) -> str:
    return "data:image/png;base64," + base64.b64encode(figure.png).decode()


def _size(figure: Figure) -> tuple[int, int]:
    """Width and height in pixels as the PNG's head says: the page keeps the place before the picture is decoded."""
    width, height = struct.unpack(">II", figure.png[16:24])
    return width, height


def _number(cell: Cell) -> str | None:
    """What the script sorts a number by, as JavaScript reads it; None of a text."""
    if not isinstance(cell.value, numbers.Real):
        return None
    value = float(cell.value)
    return repr(value) if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")


def _numeric(table: Table) -> list[bool]:
    """Which columns hold numbers, and nothing else but empty cells."""
    columns = [[row[i] for row in table.rows] for i in range(len(table.heads))]
    return [
        any(_number(cell) is not None for cell in column)
        and all(_number(cell) is not None or not cell.text for cell in column)
        for column in columns
    ]
