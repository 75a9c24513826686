"""Which trials of a scan nothing beats."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trigger_nn.studies.scans.values import Objective, Trial
from trigger_nn.studies.tradeoffs.pareto import front


def with_front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> tuple[Trial, ...]:
    """`trials` with `front` set, by all `objectives`; only those that are done, and have them all, take part."""
    judged = [i for i, trial in enumerate(trials) if _judged(trial, objectives)]
    costs = np.array([[_cost(trials[i], objective) for objective in objectives] for i in judged])
    best = {i for i, unbeaten in zip(judged, front(costs) if judged else (), strict=True) if unbeaten}
    return tuple(replace(trial, front=i in best) for i, trial in enumerate(trials))


def _judged(trial: Trial, objectives: Sequence[Objective]) -> bool:
    return trial.state == "done" and all(objective.metric in trial.metrics for objective in objectives)


def _cost(trial: Trial, objective: Objective) -> float:
    value = trial.metrics[objective.metric]
    return -value if objective.better == "larger" else value
