"""The tables of a scan from its folder, whether it is complete or not."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trigger_nn.errors import TriggerNNError
from trigger_nn.studies.scans.effects import combined, effects_of
from trigger_nn.studies.scans.pareto import with_front
from trigger_nn.studies.scans.values import Effect, Interval, Scan, Trial
from trigger_nn.workflow.scan.ledger import Entry, entries_in
from trigger_nn.workflow.scan.plan import ALL_EFFECTS, EFFECT, Plan, Series, series_of
from trigger_nn.workflow.scan.trial import RECIPE, RESULT

LEDGER = "trials.sqlite"


def folder_of(out: Path, series: Series, number: int) -> Path:
    """Where the files of a trial are."""
    return out / series.name / f"{number:04d}"


def read_scan(plan: Plan, out: Path) -> Scan:
    """All trials there are, those that failed, wait and run among them.

    Raises:
        RecipeError: the folder is of another scan. TriggerNNError: a result is missing or damaged.
    """
    found = {series.name: _trials(plan, out, series) for series in series_of(plan)}
    trials = with_front([trial for trial, _ in found.get("trials", ())], plan.objectives)
    keys = tuple(axis.name for axis in plan.spec.axes)
    rate = 1e3 * plan.spec.rate_khz if plan.signal else None
    events = [int(facts["test_events"]) for pairs in found.values() for _, facts in pairs if "test_events" in facts]
    switched = tuple(trial for trial, _ in found.get("effects", ()))
    reference, effects = _effects(plan, switched)
    return Scan(
        plan.spec.name, plan.objectives, keys, trials, plan.signal, rate, max(events, default=0), effects, reference,
        switched,
    )  # fmt: skip


def _trials(plan: Plan, out: Path, series: Series) -> list[tuple[Trial, dict[str, Any]]]:
    return [_trial(out, series, entry) for entry in entries_in(out / LEDGER, plan, series)]


def _trial(out: Path, series: Series, entry: Entry) -> tuple[Trial, dict[str, Any]]:
    folder = folder_of(out, series, entry.number)
    facts = result_of(folder) if entry.state in ("done", "failed") else {}
    program = folder_of(out, series, facts.get("same_as", entry.number)) / "build" / "program.h5"
    trial = Trial(
        entry.number, facts.get("state", entry.state), dict(entry.point), facts.get("metrics", {}),
        _pair(facts.get("epochs", (0, 0))),
        _pair(facts.get("loss", (0.0, 0.0))), facts.get("seconds", 0.0), _inside(folder / RECIPE, out),
        _inside(program, out), why=facts.get("why", ""),
    )  # fmt: skip
    return trial, facts


def _effects(plan: Plan, trials: Sequence[Trial]) -> tuple[Interval | None, tuple[Effect, ...]]:
    """The reference, and what differs from it."""
    names = dict.fromkeys(str(trial.parameters.get(EFFECT)) for trial in trials)
    by_name = {name: [trial for trial in trials if trial.parameters.get(EFFECT) == name] for name in names}
    metric = "efficiency" if plan.signal else "accuracy"
    reference = combined(by_name.pop(ALL_EFFECTS, []), metric)
    return reference, effects_of(by_name, reference, metric, plan.spec.effects.off)


def result_of(folder: Path) -> dict[str, Any]:
    """How the trial in `folder` ended.

    Raises:
        TriggerNNError: it is missing or damaged.
    """
    try:
        found = json.loads((folder / RESULT).read_text())
    except (OSError, ValueError) as error:
        found = error
    if not isinstance(found, dict):
        why = "it holds no table" if not isinstance(found, Exception) else found
        raise TriggerNNError(
            f"{folder / RESULT} is missing or damaged ({why}); remove the trial's folder {folder} and repeat the "
            "command, which runs it again."
        )
    return found


def _pair(values: Any) -> Any:
    return tuple(values)


def _inside(path: Path, out: Path) -> str:
    return path.relative_to(out).as_posix() if path.is_file() else ""
