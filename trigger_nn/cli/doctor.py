"""The verb `trigger-nn doctor`: what is here, what each missing thing would give, and how to get it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.workflow.doctor import Diagnosis, Extra, Package


def doctor(
    build: Annotated[Path, typer.Option(help="folder for intermediate files, whose disk is looked at")] = Path("build"),
    as_json: AsJson = False,
) -> None:
    """Which packages and tools are here, their versions, what each missing one would give and how to get it.

    Also whether the native engine gives the right bits on this processor. Ends with code 1 if the main job (`run`)
    lacks something.
    """
    from trigger_nn.workflow.doctor import diagnose

    with notes.status("looking"):
        found = diagnose(build)
    if as_json:
        print_json(as_plain(found))
    else:
        _print(found)
    if found.wanting:
        raise typer.Exit(1)


def as_plain(found: "Diagnosis") -> dict[str, Any]:
    """What was found, as JSON holds it; what is not here has the version null."""
    from trigger_nn.version import __version__

    tools = [
        {
            "name": tool.name, "version": here.version if here else None, "where": here.where if here else None,
            "gives": tool.gives, "get": tool.get, "main": tool.main,
        }
        for tool, here in found.tools
    ]  # fmt: skip
    return {
        "trigger_nn": __version__, "fit": not found.wanting, "wanting": found.wanting, "notes": found.notes,
        "machine": asdict(found.machine), "terminal": _terminal(), "engine": asdict(found.engine),
        "extras": [_extra(extra) for extra in found.extras], "tools": tools,
    }  # fmt: skip


def _extra(extra: "Extra") -> dict[str, Any]:
    packages = [asdict(package) | {"version": package.version or None} for package in extra.packages]
    return {
        "name": extra.name, "gives": extra.gives, "complete": extra.complete, "includes": extra.includes,
        "get": extra.get, "packages": packages,
    }  # fmt: skip


def _terminal() -> dict[str, Any]:
    return {"is_terminal": console.is_terminal, "colour": console.color_system, "width": console.width}


def _print(found: "Diagnosis") -> None:
    machine, engine, terminal = found.machine, found.engine, _terminal()
    looks = f"{terminal['width']} columns, colour {terminal['colour']}" if terminal["is_terminal"] else "none: a log"
    state = engine.error or f"right bits on {', '.join(engine.targets)}; takes {engine.targets[0]}"
    console.print(
        f"machine    Python {machine.python}, {machine.system}\n"
        f"           {machine.cores} cores, {machine.memory:.0f} GB of memory, {machine.disk:.0f} GB free for "
        f"{machine.build}\nterminal   {looks}\nengine     {state} (made and run in {engine.seconds:.2f} s)"
    )
    console.print(_extras(found))
    console.print(_tools(found))
    for note in found.notes:
        console.print(f"note: {note}.")
    for sentence in found.wanting:
        console.print(f"the main job lacks: {sentence}.")
    if not found.wanting:
        console.print("the main job (`trigger-nn run RECIPE`) has all it needs")


def _extras(found: "Diagnosis") -> Table:
    table = Table("extra", "package", "wanted", "here", "", "it gives, or how to get it", box=None)
    for extra in found.extras:
        told = [extra.gives]
        if extra.includes:
            told.append(f"with {', '.join(extra.includes)}")
        if not extra.complete:
            told.append(extra.get)
        rows = max(len(extra.packages), len(told))
        for i in range(rows):
            cells = _cells(extra.packages[i]) if i < len(extra.packages) else ("", "", "", "")
            table.add_row("" if i else extra.name, *cells, told[i] if i < len(told) else "")
    return table


def _cells(package: "Package") -> tuple[str, str, str, str]:
    state = "ok" if package.fits else "OTHER VERSION" if package.version else "MISSING"
    return package.name, package.wanted or "any", package.version or "-", state


def _tools(found: "Diagnosis") -> Table:
    table = Table("tool", "version", "where", "what it is for", "how to get it", box=None)
    for tool, here in found.tools:
        version = (here.version or "?") if here else "-"
        table.add_row(tool.name, version, here.where if here else "not here", tool.gives, "" if here else tool.get)
    return table
