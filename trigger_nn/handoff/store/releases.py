"""Releases: what the records of a name amount to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store.log import Log
from trigger_nn.handoff.store.names import Version, is_digest, is_version
from trigger_nn.handoff.store.records import Deprecated, Promoted, Published, Record


@dataclass(frozen=True)
class Release:
    """A bundle under a version: `archive` and `size` (bytes) are of its zip; `deprecated` says why, or is None.

    `who`, `when` (UTC, ISO 8601) and `note` are of its publication; `channels` point to it now; `unchecked` is what its
    verification could not look at.
    """

    name: str
    version: str
    digest: str
    archive: str
    size: int
    who: str
    when: str
    note: str
    unchecked: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    deprecated: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def releases_of(log: Log) -> tuple[Release, ...]:
    """Releases that a log amounts to, older versions first.

    Raises:
        HandoffError: a record speaks of a version that the records before it don't know.
    """
    found: dict[object, Release] = {}
    for record in log.records:
        found |= _after(found, record)
    return tuple(sorted(found.values(), key=lambda release: Version.parse(release.version).key))


def _after(releases: Mapping[object, Release], record: Record) -> dict[object, Release]:
    """The releases that a record changes."""
    version = Version.parse(record.version).key
    if (version in releases) == isinstance(record, Published):
        raise HandoffError(
            f"Record {record.stamp.sequence} of {record.name} ({record.action} {record.version}) contradicts those "
            "before it; restore the records from a copy of the store."
        )
    match record:
        case Published():
            return {version: _release(record)}
        case Promoted(channel=channel):
            others = {key: _without(release, channel) for key, release in releases.items()}
            here = others[version]
            return others | {version: replace(here, channels=tuple(sorted((*here.channels, channel))))}
        case Deprecated():
            return {version: replace(releases[version], deprecated=record.note)}
        case _:
            assert_never(record)


def _release(record: Published) -> Release:
    who, when = record.stamp.who, record.stamp.when
    return Release(
        record.name, record.version, record.digest, record.archive, record.size, who, when, record.note,
        record.unchecked,
    )  # fmt: skip


def _without(release: Release, channel: str) -> Release:
    return replace(release, channels=tuple(name for name in release.channels if name != channel))


def versioned(releases: tuple[Release, ...], version: Version) -> Release | None:
    """The release of that version, if there is one."""
    return next((release for release in releases if Version.parse(release.version).key == version.key), None)


def released(log: Log, version: Version) -> Release:
    """The release of that version.

    Raises:
        HandoffError: there is none.
    """
    releases = releases_of(log)
    found = versioned(releases, version)
    if found is None:
        there = ", ".join(release.version for release in releases) or "none"
        raise HandoffError(f"{log.name} has no version {version}; published: {there}.")
    return found


def chosen(releases: tuple[Release, ...], which: str) -> Release | None:
    """The release that a version, a channel or a digest (eight digits of it at least) means; None if it means none.

    Of several versions of the same bundle a digest means the last one that is not deprecated.

    Raises:
        HandoffError: the digits fit different bundles.
    """
    if is_version(which) and (release := versioned(releases, Version.parse(which))) is not None:
        return release
    pointed = [release for release in releases if which in release.channels]
    if pointed:
        return pointed[0]
    fitting = [release for release in releases if is_digest(which) and release.digest.startswith(which)]
    if len({release.digest for release in fitting}) > 1:
        raise HandoffError(f"Digest {which} fits {', '.join(map(str, fitting))}; give more digits.")
    good = [release for release in fitting if release.deprecated is None]
    return next(reversed(good or fitting), None)
