"""Numbers, tables and XML as the vendor's tools print them."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile, takewhile
from xml.etree import ElementTree

from trigger_nn.hardware.reports.values import ReportError, Resources, Span

UNSAID = frozenset(("", "-", "?", "undef", "undefined", "na", "n/a", "none", "inf", "-inf"))
COUNT = re.compile(r"(\d{1,15})(?:\s*\(~?\d+%\))?")  # 330, or 330 (~0%)
DECIMAL = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,9})?)\s*(?:ns)?")
# Names of the resources in HLS's XML and text tables; Vivado HLS calls every DSP slice DSP48E, whatever the device.
NAMES = {
    "lut": ("LUT",),
    "ff": ("FF",),
    "dsp": ("DSP", "DSP48E"),
    "bram_18k": ("BRAM_18K", "BRAM"),
    "uram": ("URAM",),
}


def count(text: str | None) -> int | None:
    """A number of cycles or resources; None for what the tools write where they know none (`?`, `undef`, `-`, `NA`).

    Raises:
        ReportError: it is something else.
    """
    found = _number(text, COUNT)
    return None if found is None else int(found)


def decimal(text: str | None) -> float | None:
    """A finite number, in ns mostly, or None as in `count`.

    Raises:
        ReportError: it is something else.
    """
    found = _number(text, DECIMAL)
    return None if found is None else float(found)


def halves(text: str | None) -> int | None:
    """Block RAM in tiles of 36 kbit (`12.5`), as halves of 18 kbit (25).

    Raises:
        ReportError: it is no multiple of one half.
    """
    tiles = decimal(text)
    if tiles is not None and (2 * tiles != int(2 * tiles) or tiles < 0):
        raise ReportError(f"has {text!r} block RAM tiles, which come in halves")
    return None if tiles is None else int(2 * tiles)


def span(least: str | None, greatest: str | None, average: str | None = None) -> Span:
    """Cycles, of which the least and the greatest may also stand in one text (`351 ~ 475`), then given twice.

    Raises:
        ReportError: one of them is no number, or the least is above the greatest.
    """
    low, high = count((least or "").split("~")[0]), count((greatest or "").split("~")[-1])
    if low is not None and high is not None and low > high:
        raise ReportError(f"has a least number of cycles, {low}, above the greatest, {high}")
    return Span(low, count(average), high)


def resources(get: Callable[[str], str | None]) -> Resources:
    """Resources by the names that HLS gives them; `get` yields what stands under a name, None if nothing does.

    Raises:
        ReportError: a figure is no number.
    """
    found = {
        ours: next((text for name in names if (text := get(name)) is not None), None) for ours, names in NAMES.items()
    }
    return Resources(**{ours: count(text) for ours, text in found.items()})


def rows(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The cells of every line `| a | b |`, blanks around them removed."""
    for line in lines:
        text = line.strip()
        if len(text) > 1 and text.startswith("|") and text.endswith("|"):
            yield tuple(cell.strip() for cell in text[1:-1].split("|"))


def first_table(lines: Iterable[str]) -> list[str]:
    """The lines of the first table, up to the next line that is neither a row nor a rule."""
    ahead = dropwhile(lambda line: not line.strip().startswith("|"), lines)
    return list(takewhile(lambda line: line.strip().startswith(("|", "+-")), ahead))


def after(lines: Iterable[str], mark: str) -> list[str]:
    """The lines behind the first one that contains `mark`; none if there is no such line."""
    ahead = iter(lines)
    for line in ahead:
        if mark in line:
            break
    return list(ahead)


def parse_xml(content: bytes) -> ElementTree.Element:
    """The root of an XML file. A document type, by which entities could be declared, is refused.

    Raises:
        ReportError: it is not UTF-8, not XML, or declares a document type.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ReportError("is not UTF-8 text") from None
    if "<!DOCTYPE" in text.upper():
        raise ReportError("declares a document type, which no report does")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ReportError(f"is not whole XML ({error})") from None


def _number(text: str | None, form: re.Pattern[str]) -> str | None:
    stripped = (text or "").strip()
    if stripped.lower() in UNSAID:
        return None
    found = form.fullmatch(stripped)
    if not found:
        raise ReportError(f"has {stripped[:40]!r} where a number belongs")
    return found[1]
