"""A large sample on disk: a folder of events files (shards, one split of one process each) and a manifest.

The manifest lists every shard with its number of events and SHA-256; reading checks both. Readers that must not hold
the sample in memory take blocks: `blocks` here, `trigger_nn.events.storage.stream` for several samples at once.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trigger_nn.errors import EventsError, PrecisionError
from trigger_nn.events.quantities import Column
from trigger_nn.events.storage.dataset import (
    FORMAT,
    SCHEMA,
    SPLITS,
    Events,
    Sample,
    check_events,
    concatenate,
    read_description,
    read_events,
    read_file,
)  # fmt: skip
from trigger_nn.files import check_readable, replacing, sha256

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Shard:
    """One file of a sample: where it is (relative to the folder), what it holds, and its SHA-256."""

    file: str
    split: str
    process: str
    events: int
    sum_of_weights: float
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a sample folder holds; `provenance` is that of every shard."""

    name: str
    shards: tuple[Shard, ...]
    provenance: dict[str, Any]


def describe(path: Path, folder: Path, split: str, process: str) -> Shard:
    """The manifest's entry of a shard that was just written."""
    with h5py.File(path, "r") as file:
        events, weights = len(file[f"{split}/process"]), float(file[f"{split}/weight"][()].sum(dtype="f8"))
    return Shard(path.relative_to(folder).as_posix(), split, process, events, weights, sha256(path.read_bytes()))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all: a folder without one is not a sample."""
    content = {"format": FORMAT, "schema": SCHEMA, **asdict(manifest)}
    with replacing(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a sample folder.

    Raises:
        EventsError: there is none, or it is damaged or newer than this package.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise EventsError(f"{folder} holds no {MANIFEST}, so it is no event sample; make one: trigger-nn events make.")
    try:
        stored = json.loads(path.read_text())
        if stored["schema"] > SCHEMA:
            raise EventsError(f"{path} has schema {stored['schema']}, newer than {SCHEMA}; update trigger_nn.")
        shards = tuple(Shard(**shard) for shard in stored["shards"])
        return Manifest(stored["name"], shards, stored["provenance"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EventsError(f"{path} is damaged ({error}); make the sample again.") from None


def check_shard(folder: Path, shard: Shard) -> None:
    """Compare a shard with its entry.

    Raises:
        EventsError: it is missing, or its bytes are others.
    """
    path = folder / shard.file
    if not path.is_file():
        raise EventsError(f"{path} is missing, but {MANIFEST} lists it; copy it again or repeat: events make.")
    if sha256(path.read_bytes()) != shard.sha256:
        raise EventsError(f"{path} is not the file that {MANIFEST} lists (SHA-256 differs); copy or make it again.")


def read_sample(path: Path) -> Sample:
    """Read a whole sample, a file or a folder of shards, and check it.

    Raises:
        EventsError: nothing there, truncated, not written by this package, of impossible shape, or not finite.
    """
    return read_folder(path) if path.is_dir() else read_file(path)


def read_folder(folder: Path) -> Sample:
    """A whole sample folder in memory, every shard checked.

    Raises:
        EventsError: a shard is missing, altered or damaged, or differs in kind from the others.
    """
    manifest = read_manifest(folder)
    parts: dict[str, list[Events]] = {}
    description = None
    for shard in manifest.shards:
        check_shard(folder, shard)
        part = read_file(folder / shard.file)
        description = description or replace(part, splits={})
        if part.columns != description.columns or part.processes != description.processes:
            raise EventsError(f"{folder / shard.file} has other columns than the shards before it; make it again.")
        parts.setdefault(shard.split, []).append(part.splits[shard.split])
    if description is None:
        raise EventsError(f"{folder / MANIFEST} lists no shard; make the sample again.")
    return replace(description, splits={split: concatenate(parts[split]) for split in SPLITS if split in parts})


def files_of(path: Path, split: str) -> tuple[Path, ...]:
    """The files that hold `split`, of a sample that is a folder or one file.

    Raises:
        EventsError: there is no such sample, or it has no such split.
    """
    if path.is_dir():
        found = tuple(path / shard.file for shard in read_manifest(path).shards if shard.split == split)
    else:
        found = (path,)
    if not found:
        raise EventsError(f"{path} has no split {split!r}; choose one of {', '.join(SPLITS)}.")
    return found


def blocks(path: Path, split: str, size: int) -> Iterator[Events]:
    """Events of `split` in blocks of at most `size`, file by file, never more than a block in memory.

    Raises:
        EventsError: as `read_sample`; the first bad block ends the stream.
    """
    for file in files_of(path, split):
        yield from file_blocks(file, split, size)


def description_of(path: Path) -> Sample:
    """Processes, columns and provenance of a sample (file or folder), no events.

    Raises:
        EventsError: as `read_sample`.
    """
    shards = read_manifest(path).shards if path.is_dir() else ()
    if path.is_dir() and not shards:
        raise EventsError(f"{path / MANIFEST} lists no shard; make the sample again.")
    first = path / shards[0].file if shards else path
    with _opened(first) as file:
        return read_description(first, file)


def length(path: Path, split: str) -> int:
    """Number of events of `split` in a sample (file or folder)."""
    if path.is_dir():
        return sum(shard.events for shard in read_manifest(path).shards if shard.split == split)
    with _opened(path) as file:
        return len(file[split]["process"]) if split in file else 0


def file_blocks(
    path: Path, split: str, size: int, start: int = 0, columns: Collection[str] | None = None
) -> Iterator[Events]:
    """Events of `split` in one file, from event `start`, in checked blocks of at most `size`; `columns`, or all."""
    with _opened(path) as file:
        try:
            description = read_description(path, file)
            if columns is not None:
                description = replace(description, columns={name: description.column(name) for name in columns})
            if split not in file:
                raise EventsError(
                    f"{path} has no split {split!r}; it has: {', '.join(s for s in SPLITS if s in file)}."
                )
            total = len(file[split]["process"])
            for first in range(start, total, size):
                events = read_events(file, description, split, slice(first, min(first + size, total)))
                check_events(f"{path}: {split} from event {first}", description, events)
                yield events
        except (OSError, KeyError, ValueError, TypeError, AttributeError, PrecisionError) as error:
            raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None


def _opened(path: Path) -> h5py.File:
    if not path.is_file():
        raise EventsError(f"There is no events file at {path}; make one with: trigger-nn events make RECIPE {path}.")
    check_readable(path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None


@dataclass(frozen=True)
class Tally:
    """Events of one process in one split, and the rate (Hz) that they stand for together."""

    split: str
    process: str
    events: int
    rate: float


def tally(path: Path) -> tuple[Tally, ...]:
    """Events by split and process of a sample (file or folder), without reading columns."""
    counted: dict[tuple[str, str], tuple[int, float]] = {}
    for split in SPLITS:
        for file in files_of(path, split) if not path.is_dir() or length(path, split) else ():
            with _opened(file) as opened:
                names = read_description(file, opened).processes
                if split not in opened:
                    continue
                process, rate = opened[split]["process"][()], opened[split]["rate"][()]
            for i, name in enumerate(names):
                events, total = counted.get((split, name), (0, 0.0))
                mine = process == i
                counted[split, name] = (events + int(mine.sum()), total + float(rate[mine].sum(dtype="f8")))
    return tuple(Tally(split, name, *both) for (split, name), both in counted.items() if both[0])


@dataclass(frozen=True)
class OneEvent:
    """One event: its process, and each column's numbers beside what they mean."""

    process: str
    columns: Mapping[str, Column]
    values: Mapping[str, np.ndarray]


def one_event(path: Path, split: str, number: int, process: str = "") -> OneEvent:
    """Event `number` of `split`, counted among those of `process` if one is named.

    Raises:
        EventsError: there is no such split, process or event.
    """
    description, left = description_of(path), number
    if process and process not in description.processes:
        raise EventsError(f"{path} has no process {process!r}; it has: {', '.join(description.processes)}.")
    for events in blocks(path, split, 1000) if number >= 0 else ():
        wanted = events.process == description.processes.index(process) if process else slice(None)
        own = events.take(wanted)
        if left < len(own):
            values = {name: own[name][left] for name in description.columns}
            return OneEvent(description.processes[int(own.process[left])], description.columns, values)
        left -= len(own)
    kind = f" of process {process!r}" if process else ""
    raise EventsError(f"{path} has {number - left} events{kind} in {split!r}, counted from 0; choose one of them.")
