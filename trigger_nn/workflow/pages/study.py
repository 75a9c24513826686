"""The page of a study: what is read first, its sections, and where all of it comes from."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.events.storage.shards import MANIFEST
from trigger_nn.files import replacing, sha256
from trigger_nn.plots.page.values import Fact, Links, Page, Section, Text
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.studies.menu.combined import combined
from trigger_nn.studies.menu.values import MenuStudy, SignalStudy
from trigger_nn.studies.menu.words import khz
from trigger_nn.workflow.beside import Given
from trigger_nn.workflow.origin import origin_of
from trigger_nn.workflow.pages.menu import menu_sections
from trigger_nn.workflow.pages.writing import write_page
from trigger_nn.workflow.study import Studied

HASHED = 2**26  # bytes of a file that are worth a SHA-256; of a larger one its size is told
PAGE, NUMBERS = "report", "study.json"


def write_study(studied: Studied, page: Page, folder: Path) -> Path:
    """Write the study's page (HTML, JSON) and its tables as JSON into `folder`; the path of the HTML.

    Raises:
        TriggerNNError: the file system refuses.
    """
    with replacing(folder / NUMBERS) as temporary:
        temporary.write_text(json.dumps(plain(studied), indent=1, allow_nan=False) + "\n")
    return write_page(page, folder, PAGE)


def study_page(studied: Studied, program: Program, command: str = "") -> Page:
    """The page of a study of `program` that `command` made."""
    study, roles = studied.study, studied.roles
    told = f"Classes: {', '.join(roles.classes)}."
    if roles.signals:
        told = f"Signals: {', '.join(roles.signals)}. Backgrounds: {', '.join(roles.backgrounds)}."
    sections = (
        *study_sections(studied),
        Section("Files", (Links({"This page as JSON": f"{PAGE}.json", "All tables and curves as JSON": NUMBERS}),)),
    )
    subtitle = f"Program {study.digest[:16]}, scores {studied.type}. {told}"
    return Page(f"{program.name}: study", subtitle, _facts(study), sections, _provenance(studied, program, command))


def study_sections(studied: Studied) -> tuple[Section, ...]:
    """What must be known first, what could not be asked, and the answers."""
    first = {"Warnings": studied.warnings, "Left out": studied.left_out}
    told = {title: tuple(Text(sentence, warning=True) for sentence in said) for title, said in first.items() if said}
    return (
        *(Section(title, texts) for title, texts in told.items()),
        *menu_sections(studied.study, 2.0**-studied.type.fraction, studied.originals),
    )


def plain(value: Any) -> Any:
    """`value` as JSON holds it: dataclasses by field, arrays as lists, types as text, what is not finite as null."""
    match value:
        case Fixed():
            return str(value)
        case Given():
            return _events(value)
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case float():
            return value if isfinite(value) else None
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _facts(study: MenuStudy) -> tuple[Fact, ...]:
    speed = study.events / max(study.seconds, 1e-9)
    events = Fact(f"{study.events:,}", "events emulated, bit for bit")
    return (*decision_facts(study), events, Fact(f"{speed:,.0f}/s", "events read and emulated"))


def decision_facts(study: MenuStudy) -> tuple[Fact, ...]:
    """How well the network decides: of each signal, or of all classes."""
    found = [_kept(signal) for signal in study.signals]
    if study.classes:
        share = study.classes.accuracy
        told = f"accuracy ({share.low:.4f} to {share.high:.4f}) on this mixture of classes"
        found.append(Fact(f"{share.value:.4f}", told))
        found.append(Fact(f"{study.classes.balanced:.4f}", "accuracy with all classes counted alike"))
        areas = [roc.area.value for roc in study.classes.rocs]
        found.append(Fact(f"{np.mean(areas):.4f}", f"mean area under {len(areas)} curves"))
    return tuple(found)


def _kept(signal: SignalStudy) -> Fact:
    """The efficiency at the middle of the rates asked for."""
    row = signal.at_rate[len(signal.at_rate) // 2]
    kept, unresolved = combined(row), "" if row.resolved else "; the rate is not resolved"
    return Fact(
        f"{kept.value:.3f}",
        f"efficiency for {signal.signal} at {khz(row.target)} ({kept.low:.3f} to {kept.high:.3f}, of signal and "
        "background statistics in quadrature), "
        f"{row.threshold.told if row.threshold.always else f'score over {row.threshold.mantissa}'}{unresolved}",
    )


def _provenance(studied: Studied, program: Program, command: str) -> dict[str, str]:
    origin = origin_of(program)
    events = {f"events {number}": _told(part) for number, part in enumerate(studied.parts, 1)}
    return {
        "command": command or "none: made from Python",
        "program": f"{program.name}, digest {program.digest}",
        "recipe": f"as recorded with the program, SHA-256 {origin.recipe}" if origin.recipe else "none recorded",
        "study": json.dumps(plain(studied.spec), sort_keys=True),
        **events,
        "versions": ", ".join(f"{name} {version}" for name, version in origin.versions.items()),
    }


def _told(part: Given) -> str:
    found = _events(part)
    digest = f", SHA-256 {found['sha256']}" if found["sha256"] else ""
    of = f" of process {part.process}" if part.process else ""
    return f"{found['path']}, {found['events']:,} events{of}, {found['files']} files, {found['bytes']:,} bytes{digest}"


def _events(part: Given) -> dict[str, Any]:
    """Path, number of events, files and bytes; SHA-256 of a file that is not too large, or of a folder's manifest."""
    size = sum(source.size for source in part.sources)
    hashed = part.path / MANIFEST if part.path.is_dir() else part.path
    return {
        "path": str(part.path), "process": part.process, "split": part.reading.split, "events": part.events,
        "files": len(part.sources), "bytes": size,
        "sha256": sha256(hashed.read_bytes()) if hashed.stat().st_size <= HASHED else None,
    }  # fmt: skip
