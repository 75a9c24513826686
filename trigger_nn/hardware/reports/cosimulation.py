"""The report of HLS on its simulation of the RTL with the C++ bench: `<top>_cosim.rpt` (AMD UG902, UG1399).

One line a language, of which one was simulated. Since 2020 a last column holds the cycles of the whole run. A bench
that calls the top once gives no interval.
"""

import re
from pathlib import PurePosixPath

from trigger_nn.hardware.reports.figures import rows, span
from trigger_nn.hardware.reports.values import Report, ReportError

LANGUAGES = ("Verilog", "VHDL")
VERDICTS = {"pass": True, "fail": False}
SIMULATOR = re.compile(r"^Simulation tool\s*:\s*(\S+?)\.?$", re.MULTILINE)


def read_cosimulation(file: str, text: str) -> Report:
    """The report of the language that was simulated.

    Raises:
        ReportError: no language was, the table is cut off, or a figure is no number.
    """
    lines = {row[0]: row for row in rows(text.splitlines()) if row[0] in LANGUAGES and len(row) >= 8}
    run = [lines[name] for name in LANGUAGES if name in lines and lines[name][1].lower() in VERDICTS]
    if not run:
        raise ReportError("has no line of a simulation that passed or failed")
    language, verdict, *cycles = run[0]
    tool = SIMULATOR.search(text)
    return Report(
        kind="cosimulation",
        tool=f"HLS cosim ({tool[1]})" if tool else "HLS cosim",
        file=file,
        top=PurePosixPath(file).stem.removesuffix("_cosim"),
        stage=language,
        latency=span(cycles[0], cycles[2], cycles[1]),
        interval=span(cycles[3], cycles[5], cycles[4]),
        passed=VERDICTS[verdict.lower()],
    )
