"""The tables of a scan: recipes that differ in a few keys, trained, compiled, emulated and estimated one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal["done", "failed", "waiting", "running"]
Value = int | float | str | tuple[int | float | str, ...]
Interval = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True)
class Objective:
    """One measure that a scan trades against others: its key in `Trial.metrics`, its unit, and which way is better."""

    metric: str
    unit: str
    better: Literal["larger", "smaller"]


@dataclass(frozen=True)
class Trial:
    """One recipe of a scan.

    parameters: by key path of the recipe. metrics: `efficiency` at the scan's rate with `efficiency_low` and
    `efficiency_high` (68 %, of the signal's events and of the threshold), of classes `accuracy` alike, of the events
    alone; `float_efficiency`; `efficiency_at_lower_rate` and `efficiency_at_higher_rate`, the rate changed by its
    statistical error, which `background_events` (effective ones) give; `rate_hz`, the highest not above the scan's;
    `latency_ns`, `cycles`, `interval`, `lut`, `ff`, `dsp`, `bram` (estimated); `weights` (not zero), `weight_bits`
    (summed over those). epochs: float and quantized. loss: validation loss of the networks kept, float and quantized.
    recipe, program: files in the scan's folder. front: nothing is better in one objective and no worse in all others.
    why: of a failed trial, one sentence.
    """

    number: int
    state: State
    parameters: Mapping[str, Value]
    metrics: Mapping[str, float]
    epochs: tuple[int, int]
    loss: tuple[float, float]
    seconds: float
    recipe: str
    program: str
    front: bool = False
    why: str = ""


@dataclass(frozen=True)
class Effect:
    """What one effect of the detector, or a granularity, costs: the same network trained on events without it.

    change: efficiency of the reference less that without this effect, with its interval (68 %). off: the effect is a
    stage of the detector that was switched off, not another change of the recipes.
    """

    name: str
    efficiency: Interval
    change: Interval
    off: bool = False

    @property
    def what(self) -> str:
        """What differs from the reference: a stage that is missing, or the change by its name."""
        return f"no {self.name}" if self.off else self.name

    @property
    def gain(self) -> Interval:
        """How much more it is than the reference's."""
        change, low, high = self.change
        return 0.0 - change, 0.0 - high, 0.0 - low


@dataclass(frozen=True)
class Scan:
    """All trials of a scan; rate (Hz) at which efficiencies are quoted, for `signal`, None of a classifier.

    effects: against `reference`, the base's efficiency or accuracy on events with all effects, None before it is known.
    effect_trials: those behind both; their parameters are the seed of the training and the effect.
    """

    name: str
    objectives: tuple[Objective, ...]
    keys: tuple[str, ...]
    trials: tuple[Trial, ...]
    signal: str | None
    rate: float | None
    test_events: int
    effects: tuple[Effect, ...] = ()
    reference: Interval | None = None
    effect_trials: tuple[Trial, ...] = ()

    @property
    def front(self) -> tuple[Trial, ...]:
        """The trials that no other beats."""
        return tuple(trial for trial in self.trials if trial.front)
