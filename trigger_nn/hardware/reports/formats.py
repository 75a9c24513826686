"""Which format a file has, told from its content, and its reader."""

from pathlib import Path
from xml.etree.ElementTree import Element

from trigger_nn.hardware.reports.cosimulation import read_cosimulation
from trigger_nn.hardware.reports.figures import parse_xml
from trigger_nn.hardware.reports.implementation import read_implementation_xml
from trigger_nn.hardware.reports.synthesis_text import read_module_text, read_summary_text
from trigger_nn.hardware.reports.synthesis_xml import read_synthesis_xml
from trigger_nn.hardware.reports.timing import read_timing
from trigger_nn.hardware.reports.utilization import read_utilization
from trigger_nn.hardware.reports.values import ForeignReportError, Report, ReportError
from trigger_nn.hardware.reports.vivado import HEAD, command, facts

LARGEST = 64 * 2**20  # bytes; timing reports with many paths are long, their summary stands at the top
COMMANDS = {"report_utilization": read_utilization, "report_timing_summary": read_timing}
TEXTS = {
    "== Synthesis Summary Report of '": read_summary_text,
    "== Vivado HLS Report for '": read_module_text,
    "== Vitis HLS Report for '": read_module_text,
    "+   RTL    +": read_cosimulation,
}


def read_report(path: Path, file: str) -> Report:
    """The report at `path`, to be named `file`.

    Raises:
        ReportError: it can't be opened, is damaged, or is none of the reports known here.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ForeignReportError(f"is larger than {LARGEST >> 20} MiB, which no report read here is")
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"can't be opened ({error.strerror})") from None
    if not content.strip():
        raise ReportError("is empty")
    if path.suffix.lower() == ".xml":
        return _of_xml(file, parse_xml(content))
    return _of_text(file, content.decode(errors="replace"))


def is_vivados(path: Path) -> bool:
    """Whether the file is one of Vivado's reports that are read here, by whatever name."""
    try:
        with path.open("rb") as file:
            return command(file.read(HEAD).decode(errors="replace")) in COMMANDS
    except OSError:
        return False


def _of_xml(file: str, root: Element) -> Report:
    if root.find("UserAssignments") is not None:
        return read_synthesis_xml(file, root)
    if root.find("AreaReport") is not None:
        return read_implementation_xml(file, root)
    raise ForeignReportError("is XML, but no report of HLS on synthesis or implementation")


def _of_text(file: str, text: str) -> Report:
    if facts(text):
        written = command(text)
        if written not in COMMANDS:
            raise ForeignReportError(f"is Vivado's {written}, which holds none of the figures compared here")
        return COMMANDS[written](file, text)
    for mark, reader in TEXTS.items():
        if mark in text[:HEAD]:
            return reader(file, text)
    raise ForeignReportError("has no header of a report of Vivado HLS, Vitis HLS or Vivado")
