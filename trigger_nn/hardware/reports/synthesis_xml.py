"""The synthesis report of HLS as XML: `csynth.xml`, `<module>_csynth.xml`.

Structure: AMD UG902 (Vivado HLS 2019.2, 2020.1), UG1399 (Vitis HLS 2020.2 to 2024.2, `vitis-run` 2025.1), and the files
themselves. What changed: Vivado HLS counts DSP48E and describes no module but the top in `csynth.xml`; Vitis HLS counts
DSP, names the flow's target and describes all modules. Latencies that depend on data are `?` or `undef`.
"""

from xml.etree.ElementTree import Element

from trigger_nn.hardware.reports.figures import decimal, resources, span
from trigger_nn.hardware.reports.values import Module, Report, ReportError, Span

VITIS_SINCE = "2020.2"  # before it, Vitis HLS 2020.1 alone, which names the flow's target


def read_synthesis_xml(file: str, root: Element) -> Report:
    """The report that `file` holds.

    Raises:
        ReportError: it describes no module, or holds no estimates.
    """
    top = root.findtext("UserAssignments/TopModelName")
    performance, area = root.find("PerformanceEstimates"), root.find("AreaEstimates")
    if not top or performance is None or area is None:
        raise ReportError("names no module, or holds no estimates of performance and area")
    version = root.findtext("ReportVersion/Version")
    overall = performance.find("SummaryOfOverallLatency")
    return Report(
        kind="synthesis",
        tool=_tool(version, root.find("UserAssignments/FlowTarget") is not None),
        file=file,
        version=version,
        top=top,
        part=root.findtext("UserAssignments/Part"),
        pipeline=performance.findtext("PipelineType"),
        clock_target=decimal(root.findtext("UserAssignments/TargetClockPeriod")),
        clock_uncertainty=decimal(root.findtext("UserAssignments/ClockUncertainty")),
        clock_estimated=decimal(performance.findtext("SummaryOfTimingAnalysis/EstimatedClockPeriod")),
        latency=_latency(overall),
        interval=_interval(overall),
        used=resources(lambda name: area.findtext(f"Resources/{name}")),
        available=resources(lambda name: area.findtext(f"AvailableResources/{name}")),
        modules=tuple(_module(module) for module in root.iterfind("ModuleInformation/Module") if _name(module) != top),
    )


def as_module(report: Report) -> Module:
    """A module that has a report of its own."""
    return Module(report.top or "", report.latency, report.interval, report.used, report.clock_estimated)


def _tool(version: str | None, has_target: bool) -> str:
    if version is None:
        return "HLS"
    return "Vitis HLS" if has_target or version >= VITIS_SINCE else "Vivado HLS"


def _name(module: Element) -> str:
    return module.findtext("Name") or ""


def _module(module: Element) -> Module:
    overall = module.find("PerformanceEstimates/SummaryOfOverallLatency")
    clock = module.findtext("PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod")
    used = resources(lambda name: module.findtext(f"AreaEstimates/Resources/{name}"))
    return Module(_name(module), _latency(overall), _interval(overall), used, decimal(clock))


def _latency(overall: Element | None) -> Span:
    if overall is None:
        return Span()
    return span(*(overall.findtext(f"{case}-caseLatency") for case in ("Best", "Worst", "Average")))


def _interval(overall: Element | None) -> Span:
    """Of the top `Interval-min` and `-max`; of a module one text, which may be a range."""
    if overall is None:
        return Span()
    either = overall.findtext("PipelineInitiationInterval")
    return span(overall.findtext("Interval-min", either or ""), overall.findtext("Interval-max", either or ""))
