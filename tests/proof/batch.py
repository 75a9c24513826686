"""Descriptions to verdicts: make the graphs of a batch, build them together, compare, and say what each model had."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tests.proof.compare import HLS4ML, MISMATCH, Candidate, Comparison, compare, make_graph, verdict
from tests.proof.description import ModelDescription, build_model, draw_values, from_json, to_json
from tests.proof.engines import Choice
from tests.proof.models import draw_seeded

EVENTS = 256  # so that two thousand models compare ten million values


@dataclass(frozen=True)
class Record:
    """One line of a results file. `kinds` are layer kinds with their strategy, "-" where a layer has none."""

    seed: int
    families: str
    backend: str
    io_type: str
    kinds: tuple[tuple[str, str], ...]
    comparison: Comparison
    description: str = ""


def compare_seeds(seeds: Sequence[int], families: str, choice: Choice = "best", cpp: bool = True) -> list[Record]:
    """Draw, build and compare the models of `seeds`."""
    descriptions = [draw_seeded(seed, families) for seed in seeds]
    verdicts = compare_descriptions(descriptions, choice, cpp)
    return [
        record(seed, families, description, comparison)
        for seed, description, comparison in zip(seeds, descriptions, verdicts, strict=True)
    ]


def compare_descriptions(
    descriptions: Sequence[ModelDescription], choice: Choice = "best", cpp: bool = True
) -> list[Comparison]:
    """Verdicts on models, built together; without `cpp` on what our own engines make of them, which takes no g++."""
    candidates = (_candidate(description, f"m{index}") for index, description in enumerate(descriptions))
    return compare(list(candidates), choice) if cpp else [verdict(entry, None, choice) for entry in candidates]


def _candidate(description: ModelDescription, name: str) -> Candidate:
    rng = np.random.default_rng(description.weights)
    events = tuple(draw_values(entry, rng, EVENTS) for entry in description.inputs)
    try:
        model = build_model(description)
    except Exception as error:
        raise RuntimeError(f"Keras can't make {to_json(description)}: {error}") from error
    types = {entry.name: entry.type for entry in description.inputs}
    graph = make_graph(model, name, description.backend, description.io_type, description.changes, types)
    if isinstance(graph, Comparison):
        return Candidate(name, None, events, graph)
    return Candidate(name, graph, _in_order(graph, description, events))


def _in_order(graph: Any, description: ModelDescription, events: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Events in the order of the C++'s arguments."""
    named = {entry.name: array for entry, array in zip(description.inputs, events, strict=True)}
    return tuple(named[name] for name in graph.inputs)


def record(seed: int, families: str, description: ModelDescription, comparison: Comparison) -> Record:
    """What is written about one model; the description itself only where something is to be looked at."""
    keep = comparison.status in (MISMATCH, HLS4ML)
    text = to_json(description) if keep else ""
    kinds = tuple(sorted(features(description)))
    return Record(seed, families, description.backend, description.io_type, kinds, comparison, text)


def features(description: ModelDescription) -> set[tuple[str, str]]:
    """(kind, strategy) of every layer: "Dense" and "latency", "Activation tanh" and "-"."""
    found = set()
    default = str(description.changes.get("Model", {}).get("Strategy", "Latency")).lower()
    for layer in description.layers:
        kind = layer.kind
        if "layer" in layer.args:
            kind = f"{kind} {layer.args['layer']['kind']}"
        strategy = str(description.changes.get(layer.name, {}).get("Strategy", default)).lower()
        has_weights = re.search(r"Dense|Conv|RNN|LSTM|GRU", kind) is not None
        activation = re.match(r"\w+", str(layer.args.get("activation") or ""))
        if activation and has_weights:
            found.add((f"{'Q' * ('_' in activation[0])}Activation {activation[0]}", "-"))
        elif activation:
            kind = f"{kind} {activation[0]}"
        if kind == "Activation softmax":
            kind = f"{kind} {description.changes.get(layer.name, {}).get('Implementation', 'stable')}"
        found.add((kind, strategy if has_weights else "-"))
    return found


def to_line(entry: Record) -> dict[str, Any]:
    """A record as JSON."""
    return asdict(entry)


def from_line(fields: dict[str, Any]) -> Record:
    """The record that `to_line` made."""
    kinds = tuple((str(kind), str(strategy)) for kind, strategy in fields["kinds"])
    found = fields["comparison"]
    left = tuple((str(kind), str(reason)) for kind, reason in found.get("left", ()))
    return Record(**fields | {"kinds": kinds, "comparison": Comparison(**found | {"left": left})})


__all__ = ["EVENTS", "Record", "compare_descriptions", "compare_seeds", "features", "from_json", "from_line", "record"]
