"""Records: what was done with a bundle, when, by whom. Each is a small JSON file that holds a seal over its content."""

import getpass
import json
import os
import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from trigger_nn.errors import HandoffError
from trigger_nn.files import sha256
from trigger_nn.recipe import Part
from trigger_nn.version import __version__

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Stamp(Part):
    """Where a record stands, and who made it: `previous` is the seal of the record before it, "" in the first one.

    `when` is UTC, ISO 8601, by the writer's clock; it is told, nothing depends on it. `token` is random: two records
    of the same content differ.
    """

    sequence: Annotated[int, Field(gt=0)]
    previous: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    token: str
    who: str
    when: str
    tool: str


class Action(Part):
    """What all records hold: which bundle, and why."""

    name: str
    version: str
    digest: Digest
    note: str
    stamp: Stamp


class Published(Action):
    """A bundle came in: SHA-256 and size (bytes) of its zip, and what its verification could not look at."""

    action: Literal["publish"] = "publish"
    archive: Digest
    size: Annotated[int, Field(gt=0)]
    checks: tuple[str, ...]
    unchecked: tuple[str, ...]


class Promoted(Action):
    """A channel points to this version from here on."""

    action: Literal["promote"] = "promote"
    channel: str


class Deprecated(Action):
    """That version should not be used any more; `note` says why."""

    action: Literal["deprecate"] = "deprecate"


Record = Published | Promoted | Deprecated
_READER: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="action")])


def stamp_now(sequence: int, previous: str) -> Stamp:
    """A stamp of this user, machine's time and version."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    tool = f"trigger_nn {__version__}"
    return Stamp(sequence=sequence, previous=previous, token=uuid.uuid4().hex, who=_user(), when=when, tool=tool)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run under a number that has no name
        return f"uid {os.getuid()}"


def _seal(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def written(record: Record) -> bytes:
    """The record's file: its content, and the SHA-256 over that, which the next record repeats."""
    content = record.model_dump(mode="json")
    return (json.dumps({"record": content, "seal": _seal(content)}, sort_keys=True, indent=1) + "\n").encode()


def read(content: bytes, where: str) -> tuple[Record, str]:
    """The record in a file, and its seal; `where` names the file in errors.

    Raises:
        HandoffError: the file is damaged, altered, or made by a later version.
    """
    try:
        found = json.loads(content)
        record, told = found["record"], found["seal"]
    except (ValueError, KeyError, TypeError):
        raise HandoffError(f"{where} is no record of a store; restore the file from a copy of the store.") from None
    if _seal(record) != told:
        raise HandoffError(f"{where} was altered: its seal does not fit it; restore the file from a copy of the store.")
    try:
        return _READER.validate_python(record), told
    except ValidationError as error:
        first = error.errors()[0]
        part = ".".join(map(str, first["loc"]))
        raise HandoffError(
            f"{where} is no record that version {__version__} reads ({part}: {first['msg']}); use a later version."
        ) from None
