"""The header of Vivado's own reports: `| Tool Version : Vivado v.2024.2 ...`, `| Design : top` (AMD UG835)."""

import re

from trigger_nn.hardware.reports.values import Kind, Report

HEAD = 8192  # characters that hold the header
FACT = re.compile(r"^\| (\w[\w ]*?)\s*: (.*?)\s*$", re.MULTILINE)
VERSION = re.compile(r"Vivado v\.(\S+)")


def facts(text: str) -> dict[str, str]:
    """The header by its keys; empty if `text` is no report of Vivado."""
    found = dict(FACT.findall(text[:HEAD]))
    return found if VERSION.match(found.get("Tool Version", "")) else {}


def command(text: str) -> str:
    """The command that wrote the report, without its options; empty if `text` is no report of Vivado."""
    return facts(text).get("Command", "").partition(" ")[0]


def headed(file: str, text: str, kind: Kind) -> Report:
    """A report with what its header says, and no figures yet."""
    found = facts(text)
    version = VERSION.match(found.get("Tool Version", ""))
    return Report(
        kind=kind,
        tool="Vivado",
        file=file,
        version=version[1] if version else None,
        top=found.get("Design"),
        part=found.get("Device"),
        stage=found.get("Design State"),
    )
