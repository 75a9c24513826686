"""Large samples out of the embedded ones: whole-event images turned and mirrored, then events drawn with replacement.

They are as large to read and to study as real ones; they hold no more physics than what they are drawn from.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from trigger_nn.events.storage.dataset import Sample, write_sample
from trigger_nn.events.storage.shards import Manifest, Shard, describe, read_sample, write_manifest
from trigger_nn.events.turning import turned
from trigger_nn.workflow.workspace import embedded_sample

SHARD = 250_000  # events
SEED = 1
COPIES = 48  # all turns and mirrors of the embedded images


def images(folder: Path, events: int) -> Path:
    """`events` whole-event images in the test split of a folder of shards."""
    many = folder / "turned"
    turned(embedded_sample(), many, COPIES, SEED, lambda *_: None)
    return drawn(read_sample(many), folder / "images", events)


def jets(folder: Path, events: int) -> Path:
    """`events` jets in the test split of a folder of shards."""
    return drawn(read_sample(embedded_sample("jets")), folder / "jets", events)


def drawn(sample: Sample, out: Path, events: int) -> Path:
    """A folder of `events` events drawn with replacement from the test split; together they keep its rate."""
    write_manifest(out, Manifest(out.name, tuple(_shards(sample, out, events)), dict(sample.provenance)))
    return out


def _shards(sample: Sample, out: Path, events: int) -> Iterator[Shard]:
    test, generator = sample.splits["test"], np.random.default_rng(SEED)
    for number, first in enumerate(range(0, events, SHARD)):
        own = test.take(generator.integers(0, len(test), min(SHARD, events - first)))
        own = replace(own, rate=(own.rate * (len(test) / events)).astype(np.float32))
        path = out / "shards" / f"test-{number:05d}.h5"
        write_sample(path, replace(sample, splits={"test": own}), 1)
        yield describe(path, out, "test", sample.processes[0])
