"""How files of events are to be read, and what is known of each before it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from trigger_nn.events.foreign.mapping import ForeignMapping, load_mapping, shipped_mapping
from trigger_nn.files import sha256

Mantissas = dict[str, np.ndarray]


@dataclass(frozen=True)
class Reading:
    """How files are read.

    split: of own events files. columns: those of the input, or `port=column` each; several are stacked on the port's
    last axis. mapping: a foreign mapping (TOML), or the name of one that comes with this package. tree: of ROOT files.
    mantissas: numbers are integers of the port already.
    """

    split: str = "test"
    columns: tuple[str, ...] = ()
    mapping: Path | None = None
    tree: str = ""
    mantissas: bool = False

    def facts(self) -> dict[str, Any]:
        """All of it as JSON holds it, a mapping by its SHA-256."""
        mapping = sha256(self._mapping_path.read_bytes()) if self.mapping else ""
        return {
            "split": self.split, "columns": list(self.columns), "mapping": mapping, "tree": self.tree,
            "mantissas": self.mantissas,
        }  # fmt: skip

    def foreign(self) -> ForeignMapping | None:
        """The mapping, read."""
        return load_mapping(self._mapping_path) if self.mapping else None

    @property
    def _mapping_path(self) -> Path:
        path = self.mapping or Path()
        return path if path.suffix else shipped_mapping(str(path))


class Reader(Protocol):
    """Input mantissas of the events of one file."""

    def blocks(self, start: int, step: int) -> Iterator[Mantissas]:
        """By port, from event `start` on, at most `step` events at a time."""


@dataclass(frozen=True)
class Source:
    """One file: its number of events, size in bytes, time of change (ns since 1970), and its reader."""

    path: Path
    events: int
    size: int
    modified: int
    reader: Reader

    @staticmethod
    def at(path: Path, events: int, reader: Reader) -> "Source":
        """The file at `path`."""
        stat = path.stat()
        return Source(path, events, stat.st_size, stat.st_mtime_ns, reader)

    def facts(self) -> dict[str, Any]:
        """What is noted down of it, and tells whether it is still the same file."""
        return {"file": str(self.path), "events": self.events, "size": self.size, "modified": self.modified}
