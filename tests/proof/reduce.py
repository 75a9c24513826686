"""A mismatch made small: only what leads to the layer that differs, and only the configuration that is needed."""

from collections.abc import Iterator
from dataclasses import replace

from tests.proof.batch import compare_descriptions
from tests.proof.compare import MISMATCH
from tests.proof.description import ModelDescription
from tests.proof.engines import Choice


def smaller(
    description: ModelDescription, choice: Choice = "best", cpp: bool = True, trials: int = 60
) -> ModelDescription:
    """The smallest model found that still mismatches; some seconds a trial.

    A trial changes one thing: cut behind a layer, or forget one key of the configuration.
    """
    current = description
    while True:
        for candidate in _candidates(current):
            trials -= 1
            if trials < 0:
                return current
            if compare_descriptions([candidate], choice, cpp)[0].status == MISMATCH:
                current = candidate
                break
        else:
            return current


def _candidates(description: ModelDescription) -> Iterator[ModelDescription]:
    """Every model with one thing less."""
    for layer in description.layers:
        if description.outputs != (layer.name,):
            yield _cut(description, layer.name)
    for name, entry in description.changes.items():
        for key, value in entry.items():
            rest = {other: kept for other, kept in entry.items() if other != key}
            yield replace(description, changes=dict(description.changes) | {name: rest})
            if isinstance(value, dict):
                for kind in value if len(value) > 1 else ():
                    fewer = {other: kept for other, kept in value.items() if other != kind}
                    yield replace(description, changes=dict(description.changes) | {name: entry | {key: fewer}})


def _cut(description: ModelDescription, output: str) -> ModelDescription:
    """The model up to one layer."""
    needed = {output}
    layers = []
    for layer in reversed(description.layers):
        if layer.name in needed:
            layers.append(layer)
            needed |= set(layer.inputs)
    inputs = tuple(entry for entry in description.inputs if entry.name in needed)
    gone = {layer.name for layer in description.layers} - needed
    changes = {
        name: entry
        for name, entry in description.changes.items()
        if not any(name == layer or name.startswith(f"{layer}_") for layer in gone)
    }
    return replace(description, inputs=inputs, layers=tuple(reversed(layers)), outputs=(output,), changes=changes)
