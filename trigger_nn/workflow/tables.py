"""Tables of events: the named columns of a file, read in blocks from any event on, in bounded memory.

A column is an array (events, ...).
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import h5py
import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.foreign import readers
from trigger_nn.events.foreign.rows import only_tree, rows_of
from trigger_nn.workflow.arrays import Columns, NumpyTable, reading

SUFFIXES = {
    ".npy": "npy", ".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5", ".hdf": "hdf5", ".parquet": "parquet",
    ".pq": "parquet", ".root": "root",
}  # fmt: skip
MAGIC = {b"\x93NUM": "npy", b"PK\x03\x04": "npz", b"\x89HDF": "hdf5", b"PAR1": "parquet", b"root": "root"}


class Table(Protocol):
    """Columns of a file."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those there are."""

    def length(self, name: str) -> int:
        """Number of events of a column."""

    def blocks(self, names: tuple[str, ...], start: int, step: int) -> Iterator[Columns]:
        """The columns `names`, equally long, from event `start` on, at most `step` events at a time."""


def kind_of(path: Path) -> str:
    """npy, npz, hdf5, parquet or root, by the file's suffix, else by its first bytes.

    Raises:
        EventsError: there is no such file, or it is of another kind.
    """
    if not path.is_file():
        raise EventsError(f"There is no events file at {path}; give the path of one.")
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    with path.open("rb") as file:
        kind = MAGIC.get(file.read(4))
    if kind is None:
        raise EventsError(f"{path} is none of npy, npz, HDF5, parquet and ROOT; convert it to one of them.")
    return kind


def table_at(path: Path, kind: str, tree: str = "") -> Table:
    """The columns of a file of `kind` (see `kind_of`); `tree` is for ROOT, the only one if not named."""
    match kind:
        case "npy" | "npz":
            return NumpyTable(path, kind == "npz")
        case "hdf5":
            return _Hdf5(path)
        case _:
            return _Foreign(path, kind, (tree or only_tree(path)) if kind == "root" else None)


def table_length(path: Path, table: Table, names: tuple[str, ...]) -> int:
    """Number of events of the columns `names`.

    Raises:
        EventsError: they differ in it.
    """
    lengths = [table.length(name) for name in names]
    for name, length in zip(names, lengths, strict=True):
        if length != lengths[0]:
            raise EventsError(
                f"{path}: column {name!r} has {length} events, {names[0]!r} {lengths[0]}; name columns of the same "
                "events."
            )
    return lengths[0]


# --- HDF5 ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Hdf5:
    """Data sets by their path in the file; the fields of a compound one as `path/field`."""

    path: Path

    @property
    def names(self) -> tuple[str, ...]:
        found: list[str] = []

        def add(name: str, node: h5py.Dataset | h5py.Group) -> None:
            if isinstance(node, h5py.Dataset) and node.ndim:
                found.extend([f"{name}/{field}" for field in node.dtype.names or ()] or [name])

        with self._opened() as file:
            file.visititems(add)
        return tuple(found)

    def length(self, name: str) -> int:
        with self._opened() as file:
            return len(_dataset(file, name)[0])

    def blocks(self, names: tuple[str, ...], start: int, step: int) -> Iterator[Columns]:
        with self._opened() as file:
            columns = {name: _dataset(file, name) for name in names}
            for first in range(start, len(columns[names[0]][0]), step):
                rows = slice(first, first + step)
                yield {n: np.asarray((d.fields(f) if f else d)[rows]) for n, (d, f) in columns.items()}

    @contextlib.contextmanager
    def _opened(self) -> Iterator[h5py.File]:
        with reading(self.path, "truncated or damaged"), h5py.File(self.path, "r") as file:
            yield file


def _dataset(file: h5py.File, name: str) -> tuple[h5py.Dataset, str | None]:
    """A data set, and the field of it that is meant."""
    node, _, field = (name, "", "") if name in file else name.rpartition("/")
    return file[node], field or None


# --- ROOT and parquet ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Foreign:
    """Branches; lists of one length are arrays. To start late, what comes before is read and dropped."""

    path: Path
    kind: str
    tree: str | None

    @property
    def names(self) -> tuple[str, ...]:
        with readers.opened(self.path, self.kind, self.tree) as file:
            return file.branches

    def length(self, name: str) -> int:  # noqa: ARG002 - all branches have one
        return rows_of(self.path, self.kind, self.tree)

    def blocks(self, names: tuple[str, ...], start: int, step: int) -> Iterator[Columns]:
        first = 0
        with readers.opened(self.path, self.kind, self.tree) as file:
            for block in readers.blocks(self.path, self.kind, file, names, step):
                events = len(next(iter(block.values())))
                skip, first = max(start - first, 0), first + events
                if skip < events:
                    arrays = {name: self._array(name, block[name], first - events) for name in names}
                    yield {name: array[skip:] for name, array in arrays.items()}

    def _array(self, name: str, values: readers.Values, first: int) -> np.ndarray:
        if isinstance(values, np.ndarray):
            return values
        lengths = np.diff(values.offsets)
        wrong = np.flatnonzero(lengths != lengths[0])
        if len(wrong):
            raise EventsError(
                f"{self.path}: column {name!r} holds a list of {lengths[0]} at event {first} and of "
                f"{lengths[wrong[0]]} at event {first + wrong[0]}; name a column of fixed length, or give a mapping "
                "with a `count` that pads it (--mapping)."
            )
        return values.flat.reshape(len(values), lengths[0], *values.flat.shape[1:])
