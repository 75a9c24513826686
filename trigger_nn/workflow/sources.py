"""Files of events as sources of a program's input mantissas, read in blocks from any event on.

An own events file, or folder of shards, brings the meaning of its columns along; a foreign file gets it from a mapping;
every other file holds plain numbers (or mantissas) in columns named after the input ports, or named by the user.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from trigger_nn.errors import EventsError, PrecisionError
from trigger_nn.events.foreign.mapping import ForeignMapping, columns_of
from trigger_nn.events.foreign.read import read_foreign_blocks
from trigger_nn.events.inputs import column_for, mantissas_for
from trigger_nn.events.quantities import Column
from trigger_nn.events.storage.dataset import FORMAT, SPLITS, Sample, check_events, read_description, read_events
from trigger_nn.events.storage.shards import MANIFEST, read_manifest
from trigger_nn.files import check_readable
from trigger_nn.program.program import Port, Program
from trigger_nn.workflow.fitting import arranged, cast, checked, counts
from trigger_nn.workflow.reading import Mantissas, Reading, Source
from trigger_nn.workflow.tables import Table, kind_of, table_at, table_length


def open_sources(program: Program, paths: tuple[Path, ...], reading: Reading) -> tuple[Source, ...]:
    """The files at `paths`, in order, a folder of shards as its files; nothing but their headers is read.

    Raises:
        EventsError: a file is missing, damaged or does not fit the program, or there are no events at all.
        RecipeError: the mapping is none. ToolNotFound: the library that reads a file is not installed.
    """
    mapping = reading.foreign()
    found = [source for path in paths for source in _sources_at(program, path, reading, mapping)]
    if not sum(source.events for source in found):
        listed = ", ".join(map(str, paths)) or "The list of files"
        raise EventsError(f"{listed} holds no events; give a file with some.")
    return tuple(found)


def _sources_at(program: Program, path: Path, reading: Reading, mapping: ForeignMapping | None) -> Iterator[Source]:
    check_readable(path)
    if path.is_dir():
        shards = [shard for shard in read_manifest(path).shards if shard.split == reading.split]
        if not shards:
            raise EventsError(f"{path} has no split {reading.split!r}; choose one of {', '.join(SPLITS)}.")
        for shard in shards:
            source = _own(program, path / shard.file, reading)
            if source.events != shard.events:
                raise EventsError(
                    f"{source.path} holds {source.events} events, its {MANIFEST} lists {shard.events}; copy or make "
                    "it again."
                )
            yield source
    elif mapping:
        yield _mapped(program, path, reading, mapping)
    elif kind_of(path) == "hdf5" and is_own(path):
        yield _own(program, path, reading)
    else:
        yield _plain(program, path, reading)


def _one_port(program: Program) -> Port:
    if len(program.inputs) != 1:
        names = ", ".join(port.name for port in program.inputs)
        raise EventsError(
            f"Program {program.name!r} has several inputs ({names}); give their arrays as columns of these names in "
            "one file (npz, HDF5, parquet or ROOT)."
        )
    return program.inputs[0]


def _meant(sample: Sample, program: Program, reading: Reading) -> str:
    """Name of the sample's column that feeds the program, its meaning checked; the user may say which."""
    if not reading.columns:
        return column_for(sample, program)
    if len(reading.columns) > 1:
        raise EventsError(
            f"Events of this package and mappings give one column to input {program.inputs[0].name!r}, found "
            f"--column {' --column '.join(reading.columns)}; name one."
        )
    name = reading.columns[0]
    as_wanted = str(program.provenance.get("events", {}).get("view", "image"))  # the name that column_for looks for
    column_for(replace(sample, columns={as_wanted: sample.column(name)}), program)
    return name


# --- events of this package ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Own:
    port: Port
    path: Path
    split: str
    column: str
    events: int

    def blocks(self, start: int, step: int) -> Iterator[Mantissas]:
        try:
            with h5py.File(self.path, "r") as file:
                found = read_description(self.path, file)
                kept = replace(found, columns={self.column: found.column(self.column)})
                for first in range(start, self.events, step):
                    events = read_events(file, kept, self.split, slice(first, first + step))
                    check_events(f"{self.path}: {self.split} from event {first}", kept, events)
                    values = mantissas_for(events[self.column], kept.columns[self.column], self.port)
                    yield {self.port.name: counts(self.port, values)}
        except (OSError, KeyError, ValueError, TypeError, AttributeError, PrecisionError) as error:
            raise EventsError(f"{self.path} is truncated or damaged ({error}); copy or make it again.") from None


def is_own(path: Path) -> bool:
    """Whether an HDF5 file holds events of this package.

    Raises:
        EventsError: it can't be read.
    """
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs.get("format") == FORMAT)
    except OSError as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None


def _own(program: Program, path: Path, reading: Reading) -> Source:
    port, split = _one_port(program), reading.split
    try:
        with h5py.File(path, "r") as file:
            name = _meant(read_description(path, file), program, reading)
            if split not in file:
                there = ", ".join(s for s in SPLITS if s in file)
                raise EventsError(f"{path} has no split {split!r}; it has: {there}.")
            events = len(file[f"{split}/process"])
    except (OSError, KeyError, ValueError, TypeError, AttributeError, PrecisionError) as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None
    return Source.at(path, events, _Own(port, path, split, name, events))


# --- foreign files through a mapping -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mapped:
    port: Port
    path: Path
    mapping: ForeignMapping
    name: str
    column: Column

    def blocks(self, start: int, step: int) -> Iterator[Mantissas]:
        first = 0
        for events in read_foreign_blocks(self.path, self.mapping, step):
            skip, first = max(start - first, 0), first + len(events)
            if skip < len(events):
                values = mantissas_for(events[self.name][skip:], self.column, self.port)
                yield {self.port.name: counts(self.port, values)}


def _mapped(program: Program, path: Path, reading: Reading, mapping: ForeignMapping) -> Source:
    port, columns = _one_port(program), columns_of(mapping)
    name = _meant(Sample((mapping.process,), columns, {}, {}), program, reading)
    kind = "npz" if mapping.format == "npy" and kind_of(path) == "npz" else mapping.format
    table = table_at(path, kind, mapping.tree or "")
    branch = mapping.units()[0][0]
    events = table.length(_named(path, table, branch, f"input {port.name!r}", "in the mapping"))
    return Source.at(path, events, _Mapped(port, path, mapping, name, columns[name]))


# --- plain columns -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plain:
    ports: tuple[Port, ...]
    path: Path
    table: Table
    columns: Mapping[str, tuple[str, ...]]
    mantissas: bool

    def blocks(self, start: int, step: int) -> Iterator[Mantissas]:
        names = tuple(dict.fromkeys(name for columns in self.columns.values() for name in columns))
        first, door = start, checked if self.mantissas else cast
        for block in self.table.blocks(names, start, step):
            arrays = {port: arranged(self.path, port, self.columns[port.name], block) for port in self.ports}
            yield {port.name: door(str(self.path), port, x, first) for port, x in arrays.items()}
            first += len(next(iter(block.values())))


def first_numbers(source: Source, events: int) -> tuple[tuple[Port, tuple[np.ndarray, ...]], ...]:
    """The first `events` of what a file of plain numbers has for each port, as it stands there; none of other files.

    Mantissas are no such numbers.
    """
    reader = source.reader
    if not isinstance(reader, _Plain) or reader.mantissas:
        return ()
    names = tuple(dict.fromkeys(name for columns in reader.columns.values() for name in columns))
    block = next(iter(reader.table.blocks(names, 0, events)))
    return tuple((port, tuple(block[name] for name in reader.columns[port.name])) for port in reader.ports)


def _plain(program: Program, path: Path, reading: Reading) -> Source:
    table = table_at(path, kind_of(path), reading.tree)
    columns = {port.name: _columns(program, port, path, table, reading.columns) for port in program.inputs}
    events = table_length(path, table, tuple(name for names in columns.values() for name in names))
    return Source.at(path, events, _Plain(program.inputs, path, table, columns, reading.mantissas))


def _columns(program: Program, port: Port, path: Path, table: Table, given: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns that feed `port`: those given, else the one of its name, else the only one."""
    ports = {one.name for one in program.inputs}
    pairs = [text.split("=", 1) if text.split("=", 1)[0] in ports else ["", text] for text in given]
    if len(ports) > 1 and any(not name for name, _ in pairs):
        raise EventsError(
            f"Program {program.name!r} has several inputs ({', '.join(sorted(ports))}); write --column "
            f"{port.name}=COLUMN for each of them."
        )
    named = [column for name, column in pairs if name in ("", port.name)]
    if not named:
        alone = len(table.names) == 1 and len(ports) == 1
        named = [table.names[0] if alone else port.name]
    return tuple(_named(path, table, name, f"input {port.name!r}", "with --column") for name in named)


def _named(path: Path, table: Table, name: str, what: str, how: str) -> str:
    if name not in table.names:
        close = difflib.get_close_matches(name, table.names, n=3, cutoff=0.4)
        listed = ", ".join(close or sorted(table.names)[:10]) or "none at all"
        raise EventsError(
            f"{path} has nothing called {name!r} for {what}; name one that it has {how}, such as: {listed}."
        )
    return name
