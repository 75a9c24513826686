"""The tables of a scan from its folder, whether it is complete or not."""

import json
from pathlib import Path
from typing import Any

from trigger_nn.errors import TriggerNNError
from trigger_nn.studies.scans.effects import effects_of
from trigger_nn.studies.scans.pareto import with_front
from trigger_nn.studies.scans.values import Effect, Scan, Trial
from trigger_nn.workflow.scan.ledger import Entry, open_ledger
from trigger_nn.workflow.scan.plan import ALL_EFFECTS, EFFECT, Plan, Series, series_of
from trigger_nn.workflow.scan.trial import RECIPE, RESULT

LEDGER = "trials.sqlite"


def folder_of(out: Path, series: Series, number: int) -> Path:
    """Where the files of a trial are."""
    return out / series.name / f"{number:04d}"


def read_scan(plan: Plan, out: Path) -> Scan:
    """All trials there are, those that failed and wait among them; to be called by whom holds the folder's lock.

    Raises:
        RecipeError: the folder is of another scan. TriggerNNError: a result is missing or damaged.
    """
    found = {series.name: _trials(plan, out, series) for series in series_of(plan)}
    series = {one.name: one for one in series_of(plan)}
    trials = with_front([trial for trial, _ in found.get("trials", ())], plan.objectives)
    keys = tuple(axis.name for axis in plan.spec.axes)
    rate = 1e3 * plan.spec.rate_khz if plan.signal else None
    events = [int(facts["test_events"]) for pairs in found.values() for _, facts in pairs if "test_events" in facts]
    effects = _effects(plan, [trial for trial, _ in found["effects"]]) if "effects" in series else ()
    return Scan(
        plan.spec.name, plan.objectives, keys, trials, plan.signal, rate, max(events, default=0), effects
    )  # fmt: skip


def _trials(plan: Plan, out: Path, series: Series) -> list[tuple[Trial, dict[str, Any]]]:
    ledger = open_ledger(out / LEDGER, plan, series, 1)
    return [_trial(out, series, entry) for entry in ledger.entries()]


def _trial(out: Path, series: Series, entry: Entry) -> tuple[Trial, dict[str, Any]]:
    folder = folder_of(out, series, entry.number)
    facts = _result(folder / RESULT) if entry.state in ("done", "failed") else {}
    program = folder_of(out, series, facts.get("same_as", entry.number)) / "build" / "program.h5"
    trial = Trial(
        entry.number, entry.state, dict(entry.point), facts.get("metrics", {}), _pair(facts.get("epochs", (0, 0))),
        _pair(facts.get("loss", (0.0, 0.0))), facts.get("seconds", 0.0), _inside(folder / RECIPE, out),
        _inside(program, out), why=facts.get("why", ""),
    )  # fmt: skip
    return trial, facts


def _effects(plan: Plan, trials: list[Trial]) -> tuple[Effect, ...]:
    names = dict.fromkeys(str(trial.parameters.get(EFFECT)) for trial in trials)
    by_name = {name: [trial for trial in trials if trial.parameters.get(EFFECT) == name] for name in names}
    reference = by_name.pop(ALL_EFFECTS, [])
    return effects_of(by_name, reference, "efficiency" if plan.signal else "accuracy")


def _result(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    except (OSError, ValueError) as error:
        raise TriggerNNError(f"{path} is missing or damaged ({error}); remove the scan's folder.") from None


def _pair(values: Any) -> Any:
    return tuple(values)


def _inside(path: Path, out: Path) -> str:
    return path.relative_to(out).as_posix() if path.is_file() else ""
