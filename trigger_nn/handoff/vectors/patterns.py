"""Events on links and back: pattern files for a board's buffers, events out of captured ones."""

from collections.abc import Mapping

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import from_words, pack, to_words, unpack
from trigger_nn.handoff.vectors.choice import chosen_events
from trigger_nn.handoff.vectors.emp import BoardData, pattern_text
from trigger_nn.handoff.vectors.layout import MOST_FILES, Lanes, Layout, lanes
from trigger_nn.handoff.vectors.pace import Pace
from trigger_nn.handoff.vectors.values import BlockVectors
from trigger_nn.program.program import Port
from trigger_nn.recipe import PatternSpec


def layout_of(
    inputs: tuple[Port, ...], outputs: tuple[Port, ...], spec: PatternSpec, vectors: BlockVectors, interval: float
) -> Layout:
    """Where events lie, as many of all groups as `MOST_FILES` files hold; `interval` in ns is the block's own.

    Raises:
        HandoffError: the named links are too few for the ports.
    """
    words, spacing = spec.words_per_event, spec.event_spacing
    sides = (
        lanes(inputs, spec.input_links, words, spacing, "input"),
        lanes(outputs, spec.output_links, words, spacing, "output"),
    )
    gap = sides[0].event_spacing
    chosen = chosen_events(vectors.groups, vectors.events, MOST_FILES * (spec.frames // gap))
    pace = Pace(spec.link_mhz, gap, interval)
    return Layout(spec.format, spec.board, spec.frames, chosen, vectors.events, *sides, pace)


def pattern_files(layout: Layout, vectors: BlockVectors) -> dict[str, bytes]:
    """`inputs_000.txt`, `expected_000.txt`, ..., and `layout.json`; expected as if the block had no latency."""
    files = {"layout.json": layout.text()}
    for number in range(layout.files):
        chosen = list(layout.events_of(number))
        for kind, side, values in (
            ("inputs", layout.inputs, vectors.inputs),
            ("expected", layout.outputs, vectors.expected),
        ):
            events = {port.name: values[port.name][chosen] for port in side.ports}
            files[f"{kind}_{number:03d}.txt"] = pattern_text(board_of(events, side, layout))
    return files


def board_of(mantissas: Mapping[str, np.ndarray], side: Lanes, layout: Layout) -> BoardData:
    """Buffers that hold events one after the other, (events, *shape) by port, from frame 0."""
    words = to_words(pack(side.ports, mantissas), side.words)
    count, length, spacing = len(words), side.words_per_event, side.event_spacing
    data = np.zeros((count, spacing, len(side.links)), np.uint64)
    data[:, :length] = words.reshape(count, len(side.links), length).transpose(0, 2, 1)
    valid, start, end, orbit = (np.zeros(data.shape, bool) for _ in range(4))
    valid[:, :length] = True
    marked = layout.format == "EMPv2"  # EMPv1 has no further flags
    start[:, 0], end[:, length - 1], orbit[:1, 0] = marked, marked, marked
    flat = (x.reshape(count * spacing, -1) for x in (data, valid, start, end, orbit, np.ones(data.shape, bool)))
    return BoardData(layout.board, layout.format, side.links, *flat)


def events_in(board: BoardData, side: Lanes, where: str = "the file") -> dict[str, np.ndarray]:
    """Mantissas (events, *shape) by port out of captured buffers, whatever the latency they begin with.

    A packet that the capture's beginning or end cut is left out.

    Raises:
        HandoffError: a link is missing, a packet is of another length, or links do not begin events together.
    """
    missing = [link for link in side.links if link not in board.links]
    if missing:
        raise HandoffError(f"{where} has no link {missing[0]}; capture links {', '.join(map(str, side.links))}.")
    found = [_packets(board, link, side, where) for link in side.links]
    count = min(len(starts) for starts, _ in found)
    first_link, (first, _) = side.links[0], found[0]
    for link, (starts, _) in zip(side.links, found, strict=True):
        late = np.flatnonzero(starts[:count] != first[:count])
        if late.size:
            event = int(late[0])
            raise HandoffError(
                f"{where}: packet {event} begins in frame {starts[event]} on link {link}, in frame {first[event]} on "
                f"link {first_link}; the links of an event must begin together."
            )
    words = np.concatenate([words[:count] for _, words in found], axis=1)
    return unpack(side.ports, from_words(words))


def _packets(board: BoardData, link: int, side: Lanes, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Frames in which the packets of a link begin, and their words (packets, words of a packet)."""
    column, length = board.links.index(link), side.words_per_event
    frames = np.flatnonzero(board.strobe[:, column])
    valid, start, end = (flag[frames, column] for flag in (board.valid, board.start, board.end))
    at = f"{where}, link {link}"
    starts = (
        _flagged(valid, start, end, length, frames, at) if board.format == "EMPv2" else _runs(valid, side, frames, at)
    )
    if not starts.size:
        raise HandoffError(f"{at}: there is no whole packet of {length} valid words; capture when data is there.")
    places = starts[:, None] + np.arange(length)
    return frames[starts], board.words[frames, column][places]


def _flagged(
    valid: np.ndarray, start: np.ndarray, end: np.ndarray, length: int, frames: np.ndarray, where: str
) -> np.ndarray:
    """Where whole packets begin by their flags."""
    starts = np.flatnonzero(valid & start)
    owned = np.zeros(len(valid), bool)
    for first in starts:
        stop = first + length
        inside = slice(first, stop)
        cut = stop > len(valid)
        last = end[inside].nonzero()[0]
        ends_well = not last.size if cut else last.size == 1 and last[0] == length - 1
        if not (valid[inside].all() and start[inside].sum() == 1 and ends_well):
            raise HandoffError(
                f"{where}: the packet that begins in frame {frames[first]} has not {length} valid words, the last "
                "flagged as its end; capture it again, or mend words_per_event of the recipe."
            )
        owned[inside] = True
    stray = np.flatnonzero(valid & ~owned)
    begun = stray[stray != np.arange(len(stray))]  # those from the first frame on are a packet cut by the beginning
    if begun.size or len(stray) >= length:
        frame = frames[begun[0] if begun.size else 0]
        raise HandoffError(f"{where}: frame {frame} is valid but in no packet; mend the flags, or capture it again.")
    return starts[starts + length <= len(valid)]


def _runs(valid: np.ndarray, side: Lanes, frames: np.ndarray, where: str) -> np.ndarray:
    """Where whole packets begin by runs of valid words, whose length is known."""
    length, alone = side.words_per_event, side.event_spacing > side.words_per_event
    edges = np.flatnonzero(np.diff(np.concatenate([[0], valid.astype(np.int8), [0]])))
    starts: list[int] = []
    for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        run = stop - first
        if first == 0 and alone and run < length:
            continue  # its beginning was before the capture
        whole = run == length or (run % length == 0 and not alone)
        if not whole and (stop < len(valid) or (alone and run > length)):
            raise HandoffError(
                f"{where}: {run} words are valid from frame {frames[first]}, but packets have {length}"
                f"{' with a gap behind each' if alone else ''}; capture again, or mend words_per_event of the recipe."
            )
        starts += range(first, stop - length + 1, length)
    return np.array(starts, np.int64)
