"""The verb `trigger-nn study`: rates, efficiencies and all that follows, of a program on any number of events."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.errors import EventsError
from trigger_nn.terminal import AsJson, Bar, console, print_json

if TYPE_CHECKING:
    from trigger_nn.program.program import Program
    from trigger_nn.recipe import StudySpec
    from trigger_nn.studies.menu.values import ClassStudy, MenuStudy, WorkingRow

EVENTS = "events of this package (file or folder), or any that `emulate` reads"
PROCESS = "NAME=FILE: all events of FILE are of process NAME; again for each file. Plain numbers need it"
STUDY = "TOML file of what is asked: study's own keys, or a recipe with [study]; what the program records if not given"


def study(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    events: Annotated[list[Path] | None, typer.Argument(help=EVENTS, metavar="EVENTS")] = None,
    asked: Annotated[Path | None, typer.Option("--study", help=STUDY)] = None,
    rate_khz: Annotated[list[float] | None, typer.Option(help="a rate (kHz) to study, instead of those")] = None,
    out: Annotated[Path, typer.Option(help="folder for the page and its tables")] = Path("study"),
    split: Annotated[str, typer.Option(help="split of events files of this package")] = "test",
    process: Annotated[list[str] | None, typer.Option(help=PROCESS, metavar="NAME=FILE")] = None,
    signal: Annotated[list[str] | None, typer.Option(help="process that an output is for, in their order")] = None,
    background: Annotated[list[str] | None, typer.Option(help="process that counts as background")] = None,
    classes: Annotated[list[str] | None, typer.Option("--class", help="class of an output, in their order")] = None,
    output: Annotated[str, typer.Option(help="output port, of a program with several")] = "",
    column: Annotated[list[str] | None, typer.Option(help="column of the input, as `emulate` takes it")] = None,
    mapping: Annotated[Path | None, typer.Option(help="what foreign files hold, as `emulate` takes it")] = None,
    tree: Annotated[str, typer.Option(help="tree of ROOT files; the only one if not given")] = "",
    mantissas: Annotated[bool, typer.Option("--mantissas", help="the files hold the input's integers already")] = False,
    threads: Annotated[int | None, typer.Option(help="of the emulator; all cores if not given", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a program's trigger keeps at a rate, what each bit of its score buys, and what it adds to a menu.

    Thresholds are integers in the score's own units. What is recorded with the program is asked as far as the events
    can answer; of a --study of your own, a column that they lack is an error.
    """
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.asking import roles_of
    from trigger_nn.workflow.pages.study import plain, study_page, write_study
    from trigger_nn.workflow.reading import Reading
    from trigger_nn.workflow.study import study as run

    loaded = Program.load(program)
    with Bar() as progress:
        found = run(
            loaded, tuple(events or ()), _spec(loaded, asked, tuple(rate_khz or ())),
            roles=roles_of(loaded, signal or (), background or (), classes or ()),
            reading=Reading(split, tuple(column or ()), mapping, tree, mantissas), processes=_processes(process or []),
            output=output, strict=asked is not None, threads=threads, progress=progress,
        )  # fmt: skip
        page = write_study(found, study_page(found, loaded, shlex.join(["trigger-nn", *sys.argv[1:]])), out)
    if as_json:
        print_json({"page": page, **plain(found)})
        return
    _say(found.study)
    for sentence in (*(f"Warning: {warning}" for warning in found.warnings), *found.left_out):
        console.print(sentence)
    console.print(f"{found.study.events} events, page at {page}")


def _spec(program: "Program", path: Path | None, rates: tuple[float, ...]) -> "StudySpec":
    from trigger_nn.recipe import StudySpec, recipe_of
    from trigger_nn.workflow.asking import load_study, recorded_study

    spec = load_study(path) if path else recorded_study(program)
    return recipe_of(spec.model_dump() | {"rates_khz": rates}, StudySpec, "--rate-khz") if rates else spec


def _processes(given: list[str]) -> dict[str, list[Path]]:
    """Files by process."""
    found: dict[str, list[Path]] = {}
    for text in given:
        name, _, file = text.partition("=")
        if not name or not file:
            raise EventsError(f"--process {text} names no process and file; write --process NAME=FILE.")
        found.setdefault(name, []).append(Path(file))
    return found


def _say(study: "MenuStudy") -> None:
    if study.classes:
        _say_classes(study.classes)
        return
    heads = ("signal", "asked (kHz)", "score over", "rate (kHz)", "68 %", "efficiency", "68 %", "")
    table = Table(*heads, box=None)
    for signal in study.signals:
        for row in signal.at_rate:
            table.add_row(signal.signal, *_working(row))
    console.print(table)
    console.print("Intervals of efficiencies are of signal and background statistics in quadrature.")
    if any(not row.resolved for signal in study.signals for row in signal.at_rate):
        console.print("Not resolved: too few background events pass, or heavier ones unseen could add as much.")
    for signal in study.signals:
        for found in signal.coarseness:
            if found.cause != "fine":
                console.print(f"{signal.signal}: {found.statement}")


def _working(row: "WorkingRow") -> tuple[str, ...]:
    from trigger_nn.studies.menu.combined import combined
    from trigger_nn.studies.menu.words import significant

    rate, kept = row.threshold.rate, combined(row)
    target, value, low, high = (significant(hertz / 1e3) for hertz in (row.target, rate.value, rate.low, rate.high))
    return (
        target, row.threshold.told, value, f"{low} to {high}", f"{kept.value:.3f}",
        f"{kept.low:.3f} to {kept.high:.3f}", "" if row.resolved else "not resolved",
    )  # fmt: skip


def _say_classes(classes: "ClassStudy") -> None:
    share = classes.accuracy
    console.print(
        f"accuracy {share.value:.4f} ({share.low:.4f} to {share.high:.4f}) of {classes.events} events, which "
        f"depends on how many are of each class; with all classes counted alike {classes.balanced:.4f}"
    )
    table = Table("class", "area against all others", "68 %", box=None)
    for roc in classes.rocs:
        table.add_row(roc.signal, f"{roc.area.value:.5f}", f"{roc.area.low:.5f} to {roc.area.high:.5f}")
    console.print(table)
