"""The table of a scan as text: CSV for a spreadsheet, JSON for a program. Units are in the names of columns."""

import csv
import io
import json
from dataclasses import asdict, replace
from typing import Any

from trigger_nn.studies.scans.values import Scan, Trial, Value

FIXED = (
    "number", "state", "front", "float_epochs", "quantized_epochs", "float_loss", "quantized_loss", "seconds", "recipe",
    "program", "why",
)  # fmt: skip


def of_effects(scan: Scan) -> Scan:
    """The trials of effects as those of a scan of their own."""
    trials = scan.effect_trials
    keys = tuple(dict.fromkeys(key for trial in trials for key in trial.parameters))
    return replace(scan, trials=trials, keys=keys, effects=(), effect_trials=())


def metrics_of(scan: Scan) -> tuple[str, ...]:
    """Names of the metrics that any trial has: objectives first, others in the order in which they come."""
    names = dict.fromkeys(objective.metric for objective in scan.objectives)
    return tuple(names | dict.fromkeys(name for trial in scan.trials for name in trial.metrics))


def row(scan: Scan, trial: Trial) -> dict[str, Any]:
    """A trial by names of columns: what was set, what came out; None where nothing did."""
    begun = trial.state in ("done", "failed") and any(trial.epochs)
    epochs, loss = (trial.epochs, trial.loss) if begun else ((None, None), (None, None))
    return {
        "number": trial.number, "state": trial.state, "front": trial.front,
        **{key: trial.parameters.get(key) for key in scan.keys},
        **{name: trial.metrics.get(name) for name in metrics_of(scan)},
        "float_epochs": epochs[0], "quantized_epochs": epochs[1],
        "float_loss": loss[0], "quantized_loss": loss[1], "seconds": trial.seconds,
        "recipe": trial.recipe, "program": trial.program, "why": trial.why,
    }  # fmt: skip


def told(value: Value | None) -> str:
    """A parameter to be read: real numbers in four digits, lists as TOML writes them; nothing for None."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def as_csv(scan: Scan) -> str:
    """One line a trial, the first line names the columns; what is not known is empty, lists are as in JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, row(scan, _NONE).keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row(scan, trial).items()} for trial in scan.trials)
    return text.getvalue()


def as_json(scan: Scan) -> str:
    """All of the scan: objectives, at which rate (Hz) of which signal, test events, trials, effects, their trials."""
    whole = {
        "name": scan.name, "signal": scan.signal, "rate": scan.rate, "test_events": scan.test_events,
        "objectives": [asdict(objective) for objective in scan.objectives],
        "keys": scan.keys,
        "trials": [row(scan, trial) for trial in scan.trials],
        "effects": [asdict(effect) for effect in scan.effects],
        "reference": scan.reference,
        "effect_trials": [row(of_effects(scan), trial) for trial in scan.effect_trials],
    }  # fmt: skip
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"


_NONE = Trial(0, "waiting", {}, {}, (0, 0), (0.0, 0.0), 0.0, "", "")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, tuple | list) else value
