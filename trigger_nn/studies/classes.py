"""Classifiers beside each other: how often the largest output is right, and how well each class is told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from trigger_nn.errors import EventsError
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.rates import Efficiency, efficiency

SPLIT = "test"
MISTAG = 0.1


@dataclass(frozen=True)
class ClassRow:
    """One class in one network: area under its curve against all others, and efficiency at a mistag rate of 10 %."""

    name: str
    area: float
    efficiency: Efficiency


@dataclass(frozen=True)
class Classifier:
    """One network: how often it is right, class by class.

    `confusion[i, j]` counts events of class i taken for j. `curves` are mistag rate and efficiency, by class.
    """

    network: str
    accuracy: Efficiency
    area: float
    rows: tuple[ClassRow, ...]
    confusion: np.ndarray
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Changed:
    """Events whose class changes from one network to the next."""

    first: str
    second: str
    events: int
    changed: int


@dataclass(frozen=True)
class ClassComparison:
    """All networks on the same events."""

    classes: tuple[str, ...]
    networks: tuple[Classifier, ...]
    changes: tuple[Changed, ...]


def compare_classifiers(sample: Sample, recipe: ModelRecipe, scores: Mapping[str, np.ndarray]) -> ClassComparison:
    """Compare networks' `scores` by name, each (test events, classes).

    Raises:
        EventsError: scores and events differ in number, or the sample lacks a class.
    """
    classes = recipe.events.classes
    labels = np.full(len(sample.splits[SPLIT]), -1)
    for i, name in enumerate(classes):
        labels[sample.select(SPLIT, name)] = i
    for name, values in scores.items():
        if len(values) != len(labels):
            raise EventsError(f"{name} has {len(values)} scores for {len(labels)} test events; emulate them again.")
    missing = [name for i, name in enumerate(classes) if not np.any(labels == i)]
    if missing:
        raise EventsError(f"The test split has no event of class {missing[0]!r}; make a sample with some.")
    named = labels >= 0
    networks = tuple(_classifier(name, values[named], labels[named], classes) for name, values in scores.items())
    decided = {name: values[named].argmax(axis=1) for name, values in scores.items()}
    changes = tuple(
        Changed(one, other, int(named.sum()), int((decided[one] != decided[other]).sum()))
        for one, other in pairwise(scores)
    )
    return ClassComparison(classes, networks, changes)


def _classifier(network: str, scores: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Classifier:
    decided = scores.argmax(axis=1)
    share = _shares(scores)
    rows, curves = [], {}
    for i, name in enumerate(classes):
        own = labels == i
        mistag, kept, _ = roc_curve(own, share[:, i])
        curves[name] = (mistag, kept)
        threshold = np.quantile(share[~own, i], 1 - MISTAG)
        rows.append(ClassRow(name, float(roc_auc_score(own, share[:, i])), efficiency(share[own, i] > threshold)))
    area = float(np.mean([row.area for row in rows]))
    confusion = confusion_matrix(labels, decided, labels=range(len(classes)))
    return Classifier(network, efficiency(decided == labels), area, tuple(rows), confusion, curves)


def _shares(logits: np.ndarray) -> np.ndarray:
    """Softmax, which orders events of one class as the networks were trained to; (events, classes)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
