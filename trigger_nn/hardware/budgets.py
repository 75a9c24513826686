"""Latency budgets of triggers, as values: by when a network must have its answer.

There is none for the correlator of a Phase-2 trigger: no number of its own with a source was found. Give your own by
`Budget`, or in nanoseconds.
"""

from dataclasses import dataclass

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate.values import TOLERANCE, Estimate
from trigger_nn.program.program import Program


@dataclass(frozen=True)
class Budget:
    """Time in ns from a network's inputs to its answer; `source` says who gives it, `clock_period` (ns) if in ticks."""

    name: str
    limit: float
    what: str
    source: str
    clock_period: float | None = None


@dataclass(frozen=True)
class Verdict:
    """An estimate beside a budget: time left, in ns, for the value and for the ends of its 90 % interval."""

    budget: Budget
    spare: float
    worst: float
    best: float

    @property
    def held(self) -> bool:
        """Whether the value keeps the budget."""
        return self._kept(self.spare)

    @property
    def sure(self) -> bool:
        """Whether the whole interval says the same."""
        return self._kept(self.worst) == self._kept(self.best)

    def _kept(self, spare: float) -> bool:
        """But for the decimals that a clock period lacks."""
        return spare >= -TOLERANCE * self.budget.limit


BUDGETS = (
    Budget(
        "global-trigger", 50.0, "a neural network in the CMS Global Trigger of Run 3: 2 bunch crossings",
        "arXiv:2411.19506, abstract",
    ),
    Budget(
        "calorimeter-summary", 87.5, "the calorimeter trigger of CMS in Run 3: 14 ticks at 160 MHz",
        "arXiv:2505.05532, abstract: 14 cycles, where 22 cycles are 137.5 ns", 6.25,
    ),
    Budget(
        "level-1", 12_500.0, "the whole Level-1 trigger of CMS at the HL-LHC",
        "CMS-TDR-021 (CERN-LHCC-2020-004)",
    ),
)  # fmt: skip


def budget_of(name: str) -> Budget:
    """The budget called `name`, or of so many ns if `name` is a number.

    Raises:
        RecipeError: there is no such budget.
    """
    for budget in BUDGETS:
        if budget.name == name:
            return budget
    try:
        limit = float(name)
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        known = ", ".join(budget.name for budget in BUDGETS)
        raise RecipeError(f"There is no budget {name!r}; give one of {known}, or a time in ns.")
    return Budget(f"{limit:g} ns", limit, "as given", "as given")


def own_budgets(program: Program) -> tuple[Budget, ...]:
    """The latency budget of the recipe that `program` was compiled for, if it says one."""
    limit = program.provenance.get("hardware", {}).get("latency_budget")
    if limit is None:
        return ()
    return (Budget("recipe", float(limit), "the latency_budget of the recipe", "hardware.latency_budget"),)


def held(estimate: Estimate, budget: Budget) -> Verdict:
    """Whether `estimate` keeps `budget`, by how much, and how sure that is."""
    cycles = estimate.cycles_figure
    spare, worst, best = (
        budget.limit - count * estimate.clock_period for count in (cycles.value, cycles.high, cycles.low)
    )
    return Verdict(budget, spare, worst, best)
