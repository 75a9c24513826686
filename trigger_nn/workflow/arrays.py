"""numpy's files as tables of events, read in blocks from any event on.

They are read as streams of bytes, not mapped, so that what was read does not stay in memory; the one exception is an
npz array in Fortran's order, which is read whole.
"""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO

import numpy as np

from trigger_nn.errors import EventsError, TriggerNNError

# What numpy and zipfile raise at a file that is damaged, or written in a way they do not know (encrypted, say).
DAMAGE = (
    OSError, ValueError, EOFError, RuntimeError, MemoryError, SyntaxError, TokenError, zipfile.BadZipFile, zlib.error,
    KeyError, TypeError,
)  # fmt: skip
Columns = Mapping[str, np.ndarray]


@contextlib.contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Say of whatever goes wrong within that `path` is `what`."""
    try:
        yield
    except TriggerNNError:
        raise
    except DAMAGE as error:
        raise EventsError(f"{path} is {what}: {error or type(error).__name__}; copy or write it again.") from None


@dataclass(frozen=True)
class NumpyTable:
    """`.npz`: columns by name; `.npy`: the fields of a structured array, otherwise one column called `array`."""

    path: Path
    archive: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Those there are."""
        with reading(self.path, "no array"):
            if self.archive:
                with zipfile.ZipFile(self.path) as archive:
                    return tuple(name.removesuffix(".npy") for name in archive.namelist())
            with self.path.open("rb") as file:
                return _Header.read(file).dtype.names or ("array",)

    def length(self, name: str) -> int:
        """Number of events of a column."""
        with reading(self.path, "no array"), self._opened(name) as file:
            header = _Header.read(file)
            if not self.archive and self.path.stat().st_size < file.tell() + header.events * header.row:
                raise ValueError("it ends before its last event")
            return header.events

    def blocks(self, names: tuple[str, ...], start: int, step: int) -> Iterator[Columns]:
        """The columns `names` from event `start` on, at most `step` events at a time."""
        if self.archive:
            parts = [self._rows(name, start, step) for name in names]
            yield from (dict(zip(names, columns, strict=True)) for columns in zip(*parts, strict=True))
            return
        for rows in self._rows(names[0], start, step):
            yield {name: rows[name] if rows.dtype.names else rows for name in names}

    def _rows(self, name: str, start: int, step: int) -> Iterator[np.ndarray]:
        with reading(self.path, "no array"), self._opened(name) as file:
            header = _Header.read(file)
            if header.fortran:
                whole = self._whole(name)
                yield from (np.ascontiguousarray(whole[i : i + step]) for i in range(start, len(whole), step))
                return
            file.seek(file.tell() + start * header.row)
            for first in range(start, header.events, step):
                yield header.rows(file, min(step, header.events - first))

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        if not self.archive:
            with self.path.open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{name}.npy") as member:
            yield member  # type: ignore[misc]

    def _whole(self, name: str) -> np.ndarray:
        loaded = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return loaded[name] if self.archive else loaded


@dataclass(frozen=True)
class _Header:
    """What stands before the numbers of an npy stream; `row` is the number of bytes of an event."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @staticmethod
    def read(file: BinaryIO) -> "_Header":
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        header = _Header(*read(file))
        if header.dtype.hasobject:
            raise ValueError("it holds Python objects")
        return header

    @property
    def events(self) -> int:
        return self.shape[0] if self.shape else 0

    @property
    def row(self) -> int:
        return self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))

    def rows(self, file: BinaryIO, count: int) -> np.ndarray:
        """The next `count` events."""
        content = file.read(count * self.row)
        if len(content) != count * self.row:
            raise ValueError("it ends before its last event")
        return np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])
