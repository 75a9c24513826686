"""The verb report: tables, JSON, exit codes."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.hardware.reports.trees import FIXTURES, tree
from trigger_nn.cli.report import vendor_report

GOLDEN = Path(__file__).parents[2] / "golden" / "event_image_program.h5"

app = typer.Typer()


@app.command()
def report(project: Path, program: Path | None = None, as_json: bool = typer.Option(False, "--json")):
    vendor_report(project, program, as_json)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_tables_name_their_sources():
    done = run(FIXTURES / "vitis_hls_2022_2", "--program", GOLDEN)
    assert done.exit_code == 0
    assert "Vitis HLS 2022.2" in done.output
    assert "solution1/syn/report/csynth.xml" in done.output
    assert "77,002" in done.output
    assert "20.5" in done.output
    assert "1,117.560" in done.output
    assert "timing NOT met" in done.output
    assert "conv_2d_cl_config2_s" in done.output
    assert "287 to 324" in done.output
    assert "at 2.78 ns" in done.output


@pytest.mark.parametrize("place", ["emulator/program.h5", "program.h5"])
def test_the_program_is_found(tmp_path, place):
    tree(tmp_path, "vivado_2024_2")
    (tmp_path / place).parent.mkdir(exist_ok=True)
    shutil.copy(GOLDEN, tmp_path / place)
    content = json.loads(run(tmp_path, "--json").output)
    assert content["estimate"]["layers"]
    assert content["reports"][0]["used"]["lut"] == 51002
    rows = {row["quantity"]: row for row in content["comparison"]}
    assert rows["LUT"]["figures"] == [51002, None]
    assert rows["LUT"]["ratios"][0] == pytest.approx(51002 / rows["LUT"]["estimate"], rel=1e-12)  # text and back


def test_without_a_program_there_is_no_estimate():
    done = run(FIXTURES / "vivado_2019_2")
    assert done.exit_code == 0
    assert "No estimate: there is no program" in done.output
    assert json.loads(run(FIXTURES / "vivado_2019_2", "--json").output)["estimate"] is None


def test_a_clock_too_fast_to_estimate_still_shows_the_report(tmp_path):
    shutil.copytree(FIXTURES / "vitis_run_2025_1", tmp_path / "fast")
    path = tmp_path / "fast/hls/syn/report/csynth.xml"
    path.write_text(path.read_text().replace("<TargetClockPeriod>5.00<", "<TargetClockPeriod>0.50<"))
    done = run(tmp_path, "--program", GOLDEN)
    assert done.exit_code == 0
    assert "31,000" in done.output
    assert "too short for one adder" in done.output


def test_many_reports_are_shown_in_parts():
    done = run(FIXTURES)
    assert done.exit_code == 0
    assert all(f"[{number}]" in done.output for number in range(1, 14))
    assert "skipped: vivado_2024_2/clocks_utilization.rpt" in done.output


def test_nothing_there(tmp_path):
    (tmp_path / "csynth.xml").write_text("<profile>")
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "There is no vendor report" in done.output
    assert "report_timing_summary" in done.output
    assert "skipped: csynth.xml is not whole XML" in done.output
    empty = run(tmp_path, "--json")
    assert empty.exit_code == 1
    assert json.loads(empty.output)["reports"] == []
