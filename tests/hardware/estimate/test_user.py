"""Calibration by a user's own reports: rows in a file, and what they do to an estimate."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.hardware.estimate.nets import PART, network
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate import Choice, estimate
from trigger_nn.hardware.estimate.user import UserRow, add_row, read_rows, row_of, scaled
from trigger_nn.hardware.reports import Report, Reports, Resources, Span, read_reports
from trigger_nn.program.operations import Strategy

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
    part = "xcvu9p-flga2104-2L-e"
    row = row_of("net", "digest", part, estimate(network(1), 4.0, part), read_reports(FIXTURES / "vitis_hls_2024_2"))
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


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ({"part": "xcvu9p-flga2104-2L-e"}, "part xcvu9p-flga2104-2L-e, the estimate of xcvu13p-flga2577-2-e"),
        ({"clock_target": 2.5}, "clock period of 2.5 ns, the estimate of 5 ns"),
    ],
)
def test_reports_of_another_part_or_clock_are_refused(of, told):
    with pytest.raises(RecipeError, match=told):
        row_of("net", "digest", PART, MADE, Reports((replace(SYNTHESIS, **of),)))


@pytest.mark.parametrize("of", [{"part": "xcvu13p-flga2577"}, {"part": "vu13p-flga2577-2-e"}, {"clock_target": 5.0}])
def test_reports_of_the_same_part_as_other_tools_write_it(of):
    row = row_of("net", "digest", PART, MADE, Reports((replace(SYNTHESIS, **{"part": PART} | of),)))
    assert row.found["lut"] == 4000.0


def test_the_interval_of_the_latency_is_scaled_too():
    """10 times as many cycles: the interval 10 times as wide."""
    found = scaled(MADE, [made(100.0, found={"cycles": 100.0})])
    before, after = MADE.cycles_figure, found.cycles_figure
    assert (after.value, after.low, after.high) == pytest.approx((10 * before.value, 10 * before.low, 10 * before.high))


def test_what_no_factor_mends_is_told():
    row = made(100.0, found={"dsp": 3.0})
    basis = scaled(MADE, [row, replace(row, found={"dsp": 0.0})]).accuracy.basis
    assert "contradict an estimate of 0 dsp (1 of 2 found up to 3)" in basis
    assert "contradict" not in scaled(MADE, [replace(row, found={"dsp": 0.0})]).accuracy.basis


def test_a_row_for_each_choice(tmp_path):
    path = tmp_path / "calibration.json"
    rows = made(150.0), made(150.0, strategy="resource"), made(150.0, reuse_factor=4), made(150.0, io_type="io_stream")
    for row in (*rows, rows[1]):
        add_row(path, row)
    assert read_rows(path) == (rows[0], *rows[2:], rows[1])

    told = row_of("n", "d", PART, MADE, Reports((SYNTHESIS,)), Choice("io_stream", Strategy.RESOURCE, 4))
    assert (told.io_type, told.strategy, told.reuse_factor) == ("io_stream", "resource", 4)
    add_row(path, told)
    assert read_rows(path)[-1] == told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"found": None}, "row 2: found is null"),
        ({"found": {"lut": "many"}}, 'row 2: found has lut = "many"'),
        ({"estimated": {"lut": -3.0}}, "row 2: estimated has lut = -3.0"),
        ({"found": {"luts": 3.0}}, "row 2: found has luts = 3.0"),
        ({"found": {"lut": float("nan")}}, "row 2: found has lut = NaN"),
        ({"road": 3}, "row 2: road is 3"),
        ({"clock_period": "5"}, 'row 2: clock_period is "5"'),
    ],
)
def test_damaged_rows_are_refused(tmp_path, wrong, told):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps([asdict(made(150.0)), asdict(made(150.0)) | wrong]))
    with pytest.raises(RecipeError, match=told):
        read_rows(path)
