"""What came after synthesis: implementation by HLS, cosimulation, Vivado's utilization and timing."""

import pytest

from tests.hardware.reports.trees import FIXTURES, altered, tree
from trigger_nn.hardware.reports import Module, Resources, Slack, Span, read_reports


def of(kind, *names, folder=FIXTURES):
    return [report for name in names for report in read_reports(folder / name).of(kind)]


def test_export_of_vivado_hls_says_little():
    (report,) = of("implementation", "vivado_hls_2019_2")
    assert (report.version, report.part, report.stage, report.top) == (None, None, None, "tagger_0011aabb")
    assert (report.clock_target, report.clock_estimated, report.slack) == (5.0, 4.816, Slack())
    assert report.used == Resources(lut=21844, ff=7102, dsp=17, bram_18k=3)
    assert report.available == Resources(lut=433200, ff=866400, dsp=3600, bram_18k=2940)


def test_export_of_vitis_hls_counts_once_under_its_two_names():
    (report,) = of("implementation", "vitis_hls_2022_2")
    assert report.file == "solution1/impl/report/verilog/export_impl.xml"
    assert (report.tool, report.version, report.stage) == ("Vivado (run by HLS)", "2022.2", "impl")
    assert (report.top, report.part) == ("image_22ccdd33", "xcvu13p-flga2577-2-e")
    assert (report.clock_target, report.clock_estimated) == (2.78, 2.893)
    assert report.slack == Slack(wns=-0.113, tns=-4.207, met=False)
    assert report.used == Resources(lut=52177, ff=28014, dsp=118, bram_18k=41, uram=2)
    used = Resources(lut=31852, ff=16990, dsp=70, bram_18k=38)
    assert report.modules == (Module("inst/conv_2d_cl_config2_U0", used=used),)


def test_cosimulation():
    old, new = of("cosimulation", "vivado_hls_2019_2", "vitis_hls_2024_2")
    assert (old.tool, old.top, old.stage) == ("HLS cosim (xsim)", "tagger_0011aabb", "Verilog")
    assert (old.passed, old.latency, old.interval) == (True, Span(11, 11, 12), Span(1, 1, 2))
    assert (new.passed, new.stage, new.latency, new.interval) == (False, "VHDL", Span(104, 107, 131), Span())


def test_utilization_of_7_series():
    (report,) = of("utilization", "vivado_2019_2")
    assert (report.tool, report.version, report.stage) == ("Vivado", "2019.2", "Synthesized")
    assert (report.top, report.part) == ("tagger_0011aabb", "7vx690tffg1927-2")
    assert report.used == Resources(lut=22017, lut_logic=21953, lut_memory=64, ff=7120, dsp=17, bram_18k=3)
    assert report.used.bram_36k == 1.5
    assert (report.available.lut, report.available.bram_18k, report.available.uram) == (433200, 2940, None)


def test_utilization_of_ultrascale_plus():
    (report,) = of("utilization", "vivado_2024_2")
    assert (report.version, report.stage, report.top) == ("2024.2", "Routed", "image_22ccdd33")
    used = Resources(lut=51002, lut_logic=50111, lut_memory=891, ff=27555, dsp=118, bram_18k=41, uram=2)
    assert report.used == used
    available = Resources(1726800, 1726800, 790440, 3456000, 12288, 5376, 1280)
    assert report.available == available


def test_timing_not_met_with_two_clocks():
    (report,) = of("timing", "vivado_2019_2")
    assert (report.file, report.version, report.clock_target, report.stage) == ("slow.txt", "2019.2", None, None)
    assert report.slack == Slack(wns=-0.412, tns=-97.31, whs=-0.021, ths=-0.063, met=False)


def test_timing_met():
    (report,) = of("timing", "vivado_2024_2")
    assert (report.version, report.clock_target, report.stage) == ("2024.2", 2.78, "Routed")
    assert report.slack == Slack(wns=0.087, tns=0.0, whs=0.012, ths=0.0, met=True)


def test_timing_without_constraints_says_nothing(tmp_path):
    path = tree(tmp_path, "vivado_2024_2") / "vivado_2024_2/image_timing_summary_routed.rpt"
    altered(
        path,
        "      0.087        0.000                      0                61044        0.012        0.000",
        "  NA NA NA NA inf NA",
    )
    altered(path, "All user specified timing constraints are met.", "There are no user specified timing constraints.")
    (report,) = of("timing", "vivado_2024_2", folder=tmp_path)
    assert report.slack == Slack()


def test_a_report_of_vivado_needs_no_name(tmp_path):
    for name, source in (("a.txt", "vivado_2024_2/image_utilization_routed.rpt"), ("b.rpt", "vivado_2019_2/slow.txt")):
        (tmp_path / name).write_bytes((FIXTURES / source).read_bytes())
    (tmp_path / "notes.txt").write_text("Tool Version : Vivado v.2024.2 was used\n")
    found = read_reports(tmp_path)
    assert [report.kind for report in found.reports] == ["utilization", "timing"]
    assert found.skipped == ()


@pytest.mark.parametrize(("least", "most"), [("20", "11"), ("12", "11")])
def test_least_above_greatest_is_damage(tmp_path, least, most):
    path = tree(tmp_path, "vivado_hls_2019_2") / "vivado_hls_2019_2/solution1/syn/report/csynth.xml"
    altered(path, "<Best-caseLatency>11<", f"<Best-caseLatency>{least}<")
    assert f"least number of cycles, {least}, above the greatest, {most}" in read_reports(path).skipped[0].reason
