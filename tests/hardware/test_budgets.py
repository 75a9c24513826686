"""Latency budgets: named, with sources, kept or not."""

from dataclasses import replace

import pytest

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.budgets import BUDGETS, budget_of, held, own_budgets
from trigger_nn.hardware.estimate.values import UNKNOWN, Estimate, LayerEstimate
from trigger_nn.hardware.parts import DEVICES
from trigger_nn.program.program import Program


def of_cycles(cycles, clock, spread=(0.0, 0.0)):
    layer = LayerEstimate("d", "Dense", cycles, 1, 0, 0, 0, 0)
    return Estimate(DEVICES[0], clock, (layer,), accuracy=replace(UNKNOWN, cycles=spread))


def test_named_budgets_in_their_units():
    assert budget_of("global-trigger").limit == 2 * 25.0
    summary = budget_of("calorimeter-summary")
    assert summary.limit == 14 * summary.clock_period
    assert 1e3 / summary.clock_period == 160  # MHz
    assert budget_of("level-1").limit == 12_500
    assert all(budget.source for budget in BUDGETS)


def test_ends_are_kept():
    assert held(of_cycles(14, 6.25), budget_of("calorimeter-summary")).held
    assert not held(of_cycles(15, 6.25), budget_of("calorimeter-summary")).held
    assert held(of_cycles(20, 2.5), budget_of("50")).spare == 0


def test_doubt_is_told():
    budget = budget_of("global-trigger")
    assert held(of_cycles(9, 5.0, (-1.0, 1.0)), budget).sure
    assert not held(of_cycles(9, 5.0, (-1.0, 2.0)), budget).sure
    assert held(of_cycles(9, 5.0, (-1.0, 2.0)), budget).held


@pytest.mark.parametrize("name", ["moon", "", "0", "-1", "nan", "inf"])
def test_there_is_no_other(name):
    with pytest.raises(RecipeError, match="no budget"):
        budget_of(name)


def test_periods_with_a_few_decimals():
    """12 cycles at 240 MHz are 50 ns, though 12 x 4.1667 is more; 13 are not."""
    found = of_cycles(12, 4.1667)
    assert found.latency > 50
    assert held(found, budget_of("50")).held
    assert held(found, budget_of("50")).sure
    assert found.bunch_crossings == 2
    assert not held(of_cycles(13, 4.1667), budget_of("50")).held
    assert of_cycles(13, 4.1667).bunch_crossings == 3
    assert replace(found, layers=(replace(found.layers[0], interval=6),)).instances == 1


def test_the_budget_of_a_recipe():
    program = Program("p", (), (), ())
    assert own_budgets(program) == ()
    (own,) = own_budgets(replace(program, provenance={"hardware": {"latency_budget": 60.0}}))
    assert (own.name, own.limit) == ("recipe", 60.0)
