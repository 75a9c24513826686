"""`trigger-nn estimate`, as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trigger_nn.cli import app
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate.values import RESOURCES

PROGRAM = Path(__file__).parents[2] / "golden" / "event_image_program.h5"
FIXTURES = Path(__file__).parents[1] / "reports" / "fixtures"


def run(*arguments):
    result = CliRunner().invoke(app, ["estimate", str(PROGRAM), *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_table_with_budgets_and_what_it_rests_on():
    told = run("--road", "rtl", "--clock-period", 5)
    assert "90 % interval" not in told  # the option's help says it
    for words in ("conv1", "bunch crossings", "super logic regions", "budget global-trigger, 50 ns: NOT kept"):
        assert words in told
    assert "14 ticks of 6.25 ns" in told
    assert "networks held out of the fit the median error" in told
    assert "arXiv:2411.19506" in told


def test_json_says_the_same():
    found = json.loads(run("--road", "rtl", "--json", "--budget", "level-1", "--budget", 30))
    assert {verdict["budget"]["name"]: verdict["held"] for verdict in found["budgets"]} == {
        "level-1": True, "30 ns": False,
    }  # fmt: skip
    assert found["latency_ns"] == found["cycles"]["value"] * found["clock_period_ns"]
    for resource in RESOURCES:
        assert sum(layer[resource]["value"] for layer in found["layers"]) == found["resources"][resource]["value"]


def test_strategy_reuse_and_streams():
    one, three, four = (json.loads(run("--json", "--strategy", "resource", "--reuse", reuse)) for reuse in (1, 3, 4))
    assert three["interval_cycles"] == 3 * one["interval_cycles"]
    assert four["interval_cycles"] == 3 * one["interval_cycles"]  # of conv1, whose 9 products a sum 4 does not divide
    assert not one["notes"]
    told = "hls4ml builds resource with reuse factor 3 in place of resource with reuse factor 4: conv1."
    assert told in four["notes"]
    assert told in run("--strategy", "resource", "--reuse", 4)
    stream = json.loads(run("--json", "--io-type", "io_stream"))
    assert stream["cycles"]["value"] < sum(layer["cycles"] for layer in stream["layers"])


def invoked(*arguments):
    result = CliRunner().invoke(app, ["estimate", str(PROGRAM), *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


BUILT = ("--part", "xcvu9p-flga2104-2L-e", "--clock-period", 4)  # what the fixture's reports are of


def test_calibration_leaves_json_alone(tmp_path):
    project = FIXTURES / "vitis_hls_2024_2"
    result = invoked("--json", *BUILT, "--calibrate", project, "--calibration", tmp_path / "c.json")
    assert json.loads(result.stdout)["road"] == "hls"
    assert "c.json: 1 designs" in result.stderr


def test_a_row_for_each_choice(tmp_path):
    path = tmp_path / "c.json"
    for more in ((), ("--reuse", 3), ("--reuse", 3), ("--strategy", "resource")):
        invoked(*BUILT, *more, "--calibrate", FIXTURES / "vitis_hls_2024_2", "--calibration", path)
    assert [(row["strategy"], row["reuse_factor"]) for row in json.loads(path.read_text())] == [
        ("", 0), ("", 3), ("resource", 0),
    ]  # fmt: skip


def test_the_budget_of_the_recipe_comes_first():
    named = [verdict["budget"]["name"] for verdict in json.loads(run("--json"))["budgets"]]
    assert named == ["recipe", "global-trigger", "calorimeter-summary", "level-1"]
    assert "budget recipe, 1000 ns: kept" in run()


def test_half_a_nanosecond_is_told():
    found = json.loads(run("--json", "--road", "rtl"))
    assert "NOT kept, 2.5 ns too long" in run("--road", "rtl", "--budget", found["latency_ns"] - 2.5)


def test_calibration(tmp_path):
    path = tmp_path / "calibration.json"
    before = json.loads(run("--json", *BUILT))
    invoked(*BUILT, "--calibrate", FIXTURES / "vitis_hls_2024_2", "--calibration", path)
    after = json.loads(run("--json", *BUILT, "--calibration", path))
    assert after["basis"].startswith("Scaled by your own reports")
    assert after["resources"]["lut"]["value"] != before["resources"]["lut"]["value"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--road", "sea"), "no road 'sea'"),
        (("--strategy", "luck"), "no strategy 'luck'"),
        (("--io-type", "io_sideways"), "no interface of hls4ml"),
        (("--budget", "moon"), "no budget 'moon'"),
        (("--budget", "-3"), "no budget '-3'"),
        (("--part", "nonsense"), "unknown part"),
        (("--clock-period", "0.5"), "too short for one adder"),
        (("--clock-period", "inf"), "clock period of inf ns is none"),
        (("--road", "rtl", "--reuse", "2"), "are hls4ml's"),
        (("--road", "rtl", "--io-type", "io_stream"), "are hls4ml's"),
        (("--calibrate", FIXTURES / "vitis_hls_2024_2"), "part xcvu9p-flga2104-2L-e, the estimate of xcvu13p"),
        (("--calibration", "none.json"), "no calibration file none.json"),
    ],
)
def test_what_can_not_be_had(options, told):
    with pytest.raises(RecipeError, match=told):
        run(*options)
