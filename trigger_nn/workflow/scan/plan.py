"""What a scan tries: its recipe read and checked against the recipes that it varies, before anything runs."""

import itertools
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trigger_nn.errors import RecipeError
from trigger_nn.events.production.specification import SampleRecipe, load_sample_recipe
from trigger_nn.files import sha256
from trigger_nn.recipe import ModelRecipe, load_model_recipe
from trigger_nn.recipe.part import validated
from trigger_nn.recipe.scan import SAMPLE, AxisSpec, ObjectiveSpec, ScanSpec, Value, load_scan_spec
from trigger_nn.studies.scans.values import Objective
from trigger_nn.workflow.scan.keys import varied
from trigger_nn.workflow.workspace import EMBEDDED

UNITS = {"latency_ns": "ns", "cycles": "clock cycles", "interval": "clock cycles", "weight_bits": "bits"}
EFFECT = "effect"  # the axis whose choices are changes of several keys
ALL_EFFECTS = "all effects"
FILE = "events.file"
CHECKED = 2000  # combinations in which a value is tried that the base alone does not allow
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Plan:
    """A scan with the recipes it varies, as TOML gave them. `path`: of the scan's own recipe."""

    spec: ScanSpec
    path: Path
    base: Mapping[str, Any]
    recipe: ModelRecipe
    sample: Mapping[str, Any] | None

    @property
    def signal(self) -> str | None:
        """Whose efficiency is quoted; None of a classifier."""
        return None if self.recipe.events.classes else self.spec.signal or self.recipe.events.signals[0]

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What is traded."""
        kept = "efficiency" if self.signal else "accuracy"
        chosen = self.spec.objectives or tuple(
            ObjectiveSpec.model_validate({"metric": metric}) for metric in (kept, "latency_ns", "lut")
        )
        return tuple(Objective(one.metric, UNITS.get(one.metric, ""), one.direction) for one in chosen)

    def digest(self, series: "Series") -> str:
        """Of all that decides what a trial of a number is and how it is weighed."""
        axes = [axis.model_dump() for axis in series.axes]
        kind = [self.spec.method, self.spec.seed, self.signal, self.spec.rate_khz, series.changes]
        content = [axes, kind, [vars(one) for one in self.objectives], self.base, self.sample]
        return sha256(json.dumps(content, sort_keys=True).encode())

    def recipes(self, by_key: Values) -> tuple[dict[str, Any], SampleRecipe | None]:
        """The model's recipe with `by_key` as TOML has it, and the sample's; both are sound.

        Raises:
            RecipeError: a key or value that can't be, alone or together with others.
        """
        own = {key: value for key, value in by_key.items() if not key.startswith(SAMPLE)}
        model = varied(self.base, own)
        validated(model, ModelRecipe, self.spec.base)
        if self.sample is None:
            return model, None
        others = {key.removeprefix(SAMPLE): value for key, value in by_key.items() if key.startswith(SAMPLE)}
        return model, validated(varied(self.sample, others), SampleRecipe, self.spec.sample)


@dataclass(frozen=True)
class Series:
    """Trials of one kind: `name` is their folder; `changes` are values by key for the choices of an axis "effect"."""

    name: str
    axes: tuple[AxisSpec, ...]
    changes: Mapping[str, Values]
    grid: bool

    def points(self, fixed: Values = MappingProxyType({})) -> Iterator[dict[str, Value]]:
        """Every combination of values, by axis, those of `fixed` given; the last axis runs fastest."""
        choices = ((fixed[axis.name],) if axis.name in fixed else axis.examples for axis in self.axes)
        for values in itertools.product(*choices):
            yield {axis.name: value for axis, value in zip(self.axes, values, strict=True)}

    def by_key(self, point: Values) -> dict[str, Value]:
        """Values by key of the recipes, from those by axis."""
        found: dict[str, Value] = {}
        for axis in self.axes:
            value = point[axis.name]
            found |= self.changes[str(value)] if axis.name == EFFECT else dict.fromkeys(axis.all_keys, value)
        return found


def load_plan(path: Path) -> Plan:
    """Read the scan at `path` and the recipes that it names; every key and value is tried.

    Raises:
        RecipeError: one of the recipes is missing or wrong, or a key or value of an axis does not fit them.
    """
    spec = load_scan_spec(path)
    base = path.parent / spec.base
    recipe = load_model_recipe(base)
    sample = path.parent / spec.sample if spec.sample else None
    if sample:
        load_sample_recipe(sample)
    plan = Plan(spec, path, _toml(base), recipe, _toml(sample) if sample else None)
    _check_task(plan)
    for series in series_of(plan):
        _check_keys(plan, series)
        _check_axes(plan, series)
    return plan


def series_of(plan: Plan) -> tuple[Series, ...]:
    """The trials over the axes, and those of effects switched one by one, as far as they are asked for."""
    spec, found = plan.spec, []
    if spec.axes:
        found.append(Series("trials", spec.axes, {}, spec.method == "grid"))
    if spec.effects.changes:
        changes: dict[str, Values] = {ALL_EFFECTS: {}, **spec.effects.changes}
        seeds = spec.effects.seeds or (plan.recipe.training.seed,)
        axes = (AxisSpec(key="training.seed", values=seeds), AxisSpec(key=EFFECT, values=tuple(changes)))
        found.append(Series("effects", axes, changes, True))
    return tuple(found)


def relative(file: str, folder: Path, to: Path) -> str:
    """Path of events, counted from `folder` in a recipe, as a recipe in `to` writes it."""
    if file.partition(":")[0] == EMBEDDED:
        return file
    return Path(os.path.relpath(folder / file, to)).as_posix()


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def _check_task(plan: Plan) -> None:
    events, asked = plan.recipe.events, plan.spec.signal
    if asked and asked not in events.signals:
        known = ", ".join(events.signals) or "none: it is a classifier"
        raise RecipeError(f"{plan.path}: signal: {plan.spec.base} has no signal {asked!r}, it has {known}.")
    wrong = "accuracy" if plan.signal else "efficiency"
    for objective in plan.objectives:
        if objective.metric.removeprefix("float_") == wrong:
            kind = "a trigger, take efficiency" if plan.signal else "a classifier, take accuracy"
            raise RecipeError(f"{plan.path}: objectives: no {objective.metric}, for {plan.spec.base} is {kind}.")


def _check_keys(plan: Plan, series: Series) -> None:
    """Refuse what trials have of their own, and events that are not there."""
    points: list[Values] = [dict.fromkeys(axis.all_keys, value) for axis in series.axes for value in axis.examples]
    points += series.changes.values()
    if any("name" in point for point in points):
        raise RecipeError(f"{plan.path}: name can't be varied, every trial has one of its own; remove it.")
    files = [str(point[FILE]) for point in points if FILE in point]
    if files and plan.sample is not None:
        raise RecipeError(f"{plan.path}: {FILE} can't be varied, the events are made by {plan.spec.sample}; remove it.")
    for file in () if plan.sample is not None else (plan.recipe.events.file, *files):
        there = plan.path.parent / Path(plan.spec.base).parent / file
        if file.partition(":")[0] != EMBEDDED and not there.exists():
            raise RecipeError(f"{plan.path}: {FILE} is {file!r}, and there is no {there}; make it, or name another.")


def _check_axes(plan: Plan, series: Series) -> None:
    """Every value must fit the base, if not alone then together with some values of the other axes."""
    for axis in series.axes:
        for value in axis.examples:
            _check_value(plan, series, axis, value)


def _check_value(plan: Plan, series: Series, axis: AxisSpec, value: Value) -> None:
    """Alone on the base, so that a mistake is told as that of this key, then in combinations."""
    first = None
    if axis.name != EFFECT:
        try:
            plan.recipes(dict.fromkeys(axis.all_keys, value))
            return
        except RecipeError as error:
            first = error
    for point in itertools.islice(series.points({axis.name: value}), CHECKED):
        try:
            plan.recipes(series.by_key(point))
            return
        except RecipeError as error:
            first = first or error
    raise RecipeError(f"{plan.path}: {', '.join(axis.all_keys)} can't be {json.dumps(value)}: {first}")
