"""Calibration by a user's own reports: rows in a file, and what they do to an estimate."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hardware.estimate.nets import PART, network
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate import estimate
from trigger_nn.hardware.estimate.user import UserRow, add_row, read_rows, row_of, scaled
from trigger_nn.hardware.reports import Report, Reports, Resources, Span, read_reports

FIXTURES = Path(__file__).parents[1] / "reports" / "fixtures"
SYNTHESIS = Report(
    "synthesis", "Vitis HLS", "csynth.xml", "2024.2", latency=Span(9, 9, 10), used=Resources(lut=4000, ff=900, dsp=3)
)
PLACED = Report("utilization", "Vivado", "utilization.rpt", "2024.2", used=Resources(lut=3000, bram_18k=3))
MADE = estimate(network(1), 5.0, PART)


def test_resources_of_the_last_tool_and_the_latency_of_the_first():
    row = row_of("net", "digest", PART, MADE, Reports((SYNTHESIS, PLACED)))
    assert row.found == {"lut": 3000.0, "ff": 900.0, "dsp": 3.0, "bram": 1.5, "cycles": 10.0}
    assert row.estimated["lut"] == MADE.total("lut")
    assert row.estimated["cycles"] == MADE.cycles
    assert "utilization.rpt (Vivado 2024.2)" in row.source
    assert "csynth.xml (Vitis HLS 2024.2)" in row.source


def test_reports_of_the_tools_are_read():
    row = row_of("net", "digest", PART, MADE, read_reports(FIXTURES / "vitis_hls_2024_2"))
    assert row.found["lut"] > 0
    assert row.found["cycles"] > 0


def test_reports_that_say_nothing():
    with pytest.raises(RecipeError, match="neither resources nor a latency"):
        row_of("net", "digest", PART, MADE, Reports())


def made(lut, **more):
    said = {"lut": 100.0, "ff": 100.0, "dsp": 0.0, "bram": 0.0, "cycles": 10.0}
    row = UserRow("n", "d", PART, 5.0, "hls", "reports", said, {"lut": lut, "cycles": 20.0})
    return replace(row, **more)


def test_figures_are_multiplied_by_the_median_ratio():
    found = scaled(MADE, [made(150.0), made(300.0), made(200.0), made(999.0, road="rtl")])
    assert found.total("lut") == pytest.approx(2 * MADE.total("lut"), abs=len(MADE.layers))
    assert found.total("ff") == MADE.total("ff")
    assert found.cycles == 2 * MADE.cycles
    assert found.accuracy.lut == MADE.accuracy.lut
    assert "lut x 2.00 (3)" in found.accuracy.basis


def test_many_rows_give_the_interval():
    found = scaled(MADE, [made(lut) for lut in (100.0, 110.0, 120.0, 130.0, 140.0)])
    low, high = found.accuracy.lut
    assert 100 / 120 <= low < 105 / 120
    assert 135 / 120 < high <= 140 / 120
    assert found.cycles_figure.low == found.cycles_figure.high == found.cycles


def test_rows_of_the_other_road_say_nothing():
    found = scaled(estimate(network(1), 5.0, PART, "rtl"), [made(150.0)])
    assert "None of your reports is of this road" in found.accuracy.basis
    assert found.total("lut") == estimate(network(1), 5.0, PART, "rtl").total("lut")


def test_a_row_takes_the_place_of_its_forerunner(tmp_path):
    path = tmp_path / "deep" / "calibration.json"
    add_row(path, made(150.0))
    assert add_row(path, made(200.0)) == (made(200.0),)
    assert add_row(path, made(300.0, clock_period=2.5)) == (made(200.0), made(300.0, clock_period=2.5))
    assert read_rows(path) == (made(200.0), made(300.0, clock_period=2.5))


def test_files_that_are_none(tmp_path):
    with pytest.raises(RecipeError, match="There is no calibration file"):
        read_rows(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('[{"name": 3}]')
    with pytest.raises(RecipeError, match="is no calibration file"):
        read_rows(tmp_path / "bad.json")
