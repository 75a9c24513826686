"""A few models that cover everything: what the test runs, chosen from a long run's results."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.proof.batch import Record
from tests.proof.compare import EQUAL

Feature = tuple[str, ...]


def covered(backend: str, io_type: str, kinds: Iterable[tuple[str, str]]) -> set[Feature]:
    """What a model shows: each kind of layer by io type and by strategy, and each strategy by io type and backend."""
    found: set[Feature] = set()
    for kind, strategy in kinds:
        found |= {("kind", kind), ("layer", kind, io_type), ("strategy", kind, strategy)}
        found.add(("build", strategy, io_type, backend))
    return found


def choose(records: Sequence[Record], most: int) -> list[dict[str, Any]]:
    """At most `most` seeds of equal models, greedily: the one that adds most first; smaller models before larger."""
    pool = [entry for entry in records if entry.comparison.status == EQUAL]
    pool.sort(key=lambda entry: (entry.comparison.values, entry.seed))
    chosen: list[Record] = []
    seen: set[Feature] = set()
    while pool and len(chosen) < most:
        best = max(pool, key=lambda entry: _gain(_features(entry) - seen))
        if not _features(best) - seen:
            break
        chosen.append(best)
        seen |= _features(best)
        pool.remove(best)
    return [{"seed": entry.seed, "families": entry.families} for entry in chosen]


def _gain(new: set[Feature]) -> int:
    """Every kind of layer once, and every build, come before their combinations."""
    return sum(100 if feature[0] in ("kind", "build") else 1 for feature in new)


def _features(entry: Record) -> set[Feature]:
    return covered(entry.backend, entry.io_type, entry.kinds)
