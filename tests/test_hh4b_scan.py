"""The recorded scan: its programs do on the embedded events what was recorded, and its card says the same."""

import json
import re

import pytest

from tests.conftest import ROOT
from trigger_nn import Program
from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.scan.plan import load_plan, series_of
from trigger_nn.workflow.study import study
from trigger_nn.workflow.workspace import embedded_sample

FOLDER = ROOT / "models" / "hh4b_scan"
CARD = (FOLDER / "README.md").read_text()
TRIALS = json.loads((FOLDER / "trials.json").read_text())
EFFECTS = json.loads((FOLDER / "effects.json").read_text())


@pytest.mark.parametrize("row", TRIALS["trials"], ids=lambda row: row["number"])
def test_program_does_what_was_recorded(row):
    recipe = load_model_recipe(FOLDER / "recipe.toml")
    program = Program.load(FOLDER / "programs" / f"{row['number']:04d}.h5")
    found = study(program, [embedded_sample()], recipe.study).study.signals[0].at_rate[1]
    assert found.target == TRIALS["rate"]
    assert found.efficiency.value == row["efficiency"]


@pytest.mark.parametrize(("recipe", "recorded"), [("scan.toml", TRIALS), ("effects.toml", EFFECTS)])
def test_what_is_recorded_is_what_the_recipe_asks_for(recipe, recorded):
    plan = load_plan(FOLDER / recipe)
    asked = {series.name: list(series.points()) for series in series_of(plan)}
    assert [{key: row[key] for key in recorded["keys"]} for row in recorded["trials"]] == asked.get("trials", [])
    assert [effect["name"] for effect in recorded["effects"]] == list(plan.spec.effects.changes)
    assert all(row["state"] == "done" for row in recorded["trials"])


def test_intervals_of_the_card_are_recorded_ones_that_hold_the_threshold():
    told = re.findall(r"^\| \d+ \| \d+ \| 0\.\d+ \((0\.\d+)-(0\.\d+)\)", CARD, re.MULTILINE)
    assert told == [(f"{row['efficiency_low']:.3f}", f"{row['efficiency_high']:.3f}") for row in TRIALS["trials"]]
    for row in TRIALS["trials"]:
        assert row["efficiency_low"] < row["efficiency_at_lower_rate"]
        assert row["efficiency_high"] > row["efficiency_at_higher_rate"]


def test_card_says_what_was_recorded():
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (0\.\d+) .*?\| (\d+) ns \|", CARD, re.MULTILINE)
    recorded = [
        (str(row["network.convolutions.0.filters"]), str(row["network.weights.bits"]), f"{row['efficiency']:.3f}",
         f"{row['latency_ns']:.0f}")
        for row in TRIALS["trials"]
    ]  # fmt: skip
    assert rows == recorded
    told = dict(re.findall(r"^\| ([^|]+) \| 0\.\d+ [^|]*\| ([+-]0\.\d+) ", CARD, re.MULTILINE))
    assert told == {effect["name"]: f"{-effect['change'][0]:+.3f}" for effect in EFFECTS["effects"]}
