"""The trials of a scan in SQLite, through Optuna, whose sole importer this is: which there are, which comes next.

A trial that is asked for is `running` until its result is told. Nothing runs while a ledger is being opened, so trials
that are running then were cut off with their command; they wait again, under their old number and with their values.
"""

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger_nn.errors import RecipeError, ToolNotFound, TriggerNNError
from trigger_nn.recipe.scan import AxisSpec, Value
from trigger_nn.studies.scans.values import State
from trigger_nn.workflow.scan.plan import Plan, Series

try:
    import optuna
    from optuna.trial import FrozenTrial, TrialState
    from sqlalchemy.exc import SQLAlchemyError
except ImportError:
    raise ToolNotFound("Scans need Optuna, which is not installed; run: pip install 'trigger_nn[scan]'.") from None

DIGEST = "digest"
STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "done", TrialState.FAIL: "failed", TrialState.PRUNED: "failed",
    TrialState.WAITING: "waiting", TrialState.RUNNING: "running",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A trial as the ledger knows it: `point` are values by axis."""

    number: int
    state: State
    point: Mapping[str, Value]


@dataclass(frozen=True)
class Ledger:
    """The trials of one series; `total`: how many there are to be."""

    study: optuna.Study
    axes: tuple[AxisSpec, ...]
    total: int

    def entries(self) -> tuple[Entry, ...]:
        """All trials, by number."""
        trials = self.study.get_trials(deepcopy=False)
        return tuple(Entry(trial.number, STATES[trial.state], self._point(trial)) for trial in trials)

    def open(self) -> int:
        """How many trials can still be asked for."""
        trials = self.study.get_trials(deepcopy=False)
        return sum(trial.state == TrialState.WAITING for trial in trials) + max(0, self.total - len(trials))

    def ask(self) -> Entry:
        """The next trial: one that waits, else one whose values the sampler chooses."""
        trial = self.study.ask()
        point = {axis.name: _suggested(trial, axis) for axis in self.axes}
        return Entry(trial.number, "running", point)

    def tell(self, number: int, values: Sequence[float] | None) -> None:
        """The end of a trial: its objectives, or None of one that failed; one that has ended stays as it was told."""
        if values is None:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
        else:
            self.study.tell(number, list(values), skip_if_finished=True)

    def put_back(self) -> None:
        """Let the trials that were cut off wait again."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _point(self, trial: FrozenTrial) -> dict[str, Value]:
        stored = trial.system_attrs.get("fixed_params", {}) | trial.params
        return {axis.name: _value(axis, stored[axis.name]) for axis in self.axes if axis.name in stored}


def entries_in(path: Path, plan: Plan, series: Series) -> tuple[Entry, ...]:
    """The trials of `series` in the SQLite file at `path`, those that run among them.

    Raises:
        RecipeError: the file is of another scan. TriggerNNError: it is damaged.
    """
    with _readable(path):
        return Ledger(_study(path, plan, series), series.axes, 0).entries()


def open_ledger(path: Path, plan: Plan, series: Series, workers: int) -> Ledger:
    """The ledger of `series` in the SQLite file at `path`; a grid is written into a new one as a whole.

    Raises:
        RecipeError: the file is of a scan over other values, or with other objectives. TriggerNNError: it is damaged.
    """
    points = list(series.points()) if series.grid else []
    with _readable(path):
        study = _study(path, plan, series)
        ledger = Ledger(study, series.axes, len(points) if series.grid else plan.spec.trials)
        ledger.put_back()
        before = len(study.get_trials(deepcopy=False))
        for point in points[before:]:
            study.enqueue_trial({axis.name: _stored(point[axis.name]) for axis in series.axes})
    study.sampler = _sampler(plan.spec.seed + before, workers)  # else a resumed scan would draw the same again
    return ledger


def _study(path: Path, plan: Plan, series: Series) -> optuna.Study:
    path.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path.resolve()}")
    larger, smaller = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    directions = [larger if one.better == "larger" else smaller for one in plan.objectives]
    study = optuna.create_study(
        storage=storage, study_name=series.name, directions=directions, load_if_exists=True
    )  # fmt: skip
    _check_same(study, plan.digest(series), path)
    return study


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, RuntimeError):
        raise TriggerNNError(
            f"{path} is damaged, so it can't be read as the ledger of a scan; remove it and repeat the command, which "
            "takes up what the folders of its trials hold."
        ) from None


def _sampler(seed: int, workers: int) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(seed=seed, constant_liar=workers > 1)


def _check_same(study: optuna.Study, digest: str, path: Path) -> None:
    stored = study.user_attrs.get(DIGEST)
    if stored is None:
        study.set_user_attr(DIGEST, digest)
    elif stored != digest:
        raise RecipeError(
            f"{path} holds the trials of a scan over other values, events or objectives; restore its recipes to go on "
            "with it, or give another folder with --out."
        )


def _suggested(trial: optuna.Trial, axis: AxisSpec) -> Value:
    low, high, step = axis.low, axis.high, axis.step
    if axis.values:
        return _value(axis, trial.suggest_categorical(axis.name, [_stored(value) for value in axis.values]))
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int | None):
        return trial.suggest_int(axis.name, low, high, step=step or 1, log=axis.log)
    return trial.suggest_float(axis.name, float(low or 0), float(high or 0), step=step, log=axis.log)


def _stored(value: Value) -> Any:
    """As Optuna can keep it: a list as JSON."""
    return json.dumps(value) if isinstance(value, tuple) else value


def _value(axis: AxisSpec, stored: Any) -> Value:
    found = (value for value in axis.values if _stored(value) == stored and isinstance(value, tuple | type(stored)))
    return next(found, stored)
