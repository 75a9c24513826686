"""Event samples as values and as HDF5 files: integers in hardware units, with all that is needed to trust them.

Layout of a file: `/<split>/process` (n,) uint8, an index into the attribute `processes`; `/<split>/rate` (n,) float32,
the Hz that the event stands for (0 where no rate was asked for); `/<split>/weight` (n,) float32, the generator's; and
`/<split>/<column>` for every column that the attribute `columns` describes. A large sample is a folder of such files
(`trigger_nn.events.storage.shards`). Files of schema 1, which knew images only, keep loading.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trigger_nn.errors import EventsError, PrecisionError
from trigger_nn.events.quantities import Column, Quantity, from_json, to_json
from trigger_nn.files import check_readable, replacing
from trigger_nn.program.fixed import Fixed

FORMAT = "trigger_nn events"
SCHEMA = 2
SPLITS = ("train", "validation", "test")
BESIDE = ("process", "rate", "weight")  # what every event has beside its columns


@dataclass(frozen=True)
class Events:
    """Events of one split, as arrays with one entry an event.

    process: index into `Sample.processes`. rate: Hz that the event stands for. weight: the generator's. columns: by
    name, (n, *shape), integers.
    """

    process: np.ndarray
    rate: np.ndarray
    weight: np.ndarray
    columns: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        """Number of events."""
        return len(self.process)

    def __getitem__(self, name: str) -> np.ndarray:
        """A column.

        Raises:
            EventsError: there is none of this name.
        """
        if name not in self.columns:
            raise EventsError(f"The events have no column {name!r}; they have: {', '.join(self.columns)}.")
        return self.columns[name]

    def take(self, which: np.ndarray | slice) -> "Events":
        """The events that `which` (a mask, indices or a slice) picks."""
        columns = {name: values[which] for name, values in self.columns.items()}
        return Events(self.process[which], self.rate[which], self.weight[which], columns)


@dataclass(frozen=True)
class Sample:
    """A whole sample: its splits, the names of its processes, what its columns mean, and how it was made."""

    processes: tuple[str, ...]
    columns: Mapping[str, Column]
    splits: Mapping[str, Events]
    provenance: Mapping[str, Any]

    def select(self, split: str, *processes: str) -> np.ndarray:
        """Mask over the events of `split` that belong to any of `processes`."""
        wanted = [self.processes.index(name) for name in processes]
        return np.isin(self.splits[split].process, wanted)

    def column(self, name: str) -> Column:
        """What column `name` means.

        Raises:
            EventsError: there is none of this name.
        """
        if name not in self.columns:
            raise EventsError(f"The events have no column {name!r}; they have: {', '.join(self.columns)}.")
        return self.columns[name]

    def lsb(self, name: str) -> float:
        """Value of one count of column `name`, in its unit."""
        return self.column(name).quantities[0].lsb


def concatenate(parts: list[Events]) -> Events:
    """One after the other; at least one part."""
    beside = {name: np.concatenate([getattr(part, name) for part in parts]) for name in BESIDE}
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return Events(**beside, columns=columns)


def write_sample(path: Path, sample: Sample, level: int = 9) -> None:
    """Write `sample` to `path`, under another name first, so that a half-written file never bears it.

    `level` is gzip's, 1 (fast) to 9 (small).
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["schema"] = FORMAT, SCHEMA
        file.attrs["processes"] = list(sample.processes)
        file.attrs["columns"] = json.dumps({name: to_json(c) for name, c in sample.columns.items()})
        file.attrs["provenance"] = json.dumps(sample.provenance, sort_keys=True)
        for split, events in sample.splits.items():
            arrays = {name: getattr(events, name) for name in BESIDE}
            arrays |= {name: narrowed(events[name], sample.columns[name]) for name in sample.columns}
            for name, values in arrays.items():
                file.create_dataset(
                    f"{split}/{name}", data=values, chunks=_chunks(values), compression="gzip",
                    compression_opts=level, shuffle=True, track_times=False,
                )  # fmt: skip


def _chunks(values: np.ndarray) -> tuple[int, ...] | None:
    """About 256 kB a chunk, whole events: what a reader of blocks wants."""
    size = max(values[:1].nbytes, 1)
    return (max(1, min(len(values), 2**18 // size)), *values.shape[1:]) if len(values) else None


def narrowed(values: np.ndarray, column: Column) -> np.ndarray:
    """`values` in the narrowest integer type of numpy that the column's range fits; real numbers as float32."""
    low, high = column.bounds()
    if not np.all(np.isfinite([low.min(), high.max()])):
        return values.astype(np.float32)
    kinds = map(np.dtype, "bhiq" if low.min() < 0 else "BHIQ")
    fits = (kind for kind in kinds if np.iinfo(kind).min <= low.min() and high.max() <= np.iinfo(kind).max)
    return values.astype(next(fits))


def read_file(path: Path) -> Sample:
    """Read a whole events file and check it.

    Raises:
        EventsError: nothing there, truncated, not written by this package, of impossible shape, or not finite.
    """
    if not path.is_file():
        raise EventsError(f"There is no events file at {path}; make one with: trigger-nn events make RECIPE {path}.")
    check_readable(path)
    try:
        with h5py.File(path, "r") as file:
            description = read_description(path, file)
            splits = {split: read_events(file, description, split) for split in SPLITS if split in file}
    except (OSError, KeyError, ValueError, TypeError, AttributeError, PrecisionError) as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None
    sample = replace(description, splits=splits)
    for split in splits:
        check_events(f"{path}: {split}", sample, splits[split])
    return sample


def read_description(path: Path, file: h5py.File) -> Sample:
    """All of an open events file but its events: `splits` is empty.

    Raises:
        EventsError: the file is not one of this package, or newer than it.
    """
    if file.attrs.get("format") != FORMAT:
        raise EventsError(f"{path} is not an events file of this package; make one with: trigger-nn events make.")
    schema = int(file.attrs["schema"])
    if schema > SCHEMA:
        raise EventsError(f"{path} has schema {schema}, newer than {SCHEMA}; update trigger_nn.")
    stored = json.loads(file.attrs["columns"]) if schema > 1 else None
    columns = {name: from_json(c) for name, c in stored.items()} if stored is not None else _columns_of_schema_1(file)
    processes = tuple(str(name) for name in file.attrs["processes"])
    return Sample(processes, columns, {}, dict(json.loads(file.attrs["provenance"])))


def read_events(file: h5py.File, description: Sample, split: str, rows: slice = slice(None)) -> Events:
    """Events `rows` of one split of an open file."""
    group = file[split]
    weight = group["weight"] if "weight" in group else group["rate"]  # schema 1 kept no weights
    columns = {name: np.asarray(group[name][rows]) for name in description.columns}
    return Events(group["process"][rows], group["rate"][rows], weight[rows], columns)


def _columns_of_schema_1(file: h5py.File) -> dict[str, Column]:
    lsb, bits, eta_max = float(file.attrs["lsb"]), int(file.attrs["bits"]), float(file.attrs["eta_max"])
    shape = file["train/image"].shape[1:]
    view = {"kind": "event_image", "source": "towers", "channels": ["total"], "eta_max": eta_max, "subtract": True}

    def et(name: str, width: int) -> tuple[Quantity, ...]:
        return (Quantity(name, "GeV", Fixed(False, width, width), lsb),)

    return {
        "image": Column(shape, et("et", bits), view),
        "jet_pt": Column((file["train/jet_pt"].shape[1],), et("pt", 16), {"kind": "trigger_jets"}),
        "met": Column((), et("missing_pt", 16), {"kind": "missing_momentum"}),
    }


def check_events(where: str, sample: Sample, events: Events) -> None:
    """Refuse events whose arrays have another length or type than they should, are not finite, or leave their range.

    Raises:
        EventsError: names array and event.
    """
    for name in BESIDE:
        _check_array(f"{where}/{name}", getattr(events, name), (len(events),), name != "process", name == "rate")
    if events.process.size and int(events.process.max()) >= len(sample.processes):
        raise EventsError(f"{where}/process names a process the file does not list; make the file again.")
    if np.any(events.process < 0):
        raise EventsError(f"{where}/process is negative at event {_first(events.process < 0)}; mend that event.")
    for name, column in sample.columns.items():
        values = events.columns[name]
        real = any(q.type is None for q in column.quantities)
        _check_array(f"{where}/{name}", values, (len(events), *column.shape), real, False)
        low, high = column.bounds()
        outside = (values < low) | (values > high)
        if np.any(outside):
            event = _first(outside)
            raise EventsError(
                f"{where}/{name} leaves the range {low.min():g} to {high.max():g} of {column.quantities[0].name!r} at "
                f"event {event}; saturate it before writing."
            )


def _check_array(where: str, values: np.ndarray, shape: tuple[int, ...], real: bool, positive: bool) -> None:
    if values.shape != shape:
        raise EventsError(f"{where} has shape {values.shape}, not {shape}; make the file again.")
    if values.dtype.kind not in ("iuf" if real else "iu"):
        raise EventsError(f"{where} holds {values.dtype}, not {'numbers' if real else 'integer counts'}; convert it.")
    if not np.all(np.isfinite(values)):
        raise EventsError(f"{where} is not finite at event {_first(~np.isfinite(values))}; remove or mend that event.")
    if positive and np.any(values < 0):
        raise EventsError(f"{where} is negative at event {_first(values < 0)}; remove or mend that event.")


def _first(wrong: np.ndarray) -> int:
    return int(np.argwhere(wrong)[0][0])
