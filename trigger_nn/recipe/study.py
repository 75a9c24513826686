"""What is asked of a compiled network: rates, the menu it joins, turn-on curves, pile-up, the machine's beam."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from trigger_nn.recipe.part import Part, PositiveFloat, PositiveInt

Share = Annotated[float, Field(gt=0, lt=1)]


class CutSpec(Part):
    """A column above a value, below one, or between both, in the column's unit; equal to neither.

    Of a list (jets, falling in pT) its entry number `rank`, from 1.
    """

    column: str
    above: float | None = None
    below: float | None = None
    rank: PositiveInt = 1

    @model_validator(mode="after")
    def _cuts(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError(f"cut on {self.column}: give it `above`, `below` or both")
        if self.above is not None and self.below is not None and self.below <= self.above:
            raise ValueError(f"cut on {self.column}: `below` must be larger than `above`, or nothing passes")
        return self


class SeedSpec(Part):
    """One line of an existing menu: it fires when all of its cuts pass."""

    name: str
    all: Annotated[tuple[CutSpec, ...], Field(min_length=1)]


def _ascending(edges: tuple[float, ...], what: str) -> None:
    if any(high <= low for low, high in pairwise(edges)):
        raise ValueError(f"{what}: the edges of bins must rise")


Edges = Annotated[tuple[float, ...], Field(min_length=2)]


class TurnOnSpec(Part):
    """Efficiency in bins of an offline quantity, in the column's unit, of `processes` (none: the signal's own).

    `signals` name the triggers that it is asked of; none: of all.
    """

    column: str
    edges: Edges
    rank: PositiveInt = 1
    processes: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _rises(self) -> Self:
        _ascending(self.edges, f"turn_on of {self.column}")
        return self


class PileUpSpec(Part):
    """Rate and efficiency in bins of the number of collisions in the crossing, which a column holds."""

    edges: Edges
    column: str = "pileup"

    @model_validator(mode="after")
    def _rises(self) -> Self:
        _ascending(self.edges, "pileup")
        return self


class BeamSpec(Part):
    """The machine, where events bring no rate of their own, or one that is to be another machine's.

    Zero-bias crossings stand for `filled_bunches` x `revolution_hz`; a process of `cross_sections_pb` for cross section
    x luminosity, which `pileup` and `inelastic_mb` give: pile-up x crossings / inelastic cross section.
    """

    filled_bunches: PositiveInt = 2760  # of 3564 places, HL-LHC: 31 MHz
    revolution_hz: PositiveFloat = 11245.5
    pileup: PositiveFloat = 200.0  # mean collisions in a crossing
    inelastic_mb: PositiveFloat = 80.0
    cross_sections_pb: dict[str, PositiveFloat] = Field(default_factory=dict)

    @property
    def crossings_hz(self) -> float:
        """Colliding crossings a second."""
        return self.filled_bunches * self.revolution_hz

    @property
    def luminosity(self) -> float:
        """In cm^-2 s^-1."""
        return self.pileup * self.crossings_hz / (self.inelastic_mb * 1e-27)


class StudySpec(Part):
    """What is asked: rates (kHz, rising) of one signal's trigger alone, efficiencies, and what stands beside it.

    `tolerance` is the share of a requested rate by which it may be missed because scores are integers; beyond it the
    least significant bit is called too coarse, and a finer score is computed.
    """

    rates_khz: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (50.0, 100.0, 300.0)
    efficiencies: tuple[Share, ...] = (0.5, 0.9)
    tolerance: Share = 0.1
    menu: tuple[SeedSpec, ...] = ()
    turn_on: tuple[TurnOnSpec, ...] = ()
    pileup: PileUpSpec | None = None
    beam: BeamSpec | None = None

    @field_validator("rates_khz")
    @classmethod
    def _rise(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(set(rates)))  # so that the middle of them is the middle
