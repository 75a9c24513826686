"""The recipe of a scan: which keys of a model's recipe, and of its sample's, take which values, and what is weighed."""

from itertools import chain
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from trigger_nn.events.detector.parameters import Stage
from trigger_nn.recipe.part import NAME, Part, PositiveFloat, PositiveInt, load, tuples

SAMPLE = "sample."  # what keys of the sample's recipe begin with
OFF = f"{SAMPLE}detector.off"
LARGEST_GRID = 2000

Number = int | float
Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...]
Metric = Literal[
    "efficiency", "accuracy", "float_efficiency", "float_accuracy", "latency_ns", "cycles", "interval", "lut", "ff",
    "dsp", "bram", "weights", "weight_bits",
]  # fmt: skip
LARGER = ("efficiency", "accuracy", "float_efficiency", "float_accuracy")  # the better; all others the smaller


class AxisSpec(Part):
    """One parameter of a scan: a key, or several that take the same value, and the values.

    A key is a path with dots into the recipe (`network.dense`, `network.convolutions.0.filters`,
    `network.layers.conv1.weights.bits`), or `sample.` and a path into the sample's recipe. Either all `values` are
    named, or `low` and `high`, both of which can be taken; whole numbers stay whole.
    """

    key: str = ""
    keys: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    low: Number | None = None
    high: Number | None = None
    step: Number | None = None  # between low and high; None: any number, of whole numbers every one
    log: bool = False  # drawn evenly in the logarithm

    @property
    def all_keys(self) -> tuple[str, ...]:
        """The keys that take the value."""
        return self.keys or (self.key,)

    @property
    def name(self) -> str:
        """What the axis is called: its first key."""
        return self.all_keys[0]

    @property
    def examples(self) -> tuple[Value, ...]:
        """All values, or the ends of a range."""
        return self.values or tuple(value for value in (self.low, self.high) if value is not None)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.key) == bool(self.keys):
            raise ValueError("an axis has either key, or keys, a list of those that take the same value")
        ends = (self.low, self.high)
        if bool(self.values) == any(end is not None for end in ends):
            raise ValueError(f"{self.name} needs either values, or low and high")
        if self.values and (self.step is not None or self.log):
            raise ValueError(f"{self.name}: step and log belong to low and high, not to values")
        if len(set(map(repr, self.values))) < len(self.values):
            raise ValueError(f"{self.name} names a value twice")
        if not self.values:
            self._check_range()
        return self

    def _check_range(self) -> None:
        if self.low is None or self.high is None or self.high <= self.low:
            raise ValueError(f"{self.name}: low must be below high, and both be given")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError(f"{self.name}: log needs low above 0, and no step")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"{self.name}: step must be above 0")


class ObjectiveSpec(Part):
    """A measure that is traded against others; `better` where the usual way round is not meant."""

    metric: Metric
    better: Literal["larger", "smaller"] | None = None

    @property
    def direction(self) -> Literal["larger", "smaller"]:
        """Which way is better."""
        return self.better or ("larger" if self.metric in LARGER else "smaller")


class VariantSpec(Part):
    """The base with other values: `keys` as of an axis, by key."""

    name: str
    keys: Annotated[dict[str, Value], Field(min_length=1)]

    @field_validator("keys", mode="before")
    @classmethod
    def _lists_within(cls, keys: Any) -> Any:
        """TOML has lists only, here one level further down than `Part` looks."""
        return {key: tuples(value) for key, value in keys.items()} if isinstance(keys, dict) else keys


class EffectsSpec(Part):
    """Effects switched one by one, each with the base's network trained anew on its own events.

    `off` are stages of the detector that are switched off, each alone; `variants` are other changes of the base that
    take an effect away, such as a finer image, named by the effect. `seeds` of the training: with several,
    efficiencies are means over them and their spread joins the intervals; none means the base's own.
    """

    off: tuple[Stage, ...] = ()
    variants: tuple[VariantSpec, ...] = ()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = ()

    @property
    def changes(self) -> dict[str, dict[str, Value]]:
        """Values by key, by the effect's name."""
        switched: dict[str, dict[str, Value]] = {stage: {OFF: (stage,)} for stage in self.off}
        return switched | {variant.name: dict(variant.keys) for variant in self.variants}

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(self.changes) < len(self.off) + len(self.variants) or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("two effects have the same name, or two seeds the same number; name each once")
        return self


class ScanSpec(Part):
    """A scan. Paths are counted from its own file.

    `base` is the recipe that the axes vary; `sample` one of its events, which are then made anew as the axes say.
    Efficiencies are those of `signal` (none: the base's first) at `rate_khz`. `method`: `grid` takes every combination
    of values; `optuna` lets a sampler choose `trials` of them. `objectives`: none are efficiency (of classes
    accuracy), latency and LUT.
    """

    name: Annotated[str, Field(pattern=f"^{NAME}$")]
    base: str
    sample: str = ""
    method: Literal["grid", "optuna"] = "grid"
    trials: PositiveInt = 20
    seed: Annotated[int, Field(ge=0)] = 1  # of the sampler; that of the training is training.seed
    workers: PositiveInt = 1  # trials at once
    signal: str = ""
    rate_khz: PositiveFloat = 100.0  # of that signal's trigger alone
    objectives: tuple[ObjectiveSpec, ...] = ()
    axes: tuple[AxisSpec, ...] = ()
    effects: EffectsSpec = EffectsSpec()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.axes and not self.effects.changes:
            raise ValueError("a scan needs [[axes]] or [effects]; give one at least")
        keys = list(chain.from_iterable(axis.all_keys for axis in self.axes))
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise ValueError(f"{twice[0]} is varied by two axes; name it once")
        asked = keys + [key for change in self.effects.changes.values() for key in change]
        if not self.sample and (of_sample := [key for key in asked if key.startswith(SAMPLE)]):
            raise ValueError(f"{of_sample[0]} is of the sample's recipe; give its path as sample")
        if len({one.metric for one in self.objectives}) < len(self.objectives):
            raise ValueError("an objective is named twice; name each once")
        if self.method == "grid":
            self._check_grid()
        return self

    def _check_grid(self) -> None:
        ranges = [axis.name for axis in self.axes if not axis.values]
        if ranges:
            raise ValueError(f"{ranges[0]}: a grid needs values in place of low and high; or method = 'optuna'")
        size = prod(len(axis.values) for axis in self.axes)
        if size > LARGEST_GRID:
            raise ValueError(f"the grid has {size:,} points, at most {LARGEST_GRID:,} are tried; name fewer values")


def load_scan_spec(path: Path) -> ScanSpec:
    """Read the recipe of a scan.

    Raises:
        RecipeError: the file is missing or not TOML, or a key is unknown, missing or of a wrong value.
    """
    return load(path, ScanSpec)
