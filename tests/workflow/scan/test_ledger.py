"""The ledger: what is asked for, what a killed scan leaves, what a repeated one takes up."""

import pytest

from tests.workflow.scan.recipes import written
from trigger_nn.errors import RecipeError
from trigger_nn.workflow.scan.ledger import open_ledger
from trigger_nn.workflow.scan.plan import load_plan, series_of

DENSE = {"key": "network.dense", "values": [[4], [8, 4]]}
BITS = {"key": "network.weights.bits", "values": [4, 6]}
RANGES = [
    {"key": "network.weights.bits", "low": 3, "high": 9, "step": 2},
    {"key": "training.learning_rate", "low": 1e-4, "high": 1e-2, "log": True},
]


def opened(tmp_path, **changes):
    plan = load_plan(written(tmp_path, **changes))
    (series,) = series_of(plan)
    return open_ledger(tmp_path / "trials.sqlite", plan, series, 1)


def states(ledger):
    return [entry.state for entry in ledger.entries()]


def test_a_grid_comes_in_order_and_lists_come_back_as_lists(tmp_path):
    ledger = opened(tmp_path, axes=[DENSE, BITS])
    asked = [ledger.ask() for _ in range(4)]
    assert [entry.number for entry in asked] == [0, 1, 2, 3]
    assert [tuple(entry.point.values()) for entry in asked] == [((4,), 4), ((4,), 6), ((8, 4), 4), ((8, 4), 6)]
    assert ledger.open() == 0


def test_what_was_running_is_asked_for_again_under_its_number(tmp_path):
    first = opened(tmp_path, axes=[DENSE, BITS])
    cut_off = first.ask()
    first.tell(first.ask().number, (0.5, 100.0, 1000.0))
    first.tell(first.ask().number, None)
    assert states(first) == ["running", "done", "failed", "waiting"]
    again = opened(tmp_path, axes=[DENSE, BITS])
    assert states(again) == ["waiting", "done", "failed", "waiting"]
    assert again.ask().point == cut_off.point
    assert again.ask().number == 3
    assert again.open() == 0


def test_a_sampler_stays_in_its_ranges_and_a_resumed_one_goes_on(tmp_path):
    changes = {"axes": RANGES, "method": "optuna", "trials": 6}
    first = opened(tmp_path, **changes)
    for _ in range(3):
        first.tell(first.ask().number, (0.5, 100.0, 1000.0))
    cut_off = first.ask()
    again = opened(tmp_path, **changes)
    assert again.open() == 3
    assert again.ask() == cut_off
    entries = [again.ask(), again.ask(), *again.entries()]
    assert again.open() == 0
    assert {entry.point["network.weights.bits"] for entry in entries} <= {3, 5, 7, 9}
    assert all(1e-4 <= entry.point["training.learning_rate"] <= 1e-2 for entry in entries)
    assert len({entry.point["training.learning_rate"] for entry in again.entries()}) == 6


def test_more_trials_can_be_asked_of_a_sampler_later(tmp_path):
    opened(tmp_path, axes=RANGES, method="optuna", trials=1).ask()
    assert opened(tmp_path, axes=RANGES, method="optuna", trials=3).open() == 3


@pytest.mark.parametrize("change", [{"axes": [DENSE]}, {"rate_khz": 50.0}, {"objectives": [{"metric": "efficiency"}]}])
def test_another_scan_is_not_mixed_in(tmp_path, change):
    opened(tmp_path, axes=[DENSE, BITS])
    with pytest.raises(RecipeError, match="other values, events or objectives"):
        opened(tmp_path, **{"axes": [DENSE, BITS]} | change)
