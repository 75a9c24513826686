"""Buffer files of the EMP framework, by which boards are fed and read out: text, a column a link, a row a frame.

Formats EMPv1 and EMPv2 after the framework's documentation ("Buffer data files",
serenity.web.cern.ch/serenity/emp-fwk/software/buffer-data-files.html) and CMSSW's reader and writer
(L1Trigger/DemonstratorTools/src/utilities.cc).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from trigger_nn.errors import HandoffError

Format = Literal["EMPv1", "EMPv2"]
METADATA = "Metadata: (strobe,) start of orbit, start of packet, end of packet, valid"
_CELL_1 = re.compile(r"(?:(?P<strobe>[01])s)?(?P<valid>[01])v(?P<word>[0-9a-fA-F]{16})")
_CELL_2 = re.compile(
    r"(?P<strobe>[01])?(?P<orbit>[01])(?P<start>[01])(?P<end>[01])(?P<valid>[01]) (?P<word>[0-9a-fA-F]{16})"
)
_FRAME_1 = re.compile(r"Frame\s+(\d+)\s*:(.*)")
_FRAME_2 = re.compile(r"Frame\s+(\d+)\s\s+(.*)")
_FORMS = {"EMPv1": (_FRAME_1, _CELL_1, r"\s+"), "EMPv2": (_FRAME_2, _CELL_2, r"\s\s+")}

Line = tuple[int, str]


@dataclass(frozen=True, eq=False)
class BoardData:
    """What a board's buffers hold: 64-bit `words` (frames, links) and their flags, bool (frames, links).

    EMPv1 has no `start`, `end` and `orbit`: they are False. Where `strobe` is False a link has no word in that frame.
    """

    board: str
    format: Format
    links: tuple[int, ...]
    words: np.ndarray
    valid: np.ndarray
    start: np.ndarray
    end: np.ndarray
    orbit: np.ndarray
    strobe: np.ndarray


def pattern_text(board: BoardData) -> bytes:
    """The file of a board; a link's strobe is written if it is ever low."""
    strobed = [not np.all(column) for column in board.strobe.T]
    head = _head_1(board) if board.format == "EMPv1" else _head_2(board, strobed)
    cells = _cells_1 if board.format == "EMPv1" else _cells_2
    colon = " :" if board.format == "EMPv1" else "  "
    rows = (f"Frame {n:04d}{colon}{''.join(cells(board, n, strobed))}" for n in range(len(board.words)))
    return "".join(f"{line.rstrip()}\n" for line in chain(head, rows)).encode()


def _head_1(board: BoardData) -> list[str]:
    quads = "".join(f"         q{link // 4:02d}c{link % 4}       " for link in board.links)
    links = "".join(f"          {link:03d}        " for link in board.links)
    return [f"Board {board.board}", f" Quad/Chan :{quads}", f"      Link :{links}"]


def _head_2(board: BoardData, strobed: Sequence[bool]) -> list[str]:
    columns = zip(board.links, strobed, strict=True)
    links = "".join(f"{' ' if low else ''}            {link:03d}        " for link, low in columns)
    return [f"ID: {board.board}", METADATA, "", f"      Link  {links}"]


def _cells_1(board: BoardData, frame: int, strobed: Sequence[bool]) -> Iterator[str]:
    for link in range(len(board.links)):
        strobe = f"{board.strobe[frame, link]:d}s" if strobed[link] else ""
        yield f"   {strobe}{board.valid[frame, link]:d}v{board.words[frame, link]:016x}"


def _cells_2(board: BoardData, frame: int, strobed: Sequence[bool]) -> Iterator[str]:
    for link in range(len(board.links)):
        strobe = f"{board.strobe[frame, link]:d}" if strobed[link] else ""
        flags = "".join(f"{flag[frame, link]:d}" for flag in (board.orbit, board.start, board.end, board.valid))
        yield f"  {strobe}{flags} {board.words[frame, link]:016x}"


def read_patterns(text: str, where: str = "the file") -> BoardData:
    """The buffers in a file of either format; blank lines and lines that begin with # are passed over.

    Raises:
        HandoffError: a line is not as the format has it.
    """
    lines = ((n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and line.lstrip()[0] != "#")
    number, first = _next(lines, where, "'Board ' or 'ID: '")
    if first.startswith("Board "):
        _header(lines, where, r"Quad/Chan\s*:(.*)", "' Quad/Chan :'")
        links = _header(lines, where, r"Link\s*:(.*)", "'      Link :'")
        return _board(first[6:].strip(), "EMPv1", _links(links, where), lines, where)
    if first.startswith("ID: "):
        _header(lines, where, re.escape(METADATA) + "()", repr(METADATA))
        links = _header(lines, where, r"Link\s\s+(.*)", "'      Link  '")
        return _board(first[4:].strip(), "EMPv2", _links(links, where), lines, where)
    raise HandoffError(
        f"{where}, line {number}: a buffer file begins with 'Board ' (EMPv1) or 'ID: ' (EMPv2), found {_short(first)}; "
        "give a file that the board's software wrote."
    )


def _next(lines: Iterator[Line], where: str, wanted: str) -> Line:
    for line in lines:
        return line
    raise HandoffError(f"{where} ends where a line with {wanted} should be; it was cut short, capture it again.")


def _header(lines: Iterator[Line], where: str, form: str, wanted: str) -> Line:
    number, line = _next(lines, where, wanted)
    match = re.fullmatch(form, line.strip())
    if match is None:
        raise HandoffError(f"{where}, line {number}: expected a line with {wanted}, found {_short(line)}; mend it.")
    return number, match[1]


def _links(header: Line, where: str) -> tuple[int, ...]:
    number, text = header
    names = text.split()
    if not names or not all(name.isdecimal() for name in names) or len(set(map(int, names))) < len(names):
        raise HandoffError(f"{where}, line {number}: links are numbers, each once, found {_short(text)}; mend them.")
    return tuple(map(int, names))


def _board(board: str, kind: Format, links: tuple[int, ...], lines: Iterator[Line], where: str) -> BoardData:
    rows = [_row(line, kind, len(links), count, where) for count, line in enumerate(lines)]
    if not rows:
        raise HandoffError(f"{where} has no frame; it was cut short, capture it again.")
    words = np.array([[int(cell["word"], 16) for cell in row] for row in rows], np.uint64)
    flags = {
        flag: np.array([[cell.get(flag) == "1" for cell in row] for row in rows])
        for flag in ("valid", "start", "end", "orbit")
    }
    strobe = np.array([[cell.get("strobe") != "0" for cell in row] for row in rows])
    return BoardData(board, kind, links, words, strobe=strobe, **flags)


def _row(line: Line, kind: Format, links: int, expected: int, where: str) -> list[dict[str, str]]:
    """The cells of frame `expected`."""
    number, text = line
    frame, cell, between = _FORMS[kind]
    match = frame.fullmatch(text.strip())
    if match is None or int(match[1]) != expected:
        raise HandoffError(
            f"{where}, line {number}: expected 'Frame {expected:04d}' as {kind} has it, found {_short(text)}; frames "
            "are numbered from 0, one a line."
        )
    found = re.split(between, match[2].strip())
    if len(found) != links:
        raise HandoffError(f"{where}, line {number}: {links} links need as many columns, found {len(found)}; mend it.")
    matches = [cell.fullmatch(one) for one in found]
    for one, fits in zip(found, matches, strict=True):
        if fits is None:
            form = "1v0123456789abcdef" if kind == "EMPv1" else "1101 0123456789abcdef"
            raise HandoffError(f"{where}, line {number}: {one!r} is no word as {kind} has it, such as {form!r}.")
    return [fits.groupdict() for fits in matches if fits is not None]


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else f"{line[:57]}...")
