"""What changed between two bundles: network, estimate, what is around; on given events also decisions and rate."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.make import program_in
from trigger_nn.handoff.manifest import Manifest, read_manifest
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.studies.difference import (
    Change,
    Difference,
    Firing,
    difference,
    firing_changes,
    output_changes,
)
from trigger_nn.studies.divergence import Decision
from trigger_nn.workflow.inputs import mantissas_at

AROUND = (
    "hardware", "handoff", "vectors", "estimate", "performance", "limits", "agreement", "versions", "compiled_with",
    "recipe", "builder", "rtl", "revision", "command",
)  # fmt: skip
ARRAYS = (".npy", ".npz")
NAMED = 3  # files of a folder


@dataclass(frozen=True)
class Side:
    """One of the two: its program, and the manifest if it is a bundle."""

    program: Program
    manifest: Manifest | None = None
    digest: str = ""  # of the bundle

    @classmethod
    def read(cls, path: Path) -> "Side":
        """A program (HDF5) or a bundle (folder or zip).

        Raises:
            HandoffError, ProgramError: it is neither, or damaged.
        """
        if not path.is_dir() and path.suffix != ".zip":
            return cls(Program.load(path))
        bundle = Bundle.read(path)
        return cls(program_in(bundle), read_manifest(bundle), bundle.digest)


def changed(before: Side, after: Side, events: Path | None, split: str, thresholds: tuple[float, ...]) -> Difference:
    """Everything that differs; with `events`, what that does to values, decisions and rate.

    `thresholds` are numbers, one for all elements of the first output or one for each; without them those of the
    bundles count, and without these the largest output decides.

    Raises:
        EventsError: the events do not fit, or the programs' inputs differ.
    """
    found = difference(before.program, after.program)
    changes = (*found.changes, *_around(before.manifest, after.manifest))
    if before.digest and after.digest and before.digest != after.digest:
        changes = (*changes, *_files(before, after))
    found = replace(found, changes=changes)
    if events is None:
        return found
    inputs = mantissas_at(before.program, events, split)
    rates = _rates(events, split)
    firings = (_firings(before, thresholds), _firings(after, thresholds))
    return replace(
        found,
        outputs=output_changes(before.program, after.program, inputs, Decision(thresholds)),
        firings=firing_changes(before.program, after.program, inputs, firings, rates),
    )


def _rates(events: Path, split: str) -> np.ndarray | None:
    """Hz that each event stands for, of a sample of this package."""
    return None if events.suffix in ARRAYS else read_sample(events).splits[split].rate


def _firings(side: Side, thresholds: tuple[float, ...]) -> list[Firing]:
    output = side.program.outputs[0]
    size = int(np.prod(output.shape))
    if thresholds:
        numbers = np.array(thresholds * size if len(thresholds) == 1 else thresholds, np.float64)
        return [Firing(f"element {i}", i, cut_at(x, output.type)) for i, x in enumerate(numbers[:size].tolist())]
    kept = side.manifest.thresholds if side.manifest else ()
    return [Firing(f"{t.signal} at {t.rate / 1e3:g} kHz", t.element, t.mantissa) for t in kept]


def cut_at(threshold: float, kind: Fixed) -> int:
    """The integer above which a score of type `kind` is above the number `threshold`; EventsError if it is NaN."""
    if math.isnan(threshold):
        raise EventsError("A threshold is NaN, which no score is above; give a number.")
    if threshold == math.inf:
        return kind.maximum
    low = kind.minimum - 1
    cut = low if threshold == -math.inf else math.floor(Fraction(threshold) * Fraction(2) ** kind.fraction)
    return min(max(cut, low), kind.maximum)


def _around(before: Manifest | None, after: Manifest | None) -> Iterator[Change]:
    """What two manifests say of all but the network."""
    if before is None or after is None:
        return
    old, new = (manifest.model_dump(mode="json") for manifest in (before, after))
    for key in AROUND:
        yield from _values(key, key, old.get(key), new.get(key))
    yield from _values(
        "training sample", "digest", old["digests"]["training_sample"], new["digests"]["training_sample"]
    )
    for side in ("inputs", "outputs"):
        ports = [{p["name"]: f"{p['shape']} {p['type']}" for p in manifest[side]} for manifest in (old, new)]
        yield from _values(f"{side} of the block", "ports", *ports)
    lists = [{f"{t['signal']} at {t['rate'] / 1e3:g} kHz": t for t in side["thresholds"]} for side in (old, new)]
    yield from _values("thresholds", "thresholds", *lists)


def _files(before: Side, after: Side) -> Iterator[Change]:
    """How many files of each folder differ, so that nothing hides behind other changes; and the bundles' digests.

    Files of the two designs that differ in its name alone are taken as one.
    """
    lists = [_digests(side) for side in (before, after)]
    differing: dict[str, list[str]] = {}
    for path in sorted(set(lists[0]) | set(lists[1])):
        if lists[0].get(path) != lists[1].get(path):
            differing.setdefault(path.partition("/")[0] + "/" if "/" in path else ".", []).append(path)
    for folder, paths in differing.items():
        more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
        yield Change(folder, "files that differ", str(len(paths)), ", ".join(paths[:NAMED]) + more)
    yield Change("bundle", "digest", before.digest, after.digest)


def _digests(side: Side) -> dict[str, str]:
    """Digest of each file by path, with the design's own name left out of the path."""
    if side.manifest is None:
        return {}
    return {path.replace(side.manifest.symbol, "DESIGN"): digest for path, digest in side.manifest.files.items()}


def _values(where: str, what: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _values(where, key if what in (where, "ports") else f"{what}.{key}", old.get(key), new.get(key))
        return
    yield Change(where, what, _text(old), _text(new))


def _text(value: Any) -> str:
    """A value in few words; of a whole table its kind."""
    match value:
        case None:
            return "none"
        case str():
            return value
        case dict():
            return str(value.get("kind", "given"))
        case _:
            return json.dumps(value)
