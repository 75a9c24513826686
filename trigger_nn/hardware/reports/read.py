"""Find the reports below a folder, and choose where several files say the same.

Of the reports of a synthesis, one folder `syn/report`, that of the top counts: `csynth.xml`, else the largest of the
`<module>_csynth.xml`, else the text. The others give the figures of the modules.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

from trigger_nn.errors import TriggerNNError
from trigger_nn.hardware.reports.formats import is_vivados, read_report
from trigger_nn.hardware.reports.synthesis_xml import as_module
from trigger_nn.hardware.reports.values import ForeignReportError, Module, Report, ReportError, Reports, Skipped

SYNTHESIS = ("csynth.xml", "*_csynth.xml", "csynth.rpt", "*_csynth.rpt")
OTHERS = (
    "export_syn.xml",
    "export_impl.xml",
    "*_export.xml",
    "*_cosim.rpt",
    "vivado_synth.rpt",
    "*utilization*.rpt",
    "*timing_summary*.rpt",
)
COPY = "hls_compile.rpt"  # of csynth.rpt, by v++
RUNS = "project.runs"  # where Vivado works when HLS runs it; an empty wrapper's report is among its steps
ANY = (".rpt", ".txt")  # endings under which Vivado's reports are looked for by content
KINDS = ("synthesis", "implementation", "cosimulation", "utilization", "timing")


def read_reports(folder: Path) -> Reports:
    """All reports of Vivado HLS, Vitis HLS and Vivado below `folder`: a bundle, HLS project, Vivado run, or one file.

    A file with the name of a report that can't be read is listed in `skipped`. Hidden folders are not entered, nor
    those in which Vivado works when HLS runs it: the outcome stands in `impl/report` and `impl/verilog/report`.

    Raises:
        TriggerNNError: there is no such folder.
    """
    if not folder.exists():
        raise TriggerNNError(
            f"There is no folder {folder}; give that of a bundle, of an HLS project, or of a Vivado run."
        )
    if folder.is_file():
        return _sorted([_attempt(folder, folder.parent)])
    found = [list(paths) for _, paths in groupby(_walk(folder), key=lambda path: path.parent)]
    parts = [_synthesis([path for path in paths if _named(path, SYNTHESIS)], folder) for paths in found]
    known = any(part.reports for part in parts)
    for paths in found:
        others = (p for p in paths if not _named(p, SYNTHESIS) and _is_report(p, copies=not known))
        parts.append(_without_repetition(_attempt(path, folder) for path in others))
    return _sorted(parts)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        own = Path(parent).parent.name == "impl"
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not (own and name == RUNS))
        paths = (Path(parent, name) for name in sorted(files))
        yield from (path for path in paths if path.is_file() or path.is_symlink())  # no pipes, which would never end


def _named(path: Path, patterns: Iterable[str]) -> bool:
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def _is_report(path: Path, copies: bool) -> bool:
    if path.name == COPY:
        return copies
    return _named(path, OTHERS) or (path.suffix.lower() in ANY and is_vivados(path))


def _attempt(path: Path, folder: Path) -> Reports:
    file = path.relative_to(folder).as_posix()
    try:
        return Reports(reports=(read_report(path, file),))
    except ReportError as error:
        remedy = "it is left out" if isinstance(error, ForeignReportError) else "let the tool write it again"
        return Reports(skipped=(Skipped(file, f"{file} {error}; {remedy}."),))


def _synthesis(paths: list[Path], folder: Path) -> Reports:
    """The report of the top, with its modules, from the files of one folder `syn/report`."""
    failed: tuple[Skipped, ...] = ()
    for ending in (".xml", ".rpt"):
        tried = [_attempt(path, folder) for path in paths if path.suffix == ending]
        failed += tuple(skipped for part in tried for skipped in part.skipped)
        read = [report for part in tried for report in part.reports]
        if read:
            return Reports((_top_of(read),), failed)
    return Reports(skipped=failed)


def _top_of(read: list[Report]) -> Report:
    """The report of all the design, with modules; what a summary lacks is taken from the top's own report."""
    whole = next((r for r in read if Path(r.file).stem == "csynth"), None)
    top = whole.top if whole else max(read, key=_size).top
    chosen = [r for r in read if r.top == top]
    best = whole if whole and whole.clock_target is not None else max(chosen, key=lambda r: r.clock_target is not None)
    others = tuple(as_module(r) for r in read if r.top != top)
    modules = next((r.modules for r in chosen if r.modules), _apart(others))
    slack = next((r.slack for r in chosen if r.slack.wns is not None), best.slack)
    return replace(best, modules=modules, slack=slack)


def _size(report: Report) -> tuple[int, ...]:
    """A top's resources include those of its modules."""
    used, cycles = report.used, report.latency.maximum
    return tuple(figure or 0 for figure in (used.lut, used.ff, used.dsp, used.bram_18k, cycles))


def _apart(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    return tuple({module.name: module for module in modules}.values())


def _without_repetition(parts: Iterable[Reports]) -> Reports:
    """One of those that say the same in a folder: HLS writes some reports twice, under two names."""
    reports: dict[Report, Report] = {}
    skipped: tuple[Skipped, ...] = ()
    for part in parts:
        skipped += part.skipped
        for report in part.reports:
            top = None if report.kind == "implementation" else report.top  # one of the two names does not say it
            reports.setdefault(replace(report, file="", top=top), report)
    return Reports(tuple(reports.values()), skipped)


def _sorted(parts: Iterable[Reports]) -> Reports:
    every = tuple(parts)
    reports = [report for part in every for report in part.reports]
    skipped = [left for part in every for left in part.skipped]
    return Reports(
        tuple(sorted(reports, key=lambda report: (KINDS.index(report.kind), report.file))),
        tuple(sorted(skipped, key=lambda left: left.file)),
    )
