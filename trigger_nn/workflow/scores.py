"""The file of scores: integers of each output port beside their types, and which file each event came from.

HDF5: `/scores/<port>` (events, *shape) with the attributes `type` and `lsb` (what one count is worth), and a table
`/sources` of the files with the numbers of their first events; or .npy: one array. It is put together from raw
little-endian integers, `<number>.raw` of a folder for each output, see `trigger_nn.workflow.part`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from trigger_nn.errors import EventsError, PrecisionError
from trigger_nn.program.program import Port

FORMAT, SCHEMA = "trigger_nn scores", 1
SUFFIXES = (".h5", ".hdf5", ".npy")
PIECE = 2**22  # bytes read at once when the file is put together
CHUNK = 2**18  # bytes of a chunk in the HDF5 file


@dataclass(frozen=True)
class Job:
    """What is emulated: the output ports, and facts (JSON) of program, sources and options, which must stay alike."""

    outputs: tuple[Port, ...]
    facts: Mapping[str, Any]

    @property
    def events(self) -> int:
        """Number of events of all sources."""
        return sum(source["events"] for source in self.facts["sources"])


def score_type(port: Port) -> np.dtype:
    """The narrowest of int8, int16, int32 and int64 that holds the port's mantissas, little-endian.

    Raises:
        PrecisionError: none does.
    """
    for bits in (8, 16, 32, 64):
        if port.type.minimum >= -(1 << (bits - 1)) and port.type.maximum < 1 << (bits - 1):
            return np.dtype(f"<i{bits // 8}")
    raise PrecisionError(
        f"Output {port.name!r} is {port.type}, wider than 64-bit integers; narrow it to emulate files."
    )


def check_out(out: Path, job: Job) -> None:
    """Refuse a file that can't be written, before anything is emulated.

    Raises:
        EventsError: it is a folder, of an unknown suffix, or .npy for several outputs.
    """
    if out.is_dir() or out.suffix not in SUFFIXES:
        raise EventsError(f"{out} can't be a file of scores; give a name that ends with {', '.join(SUFFIXES)}.")
    if out.suffix == ".npy" and len(job.outputs) > 1:
        names = ", ".join(port.name for port in job.outputs)
        raise EventsError(f"{out} holds one array, the program has outputs {names}; write an HDF5 file (.h5).")


def write_scores(folder: Path, job: Job, path: Path, suffix: str) -> None:
    """Put the file together from a complete folder, a few MB at a time.

    Raises:
        OSError: the file system refuses.
    """
    try:
        (_write_npy if suffix == ".npy" else _write_hdf5)(folder, job, path)
    except RuntimeError as error:  # as which HDF5 reports a full disk when it closes the file
        raise OSError(str(error)) from None


def row_bytes(port: Port) -> int:
    """Bytes of an event."""
    return score_type(port).itemsize * int(np.prod(port.shape, dtype=np.int64))


def _pieces(folder: Path, job: Job, number: int) -> Iterator[np.ndarray]:
    """An output's scores, (events, *shape), a few MB at a time."""
    port, left = job.outputs[number], job.events
    step = max(1, PIECE // row_bytes(port))
    with (folder / f"{number}.raw").open("rb") as file:
        while left:
            count = min(step, left)
            content = file.read(count * row_bytes(port))
            yield np.frombuffer(content, score_type(port)).reshape(count, *port.shape)
            left -= count


def _write_npy(folder: Path, job: Job, whole: Path) -> None:
    """One int64 array, which says nothing of its type."""
    header = {"descr": "<i8", "fortran_order": False, "shape": (job.events, *job.outputs[0].shape)}
    with whole.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in _pieces(folder, job, 0):
            file.write(piece.astype("<i8").tobytes())


def _write_hdf5(folder: Path, job: Job, whole: Path) -> None:
    with h5py.File(whole, "w") as file:
        file.attrs["format"], file.attrs["schema"] = FORMAT, SCHEMA
        file.attrs["events"] = job.events
        for key in ("program", "digest", "trigger_nn"):
            file.attrs[key] = job.facts[key]
        file.attrs["options"] = json.dumps(job.facts["options"])
        file["sources"] = _source_table(job)
        for number, port in enumerate(job.outputs):
            data = _score_set(file, port, job.events)
            first = 0
            for piece in _pieces(folder, job, number):
                data[first : first + len(piece)] = piece
                first += len(piece)


def _score_set(file: h5py.File, port: Port, events: int) -> h5py.Dataset:
    rows = max(1, min(events, CHUNK // row_bytes(port)))
    data = file.create_dataset(
        f"scores/{port.name}", (events, *port.shape), score_type(port), maxshape=(None, *port.shape),
        chunks=(rows, *port.shape), compression="gzip", compression_opts=1, shuffle=True,
    )  # fmt: skip
    data.attrs["type"], data.attrs["lsb"] = str(port.type), 2.0**-port.type.fraction
    return data


def _source_table(job: Job) -> np.ndarray:
    """A row for each file: its name, the number of its first event among all, and how many it has."""
    text = h5py.string_dtype()
    kind = np.dtype([("file", text), ("first", "<i8"), ("events", "<i8"), ("size", "<i8"), ("modified", "<i8")])
    rows, first = [], 0
    for source in job.facts["sources"]:
        rows.append((source["file"], first, source["events"], source["size"], source["modified"]))
        first += source["events"]
    return np.array(rows, kind)
