"""The folder `<file>.part` in which scores grow until they are complete: nothing is lost or torn by an interrupt.

An HDF5 file that is open for writing when its process is killed may never open again, so nothing is written into one
while events are still emulated. The folder holds the integers of each output as they come (`<number>.raw`), what they
were made of (`job.json`), and how many events are done (`progress.json`, replaced at once after every block, with a
CRC-32 of all that was written until then, which also tells what a power cut has lost). What stands behind the last
block that was noted down is overwritten when the run goes on. Only when all is there is the file written, inside the
folder, and moved to its name.
"""

import contextlib
import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.files import replacing
from trigger_nn.workflow.scores import PIECE, Job, row_bytes, score_type, write_scores

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

JOB, PROGRESS, LOCK, WHOLE = "job.json", "progress.json", "lock", "whole"


@dataclass(frozen=True)
class Progress:
    """Events done, and the CRC-32 of each output's integers up to there."""

    done: int
    checksums: tuple[int, ...]


@contextlib.contextmanager
def part_of(out: Path, job: Job, restart: bool) -> Iterator[tuple[Path, Progress]]:
    """The folder in which the scores for `out` grow, and how far they are; no other process has it meanwhile.

    Raises:
        EventsError: an interrupted run left other scores there, or another process is writing them.
        TriggerNNError: the file system refuses.
    """
    folder = out.with_name(out.name + ".part")
    with _writing(out):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            if restart and (folder / JOB).is_file():
                _empty(folder)
            try:
                yield folder, _resumed(folder, job)
            finally:
                if _done(folder) == 0:  # nothing to go on with, so nothing that may refuse the next run
                    _empty(folder)
                    (folder / LOCK).unlink()
                    folder.rmdir()


def append(folder: Path, job: Job, progress: Progress, scores: Mapping[str, np.ndarray]) -> Progress:
    """Note down the scores of further events, by output port; returns how far it is now."""
    events = len(next(iter(scores.values())))
    checksums = []
    for number, port in enumerate(job.outputs):
        content = np.ascontiguousarray(scores[port.name], score_type(port)).tobytes()
        with (folder / f"{number}.raw").open("r+b") as file:
            file.seek(progress.done * row_bytes(port))
            file.write(content)
            file.truncate()
        checksums.append(zlib.crc32(content, progress.checksums[number]))
    done = Progress(progress.done + events, tuple(checksums))
    _write_json(folder / PROGRESS, {"done": done.done, "checksums": checksums})
    return done


def finish(folder: Path, job: Job, out: Path) -> None:
    """Put the file together from the complete folder, give it its name, and remove the folder."""
    write_scores(folder, job, folder / WHOLE, out.suffix)
    (folder / WHOLE).replace(out)
    shutil.rmtree(folder, ignore_errors=True)


def _resumed(folder: Path, job: Job) -> Progress:
    """How far an interrupted run came, everything it wrote checked; at the beginning if there was none."""
    if _done(folder) == 0:
        _empty(folder)
    if not (folder / JOB).is_file():
        if not all(path.name in (LOCK, PROGRESS) or path.suffix in (".raw", ".part") for path in folder.iterdir()):
            raise EventsError(f"{folder} is not of an interrupted run; remove it, or choose another name.")
        return _begun(folder, job)
    try:
        facts = json.loads((folder / JOB).read_text())
        stored = json.loads((folder / PROGRESS).read_text())
        progress = Progress(stored["done"], tuple(stored["checksums"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EventsError(f"{folder} is damaged ({error}); give --restart to begin again.") from None
    _check_same(folder, facts, dict(job.facts))
    for number, port in enumerate(job.outputs):
        if _checksum(folder / f"{number}.raw", progress.done * row_bytes(port)) != progress.checksums[number]:
            raise EventsError(f"{folder}/{number}.raw is not what was written to it; give --restart to begin again.")
    return progress


def _begun(folder: Path, job: Job) -> Progress:
    for number in range(len(job.outputs)):
        (folder / f"{number}.raw").touch()
    progress = Progress(0, (0,) * len(job.outputs))
    _write_json(folder / PROGRESS, {"done": 0, "checksums": progress.checksums})
    _write_json(folder / JOB, job.facts)  # last: a folder without it never began
    return progress


def _done(folder: Path) -> int | None:
    """Events that are done; None if the folder does not say."""
    try:
        return int(json.loads((folder / PROGRESS).read_text())["done"]) if (folder / JOB).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _empty(folder: Path) -> None:
    """Remove all but the lock, which keeps others out; what makes it a run first."""
    (folder / JOB).unlink()
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink()


def _check_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with other events, another program or other options."""
    old, new = _flat(before), _flat(now)
    for what, value in new.items():
        if old.get(what) != value:
            raise EventsError(
                f"{folder} was begun with another {what} ({old.get(what)!r}, now {value!r}); repeat the command that "
                "was interrupted, or give --restart to begin again."
            )


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts one by one, as a sentence would name them."""
    found = {"program": facts["program"], "digest of the program": facts["digest"]}
    found |= {"version of trigger_nn": facts["trigger_nn"], "number of files": len(facts["sources"])}
    found |= {f"option {name}": value for name, value in facts["options"].items()}
    for number, source in enumerate(facts["sources"]):
        name = Path(source["file"]).name  # a run may go on from another folder
        found[f"file {number + 1}"] = name
        found |= {f"file {number + 1} ({name}), its {key},": source[key] for key in ("events", "size", "modified")}
    return found


def _checksum(path: Path, length: int) -> int | None:
    """CRC-32 of a file's first `length` bytes; None if it is shorter."""
    found, left = 0, length
    with path.open("rb") as file:
        while left and (content := file.read(min(left, PIECE))):
            found, left = zlib.crc32(content, found), left - len(content)
    return None if left else found


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out; the lock ends with the process, however that ends."""
    with (folder / LOCK).open("w") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EventsError(f"{folder} is being written by another process; wait, or choose another name.") from None
        except OSError:  # some network file systems know no locks; then it is the user's to start one process only
            pass
        yield


def _write_json(path: Path, content: object) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content))


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TriggerNNError(
            f"{error.filename or out} could not be used ({reason}); mend that and repeat the command, which goes on "
            "where it stopped."
        ) from None
