"""Read a whole sample once, in blocks, and say what a physicist should know before trusting it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.storage.dataset import SPLITS, Events, Sample
from trigger_nn.events.storage.shards import blocks, check_shard, description_of, files_of, length, read_manifest

BLOCK = 2000
SATURATED = 0.01  # a share of saturated numbers that is worth a sentence
FLAG = 1  # numbers that are at most this, such as charges, are not saturated at their largest
RATE_TOLERANCE = 0.05
CHANCE = 10  # times as many between splits as within them are no chance
TELLING = 8  # numbers an event that two collisions will not have alike by chance

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Findings:
    """How many events were read, and sentences on what is unusual but no error."""

    events: int
    said: tuple[str, ...]


def check_sample(path: Path, progress: Progress) -> Findings:
    """Check every event of a sample (file or folder): checksums, shapes, ranges, finite values, splits apart.

    Raises:
        EventsError: the first thing that is wrong; among them, an event that stands in two splits.
    """
    description = description_of(path)
    if path.is_dir():
        for shard in read_manifest(path).shards:
            check_shard(path, shard)
    splits = [split for split in SPLITS if _has(path, split)]
    total, done = sum(length(path, split) for split in splits), 0
    digests: dict[str, np.ndarray] = {}
    saturated = dict.fromkeys(description.columns, 0)
    rates = dict.fromkeys(splits, 0.0)
    for split in splits:
        parts = []
        for events in blocks(path, split, BLOCK):
            parts.append(_digests(events, description.columns))
            for name, column in description.columns.items():
                top = column.bounds()[1]
                saturated[name] += int(np.count_nonzero((events[name] == top) & (top > FLAG) & np.isfinite(top)))
            rates[split] += float(events.rate.sum(dtype="f8"))
            done += len(events)
            progress("events checked", done, total)
        digests[split] = np.concatenate(parts)
    said = [*_saturation(saturated, description, total), *_rates(rates)]
    if sum(int(np.prod(column.shape, dtype=int)) for column in description.columns.values()) >= TELLING:
        said += _apart(digests)
    return Findings(total, tuple(said))


def _has(path: Path, split: str) -> bool:
    return length(path, split) > 0 and bool(files_of(path, split))


def _digests(events: Events, names: Iterable[str]) -> np.ndarray:
    """Eight bytes for each event's content, as integers; 0 for events that are all zero, which are alike by nature."""
    columns = [np.ascontiguousarray(events[name]).reshape(len(events), -1) for name in names]
    found = np.zeros(len(events), np.uint64)
    for number in range(len(events)):
        if any(np.any(column[number]) for column in columns):
            content = b"".join(column[number].tobytes() for column in columns)
            found[number] = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
    return found


def _apart(digests: Mapping[str, np.ndarray]) -> list[str]:
    """Refuse splits that share events, more than are alike within one split by chance."""
    known = {split: found[found > 0] for split, found in digests.items()}
    alike = sum(len(found) - len(np.unique(found)) for found in known.values())
    said = []
    for one, other in combinations(known, 2):
        shared = np.intersect1d(known[one], known[other])
        if len(shared) > CHANCE * alike:
            places = [int(np.flatnonzero(digests[split] == shared[0])[0]) for split in (one, other)]
            raise EventsError(
                f"{len(shared)} events stand in {one!r} and in {other!r}, the first of them as events {places[0]} and "
                f"{places[1]}; split by collision before pile-up is overlaid, or make the sample again."
            )
        if len(shared):
            said.append(
                f"{len(shared)} events of {one!r} and {other!r} are alike; within the splits {alike} are: chance"
            )
    return said


def _saturation(saturated: dict[str, int], description: Sample, events: int) -> list[str]:
    said = []
    for name, count in saturated.items():
        numbers = events * int(np.prod(description.columns[name].shape, dtype=int))
        if count > SATURATED * max(numbers, 1):
            share = 100 * count / numbers
            said.append(f"column {name!r}: {share:.1f} % of its numbers are saturated; widen its type")
    return said


def _rates(rates: dict[str, float]) -> list[str]:
    """Splits are made to stand for the same collisions, so their rates should be alike."""
    known = {split: rate for split, rate in rates.items() if rate > 0}
    if len(known) < 2:
        return []
    low, high = min(known.values()), max(known.values())
    if high <= (1 + RATE_TOLERANCE) * low:
        return []
    listed = ", ".join(f"{split} {rate / 1e3:,.0f} kHz" for split, rate in known.items())
    return [f"the splits stand for different rates: {listed}; expected of small samples only"]
