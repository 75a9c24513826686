"""Several samples as one stream of batches, in bounded memory and in an order that a seed decides.

Order: each source's blocks (of all its shards) are shuffled; `buffer` of them are held at once and their events
shuffled again. At most two such buffers a source and one batch are in memory, and no file stays open between batches.
How sources are mixed is told in `trigger_nn.events.storage.mixing`.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from trigger_nn.errors import EventsError, PrecisionError, RecipeError
from trigger_nn.events.quantities import Column, check_same
from trigger_nn.events.storage.dataset import (
    Events,
    Sample,
    check_events,
    concatenate,
    narrowed,
    read_description,
    read_events,
)
from trigger_nn.events.storage.mixing import Draw
from trigger_nn.events.storage.shards import description_of, read_manifest

COUNTED = 2**20  # events whose process is read at once to count them
FORM = "[file, columns, label, rate, processes]"


@dataclass(frozen=True)
class Source:
    """A sample (file or folder) in a mixture: columns to keep, label, rate (None: as many events as there are).

    `rate` is relative to those of the other sources; `processes` are the names of those to keep (None: all).
    """

    path: Path
    columns: tuple[str, ...]
    label: int
    rate: float | None = None
    processes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Batch:
    """Events of several sources: columns (n, *shape) in counts; label (n,) int64.

    weight (n,) float32 is the generator's, shared among the hard collisions where samples are stitched: it compares
    events of one process; rate (n,) float32 is the Hz that an event stands for, which compares all. process (n,):
    index into `Mixture.processes`. source (n,): index into `Mixture.sources`. Both int64.
    """

    columns: Mapping[str, np.ndarray]
    label: np.ndarray
    weight: np.ndarray
    rate: np.ndarray
    process: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        """Number of events."""
        return len(self.label)


def shares(events: int, fractions: Sequence[float], seed: int, start: int = 0) -> np.ndarray:
    """Which of `fractions` (their sum is taken as the whole) each event of a file without splits goes to.

    It depends on seed and event number alone, so reading in blocks (`start` is the first event's number) does not
    change it. The shares hold on average, not exactly. Returns (events,) int64.
    """
    edges = np.cumsum(np.asarray(fractions, np.float64))
    number = np.arange(start, start + events, dtype=np.uint64)
    uniform = _hashed(number ^ _hashed(np.array([seed], np.uint64))) / 2.0**64
    return np.minimum(np.searchsorted(edges / edges[-1], uniform, side="right"), np.flatnonzero(fractions)[-1])


def _hashed(x: np.ndarray) -> np.ndarray:
    """The mixing step of splitmix64: every bit of the input changes half of the output's. uint64."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def parse(specification: object) -> tuple[Source, ...]:
    """Sources from their short form, `[[file, columns, label, rate, processes], ...]` as TOML, JSON or YAML give it.

    `columns` is a name or a list of names; `rate` may be missing or None; so may `processes`, a name or names of those
    that the entry takes of the file, so that one file can give several labels.

    Raises:
        RecipeError: names the entry that is none.
    """
    if not isinstance(specification, list | tuple) or not specification:
        raise RecipeError(f"The sources must be a list of {FORM}, not {specification!r}; write at least one.")
    return tuple(_parse_one(f"sources, entry {i}", entry) for i, entry in enumerate(specification))


def _parse_one(where: str, entry: object) -> Source:
    if not isinstance(entry, list | tuple) or len(entry) not in (3, 4, 5):
        raise RecipeError(f"{where}: {entry!r} is not {FORM}; write the first three at least.")
    file, names, label, rate, kept = (*entry, None, None)[:5]
    kept = [kept] if isinstance(kept, str) else kept
    names = [names] if isinstance(names, str) else names
    if not isinstance(file, str | Path) or not str(file):
        raise RecipeError(f"{where}: the file {file!r} is no path; write one in quotes.")
    if not isinstance(names, list | tuple) or not names or not all(isinstance(n, str) for n in names):
        raise RecipeError(f"{where}: the columns {names!r} are no name and no list of names; name at least one.")
    if not isinstance(label, int) or isinstance(label, bool):
        raise RecipeError(f"{where}: the label {label!r} is no whole number; write one, such as 0 for background.")
    if rate is not None and (not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate < np.inf):
        raise RecipeError(
            f"{where}: the rate {rate!r} is no positive number; write one, or leave it out for all events."
        )
    if kept is not None and not (isinstance(kept, list | tuple) and kept and all(isinstance(n, str) for n in kept)):
        raise RecipeError(
            f"{where}: the processes {kept!r} are no name and no list of names; name one or leave it out."
        )
    return Source(
        Path(file), tuple(names), label, None if rate is None else float(rate), None if kept is None else tuple(kept)
    )


@dataclass(frozen=True)
class Mixture:
    """A stream of one split of several sources; `block` events are read at once, `buffer` blocks of a source held."""

    sources: tuple[Source, ...]
    split: str
    seed: int = 1
    block: int = 2048
    buffer: int = 8

    def __post_init__(self) -> None:
        """Refuse what no file can mend."""
        if not self.sources:
            raise EventsError("A mixture needs at least one source; name a sample.")
        if min(self.block, self.buffer) < 1 or self.seed < 0:
            raise EventsError("A mixture needs block and buffer of at least 1 and a seed of at least 0; correct them.")
        for source in self.sources:
            if source.columns != self.sources[0].columns or not source.columns:
                raise EventsError(
                    f"{source.path} is asked for the columns {', '.join(source.columns) or 'none'}, the first "
                    f"source for {', '.join(self.sources[0].columns)}; ask all for the same."
                )
            if source.rate is not None and not 0 < source.rate < np.inf:
                raise EventsError(f"{source.path} has rate {source.rate}; give a positive one, or None for all events.")

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """What the columns mean, in all sources.

        Raises:
            EventsError: a source can't be read or lacks a column, or its numbers mean something else than the first's.
        """
        first = self._descriptions[0]
        columns = {name: first.column(name) for name in self.sources[0].columns}
        for source, description in zip(self.sources[1:], self._descriptions[1:], strict=True):
            for name, column in columns.items():
                where = f"column {name!r} of {source.path}, mixed with {self.sources[0].path}"
                check_same(description.column(name), column, where)
        return columns

    @cached_property
    def processes(self) -> tuple[str, ...]:
        """Names of the processes of all sources, in the order of their first appearance."""
        return tuple(dict.fromkeys(name for d in self._descriptions for name in d.processes))

    @cached_property
    def _descriptions(self) -> tuple[Sample, ...]:
        return tuple(description_of(source.path) for source in self.sources)

    @cached_property
    def _files(self) -> tuple["_Files", ...]:
        return tuple(_files(self, source, d) for source, d in zip(self.sources, self._descriptions, strict=True))

    def batches(self, size: int, epochs: int = 1, shuffle: bool = True) -> Iterator[Batch]:
        """Batches of `size` events, the last of each epoch shorter; see the module's text for order and mixing.

        The same seed gives the same stream, every epoch of it another order. Without `shuffle` each source comes in
        the order of its files and sources without a rate one after the other; what rates decide stays random.

        Raises:
            EventsError: at once where a source has no event, misses a column or has one of another meaning; in the
                stream at the first bad block.
        """
        if size < 1:
            raise EventsError(f"A batch of {size} events is impossible; ask for at least 1.")
        _ = self.columns, self._files  # now, not at the first batch
        return (batch for epoch in range(epochs) for batch in self._epoch(size, epoch, shuffle))

    def _epoch(self, size: int, epoch: int, shuffle: bool) -> Iterator[Batch]:
        readers = [_Reader(self, i, epoch, shuffle) for i in range(len(self.sources))]
        rates, events = [source.rate for source in self.sources], [files.events for files in self._files]
        draw = Draw(rates, events, np.random.default_rng([self.seed, epoch, 0]), shuffle)
        while len(chosen := draw.next(size)):
            yield self._batch(chosen, readers)

    def _batch(self, chosen: np.ndarray, readers: list["_Reader"]) -> Batch:
        """The next event of source `chosen[i]` at place i."""
        used = np.unique(chosen)
        events = concatenate([readers[i].take(int(np.count_nonzero(chosen == i))) for i in used])
        place = np.argsort(np.argsort(chosen, kind="stable"))  # events come source by source
        events = events.take(place)
        labels = np.array([source.label for source in self.sources])
        return Batch(
            events.columns, labels[chosen], events.weight.astype("f4"), events.rate.astype("f4"), events.process, chosen
        )


@dataclass(frozen=True)
class _Files:
    """Where a source's events are: (file, events of the split) each, how many are wanted, and which processes."""

    files: tuple[tuple[Path, int], ...]
    events: int
    wanted: np.ndarray  # by process of the source: keep it?
    index: np.ndarray  # by process of the source: its place in Mixture.processes


def _files(mixture: Mixture, source: Source, description: Sample) -> _Files:
    names = source.processes or description.processes
    unknown = [name for name in names if name not in description.processes]
    if unknown:
        raise EventsError(
            f"{source.path} has no process {unknown[0]!r}; choose from {', '.join(description.processes)}."
        )
    wanted = np.isin(description.processes, names)
    counted = [(p, *_count(p, mixture.split, wanted, n)) for p, n in _candidates(source.path, mixture.split, names)]
    events = sum(n for _, _, n in counted)
    if not events:
        raise EventsError(
            f"{source.path} has no events of {', '.join(names)} in {mixture.split!r}; choose another split."
        )
    index = np.array([mixture.processes.index(name) for name in description.processes])
    return _Files(tuple((path, total) for path, total, n in counted if n), events, wanted, index)


def _candidates(path: Path, split: str, names: Sequence[str]) -> list[tuple[Path, int | None]]:
    """Files that may hold events of these processes (a manifest tells without opening them), and of how many events."""
    if not path.is_dir():
        return [(path, None)]
    found = (s for s in read_manifest(path).shards if s.split == split and s.process in names)
    return [(path / shard.file, shard.events) for shard in found]


def _count(path: Path, split: str, wanted: np.ndarray, listed: int | None) -> tuple[int, int]:
    """Events of `split` in a file: all, and those of wanted processes."""
    with _reading(path, split) as file:
        process = file[split]["process"]
        if listed not in (None, len(process)):
            raise EventsError(
                f"{path} holds {len(process)} events, its manifest lists {listed}; copy or make it again."
            )
        parts = (process[i : i + COUNTED] for i in range(0, len(process), COUNTED))
        return len(process), sum(int(np.count_nonzero(wanted[part])) for part in parts)


@contextlib.contextmanager
def _reading(path: Path, split: str) -> Iterator[h5py.File]:
    if not path.is_file():
        raise EventsError(f"There is no events file at {path}; copy it there, or make the sample again.")
    try:
        with h5py.File(path, "r") as file:
            if split not in file:
                raise EventsError(f"{path} has no split {split!r}; choose one that it has.")
            yield file
    except (OSError, KeyError, ValueError, TypeError, AttributeError, IndexError, PrecisionError) as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None


class _Reader:
    """The events of one source, pass after pass, each pass in its own order."""

    def __init__(self, mixture: Mixture, index: int, epoch: int, shuffle: bool) -> None:
        self._mixture, self._source, self._files = mixture, mixture.sources[index], mixture._files[index]
        self._processes = mixture._descriptions[index].processes
        self._key, self._shuffle = [mixture.seed, epoch, 1 + index], shuffle
        self._buffers = self._passes()
        self._held: Events | None = None
        self._order, self._next = np.empty(0, np.int64), 0

    def take(self, count: int) -> Events:
        """The next `count` events."""
        parts = []
        while count:
            if self._held is None or self._next == len(self._order):
                self._held = None  # before the next buffer, not after it
                self._held, self._order = next(self._buffers)
                self._next = 0
            part = self._order[self._next : self._next + count]
            parts.append(self._held.take(part))
            self._next, count = self._next + len(part), count - len(part)
        return concatenate(parts)

    def _passes(self) -> Iterator[tuple[Events, np.ndarray]]:
        """Buffers with the order of their events. None spans two passes: every event comes once in each."""
        block, buffer = self._mixture.block, self._mixture.buffer
        places = [(path, start) for path, total in self._files.files for start in range(0, total, block)]
        for number in itertools.count():
            generator = np.random.default_rng([*self._key, number])
            order = generator.permutation(len(places)) if self._shuffle else np.arange(len(places))
            for i in range(0, len(order), buffer):
                events = concatenate([self._block(*places[k]) for k in order[i : i + buffer]])
                indices = generator.permutation(len(events)) if self._shuffle else np.arange(len(events))
                yield events, indices
                del events  # or it would live on beside the next one

    def _block(self, path: Path, start: int) -> Events:
        """Wanted events among `block` of a file, checked, in the mixture's types."""
        mixture = self._mixture
        with _reading(path, mixture.split) as file:
            found = read_description(path, file)
            if found.processes != self._processes:
                raise EventsError(f"{path} has other processes than the rest of its sample; make the sample again.")
            kept = replace(found, columns={name: found.column(name) for name in mixture.columns})
            for name, column in kept.columns.items():
                check_same(column, mixture.columns[name], f"column {name!r} of {path}")
            events = read_events(file, kept, mixture.split, slice(start, start + mixture.block))
        check_events(f"{path}: {mixture.split} from event {start}", kept, events)
        mask = self._files.wanted[events.process]
        events = events if np.all(mask) else events.take(mask)
        columns = {name: narrowed(events[name], column) for name, column in mixture.columns.items()}
        return Events(self._files.index[events.process], events.rate, events.weight, columns)
