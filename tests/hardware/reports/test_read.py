"""Many reports in one folder, damaged files, foreign files, and the comparison with the estimate."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.hardware.reports.trees import FIXTURES, altered, tree
from trigger_nn import Program
from trigger_nn.errors import TriggerNNError
from trigger_nn.hardware.estimate import estimate
from trigger_nn.hardware.reports import beside_estimate, read_reports

GOLDEN = Path(__file__).parents[2] / "golden" / "event_image_program.h5"
CSYNTH = "vitis_hls_2022_2/solution1/syn/report/csynth.xml"
EXPORT = "vitis_hls_2022_2/solution1/impl/report/verilog/export_impl.xml"
MODULE_TEXT = "text_only_2023_1/solution1/syn/report/image_22ccdd33_csynth.rpt"
SUMMARY = "text_only_2023_1/solution1/syn/report/csynth.rpt"
COSIM = "vitis_hls_2024_2/hls/sim/report/stream_44eeff55_cosim.rpt"
UTILIZATION = "vivado_2024_2/image_utilization_routed.rpt"
TIMING = "vivado_2024_2/image_timing_summary_routed.rpt"
BOMB = '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><profile>&b;</profile>'

DAMAGES = [
    (CSYNTH, "<LUT>77002</LUT>", "<LUT>many</LUT>", "'many' where a number belongs"),
    (CSYNTH, "<LUT>77002</LUT>", "<LUT>-5</LUT>", "'-5' where a number belongs"),
    (CSYNTH, "<LUT>77002</LUT>", "<LUT>nan</LUT>", "'nan' where a number belongs"),
    (CSYNTH, "<EstimatedClockPeriod>2.026<", "<EstimatedClockPeriod>1e999<", "'1e999' where a number belongs"),
    (CSYNTH, "</profile>", "", "not whole XML"),
    (CSYNTH, "TopModelName", "TopName", "names no module"),
    (CSYNTH, "AreaEstimates", "Area", "holds no estimates"),
    (CSYNTH, "UserAssignments", "Assignments", "no report of HLS"),
    (CSYNTH, "<profile>", "<!DOCTYPE profile><profile>", "document type"),
    (EXPORT, "TimingReport", "Timing", "no resources or no timing"),
    (EXPORT, "<AchievedClockPeriod>2.893<", "<AchievedClockPeriod>fast<", "'fast'"),
    (MODULE_TEXT, "|Total ", "|Sum ", "no line 'Total'"),
    (MODULE_TEXT, "== Utilization Estimates", "== ", "no table of utilization"),
    (MODULE_TEXT, "+ Latency:", "+ :", "no table of latency"),
    (MODULE_TEXT, "  260|  300|", "  260|", "6 columns"),
    (SUMMARY, "|+ image_22ccdd33*", "|+ another", "no line of image_22ccdd33"),
    (COSIM, "Fail", "NA", "no line of a simulation"),
    (COSIM, "107", "x", "'x' where a number belongs"),
    (UTILIZATION, "| CLB LUTs ", "| LUTs ", "no table of LUTs"),
    (UTILIZATION, "20.5", "20.3", "come in halves"),
    (UTILIZATION, "report_utilization -file", "report_utilization -hierarchical -file", "by hierarchy"),
    (UTILIZATION, "report_utilization -file", "report_power -file", "is Vivado's report_power"),
    (TIMING, "| Design Timing Summary", "| Summary", "no design timing summary"),
    (TIMING, "      0.087 ", "      ", "11 figures under 12 heads"),
    (TIMING, "      0.087 ", "      bad ", "'bad'"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), DAMAGES)
def test_damage_is_said_and_nothing_made_up(tmp_path, file, old, new, said):
    path = tree(tmp_path, file.split("/")[0]) / file
    altered(path, old, new)
    found = read_reports(path)
    assert found.reports == ()
    assert [left.file for left in found.skipped] == [path.name]
    assert said in found.skipped[0].reason
    assert found.skipped[0].reason.startswith(path.name)
    assert found.skipped[0].reason.endswith(("let the tool write it again.", "it is left out."))


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\x00\xff\xfe" * 99, BOMB.encode(), BOMB.encode("utf-16"), b"<a" * 9]
)
@pytest.mark.parametrize("name", ["csynth.xml", "x_export.xml", "csynth.rpt", "x_cosim.rpt", "vivado_synth.rpt"])
def test_rubbish_is_skipped(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    found = read_reports(tmp_path)
    assert found.reports == ()
    assert [left.file for left in found.skipped] == [name]


@pytest.mark.parametrize("file", [CSYNTH, EXPORT, MODULE_TEXT, SUMMARY, COSIM, UTILIZATION, TIMING])
def test_a_file_cut_anywhere_is_skipped_or_says_the_same(tmp_path, file):
    whole = read_reports(FIXTURES / file).reports[0]
    path = tmp_path / Path(file).name
    content = (FIXTURES / file).read_bytes()
    for end in range(0, len(content), 97):
        path.write_bytes(content[:end])
        found = read_reports(path)
        assert len(found.reports) + len(found.skipped) == 1
        for report in found.reports:
            said = asdict(report.used) | asdict(report.slack) | asdict(report.latency)
            full = asdict(whole.used) | asdict(whole.slack) | asdict(whole.latency)
            assert {key: value for key, value in said.items() if value is not None}.items() <= full.items()


def test_a_folder_of_everything():
    found = read_reports(FIXTURES)
    kinds = [report.kind for report in found.reports]
    assert [kinds.count(kind) for kind in ("synthesis", "implementation", "cosimulation", "utilization", "timing")] == [
        5, 2, 2, 2, 2,
    ]  # fmt: skip
    assert [left.file for left in found.skipped] == ["vivado_2024_2/clocks_utilization.rpt"]
    assert "report_clock_utilization" in found.skipped[0].reason
    assert all(not Path(report.file).is_absolute() for report in found.reports)


def test_damaged_xml_falls_back_to_text(tmp_path):
    folder = tree(tmp_path, "vivado_hls_2019_2") / "vivado_hls_2019_2/solution1/syn/report"
    for path in folder.glob("*.xml"):
        path.write_text("<profile>")
    found = read_reports(folder)
    assert [report.file for report in found.reports] == ["tagger_0011aabb_csynth.rpt"]
    assert len(found.skipped) == 3


def test_hidden_folders_and_vivados_workshop_are_not_entered(tmp_path):
    for name in (".autopilot/db", "impl/verilog/project.runs/synth_1"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "vivado_synth.rpt").write_bytes((FIXTURES / UTILIZATION).read_bytes())
    assert read_reports(tmp_path).reports == ()
    (tmp_path / "run").mkdir()
    (tmp_path / ".autopilot/db").rename(tmp_path / "run/project.runs")
    assert len(read_reports(tmp_path).reports) == 1


def test_no_such_folder(tmp_path):
    with pytest.raises(TriggerNNError, match="no folder"):
        read_reports(tmp_path / "nowhere")


def test_a_file_that_is_not_readable(tmp_path):
    (tmp_path / "csynth.xml").symlink_to(tmp_path / "gone")
    assert "can't be opened" in read_reports(tmp_path).skipped[0].reason


def test_beside_the_estimate():
    reports = read_reports(FIXTURES / "vitis_hls_2022_2")
    ours = estimate(Program.load(GOLDEN), 2.78, "xcvu13p-flga2577-2-e")
    rows = {(row.quantity, row.unit): row for row in beside_estimate(reports, ours)}
    assert rows["LUT", ""].figures == (77002, 52177)
    assert rows["LUT", ""].estimate == ours.total("lut")
    assert rows["LUT", ""].ratios == (77002 / ours.total("lut"), 52177 / ours.total("lut"))
    assert rows["latency, worst", "cycles"].figures == (402, None)
    assert rows["latency, worst", "cycles"].ratios == (402 / ours.cycles, None)
    assert rows["latency, worst", "ns"].figures == (1117.56, None)
    assert rows["interval, worst", "cycles"].figures == (325, None)
    assert rows["block RAM", "18 kbit"].figures == (41, 41)
    assert rows["block RAM", "36 kbit"].figures == (20.5, 20.5)
    assert rows["block RAM", "18 kbit"].estimate == 2 * ours.total("bram")
    assert rows["worst setup slack", "ns"].figures == (None, -0.113)
    assert rows["UltraRAM", ""].estimate is None


def test_no_estimate_and_an_estimate_of_0_give_no_ratio():
    reports = read_reports(FIXTURES / "vitis_hls_2022_2")
    assert all(row.estimate is None and set(row.ratios) == {None} for row in beside_estimate(reports, None))
    ours = estimate(Program.load(GOLDEN), 2.78, "xcvu13p-flga2577-2-e")
    assert ours.total("bram") == 0
    row = next(row for row in beside_estimate(reports, ours) if row.quantity == "block RAM")
    assert (row.estimate, row.ratios) == (0, (None, None))


def test_all_figures_are_finite():
    reports = read_reports(FIXTURES)
    ours = estimate(Program.load(GOLDEN), 2.78, "xcvu13p-flga2577-2-e")
    rows = beside_estimate(reports, ours)
    json.dumps([asdict(reports), *map(asdict, rows)], allow_nan=False)
    assert all(math.isfinite(ratio) for row in rows for ratio in row.ratios if ratio is not None)
