"""A classifier, whose largest output decides: every event counts once, whatever its weight."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.areas import roc
from trigger_nn.studies.menu.groups import Group, groups_of, named, passing, total
from trigger_nn.studies.menu.spectrum import population
from trigger_nn.studies.menu.sums import blocks
from trigger_nn.studies.menu.values import ClassStudy, Roc, Scored

OTHERS = "all others"


def class_study(scored: Scored) -> ClassStudy:
    """Output i is of the process of its name, class i; events of other processes are left out.

    Raises:
        EventsError: a class has no event.
    """
    classes = scored.outputs
    counted_alike = replace(scored, weight=np.broadcast_to(np.float32(1), len(scored)))
    groups = groups_of(counted_alike, ())
    chosen = named(groups, classes, "class")
    decided, tied = _decided(scored.scores)
    confusion = np.array([np.bincount(decided[group.where], minlength=len(classes)) for group in chosen])
    right = np.zeros(len(scored), bool)
    for number, group in enumerate(chosen):
        right[group.where] = decided[group.where] == number
    everything = total(chosen)
    return ClassStudy(
        classes, int(everything.events), intervals.share(passing(chosen, right), everything),
        tuple(_against_others(scored, groups, number) for number in range(len(classes))), confusion,
        intervals.share(passing(chosen, tied), everything),
        float(np.mean(confusion.diagonal() / confusion.sum(axis=1))),
    )  # fmt: skip


def _decided(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of the largest outputs, and whether there are several; (n,) each."""
    decided, tied = np.empty(len(scores), np.int16), np.empty(len(scores), bool)
    for block in blocks(len(scores)):
        decided[block] = scores[block].argmax(axis=1)
        tied[block] = (scores[block] == scores[block].max(axis=1, keepdims=True)).sum(axis=1) > 1
    return decided, tied


def _against_others(scored: Scored, groups: Mapping[str, Group], number: int) -> Roc:
    """A class against all others by its own output."""
    name, scores = scored.outputs[number], scored.scores[:, number]
    others = [groups[other] for other in scored.outputs if other != name]
    return roc(name, population([groups[name]], scores), OTHERS, population(others, scores))
