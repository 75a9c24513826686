"""How events lie on the links of a board: ports, links, words, frames. `vectors/patterns/layout.json` holds it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, cast

from trigger_nn.errors import HandoffError, PrecisionError
from trigger_nn.handoff.vectors.bits import WORD, elements, identifier, size
from trigger_nn.handoff.vectors.emp import Format
from trigger_nn.handoff.vectors.pace import Pace
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

MOST_FILES = 16  # of patterns, in each direction


@dataclass(frozen=True)
class Lanes:
    """One direction: the bits of `ports`, one after the other, fill `words_per_event` words of each link in turn."""

    ports: tuple[Port, ...]
    links: tuple[int, ...]
    words_per_event: int
    event_spacing: int

    @property
    def words(self) -> int:
        """Words of an event on all links."""
        return len(self.links) * self.words_per_event


@dataclass(frozen=True)
class Layout:
    """Both directions, the numbers of those of `events_in_all` events that are in the files, and how fast they come."""

    format: Format
    board: str
    frames: int
    events: tuple[int, ...]
    events_in_all: int
    inputs: Lanes
    outputs: Lanes
    pace: Pace

    @property
    def events_per_file(self) -> int:
        """Whole events that a buffer holds."""
        return self.frames // self.inputs.event_spacing

    @property
    def files(self) -> int:
        """How many files each direction has."""
        return -(-len(self.events) // self.events_per_file)

    def events_of(self, number: int) -> tuple[int, ...]:
        """The numbers of the events in a file."""
        return self.events[number * self.events_per_file :][: self.events_per_file]

    def text(self) -> bytes:
        """As JSON."""
        content = {
            "format": self.format, "board": self.board, "word_bits": WORD,
            "words_per_event": self.inputs.words_per_event, "event_spacing": self.inputs.event_spacing,
            "frames": self.frames, "files": self.files, "events_per_file": self.events_per_file,
            "link_mhz": self.pace.link_mhz, "event_spacing_ns": self.pace.spacing,
            "initiation_interval_ns": self.pace.interval, "instances": self.pace.instances,
            "event_spacing_of_one_instance": self.pace.single_spacing,
            "events": list(self.events), "events_in_all": self.events_in_all,
            "inputs": _plain(self.inputs), "outputs": _plain(self.outputs),
        }  # fmt: skip
        return (json.dumps(content, indent=1) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes, where: str = "layout.json") -> "Layout":
        """What `text` wrote.

        Raises:
            HandoffError: it is no such file.
        """
        try:
            stored = json.loads(content)
            sides = (_lanes(stored, stored["inputs"]), _lanes(stored, stored["outputs"]))
            if stored["format"] not in ("EMPv1", "EMPv2"):
                raise ValueError(f"format {stored['format']!r}")
            frames, in_all = int(stored["frames"]), int(stored["events_in_all"])
            events = _numbers(stored["events"], in_all)
            pace = _pace(stored, sides[0].event_spacing)
            return cls(cast(Format, stored["format"]), str(stored["board"]), frames, events, in_all, *sides, pace)
        except (ValueError, KeyError, TypeError, AttributeError, PrecisionError) as error:
            raise HandoffError(
                f"{where} does not describe a layout ({type(error).__name__}: {error}); take the bundle as it was made."
            ) from None


def lanes(
    ports: Sequence[Port], links: Sequence[int], words_per_event: int, spacing: int | None, direction: str
) -> Lanes:
    """`ports` on the first of `links` that they need; without links on as many as are needed, from 0.

    Raises:
        HandoffError: there are too few links.
    """
    words = -(-size(ports) // WORD)
    needed = -(-words // words_per_event)
    if links and len(links) < needed:
        raise HandoffError(
            f"The {direction} ports have {size(ports)} bits, {words} words of {WORD} an event; "
            f"{len(links)} links of {words_per_event} words carry {len(links) * words_per_event}: name {needed} links "
            f"in handoff.patterns.{direction}_links, or raise handoff.patterns.words_per_event."
        )
    chosen = tuple(links)[:needed] or tuple(range(needed))
    return Lanes(tuple(ports), chosen, words_per_event, spacing or words_per_event)


def _plain(side: Lanes) -> dict[str, Any]:
    first, ports = 0, []
    for port in side.ports:
        ports.append(_plain_port(port, first, side))
        first += size((port,))
    return {"links": list(side.links), "bits": first, "ports": ports}


def _plain_port(port: Port, first: int, side: Lanes) -> dict[str, Any]:
    return {
        "name": port.name, "identifier": identifier(port.name), "shape": list(port.shape), "elements": elements(port),
        "width": port.type.width, "signed": port.type.signed, "fraction": port.type.fraction, "first_bit": first,
        "words": _spans(first, size((port,)), side),
    }  # fmt: skip


def _spans(first: int, bits: int, side: Lanes) -> list[dict[str, int]]:
    """Where bits `first` and following lie: bits `low` to `high` of word `word` of an event on `link`."""
    spans = []
    for number in range(first // WORD, (first + bits - 1) // WORD + 1):
        low, high = max(first, number * WORD), min(first + bits, (number + 1) * WORD) - 1
        link, word = divmod(number, side.words_per_event)
        place = {"low": low % WORD, "high": high % WORD, "port_low": low - first, "port_high": high - first}
        spans.append({"link": side.links[link], "word": word, **place})
    return spans


def _lanes(stored: dict[str, Any], side: dict[str, Any]) -> Lanes:
    ports = tuple(_port(port) for port in side["ports"])
    words, spacing, frames = (int(stored[key]) for key in ("words_per_event", "event_spacing", "frames"))
    found = Lanes(ports, tuple(int(link) for link in side["links"]), words, spacing)
    if not 1 <= words <= spacing <= frames or not ports or size(ports) > found.words * WORD:
        raise ValueError("words, spacing, frames and links do not hold the ports")
    return found


def _numbers(stored: Sequence[Any], in_all: int) -> tuple[int, ...]:
    numbers = tuple(int(number) for number in stored)
    if not numbers or sorted(set(numbers)) != list(numbers) or numbers[0] < 0 or numbers[-1] >= in_all:
        raise ValueError(f"events are not rising numbers below {in_all}")
    return numbers


def _pace(stored: dict[str, Any], spacing: int) -> Pace:
    pace = Pace(float(stored["link_mhz"]), spacing, float(stored["initiation_interval_ns"]))
    if not (0 < pace.link_mhz < inf and 0 < pace.interval < inf):
        raise ValueError("link_mhz and initiation_interval_ns are to be above zero")
    return pace


def _port(stored: dict[str, Any]) -> Port:
    width, fraction = int(stored["width"]), int(stored["fraction"])
    shape = tuple(int(extent) for extent in stored["shape"])
    return Port(str(stored["name"]), shape, Fixed(bool(stored["signed"]), width, width - fraction))
