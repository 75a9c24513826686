"""Many events out of few: images of whole events turned in phi and mirrored, as the detector's symmetry allows.

A detector made of equal cells around the beam, the same forward and backward, sees a turned or mirrored event as often
as the event itself. So rates and efficiencies can be studied on copies, and a threshold between two events be told from
one at another angle, which the network may score differently. Copies of one event are not independent, though: each
carries its number in the column `source`, by which studies make their intervals.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import is_image
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import SPLITS, Events, Sample, write_sample
from trigger_nn.events.storage.shards import (
    Manifest,
    Shard,
    blocks,
    describe,
    description_of,
    length,
    write_manifest,
)
from trigger_nn.program.fixed import Fixed

SOURCE = "source"  # name of the column, and kind of its view
ORIGIN = Column((), (Quantity(SOURCE, "1", Fixed(False, 32, 32)),), {"kind": SOURCE})
# Views of which no number changes when the event is turned or mirrored.
INVARIANT = (
    "trigger_jets", "missing_momentum", "scalar_sum", "pileup", "offline_sum", "offline_missing", "waveform",
    "pulse_energy",
)  # fmt: skip
ANGLES = ("eta", "phi")
MEMORY = 2**26  # bytes of copies that are made at once
LEVEL = 1  # of gzip: copies are read more often than kept

Progress = Callable[[str, int, int], None]


def is_source(column: Column) -> bool:
    """Whether the column says which event an event is a copy of."""
    return column.view.get("kind") == SOURCE


def turned(path: Path, out: Path, copies: int, seed: int, progress: Progress) -> int:
    """Write `copies` of every event of the sample at `path` to the folder `out`; the number of events written.

    The first copy is the event itself, the others are turned by a whole number of cells and mirrored in eta and in phi,
    no two alike, which of them by chance (`seed`). All copies together stand for the rate of the event. The folder has
    shards of one split and process each; `source` counts the events of a split from 0.

    Raises:
        EventsError: the sample has no image of whole events, or a column that can't be turned; there are not that many
            copies; `out` exists.
    """
    description = description_of(path)
    places = _symmetries(path, description, copies)
    if out.exists():
        raise EventsError(f"{out} exists already; remove it, or choose another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
    try:
        whole = _described(path, description, copies, seed)
        shards = tuple(_Turner(path, temporary, whole, places, copies, seed, progress).shards())
        write_manifest(temporary, Manifest(f"{path.stem}_turned", shards, dict(whole.provenance)))
        temporary.chmod(0o755)
        temporary.replace(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return sum(shard.events for shard in shards)


def symmetries(rows: int, columns: int) -> np.ndarray:
    """Turns and mirrors of an image of `rows` in eta and `columns` in phi: flat place that each cell comes from.

    (elements, rows * columns), no two alike, the image as it is first.
    """
    cells = np.arange(rows * columns).reshape(rows, columns)
    found = [
        np.roll(mirrored, turn, axis=1).ravel()
        for across in (cells, cells[::-1])
        for mirrored in (across, across[:, ::-1])
        for turn in range(columns)
    ]
    return np.unique(np.array(found), axis=0)  # sorted, so that 0, 1, 2, ... is the first


def _symmetries(path: Path, description: Sample, copies: int) -> np.ndarray:
    """Those of the sample's images, after checking that there are enough, and that all else stays as it is."""
    images = {name: column for name, column in description.columns.items() if is_image(column)}
    if not images:
        raise EventsError(
            f"{path} holds no image of whole events, so it can't be turned: jets and lists of objects lose their axes; "
            "give a sample with a view of kind 'event_image'."
        )
    for name, column in description.columns.items():
        if name not in images and not _is_invariant(column):
            raise EventsError(
                f"{path}: column {name!r} would have to turn with the image; make the sample again without it."
            )
    grids = {column.shape[:2] for column in images.values()}
    if len(grids) > 1:
        raise EventsError(f"{path} holds images of several grids, {sorted(grids)}; make the sample again with one.")
    places = symmetries(*grids.pop())
    if not 1 <= copies <= len(places):
        raise EventsError(
            f"An image of {path} has {len(places)} turns and mirrors, itself among them, not {copies}; ask for 1 to "
            f"{len(places)} copies."
        )
    return places


def _is_invariant(column: Column) -> bool:
    if column.view:
        return column.view.get("kind") in INVARIANT
    return not any(quantity.name in ANGLES or quantity.unit == "rad" for quantity in column.quantities)


def _described(path: Path, description: Sample, copies: int, seed: int) -> Sample:
    origin = {"sample": path.name, "copies": copies, "seed": seed}
    columns = {**description.columns, SOURCE: ORIGIN}
    return replace(description, columns=columns, provenance={**description.provenance, "turned": origin})


@dataclass(frozen=True)
class _Turner:
    path: Path
    folder: Path
    whole: Sample
    places: np.ndarray
    copies: int
    seed: int
    progress: Progress

    def shards(self) -> Iterator[Shard]:
        """Write them, split by split, block by block, a process each."""
        total, done = sum(length(self.path, split) for split in SPLITS), 0
        for split in SPLITS:
            first = 0
            for number, events in enumerate(self._blocks(split)):
                yield from self._shards(split, number, events, first)
                first, done = first + len(events), done + len(events)
                self.progress("events turned", done, total)

    def _blocks(self, split: str) -> Iterator[Events]:
        size = sum(8 * int(np.prod(column.shape)) for column in self.whole.columns.values())
        if length(self.path, split):
            yield from blocks(self.path, split, max(1, MEMORY // (size * self.copies)))

    def _shards(self, split: str, number: int, events: Events, first: int) -> Iterator[Shard]:
        generator = np.random.default_rng([self.seed, SPLITS.index(split), number])
        copied = self._copied(events, first, generator)
        for i, process in enumerate(self.whole.processes):
            own = copied.take(copied.process == i)
            if len(own):
                file = self.folder / "shards" / f"{split}-{process}-{number:05d}.h5"
                write_sample(file, replace(self.whole, splits={split: own}), LEVEL)
                yield describe(file, self.folder, split, process)

    def _copied(self, events: Events, first: int, generator: np.random.Generator) -> Events:
        """All copies of an event behind each other."""
        chosen = self._chosen(len(events), generator)
        columns = {name: self._column(name, events[name], chosen) for name in self.whole.columns if name != SOURCE}
        columns[SOURCE] = np.repeat(np.arange(first, first + len(events)), self.copies)
        repeated = (np.repeat(values, self.copies) for values in (events.process, events.rate, events.weight))
        process, rate, weight = repeated
        return Events(process, (rate / self.copies).astype(np.float32), weight, columns)

    def _chosen(self, events: int, generator: np.random.Generator) -> np.ndarray:
        """Numbers of symmetries, (events, copies): the image as it is, then others, no two alike."""
        others = np.tile(np.arange(1, len(self.places)), (events, 1))
        drawn = generator.permuted(others, axis=1)[:, : self.copies - 1]
        return np.concatenate([np.zeros((events, 1), np.int64), drawn], axis=1)

    def _column(self, name: str, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        if not is_image(self.whole.columns[name]):
            return np.repeat(values, self.copies, axis=0)
        flat, rows = values.reshape(len(values), self.places.shape[1], -1), np.arange(len(values))[:, None]
        made = np.empty((len(values), self.copies, *flat.shape[1:]), values.dtype)
        for copy in range(self.copies):
            made[:, copy] = flat[rows, self.places[chosen[:, copy]]]
        return made.reshape(-1, *values.shape[1:])


def original(columns: Mapping[str, Column]) -> str | None:
    """Name of the column that says which event an event is a copy of, None if there is none."""
    return next((name for name, column in columns.items() if is_source(column)), None)
