"""Files of other programs in blocks of events: ROOT, HDF5, numpy and parquet behind one small interface.

A branch gives an array (events, ...) where every event holds as much, and `Lists` where events differ. uproot, awkward
and pyarrow are imported when a file needs them, never before.
"""

import contextlib
import functools
import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trigger_nn.errors import EventsError, ToolNotFound, TriggerNNError
from trigger_nn.files import check_readable


@dataclass(frozen=True)
class Lists:
    """Lists of differing length: rows `offsets[i]:offsets[i + 1]` of `flat` (total, ...) belong to event i."""

    offsets: np.ndarray
    flat: np.ndarray

    def __len__(self) -> int:
        """Number of events."""
        return len(self.offsets) - 1

    def event(self) -> np.ndarray:
        """Event number of each row of `flat`."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


Values = np.ndarray | Lists
Block = Mapping[str, Values]


class ForeignFile(ABC):
    """An open file: `branches` are the names that can be read from it."""

    packages: tuple[str, ...]  # what read it, for the provenance
    branches: tuple[str, ...]

    @abstractmethod
    def unit(self, branch: str) -> str | None:
        """The unit that the file itself states for `branch`; None where it states none."""

    @abstractmethod
    def blocks(self, branches: tuple[str, ...], step: int) -> Iterator[Block]:
        """The branches of at most `step` events at a time, in the file's order."""

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Give the file back."""


@contextlib.contextmanager
def opened(path: Path, kind: str, tree: str | None = None) -> Iterator[ForeignFile]:
    """Open a file of another program; `kind` is root, hdf5, npy or parquet, `tree` the name of the tree (ROOT only).

    Raises:
        EventsError: nothing there, or not such a file.
        ToolNotFound: the library that reads such files is not installed.
    """
    if not path.is_file():
        raise EventsError(f"There is no file at {path}; give the path of a {kind} file.")
    check_readable(path)
    others: Mapping[str, Callable[[Path], ForeignFile]] = {"hdf5": _Hdf5, "npy": _Numpy, "parquet": _Parquet}
    with as_events_error(path, kind):
        file = _Root(path, tree or "") if kind == "root" else others[kind](path)
    try:
        yield file
    finally:
        file.close()


def blocks(path: Path, kind: str, file: ForeignFile, branches: tuple[str, ...], step: int) -> Iterator[Block]:
    """`file.blocks`, every block checked for equal numbers of events.

    Raises:
        EventsError: a branch can't be read, or holds no numbers, or another number of events than the first.
    """
    source = file.blocks(branches, step)
    while True:
        with as_events_error(path, kind):
            block = next(source, None)
        if block is None:
            return
        yield block


@contextlib.contextmanager
def as_events_error(path: Path, kind: str) -> Iterator[None]:
    """What readers of damaged files raise is anything at all; for the user it is one thing."""
    try:
        yield
    except TriggerNNError:
        raise
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise EventsError(
            f"{path} can't be read as {kind} ({reason}); copy it again, or set the mapping's `format` to what it is."
        ) from None


def library(name: str) -> Any:
    """The module of that name, which an extra installs.

    Raises:
        ToolNotFound: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ToolNotFound(
            f"Reading this file needs {name} ({error}); run: pip install 'trigger_nn[readers]'."
        ) from None


# --- ROOT and parquet, through awkward ---------------------------------------------------------------------------


class _Root(ForeignFile):
    packages = ("uproot", "awkward")

    def __init__(self, path: Path, tree: str) -> None:
        uproot, self._path = library("uproot"), path
        library("awkward")
        self._file = uproot.open(path)
        trees = sorted({k.split(";")[0] for k, c in self._file.classnames().items() if "TTree" in c or "RNTuple" in c})
        if tree not in trees:
            self.close()
            remedy = f"set the mapping's `tree` to one of: {', '.join(trees)}" if trees else "it has none at all"
            raise EventsError(f"{path} has no tree {tree!r}; {remedy}.")
        self._tree = self._file[tree]
        self.branches = tuple(self._tree.keys(recursive=True, full_paths=False))

    def unit(self, branch: str) -> str | None:
        # "transverse momentum [GeV]", but not "PT[Jet_]" nor "edges[4]", which name a length.
        found = re.search(r"\s\[([^\[\]]*)\]\s*$", getattr(self._tree[branch], "title", "") or "")
        return found[1] if found else None

    def blocks(self, branches: tuple[str, ...], step: int) -> Iterator[Block]:
        first = 0
        for array in self._tree.iterate(list(branches), step_size=step, library="ak"):
            yield {b: _from_awkward(f"{self._path}: branch {b!r}", array[b], first) for b in branches}
            first += len(array)

    def close(self) -> None:
        self._file.close()


class _Parquet(ForeignFile):
    packages = ("pyarrow", "awkward")

    def __init__(self, path: Path) -> None:
        parquet, self._path, self._ak = library("pyarrow.parquet"), path, library("awkward")
        self._file = parquet.ParquetFile(path)
        self._units = dict(_parquet_fields(self._file.schema_arrow))
        self.branches = tuple(self._units)

    def unit(self, branch: str) -> str | None:
        return self._units[branch]

    def blocks(self, branches: tuple[str, ...], step: int) -> Iterator[Block]:
        whole = set(self._file.schema_arrow.names)
        paths = {b: (b,) if b in whole else tuple(b.split(".")) for b in branches}
        first = 0
        for batch in self._file.iter_batches(step, columns=sorted({p[0] for p in paths.values()})):
            array = self._ak.from_arrow(batch)
            yield {b: _from_awkward(f"{self._path}: branch {b!r}", array[p], first) for b, p in paths.items()}
            first += len(array)

    def close(self) -> None:
        self._file.close()


def _parquet_fields(fields: Any, before: str = "") -> Iterator[tuple[str, str | None]]:
    """Names (records inside, also inside lists, with dots) and stated units."""
    for field in fields:
        metadata = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        yield before + field.name, metadata.get("unit")
        inner = getattr(field.type, "value_type", field.type)
        if getattr(inner, "num_fields", 0) and hasattr(inner, "get_field_index"):
            yield from _parquet_fields(inner, f"{before}{field.name}.")


def _from_awkward(where: str, array: Any, first: int) -> Values:
    """Arrays of equal length as numpy's, others as lists; `first` is the number of the block's first event."""
    ak = library("awkward")
    for axis in range(min(array.ndim, 2)):
        missing = ak.to_numpy(ak.is_none(array) if axis == 0 else ak.any(ak.is_none(array, axis=1), axis=1))
        if np.any(missing):
            event = first + int(np.argmax(np.ma.filled(missing, False)))
            raise EventsError(f"{where} has a missing value at event {event}; remove or mend that event.")
    inner = array.type.content
    inner = inner.content if isinstance(inner, ak.types.OptionType) else inner
    if array.ndim < 2 or isinstance(inner, ak.types.RegularType):
        return _checked(where, _unmasked(ak.to_numpy(array)))
    counts = _unmasked(ak.to_numpy(ak.num(array, axis=1)))
    return _lists(where, counts, _unmasked(ak.to_numpy(ak.flatten(array, axis=1))))


def _unmasked(values: np.ndarray) -> np.ndarray:
    """Nothing is missing, but a type that allows it comes as a masked array."""
    return np.ma.getdata(values)


def _lists(where: str, counts: np.ndarray, flat: np.ndarray) -> Lists:
    return Lists(np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]), _checked(where, flat))


def _checked(where: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        raise EventsError(f"{where} holds {values.dtype}, not numbers; name a branch of numbers.")
    return values


# --- HDF5 and numpy, cut into blocks here ------------------------------------------------------------------------


class _Sliced(ForeignFile):
    """Arrays of known length that can be cut."""

    _path: Path

    @abstractmethod
    def _length(self, branch: str) -> int: ...

    @abstractmethod
    def _read(self, branch: str, rows: slice) -> np.ndarray: ...

    def unit(self, branch: str) -> str | None:  # noqa: ARG002 - numpy's files state none
        return None

    def blocks(self, branches: tuple[str, ...], step: int) -> Iterator[Block]:
        events = self._length(branches[0])
        for branch in branches:
            if self._length(branch) != events:
                raise EventsError(
                    f"{self._path}: branch {branch!r} has {self._length(branch)} events, {branches[0]!r} {events}; "
                    "name branches of the same events."
                )
        for start in range(0, events, step):
            rows = slice(start, min(start + step, events))
            yield {b: _from_numpy(f"{self._path}: branch {b!r}", self._read(b, rows)) for b in branches}


class _Hdf5(_Sliced):
    packages = ("h5py",)

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, h5py.File(path, "r")
        self._places: dict[str, tuple[h5py.Dataset, str | None]] = {}
        self._file.visititems(self._add)
        self.branches = tuple(self._places)

    def _add(self, name: str, node: h5py.Dataset | h5py.Group) -> None:
        """List a dataset that has events: itself, or each field of a compound type as `name/field`."""
        if isinstance(node, h5py.Dataset) and node.ndim:
            fields = node.dtype.names
            self._places |= {f"{name}/{f}": (node, f) for f in fields} if fields else {name: (node, None)}

    def _length(self, branch: str) -> int:
        return len(self._places[branch][0])

    def _read(self, branch: str, rows: slice) -> np.ndarray:
        dataset, field = self._places[branch]
        return np.asarray((dataset.fields(field) if field else dataset)[rows])

    def unit(self, branch: str) -> str | None:
        stated = self._places[branch][0].attrs.get("unit")
        return stated.decode() if isinstance(stated, bytes) else None if stated is None else str(stated)

    def close(self) -> None:
        self._file.close()


class _Numpy(_Sliced):
    """`.npz`: branches by name; `.npy`: the fields of a structured array, otherwise one branch called `array`."""

    packages = ("numpy",)

    def __init__(self, path: Path) -> None:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        self._path, self._arrays = path, loaded
        if isinstance(loaded, np.ndarray):
            self._arrays = {f: loaded[f] for f in loaded.dtype.names} if loaded.dtype.names else {"array": loaded}
        self.branches = tuple(self._arrays)
        self._whole = functools.cache(lambda branch: np.atleast_1d(self._arrays[branch]))  # an archive can't be mapped

    def _length(self, branch: str) -> int:
        return len(self._whole(branch))

    def _read(self, branch: str, rows: slice) -> np.ndarray:
        return np.asarray(self._whole(branch)[rows])


def _from_numpy(where: str, values: np.ndarray) -> Values:
    if values.dtype == object and all(isinstance(v, np.ndarray) for v in values):  # HDF5's lists of differing length
        return _lists(where, np.array([len(v) for v in values]), np.concatenate(values))
    return _checked(where, values)
