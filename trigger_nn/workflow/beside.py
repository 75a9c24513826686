"""What events have beside their network's input: process, rate, weight, and the columns that a study looks at."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.foreign.mapping import columns_of
from trigger_nn.events.foreign.read import read_foreign_blocks
from trigger_nn.events.quantities import Column, check_same
from trigger_nn.events.storage.dataset import Events, Sample, narrowed
from trigger_nn.events.storage.shards import description_of, file_blocks
from trigger_nn.events.turning import original
from trigger_nn.program.program import Program
from trigger_nn.workflow.machine import crossings_of
from trigger_nn.workflow.reading import Reading, Source
from trigger_nn.workflow.sources import is_own, open_sources
from trigger_nn.workflow.tables import kind_of

BLOCK = 2**17  # events
MOST_PROCESSES = 256  # that uint8 numbers


@dataclass(frozen=True)
class Given:
    """Events as they were given: the files of one path, what is known of them, and the process that all are said to be.

    `description`: processes and columns, no events. `process`: "" for what the file says of each event.
    """

    path: Path
    sources: tuple[Source, ...]
    description: Sample
    process: str
    reading: Reading

    @property
    def events(self) -> int:
        """Number of events."""
        return sum(source.events for source in self.sources)

    @property
    def processes(self) -> tuple[str, ...]:
        """Their names, in the order in which events number them."""
        return (self.process,) * len(self.description.processes) if self.process else self.description.processes

    @property
    def original(self) -> str | None:
        """Name of the column that says which event an event is a copy of."""
        return original(self.description.columns)

    def column(self, name: str) -> Column:
        """What column `name` means.

        Raises:
            EventsError: there is none of this name, or the file does not say what its columns mean.
        """
        if not self.description.columns:
            raise EventsError(
                f"{self.path} does not say what its numbers mean, so its column {name!r} can't be cut on; give a "
                "mapping (--mapping), or convert it: trigger-nn events convert."
            )
        if name not in self.description.columns:
            there = ", ".join(self.description.columns)
            raise EventsError(f"{self.path} has no column {name!r}; it has: {there}.")
        return self.description.columns[name]

    def blocks(self, columns: Collection[str]) -> Iterator[Events]:
        """`columns` of all events, in their order, a part at a time.

        Raises:
            EventsError: a file is damaged, or holds another number of events than it lists.
        """
        for source in self.sources:
            found = 0
            for events in self._of(source, columns):
                found += len(events)
                yield events
            if found != source.events:
                raise EventsError(f"{source.path} lists {source.events} events, but holds {found}; copy it again.")

    def _of(self, source: Source, columns: Collection[str]) -> Iterator[Events]:
        mapping = self.reading.foreign()
        if not self.description.columns:
            yield _bare(source.events)
        elif mapping is not None and not self.path.is_dir():
            for events in read_foreign_blocks(source.path, mapping):
                yield Events(events.process, events.rate, events.weight, {name: events[name] for name in columns})
        else:
            yield from file_blocks(source.path, self.reading.split, BLOCK, columns=columns)


def given(program: Program, path: Path, reading: Reading, process: str = "") -> Given:
    """The events at `path`, as `program` will read them; all of them of `process` if one is named.

    Raises:
        EventsError: as `open_sources`; or the file knows no processes, and none is named.
    """
    sources = open_sources(program, (path,), reading)
    description = _description(path, reading)
    if not description.processes and not process:
        raise EventsError(f"{path} does not say which process its events are; give it as: --process NAME={path}.")
    return Given(path, sources, description if description.processes else _named(process), process, reading)


def _named(process: str) -> Sample:
    return Sample((process,), {}, {}, {})


def _description(path: Path, reading: Reading) -> Sample:
    """Processes and columns; none of files of plain numbers."""
    mapping = reading.foreign()
    if path.is_dir():
        return description_of(path)
    if mapping is not None:
        return Sample((mapping.process,), columns_of(mapping), {}, {})
    if kind_of(path) == "hdf5" and is_own(path):
        return description_of(path)
    return Sample((), {}, {}, {})


def _bare(events: int) -> Events:
    """Events of one process that stand for no rate, all of one weight."""
    ones = np.ones(events, np.float32)
    return Events(np.zeros(events, np.uint8), np.zeros(events, np.float32), ones, {})


@dataclass(frozen=True)
class Kept:
    """What is kept of many events, in narrow arrays with an entry each; as `studies.menu.values.Scored` has it."""

    processes: tuple[str, ...]
    process: np.ndarray
    rate: np.ndarray
    weight: np.ndarray
    columns: Mapping[str, np.ndarray]
    meanings: Mapping[str, Column]
    source: np.ndarray | None
    crossings: float | None = None
    averaged: tuple[str, ...] = ()

    def put(self, first: int, events: Events, numbers: np.ndarray, source: np.ndarray) -> int:
        """Put `events` into their places from `first` on; the place behind them.

        `numbers` are those of their file's processes among all; `source` says which event each is a copy of.
        """
        rows = slice(first, first + len(events))
        self.process[rows], self.rate[rows], self.weight[rows] = numbers[events.process], events.rate, events.weight
        for name, values in self.columns.items():
            values[rows] = events[name]
        if self.source is not None:
            self.source[rows] = source
        return rows.stop


def collected(parts: Sequence[Given], columns: Sequence[str]) -> Kept:
    """Process, rate, weight and `columns` of all events of `parts`, and what each is a copy of if any is one.

    Rates of a process that several parts bring are averaged: those of each part count by its share of the events.

    Raises:
        EventsError: a column is missing or means something else in one file than in another, a file is damaged, or
            there are more processes than 256.
    """
    kept, first, sources = _room(parts, columns), 0, 0
    for part in parts:
        numbers = np.array([kept.processes.index(name) for name in part.processes], np.uint8)
        wanted = [*columns, *([part.original] if part.original else [])]
        start, before = first, sources
        for events in part.blocks(wanted):
            own = events[part.original] if part.original else np.arange(first - start, first - start + len(events))
            own = own.astype(np.int64) + before
            first, sources = kept.put(first, events, numbers, own), max(sources, int(own.max(initial=-1)) + 1)
    return _averaged(kept, parts)


def _averaged(kept: Kept, parts: Sequence[Given]) -> Kept:
    """The same with rates that several parts bring averaged, and the crossings that all of these are made for."""
    ends = np.cumsum([part.events for part in parts])
    rows = [slice(int(end) - part.events, int(end)) for end, part in zip(ends, parts, strict=True)]
    count = len(kept.processes)
    carried = np.array([np.bincount(kept.process[own], kept.rate[own], count) > 0 for own in rows])
    events = np.array([np.bincount(kept.process[own], minlength=count) for own in rows]) * carried
    several = carried.sum(axis=0) > 1
    share = np.where(several, events / np.maximum(events.sum(axis=0), 1), 1.0).astype(np.float32)
    for own, factors in zip(rows, share, strict=True):
        if not np.all(factors == 1):
            kept.rate[own] *= factors[kept.process[own]]
    made_for = {crossings_of(part.description.provenance) for i, part in enumerate(parts) if carried[i].any()}
    names = tuple(name for name, found in zip(kept.processes, several, strict=True) if found)
    return replace(kept, crossings=made_for.pop() if len(made_for) == 1 else None, averaged=names)


def _room(parts: Sequence[Given], columns: Sequence[str]) -> Kept:
    names = tuple(dict.fromkeys(name for part in parts for name in part.processes))
    if len(names) > MOST_PROCESSES:
        raise EventsError(f"The events have {len(names)} processes, more than {MOST_PROCESSES}; study fewer at once.")
    count, meanings = sum(part.events for part in parts), {name: _meaning(parts, name) for name in columns}
    process, rate, weight = (np.empty(count, kind) for kind in ("u1", "f4", "f4"))
    kept = {name: _narrow(count, column) for name, column in meanings.items()}
    source = np.empty(count, np.int64) if any(part.original for part in parts) else None
    return Kept(names, process, rate, weight, kept, meanings, source)


def _narrow(count: int, column: Column) -> np.ndarray:
    """Room for a column of `count` events, in the narrowest integers that hold it."""
    return np.empty((count, *column.shape), narrowed(np.empty(0), column).dtype)


def _meaning(parts: Sequence[Given], name: str) -> Column:
    meaning = parts[0].column(name)
    for part in parts[1:]:
        check_same(part.column(name), meaning, f"column {name!r} of {part.path}, studied with {parts[0].path}")
    return meaning
