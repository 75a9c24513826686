"""What Vivado made of the design when HLS ran it: `export_syn.xml`, `export_impl.xml`, `<top>_export.xml`.

Structure: AMD UG902 and UG1399, and the files themselves. Block RAM is counted in halves of 18 kbit, as in the
estimates of HLS. Vivado HLS writes resources and two clock periods; Vitis HLS adds slacks, the verdict, modules and
the part.
"""

from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from trigger_nn.hardware.reports.figures import decimal, resources
from trigger_nn.hardware.reports.values import Module, Report, ReportError, Slack

STAGES = {"syn": "synth", "impl": "impl"}  # in the name of a file that does not say it itself
VERDICTS = {"TRUE": True, "FALSE": False}


def read_implementation_xml(file: str, root: Element) -> Report:
    """The report that `file` holds.

    Raises:
        ReportError: it has no resources or no timing, or a figure is no number.
    """
    area, timing = root.find("AreaReport"), root.find("TimingReport")
    if area is None or timing is None:
        raise ReportError("holds no resources or no timing")
    version = root.findtext("RunData/VIVADO_VERSION")
    stem = PurePosixPath(file).stem
    return Report(
        kind="implementation",
        tool="Vivado (run by HLS)",
        file=file,
        version=version.removeprefix("v.") if version else None,
        top=_top(root) or (stem.removesuffix("_export") if stem.endswith("_export") else None),
        part=next(
            (i.get("VALUE") for i in root.iterfind("GeneralInfo/item") if i.get("NAME") == "Target device"), None
        ),
        stage=root.findtext("RunData/RUN_TYPE") or STAGES.get(stem.removeprefix("export_")),
        clock_target=decimal(timing.findtext("TargetClockPeriod")),
        clock_estimated=decimal(timing.findtext("AchievedClockPeriod")),
        used=resources(lambda name: area.findtext(f"Resources/{name}")),
        available=resources(lambda name: area.findtext(f"AvailableResources/{name}")),
        slack=_slack(timing),
        modules=tuple(_module(module) for module in _modules(root) if module.get("IS_TOP") != "1"),
    )


def _slack(timing: Element) -> Slack:
    wns, tns = (decimal(timing.findtext(name)) for name in ("WNS_FINAL", "TNS_FINAL"))
    return Slack(wns=wns, tns=tns, met=VERDICTS.get(timing.findtext("TIMING_MET", "").strip()))


def _modules(root: Element) -> list[Element]:
    return [module for module in root.iterfind("RtlModules/RtlModule") if module.find("Resources") is not None]


def _top(root: Element) -> str | None:
    tops = (m for m in root.iterfind("RtlModules/RtlModule") if m.get("IS_TOP") == "1")
    return next((m.get("MODULENAME") or m.get("RTLNAME") for m in tops), None)


def _module(module: Element) -> Module:
    """Zeros are left out there, so they are not said."""
    used = module.find("Resources")
    return Module(module.get("CELL", ""), used=resources(lambda name: None if used is None else used.get(name)))
