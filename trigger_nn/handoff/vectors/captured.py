"""Captured files of any of the four formats against the expected events of a bundle, from the bundle's files alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import identifier
from trigger_nn.handoff.vectors.compare import Comparison, Difference, compare_vectors
from trigger_nn.handoff.vectors.decimal_text import read_dat
from trigger_nn.handoff.vectors.emp import read_patterns
from trigger_nn.handoff.vectors.files import LAYOUT, ROOT, read_port, text_of
from trigger_nn.handoff.vectors.hexadecimal import read_hex
from trigger_nn.handoff.vectors.layout import Layout
from trigger_nn.handoff.vectors.memory import read_mem
from trigger_nn.handoff.vectors.patterns import events_in
from trigger_nn.program.program import Port

Kind = Literal["EMP", "dat", "hex", "mem"]
SUFFIXES: dict[str, Kind] = {".dat": "dat", ".hex": "hex", ".mem": "mem"}


@dataclass(frozen=True)
class Compared:
    """The comparison of one captured file with events of the bundle, the lowest `first`, the highest `last`."""

    name: str
    kind: Kind
    first: int
    last: int
    comparison: Comparison


def compare_files(
    files: Mapping[str, bytes], captured: Sequence[Path], port: str = "", keep: int = 10
) -> tuple[Compared, ...]:
    """Compare each captured file with what a bundle's `files` expect of the whole block.

    The n-th of several buffer files is compared with the events of the n-th pattern file, as `layout.json` names them;
    a number at the end of its name (`_001.txt`) says otherwise. A `.hex` or `.mem` file holds one output port: `port`,
    or the one it is named after, or the only one.

    Raises:
        HandoffError: a file is missing, malformed, or of no known format or port; `port` is given for a file of all.
    """
    layout = Layout.parse(text_of(files, LAYOUT).encode(), LAYOUT)
    expected = {p.name: read_port(files, f"{ROOT}/design/expected/{p.name}.hex", p) for p in layout.outputs.ports}
    results = []
    for number, path in enumerate(captured):
        text = _read(path)
        kind = kind_of(path, text)
        chosen = list(_events(layout, path, number) if kind == "EMP" else range(layout.events_in_all))
        found = _mantissas(text, kind, path, layout, port)
        ports = [p for p in layout.outputs.ports if p.name in found]
        wanted = {p.name: expected[p.name][chosen] for p in ports}
        comparison = _numbered(chosen, compare_vectors(ports, wanted, found, keep))
        results.append(Compared(path.name, kind, chosen[0], chosen[-1], comparison))
    return tuple(results)


def kind_of(path: Path, text: str) -> Kind:
    """The format of a captured file, by its ending, else by how it begins.

    Raises:
        HandoffError: it is none of the four.
    """
    first = next((line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"), "")
    if first.startswith(("Board ", "ID: ")):
        return "EMP"
    if path.suffix in SUFFIXES:
        return SUFFIXES[path.suffix]
    if first.startswith(("//", "@")):
        return "mem"
    if path.suffix == ".log" or "." in first:
        return "dat"  # such as csim_results.log of hls4ml's bench
    raise HandoffError(
        f"{path} is of no known format: it begins neither with 'Board ' nor with 'ID: ', as EMP buffers do, and ends "
        "neither in .dat, .hex nor .mem; rename it after its format."
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        raise HandoffError(f"There is no captured file at {path}; give the path of one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HandoffError(f"{path} can't be read as text ({error}); give a captured file.") from None


def _events(layout: Layout, path: Path, number: int) -> Sequence[int]:
    """The numbers of the expected events of a buffer file."""
    last = path.stem.rpartition("_")[2]
    index = int(last) if "_" in path.stem and len(last) == 3 and last.isdecimal() else number
    if index >= layout.files:
        raise HandoffError(
            f"{path} would be the capture of pattern file {index:03d}, but the bundle has {layout.files}, from 000; "
            "name it after the pattern that was played."
        )
    return layout.events_of(index)


def _mantissas(text: str, kind: Kind, path: Path, layout: Layout, port: str) -> dict[str, np.ndarray]:
    """Captured mantissas, (events, *shape) by port."""
    ports, where = layout.outputs.ports, str(path)
    if port and kind in ("EMP", "dat"):
        raise HandoffError(f"{path} ({kind}) holds all output ports, so that --port {port} says nothing; leave it out.")
    if kind == "EMP":
        return events_in(read_patterns(text, where), layout.outputs, where)
    if kind == "dat":
        return read_dat(text, ports, where)
    one = _port(ports, path, port)
    return {one.name: (read_hex if kind == "hex" else read_mem)(text, one, where)}


def _port(ports: Sequence[Port], path: Path, name: str) -> Port:
    """The port that a file is of."""
    stem = path.stem.removeprefix("design_out_")
    for one in ports:
        if (name and name == one.name) or (not name and stem in (one.name, identifier(one.name))):
            return one
    if not name and len(ports) == 1:
        return ports[0]
    names = ", ".join(repr(one.name) for one in ports)
    if name:
        raise HandoffError(
            f"The block has no output port {name!r}; its output ports are {names}: name one with --port."
        )
    raise HandoffError(f"{path} holds one of the output ports {names}; name it with --port.")


def _numbered(events: Sequence[int], comparison: Comparison) -> Comparison:
    """The comparison, its expected events by their numbers among the bundle's vectors."""
    named: tuple[Difference, ...] = tuple(replace(one, event=events[one.event]) for one in comparison.first)
    return replace(comparison, first=named, missing=tuple(events[event] for event in comparison.missing))
