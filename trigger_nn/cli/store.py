"""The verbs of `trigger-nn store`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from trigger_nn.terminal import AsJson, console, notes, print_json

if TYPE_CHECKING:
    from trigger_nn.handoff.store import Release

app = typer.Typer(no_args_is_help=True, help="Release store: bundles by name, version and digest.")

Address = Annotated[str, typer.Argument(help="folder of the store, or a URL (s3://...; needs the extra `store`)")]
Name = Annotated[str, typer.Argument(help="name of the bundle, as in its manifest")]
VersionText = Annotated[str, typer.Argument(help="such as 1.2.3, v1.2.3 or 2.0rc1")]
Note = Annotated[str, typer.Option(help="kept with the record: why")]


@app.command()
def publish(
    store: Address,
    bundle: Annotated[Path, typer.Argument(help="folder or zip of the bundle")],
    version: VersionText,
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Verify a bundle, and bring it into the store under a version that never changes."""
    from trigger_nn.handoff.bundle import Bundle
    from trigger_nn.handoff.store import Store
    from trigger_nn.handoff.verify import verify

    with notes.status("verifying and publishing"):
        release = Store(store).publish(Bundle.read(bundle), version, verify, note)
    _print([release], as_json)


@app.command("list")
def list_(
    store: Address, name: Annotated[str, typer.Argument(help="of this one only")] = "", as_json: AsJson = False
) -> None:
    """Releases by name, older versions first, and the channels that point to them."""
    from trigger_nn.handoff.store import Store

    _print(Store(store).releases(name or None), as_json)


@app.command()
def history(store: Address, name: Name, as_json: AsJson = False) -> None:
    """All that was done with the bundles of a name, in order: what, who, when (UTC, by the clock of whoever did it)."""
    from trigger_nn.handoff.store import Store

    records = [record.model_dump(mode="json") for record in Store(store).history(name)]
    if as_json:
        print_json(records)
        return
    table = Table("", "action", "version", "digest", "channel", "who", "when", "with", "note", box=None)
    for record in records:
        stamp, channel = record["stamp"], record.get("channel", "")
        table.add_row(
            str(stamp["sequence"]), record["action"], record["version"], record["digest"][:8], channel,
            stamp["who"], stamp["when"], stamp["tool"], record["note"],
        )  # fmt: skip
    console.print(table)


@app.command()
def fetch(
    store: Address,
    name: Name,
    which: Annotated[str, typer.Argument(help="version, channel, or eight digits of the digest at least")],
    out: Annotated[Path, typer.Option(help="folder to put it in, as NAME-DIGEST8")] = Path("firmware_projects"),
    as_zip: Annotated[bool, typer.Option("--zip", help="as a zip, not as a folder")] = False,
    allow_deprecated: Annotated[bool, typer.Option("--allow-deprecated", help="also what should not be used")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a bundle out, every byte verified against its record."""
    from trigger_nn.files import replacing
    from trigger_nn.handoff.store import Store

    with notes.status("fetching"):
        release = Store(store).release(name, which)  # looked up once, so that a channel can't move in between
        bundle = Store(store).fetch(name, release.version, allow_deprecated)
    path = out / f"{name}-{release.digest[:8]}{'.zip' if as_zip else ''}"
    if as_zip:
        with replacing(path) as temporary:
            temporary.write_bytes(bundle.zip())
    else:
        bundle.write(path)
    if as_json:
        print_json(asdict(release) | {"path": str(path)})
        return
    if release.deprecated is not None:
        console.print(f"warning: {release} is deprecated: {release.deprecated}")
    console.print(f"{release}  digest {release.digest}\n{path}")


@app.command()
def promote(
    store: Address,
    name: Name,
    version: VersionText,
    channel: Annotated[str, typer.Argument(help="such as production")],
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Let a channel point to a version from now on; `history` keeps what it pointed to."""
    from trigger_nn.handoff.store import Store

    _print([Store(store).promote(name, version, channel, note)], as_json)


@app.command()
def deprecate(
    store: Address,
    name: Name,
    version: VersionText,
    reason: Annotated[str, typer.Option(help="why it should not be used any more")],
    as_json: AsJson = False,
) -> None:
    """Say that a version should not be used any more; fetching it then needs --allow-deprecated."""
    from trigger_nn.handoff.store import Store

    _print([Store(store).deprecate(name, version, reason)], as_json)


@app.command("verify")
def verify_store(store: Address, as_json: AsJson = False) -> None:
    """Read every record and every object; ends with code 1 if one is damaged or missing."""
    from trigger_nn.handoff.store import Store

    with notes.status("reading the store"):
        checks = Store(store).check()
        holds = all(check.holds for check in checks)
        orphans = Store(store).orphans() if holds else ()  # what belongs to nothing can't be known from damaged records
    if as_json:
        print_json({"checks": [asdict(check) for check in checks], "orphans": orphans})
    else:
        table = Table("what", "holds", "found", box=None)
        for check in checks:
            table.add_row(check.name, "yes" if check.holds else "NO", check.found)
        console.print(table)
        for key in orphans:
            console.print(f"{key} belongs to no release: left by a writer that was stopped, or being written now")
    raise typer.Exit(0 if holds else 1)


def _print(releases: "Sequence[Release]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(release) for release in releases])
        return
    table = Table("name", "version", "digest", "channels", "published by", "on (UTC)", "note", "deprecated", box=None)
    for release in releases:
        table.add_row(
            release.name, release.version, release.digest[:8], ", ".join(release.channels), release.who, release.when,
            release.note, release.deprecated or "",
        )  # fmt: skip
    console.print(table)
