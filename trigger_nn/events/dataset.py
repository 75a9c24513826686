"""Event samples on disk: one HDF5 file, integers in hardware units, everything needed to trust them in attributes.

Layout: `/<split>/image` (n, eta, phi) uint16; `process` (n,) uint8, an index into the attribute `processes`;
`rate` (n,) float32, the Hz that the event stands for (0 for signals); `jet_pt` (n, 8); `met` (n,).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.files import replacing

FORMAT = "trigger_nn events"
SCHEMA = 1
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Events:
    """Events of one split, as arrays with one entry an event.

    image: counts of transverse energy, (n, eta, phi). process: index into `Sample.processes`. rate: Hz that the event
    stands for, 0 for signals. jet_pt: counts, (n, 8), falling. met: counts.
    """

    image: np.ndarray
    process: np.ndarray
    rate: np.ndarray
    jet_pt: np.ndarray
    met: np.ndarray

    def __len__(self) -> int:
        """Number of events."""
        return len(self.process)


@dataclass(frozen=True)
class Sample:
    """A whole sample: its splits, the names of its processes, and what is known of how it was made.

    `lsb` is the transverse energy in GeV of one count; `bits` the width of an image cell.
    """

    processes: tuple[str, ...]
    lsb: float
    bits: int
    eta_max: float
    splits: Mapping[str, Events]
    provenance: Mapping[str, Any]

    def select(self, split: str, *processes: str) -> np.ndarray:
        """Mask over the events of `split` that belong to any of `processes`."""
        wanted = [self.processes.index(name) for name in processes]
        return np.isin(self.splits[split].process, wanted)


def write_sample(path: Path, sample: Sample) -> None:
    """Write `sample` to `path`, under another name first, so that a half-written file never bears it."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["schema"] = FORMAT, SCHEMA
        file.attrs["processes"] = list(sample.processes)
        file.attrs["lsb"], file.attrs["bits"], file.attrs["eta_max"] = sample.lsb, sample.bits, sample.eta_max
        file.attrs["provenance"] = json.dumps(sample.provenance, sort_keys=True)
        for split, events in sample.splits.items():
            for field in fields(events):
                values = getattr(events, field.name)
                file.create_dataset(
                    f"{split}/{field.name}", data=values, compression="gzip", compression_opts=9, shuffle=True
                )


def read_sample(path: Path) -> Sample:
    """Read a whole sample and check it.

    Raises:
        EventsError: no such file, truncated, not written by this package, of impossible shape, or not finite.
    """
    if not path.is_file():
        raise EventsError(f"There is no events file at {path}; make one with: trigger-nn events make RECIPE {path}.")
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise EventsError(
                    f"{path} is not an events file of this package; make one with: trigger-nn events make."
                )
            if file.attrs["schema"] > SCHEMA:
                raise EventsError(f"{path} has schema {file.attrs['schema']}, newer than {SCHEMA}; update trigger_nn.")
            return _checked(path, _read(file))
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise EventsError(f"{path} is truncated or damaged ({error}); copy or make it again.") from None


def _read(file: h5py.File) -> Sample:
    splits = {
        split: Events(**{field.name: file[f"{split}/{field.name}"][()] for field in fields(Events)}) for split in SPLITS
    }
    return Sample(
        processes=tuple(str(name) for name in file.attrs["processes"]),
        lsb=float(file.attrs["lsb"]),
        bits=int(file.attrs["bits"]),
        eta_max=float(file.attrs["eta_max"]),
        splits=splits,
        provenance=dict(json.loads(file.attrs["provenance"])),
    )


def _checked(path: Path, sample: Sample) -> Sample:
    shapes = {events.image.shape[1:] for events in sample.splits.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise EventsError(f"{path}: the images of its splits have shapes {sorted(shapes)}; one (eta, phi) is needed.")
    for split, events in sample.splits.items():
        for field in fields(events):
            values = getattr(events, field.name)
            dimensions = {"image": 3, "jet_pt": 2}.get(field.name, 1)
            _check_values(f"{path}: {split}/{field.name}", values, len(events), dimensions, field.name == "rate")
        if events.image.size and int(events.image.max()) >= 2**sample.bits:
            raise EventsError(f"{path}: {split}/image leaves the {sample.bits}-bit range; saturate it before writing.")
        if events.process.size and int(events.process.max()) >= len(sample.processes):
            raise EventsError(f"{path}: {split}/process names a process the file does not list; make the file again.")
    return sample


def _check_values(where: str, values: np.ndarray, events: int, dimensions: int, real: bool) -> None:
    if values.ndim != dimensions or len(values) != events:
        raise EventsError(f"{where} has shape {values.shape} for {events} events; make the file again.")
    if values.dtype.kind not in ("iuf" if real else "iu"):
        raise EventsError(f"{where} holds {values.dtype}, not {'numbers' if real else 'integer counts'}; convert it.")
    if not np.all(np.isfinite(values)):
        event = int(np.argwhere(~np.isfinite(values))[0][0])
        raise EventsError(f"{where} is not finite at event {event}; remove or mend that event.")
    if np.any(values < 0):
        event = int(np.argwhere(values < 0)[0][0])
        raise EventsError(f"{where} is negative at event {event}; remove or mend that event.")
