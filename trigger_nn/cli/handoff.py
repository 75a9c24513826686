"""The verbs of the hand-over: bundle, verify, report. Each takes a recipe (TOML), or what was made of one."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.cli.report import vendor_report
from trigger_nn.cli.steps import (
    DEFAULT_BUILD,
    DEFAULT_BUNDLES,
    BuildFolder,
    BundleFolder,
    Force,
    recorded,
    summary,
    until,
)
from trigger_nn.errors import HandoffError
from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.handoff.verification import Verification

app = typer.Typer()

INCOMPLETE = 3  # exit code
MARKS = {True: "holds", False: "FAILS", None: "not checked"}


@app.command()
def bundle(
    target: Annotated[Path, typer.Argument(help="compiled program (HDF5), or a recipe (TOML)", metavar="PROGRAM")],
    events: Annotated[
        Path | None,
        typer.Option(help="events for the vectors: a sample of this package, or numbers (.npy; by port name .npz)"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Keras model of the program; quantized.h5 beside it if not given")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="recipe whose [handoff] and [study] count")] = None,
    split: Annotated[str | None, typer.Option(help="split of the events file; test if not given")] = None,
    vectors: Annotated[
        int | None, typer.Option(help="real events among the vectors; the recipe's number, or 500", min=1)
    ] = None,
    build: BuildFolder = DEFAULT_BUILD,
    out: BundleFolder = DEFAULT_BUNDLES,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write what the firmware engineer receives, as OUT/NAME-DIGEST and as a zip.

    Of a program with --events, or of a recipe, whose earlier steps are then brought up to date.
    """
    if is_recipe(target):
        _refuse(
            target, {"--events": events, "--model": model, "--recipe": recipe, "--split": split, "--vectors": vectors}
        )
        workspace = until("bundle", target, build, out, force)
        if as_json:
            print_json(recorded(workspace, "bundle.json"))
        return
    if force:
        raise HandoffError(
            f"--force repeats a step of a recipe; {target} is made into a bundle whenever it is asked for."
        )
    if events is None:
        raise HandoffError(f"Real events are wanted for the test vectors of {target}; give them with --events FILE.")
    from trigger_nn.workflow.handoff import program_bundle
    from trigger_nn.workflow.workspace import in_repository, write_bundle

    command = f"trigger-nn bundle {in_repository(target)} --events {in_repository(events)}"
    for name, given in (("--model", model), ("--recipe", recipe)):
        command += f" {name} {in_repository(given)}" if given else ""
    for name, value in (("--split", split), ("--vectors", vectors)):
        command += f" {name} {value}" if value else ""
    with notes.status("making the bundle"):
        made = program_bundle(target, events, model, recipe, split or "test", vectors, command)
        folder = write_bundle(made, out)
    if as_json:
        print_json({"folder": folder, "digest": made.digest})
    else:
        console.print(f"{len(made.files)} files, digest {made.digest}\n{folder}\n{folder}.zip")


@app.command()
def verify(
    target: Annotated[Path, typer.Argument(help="bundle (folder or zip), or a recipe (TOML)", metavar="BUNDLE")],
    no_build: Annotated[bool, typer.Option("--no-build", help="leave `make check` out")] = False,
    as_json: AsJson = False,
    build: BuildFolder = DEFAULT_BUILD,
    force: Force = False,
) -> None:
    """Is a bundle what it says it is: every hash, the expected outputs emulated again, `make check`. Code 1 if not.

    Code 3 if something could not be looked at here, such as `make check` without g++.

    Of a recipe: build hls4ml's C++ with g++ and compare every layer with the emulator, bit for bit.
    """
    if is_recipe(target):
        _refuse(target, {"--no-build": no_build or None})
        workspace = until("verify", target, build, DEFAULT_BUNDLES, force)
        if as_json:
            print_json({"holds": True, "agreements": recorded(workspace, "agreement.json")})
        return
    from trigger_nn.handoff.building import MAKE_CHECK
    from trigger_nn.handoff.verify import verify_path

    with notes.status("verifying; `make check` takes a minute" if not no_build else "verifying"):
        found = verify_path(target, not no_build)
    if as_json:
        print_json(asdict(found) | {"holds": found.holds, "complete": found.complete})
    else:
        print_verification(found)
    left = [check.name for check in found.unchecked if not (no_build and check.name == MAKE_CHECK)]
    raise typer.Exit(1 if not found.holds else INCOMPLETE if left else 0)


@app.command()
def report(
    target: Annotated[
        Path, typer.Argument(help="folder with reports of vendor tools, or a recipe (TOML)", metavar="PROJECT")
    ],
    program: Annotated[
        Path | None, typer.Option(help="compiled program to estimate beside; found in a bundle by itself")
    ] = None,
    as_json: AsJson = False,
    build: BuildFolder = DEFAULT_BUILD,
    out: BundleFolder = DEFAULT_BUNDLES,
    force: Force = False,
) -> None:
    """What the vendor's tools reported, beside our estimate.

    Of a recipe: compare float, quantized, emulated and cut-based triggers, and write one HTML page.
    """
    if is_recipe(target):
        _refuse(target, {"--program": program})
        summary(until("report", target, build, out, force), as_json)
        return
    vendor_report(target, program, as_json)


def is_recipe(path: Path) -> bool:
    """Whether a verb is to treat `path` as a recipe."""
    return path.suffix == ".toml"


def print_verification(found: "Verification") -> None:
    """A table of what was looked at, and a sentence."""
    table = Table("what", "", "found", box=None)
    for check in found.checks:
        table.add_row(check.name, MARKS[check.holds], check.found)
    console.print(table)
    verdict = "holds" if found.holds else f"does NOT hold: {', '.join(c.name for c in found.failures)}"
    if found.holds and found.unchecked:
        verdict = f"holds as far as it was looked at; not checked: {', '.join(c.name for c in found.unchecked)}"
    console.print(f"bundle {found.digest[:12]} {verdict}")


def _refuse(recipe: Path, given: dict[str, object]) -> None:
    """Options that do not go with a recipe."""
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise HandoffError(
            f"{named[0]} does not go with the recipe {recipe}, which decides all; give what was made of it, program or "
            "bundle."
        )
