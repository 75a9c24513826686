"""The table of a scan comes back from CSV and JSON as it was."""

import csv
import io
import json
from dataclasses import replace

from tests.studies.scans.test_pareto import OBJECTIVES, trial
from trigger_nn.studies.scans.table import as_csv, as_json
from trigger_nn.studies.scans.values import Effect, Scan

DONE = replace(trial(0, (0.1 + 0.2, 30, 1e4)), parameters={"network.dense": (8, 4), "a.b": 2}, front=True)
FAILED = replace(DONE, number=1, state="failed", metrics={}, epochs=(0, 0), why="It does not, fit.", front=False)
SCAN = Scan("s", OBJECTIVES, ("network.dense", "a.b"), (DONE, FAILED), "hh4b", 1e5, 100, (
    Effect("bending", (0.5, 0.4, 0.6), (-0.1, -0.2, 0.0)),
), (0.4, 0.35, 0.45))  # fmt: skip


def test_csv_has_a_line_a_trial_and_numbers_come_back_exactly():
    first, second = csv.DictReader(io.StringIO(as_csv(SCAN)))
    assert float(first["efficiency"]) == 0.1 + 0.2
    assert json.loads(first["network.dense"]) == [8, 4]
    assert (first["front"], second["front"]) == ("1", "0")
    assert (second["efficiency"], second["float_epochs"], second["why"]) == ("", "", "It does not, fit.")


def test_json_has_trials_objectives_and_effects():
    found = json.loads(as_json(SCAN))
    assert [one["number"] for one in found["trials"]] == [0, 1]
    assert found["trials"][0]["network.dense"] == [8, 4]
    assert found["effects"][0]["change"] == [-0.1, -0.2, 0.0]
    assert found["rate"] == 1e5
    assert found["reference"] == [0.4, 0.35, 0.45]


def test_a_scan_without_trials_has_heads_alone():
    assert len(as_csv(replace(SCAN, trials=())).splitlines()) == 1
