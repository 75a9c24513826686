"""Tiny scans: a few hundred events of the embedded images, a network of a few weights, one epoch."""

from dataclasses import replace

import tomli_w

from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.workflow.workspace import embedded_sample

BASE = {
    "name": "tiny",
    "events": {"file": "few.h5", "signals": ["hh4b"], "backgrounds": ["zero_bias", "qcd"], "integer_bits": 4},
    "network": {
        "convolutions": [{"filters": 2, "stride": 2, "padding": "valid", "pool": 2}], "dense": [4],
        "activations": {"bits": 6, "integer": 3},
    },
    "training": {"epochs": 1, "quantized_epochs": 1, "batch_size": 64},
    "hardware": {"parallelization_factor": 4},
}  # fmt: skip
SCAN = {
    "name": "few",
    "base": "base.toml",
    "rate_khz": 300.0,
    "axes": [{"key": "network.layers.dense1.weights.bits", "values": [3, 5]}],
}


def written(folder, base=None, **changes):
    """A scan, its base and its events in `folder`; the path of the scan's recipe."""
    (folder / "base.toml").write_text(tomli_w.dumps(BASE if base is None else base))
    (folder / "few.h5").touch()  # which a plan asks for
    (folder / "scan.toml").write_text(tomli_w.dumps(SCAN | changes))
    return folder / "scan.toml"


def write_events(folder, count=300):
    whole = read_sample(embedded_sample())
    splits = {split: events.take(slice(count)) for split, events in whole.splits.items()}
    write_sample(folder / "few.h5", replace(whole, splits=splits), level=1)


def quiet(*_):
    """Say nothing."""
