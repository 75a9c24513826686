"""Synthesis reports of HLS: exact figures of every version, and None where none is said."""

import shutil

import pytest

from tests.hardware.reports.trees import FIXTURES, altered, tree
from trigger_nn.hardware.reports import Module, Resources, Slack, Span, read_reports

SYN = "solution1/syn/report"


def only(folder):
    found = read_reports(folder)
    assert found.skipped == ()
    assert len(found.reports) == 1
    return found.reports[0]


def test_vivado_hls_2019_2(tmp_path):
    shutil.copytree(FIXTURES / "vivado_hls_2019_2" / SYN, tmp_path / "syn")
    report = only(tmp_path)
    assert (report.kind, report.tool, report.version) == ("synthesis", "Vivado HLS", "2019.2")
    assert (report.file, report.top, report.part) == ("syn/csynth.xml", "tagger_0011aabb", "xc7vx690t-ffg1927-2")
    assert (report.clock_target, report.clock_uncertainty, report.clock_estimated) == (5.0, 0.62, 4.371)
    assert (report.latency, report.interval) == (Span(11, 11, 11), Span(1, None, 1))
    assert report.used == Resources(lut=40321, ff=9123, dsp=17, bram_18k=3, uram=0)
    assert report.used.bram_36k == 1.5
    assert report.available == Resources(lut=433200, ff=866400, dsp=3600, bram_18k=2940, uram=0)
    used = Resources(lut=15007, ff=2210, dsp=9, bram_18k=0, uram=0)
    assert report.modules == (Module("dense_latency_config2_s", Span(3, 3, 3), Span(1, None, 1), used, 4.202),)
    assert (report.pipeline, report.slack, report.passed, report.stage) == ("function", Slack(), None, None)


def test_vitis_hls_2022_2_has_modules_ranges_and_uram(tmp_path):
    shutil.copytree(FIXTURES / "vitis_hls_2022_2" / SYN, tmp_path / "syn")
    report = only(tmp_path)
    assert (report.tool, report.version, report.pipeline) == ("Vitis HLS", "2022.2", "dataflow")
    assert (report.latency, report.interval) == (Span(351, 377, 402), Span(288, None, 325))
    assert report.used == Resources(lut=77002, ff=30551, dsp=120, bram_18k=41, uram=2)
    assert report.used.bram_36k == 20.5
    assert [module.name for module in report.modules] == ["conv_2d_cl_config2_s", "relu_config4_s"]
    convolution, relu = report.modules
    assert (convolution.latency, convolution.interval) == (Span(287, 306, 324), Span(287, None, 324))
    assert relu.interval == Span(1, None, 1)
    assert relu.used == Resources(lut=1209, ff=404)


def test_vitis_hls_2024_2_knows_no_latency(tmp_path):
    shutil.copytree(FIXTURES / "vitis_hls_2024_2/hls/syn", tmp_path / "syn")
    report = only(tmp_path)
    assert (report.version, report.latency, report.interval) == ("2024.2", Span(), Span(64, None, None))
    assert report.used == Resources(lut=3141, ff=2718, dsp=6)
    assert report.used.bram_36k is None
    assert report.available == Resources(lut=1182240, ff=2364480, dsp=6840, bram_18k=4320, uram=960)
    assert report.modules[0].latency == Span(3, None, None)
    assert report.modules[0].interval == Span(3, None, None)


def test_vitis_run_2025_1_and_its_copy_count_once(tmp_path):
    report = only(tree(tmp_path, "vitis_run_2025_1"))
    assert report.file == "vitis_run_2025_1/hls/syn/report/csynth.xml"
    assert (report.version, report.latency, report.clock_estimated) == ("2025.1", Span(9, 9, 9), 3.402)


def test_the_copy_alone_is_read(tmp_path):
    shutil.copytree(FIXTURES / "vitis_run_2025_1/reports", tmp_path / "reports")
    report = only(tmp_path)
    assert (report.file, report.version, report.top) == ("reports/hls_compile.rpt", "2025.1", "tagger_0011aabb")
    assert (report.latency, report.interval) == (Span(maximum=9), Span(maximum=1))
    assert report.used == Resources(lut=31000, ff=6100, bram_18k=5)
    assert report.slack == Slack(wns=0.25)
    assert (report.clock_target, report.modules) == (None, ())


def test_text_alone_joins_the_tops_report_and_the_summary(tmp_path):
    report = only(tree(tmp_path, "text_only_2023_1"))
    assert report.file.endswith("image_22ccdd33_csynth.rpt")
    assert (report.tool, report.version, report.part) == ("Vitis HLS", "2023.1", "xcvu13p-flga2577-2-e")
    assert (report.clock_target, report.clock_estimated, report.clock_uncertainty) == (2.78, 2.07, 0.75)
    assert (report.latency, report.interval) == (Span(341, None, 390), Span(260, None, 300))
    assert report.used == Resources(lut=70001, ff=29000, dsp=99, bram_18k=40, uram=2)
    assert report.available == Resources(lut=1728000, ff=3456000, dsp=12288, bram_18k=5376, uram=1280)
    assert report.slack == Slack(wns=-0.04)
    convolution, softmax = report.modules
    used = Resources(lut=45000, ff=17000, dsp=60, bram_18k=38)
    assert convolution == Module("conv_2d_cl_config2_s", Span(maximum=312), Span(maximum=300), used)
    assert softmax == Module("softmax_config9_s", used=Resources(lut=800, ff=511, dsp=4))


def test_summary_alone(tmp_path):
    tree(tmp_path, "text_only_2023_1")
    (tmp_path / "text_only_2023_1" / SYN / "image_22ccdd33_csynth.rpt").unlink()
    report = only(tmp_path)
    assert (report.latency, report.interval, report.clock_target) == (Span(maximum=390), Span(maximum=300), None)
    assert report.used == Resources(lut=70001, ff=29000, dsp=99, bram_18k=40, uram=2)
    assert len(report.modules) == 2


def test_text_and_xml_of_2019_2_agree(tmp_path):
    shutil.copytree(FIXTURES / "vivado_hls_2019_2" / SYN, tmp_path / "syn")
    xml = only(tmp_path)
    for path in tmp_path.rglob("*.xml"):
        path.unlink()
    text = only(tmp_path)
    assert (text.tool, text.version, text.top, text.part) == (xml.tool, xml.version, xml.top, xml.part)
    assert (text.used, text.available, text.interval) == (xml.used, xml.available, xml.interval)
    assert (text.clock_target, text.clock_uncertainty, text.clock_estimated) == (5.0, 0.62, 4.371)
    assert text.latency == Span(11, None, 11)


def test_text_of_2019_1_has_five_columns(tmp_path):
    tree(tmp_path, "text_only_2023_1")
    path = tmp_path / "text_only_2023_1" / SYN / "image_22ccdd33_csynth.rpt"
    row = "    |      341|      390|  0.948 us|  1.084 us|  260|  300|  dataflow|"
    altered(path, row, "    |      341|      ?|  260|  ?|   none  |")
    report = read_reports(path).reports[0]
    assert (report.latency, report.interval, report.pipeline) == (Span(341, None, None), Span(260, None, None), "none")


def test_without_csynth_xml_the_largest_is_the_top(tmp_path):
    shutil.copytree(FIXTURES / "vivado_hls_2019_2" / SYN, tmp_path / "syn")
    (tmp_path / "syn/csynth.xml").unlink()
    report = only(tmp_path)
    assert (report.top, report.file) == ("tagger_0011aabb", "syn/tagger_0011aabb_csynth.xml")
    assert [module.name for module in report.modules] == ["dense_latency_config2_s"]


@pytest.mark.parametrize(
    ("version", "target", "tool"),
    [
        ("2020.1", "", "Vivado HLS"),
        ("2020.1", "<FlowTarget>vivado</FlowTarget>", "Vitis HLS"),
        ("2020.2", "", "Vitis HLS"),
        ("2018.3", "", "Vivado HLS"),
    ],
)
def test_which_tool_by_version(tmp_path, version, target, tool):
    shutil.copytree(FIXTURES / "vivado_hls_2019_2" / SYN, tmp_path / "syn")
    path = tmp_path / "syn/csynth.xml"
    altered(path, "<Version>2019.2</Version>", f"<Version>{version}</Version>")
    altered(path, "</UserAssignments>", f"{target}</UserAssignments>")
    assert read_reports(path).reports[0].tool == tool
