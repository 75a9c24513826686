"""Events of other programs (NanoAOD, Delphes, plain HDF5, numpy, parquet) as a sample of this package.

A mapping in TOML says which of their branches become which of our named quantities, in which unit they are, and what
one count of ours is worth. Three kinds of column:

* objects, `count` = N: the N hardest by the first feature, falling (ties in the file's order), zero-padded; shape
  (N, features), or (N,) of one feature;
* numbers, without `count`: one an event of each feature; shape (features,), or () of one feature. With `shape`, the
  one feature is an array of that shape;
* an `image`: deposits summed in cells over |eta| < eta_max and the whole turn of phi (cell 0 begins at -pi).

Values are converted to GeV, rad, mm, ns, e, counts or plain numbers, then quantized once: energies and
most others truncated, angles rounded to the nearest count, all saturated.
"""

import difflib
import hashlib
import importlib.metadata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.foreign.convert import Conversion
from trigger_nn.events.foreign.mapping import UNITS, ForeignMapping, columns_of
from trigger_nn.events.foreign.readers import ForeignFile, blocks, opened
from trigger_nn.events.storage.dataset import SPLITS, Events, Sample, concatenate
from trigger_nn.events.storage.stream import shares

STEP = 10_000  # events read at once


def read_foreign(path: Path, mapping: ForeignMapping, step: int = STEP) -> Sample:
    """All events of `path` as a sample; the file is read in blocks of `step`, only our columns stay in memory.

    The provenance holds file name, SHA-256, mapping, versions of the readers, and how many values of each feature were
    outside the range of its counts and saturated.

    Raises:
        EventsError: the file is missing, empty, damaged or of another format, or a branch is missing, of another shape
            or unit than the mapping says, or not finite.
        ToolNotFound: the library that reads such files is not installed.
    """
    parts: dict[str, list[Events]] = {}
    saturated: Counter[str] = Counter()
    first = 0
    for events in _converted(path, mapping, step, saturated):
        for split, mask in _splits(mapping, first, len(events)):
            parts.setdefault(split, []).append(events.take(mask))
        first += len(events)
    splits = {split: concatenate(parts[split]) for split in SPLITS if split in parts}
    return Sample((mapping.process,), columns_of(mapping), splits, _provenance(path, mapping, first, saturated))


def read_foreign_blocks(path: Path, mapping: ForeignMapping, step: int = STEP) -> Iterator[Events]:
    """The events of `path` in the file's order, at most `step` at a time, never more in memory.

    Raises:
        EventsError, ToolNotFound: as `read_foreign`.
    """
    return _converted(path, mapping, step, Counter())


def _converted(path: Path, mapping: ForeignMapping, step: int, saturated: Counter[str]) -> Iterator[Events]:
    """Blocks of our events; counts what saturates in `saturated`."""
    branches = tuple(dict.fromkeys(branch for branch, _ in mapping.units()))
    first = 0
    with opened(path, mapping.format, mapping.tree) as file:
        for branch, unit in mapping.units():
            _check_branch(path, file, branch)
            _check_unit(path, file, branch, unit)
        for block in blocks(path, mapping.format, file, branches, step):
            events = Conversion(path, first, block, saturated).events(mapping)
            first += len(events)
            yield events
    if not first:
        raise EventsError(f"{path} holds no events; give a file that has some.")


def _check_branch(path: Path, file: ForeignFile, branch: str) -> None:
    if branch not in file.branches:
        close = difflib.get_close_matches(branch, file.branches, n=3, cutoff=0.4) or sorted(file.branches)[:10]
        raise EventsError(
            f"{path} has no branch {branch!r}; name in the mapping one that exists, nearest are: {', '.join(close)}."
        )


def _check_unit(path: Path, file: ForeignFile, branch: str, unit: str | None) -> None:
    stated = (file.unit(branch) or "").strip()
    loose = "uproot" in file.packages and stated not in UNITS  # a title ends in brackets for other reasons too
    if unit and stated and stated != unit and not loose:
        raise EventsError(
            f"{path} says that branch {branch!r} is in {stated!r}, the mapping says {unit!r}; correct the mapping."
        )


def _splits(mapping: ForeignMapping, first: int, events: int) -> Iterator[tuple[str, np.ndarray]]:
    """Split and mask of `events` events, the first of which is number `first` of the file."""
    if mapping.shares is None:
        yield mapping.split or "test", np.ones(events, bool)
        return
    fractions = mapping.shares.model_dump()
    chosen = shares(events, tuple(fractions.values()), mapping.seed, first)
    yield from ((split, chosen == i) for i, split in enumerate(fractions) if fractions[split])


def _provenance(path: Path, mapping: ForeignMapping, events: int, saturated: Counter[str]) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with opened(path, mapping.format, mapping.tree) as foreign:
        versions = {name: importlib.metadata.version(name) for name in (*foreign.packages, "numpy", "trigger_nn")}
    return {
        "file": path.name, "sha256": digest, "events": events, "mapping": mapping.model_dump(mode="json"),
        "packages": versions, "saturated": dict(sorted(saturated.items())),
    }  # fmt: skip
