"""The table of trade-offs: its axes, its points, what each precision costs."""

from dataclasses import dataclass
from math import isfinite

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.budgets import Budget, Verdict
from trigger_nn.hardware.estimate import Estimate, Figure
from trigger_nn.hardware.estimate.values import RESOURCES, Resource
from trigger_nn.hardware.parts import Device
from trigger_nn.program.operations import Strategy
from trigger_nn.studies.rates import Efficiency

RTL = "rtl"  # our own RTL, unrolled; the other ways are hls4ml's strategies
WAYS = (*(strategy.value for strategy in Strategy), RTL)
REUSE_FACTORS = (1, 2, 4, 8)
CLOCK_PERIODS = (2.5, 3.125, 25 / 6, 5.0, 6.25)  # ns: 400, 320, 240, 200, 160 MHz


@dataclass(frozen=True)
class Precision:
    """Bits that weights and activations lose against the program as it is (`trigger_nn.passes.coarsen`)."""

    weights: int = 0
    activations: int = 0

    def __str__(self) -> str:
        """Such as `-2` if both lose two bits, `-2/-1` if activations lose one; `0` as it is."""
        weights, activations = (f"-{bits}" if bits else "0" for bits in (self.weights, self.activations))
        return weights if weights == activations else f"{weights}/{activations}"


@dataclass(frozen=True)
class Axes:
    """What is scanned: every way with every reuse factor that it can have, at every clock period (ns), and precision.

    Raises:
        RecipeError: an axis is empty, or has a value that can't be.
    """

    ways: tuple[str, ...] = WAYS
    reuse_factors: tuple[int, ...] = REUSE_FACTORS
    clock_periods: tuple[float, ...] = CLOCK_PERIODS
    precisions: tuple[Precision, ...] = (Precision(), Precision(1, 1), Precision(2, 2))

    def __post_init__(self) -> None:
        """Refuse what no design can have; take every value once."""
        unknown = [way for way in self.ways if way not in WAYS]
        if unknown:
            raise RecipeError(f"There is no strategy {unknown[0]!r}; choose among {', '.join(WAYS)}.")
        slow = [period for period in self.clock_periods if not (isfinite(period) and period > 0)]
        if slow:
            raise RecipeError(f"A clock period of {slow[0]:g} ns is none; give times above 0 ns.")
        if any(factor < 1 for factor in self.reuse_factors):
            raise RecipeError(f"A reuse factor of {min(self.reuse_factors)} is none; choose 1 or more.")
        negative = [precision for precision in self.precisions if min(precision.weights, precision.activations) < 0]
        if negative:
            lost = min(negative[0].weights, negative[0].activations)
            raise RecipeError(f"Weights or activations can't lose {lost} bits; give 0 or more.")
        for name in ("ways", "reuse_factors", "clock_periods", "precisions"):
            values = tuple(dict.fromkeys(getattr(self, name)))
            if not values:
                raise RecipeError(f"The trade-offs have no {name.replace('_', ' ')}; give one at least.")
            object.__setattr__(self, name, values)


@dataclass(frozen=True)
class Point:
    """One design: how it is built and what is estimated of it.

    `reuse_factor` is what hls4ml is told for all layers, `taken` what it makes of that: the factors of the layers,
    ascending. `pareto`: it fits the part, and no other that fits, of the same precision, is at least as good in
    latency (ns), LUT and DSP, and better in one of them.
    """

    way: str
    reuse_factor: int
    taken: tuple[int, ...]
    precision: Precision
    estimate: Estimate
    verdict: Verdict | None = None
    pareto: bool = False

    @property
    def latency(self) -> Figure:
        """In ns, with its interval."""
        cycles, period = self.estimate.cycles_figure, self.estimate.clock_period
        return Figure(cycles.value * period, cycles.low * period, cycles.high * period)

    @property
    def fits(self) -> bool:
        """Whether one instance takes no more than the part has, by the values."""
        return all(self.estimate.share(resource) <= 1 for resource in RESOURCES)

    @property
    def largest(self) -> Resource:
        """What one instance takes the largest share of the part of."""
        return max(RESOURCES, key=self.estimate.share)

    @property
    def in_region(self) -> bool:
        """Whether one instance takes no more than one super logic region of the part has."""
        return all(self.estimate.share_of_slr(resource) <= 1 for resource in RESOURCES)


@dataclass(frozen=True)
class PrecisionCost:
    """What a precision costs: the share of `events` whose decision stays the original program's; None without events.

    `program` is the digest of the program of that precision.
    """

    precision: Precision
    program: str
    events: int = 0
    same: Efficiency | None = None


@dataclass(frozen=True)
class LeftOut:
    """What was asked for and can't be had, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class TradeOffs:
    """All points of one program on one part, in the order of the axes; `budget` is the latency that is asked for."""

    name: str
    program: str
    part: str
    device: Device
    io_type: str
    budget: Budget | None
    points: tuple[Point, ...]
    costs: tuple[PrecisionCost, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def front(self) -> tuple[Point, ...]:
        """The points that nothing beats."""
        return tuple(point for point in self.points if point.pareto)

    @property
    def nearest(self) -> Point:
        """The point whose largest share of the part is the least: what comes nearest to fitting where nothing fits."""
        return min(self.points, key=lambda point: point.estimate.share(point.largest))

    def cost(self, precision: Precision) -> PrecisionCost:
        """What `precision` costs."""
        return next(cost for cost in self.costs if cost.precision == precision)
