"""The release store's verbs. Those that write make at most one object and one record, in that order."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.store import archives, audit, log
from trigger_nn.handoff.store.admission import admitted, identified
from trigger_nn.handoff.store.founding import found_store, is_store, require_store
from trigger_nn.handoff.store.log import Log
from trigger_nn.handoff.store.names import Version, channel_named, named
from trigger_nn.handoff.store.place import Place
from trigger_nn.handoff.store.places import place_at
from trigger_nn.handoff.store.records import Deprecated, Promoted, Published, Record
from trigger_nn.handoff.store.releases import Release, chosen, released, releases_of, versioned
from trigger_nn.handoff.verification import Check, Verification


@dataclass(frozen=True)
class Store:
    """A store at a path, or at a URL that fsspec can reach; the first publication makes it.

    Safe under any number of writers at once, in a folder and where the server creates files exclusively (`Remote` says
    where that is, and what holds elsewhere). All functions raise HandoffError where there is no store, the place can't
    be read or written, or a record is damaged.
    """

    address: str | Path

    @cached_property
    def place(self) -> Place:
        """Where the files are."""
        return place_at(self.address)

    def publish(
        self, bundle: Bundle, version: str, verify: Callable[[Bundle], Verification], note: str = ""
    ) -> Release:
        """Bring a bundle in, under the name in its manifest and `version`; if it is there already, nothing is changed.

        Raises:
            HandoffError: something in its verification fails, the version is none, or it is another bundle's.
        """
        name, wanted = identified(bundle), Version.parse(version)
        if is_store(self.place):  # refuse before a long verification, if it can be known before
            _same(log.read_log(self.place, name), wanted, bundle)
        seen, content = admitted(bundle, verify), bundle.zip()
        found_store(self.place)
        archive = archives.put(self.place, content)

        def draft(known: Log) -> Published | None:
            if _same(known, wanted, bundle):
                return None
            return Published(
                name=name, version=str(wanted), digest=bundle.digest, note=note, stamp=known.next_stamp,
                archive=archive, size=len(content), checks=seen.checks, unchecked=seen.unchecked,
            )  # fmt: skip

        return released(log.append(self.place, name, draft), wanted)

    def names(self) -> tuple[str, ...]:
        """Names of bundles, sorted."""
        require_store(self.place)
        return log.names(self.place)

    def releases(self, name: str | None = None) -> tuple[Release, ...]:
        """All releases, or those of one name: by name, older versions first.

        Raises:
            HandoffError: nothing has that name.
        """
        names = self.names() if name is None else (name,)
        return tuple(release for each in names for release in releases_of(self._log(each)))

    def history(self, name: str) -> tuple[Record, ...]:
        """All that was done with the bundles of a name, in order.

        Raises:
            HandoffError: nothing has that name.
        """
        return self._log(name).records

    def release(self, name: str, which: str) -> Release:
        """The release that a version, a channel or a digest (eight digits of it at least) means.

        Raises:
            HandoffError: it means none, or several bundles.
        """
        known = releases_of(self._log(name))
        found = chosen(known, which)
        if found is None:
            versions = ", ".join(release.version for release in known)
            channels = ", ".join(sorted(channel for release in known for channel in release.channels)) or "none"
            raise HandoffError(f"{name} has no release {which!r}; versions: {versions}; channels: {channels}.")
        return found

    def fetch(self, name: str, which: str, allow_deprecated: bool = False) -> Bundle:
        """The bundle that a version, channel or digest means, every byte verified against the record.

        Raises:
            HandoffError: there is none, it is deprecated and that is not allowed, or its object is missing or damaged.
        """
        release = self.release(name, which)
        if release.deprecated is not None and not allow_deprecated:
            raise HandoffError(
                f"{release} is deprecated ({release.deprecated}); take another version, or allow deprecated ones."
            )
        return archives.taken(self.place, release)

    def promote(self, name: str, version: str, channel: str, note: str = "") -> Release:
        """Let a channel, such as "production", point to a version from now on.

        Raises:
            HandoffError: there is no such version, it is deprecated, or the channel can't be called that.
        """
        channel_named(channel)

        def draft(known: Log) -> Promoted:
            release = released(known, Version.parse(version))
            if release.deprecated is not None:
                raise HandoffError(f"{release} is deprecated ({release.deprecated}); promote another version.")
            stamp = known.next_stamp
            return Promoted(
                name=name, version=release.version, digest=release.digest, note=note, stamp=stamp, channel=channel
            )

        return self._appended(name, version, draft)

    def deprecate(self, name: str, version: str, reason: str) -> Release:
        """Say that a version should not be used any more, and why; channels that point to it go on doing so.

        Raises:
            HandoffError: there is no such version, or no reason is given.
        """
        if not reason.strip():
            raise HandoffError(f"No reason is given why {name} {version} is deprecated; give one.")

        def draft(known: Log) -> Deprecated:
            release = released(known, Version.parse(version))
            stamp = known.next_stamp
            return Deprecated(name=name, version=release.version, digest=release.digest, note=reason, stamp=stamp)

        return self._appended(name, version, draft)

    def check(self) -> tuple[Check, ...]:
        """Read every record and every object: what holds of them."""
        return tuple(check for name in self.names() for check in audit.checks_of(self.place, name))

    def orphans(self) -> tuple[str, ...]:
        """Files that no record names, by key: what writers left that were killed or refused. They harm nothing.

        They may be removed by hand while nobody publishes: a publication under way looks the same until its record is
        made. Publishing the same bundle again uses such an object.
        """
        require_store(self.place)
        return audit.orphans(self.place)

    def _appended(self, name: str, version: str, draft: Callable[[Log], Record]) -> Release:
        require_store(self.place)
        return released(log.append(self.place, named(name), draft), Version.parse(version))

    def _log(self, name: str) -> Log:
        names = self.names()
        if named(name) not in names:
            raise HandoffError(
                f"There is no {name} in {self.place.address}; there is: {', '.join(names) or 'nothing'}."
            )
        return log.read_log(self.place, name)


def _same(known: Log, version: Version, bundle: Bundle) -> bool:
    """Whether that version is there, and is this bundle.

    Raises:
        HandoffError: it is another bundle.
    """
    there = versioned(releases_of(known), version)
    if there is not None and there.digest != bundle.digest:
        raise HandoffError(
            f"{there} is published already, with digest {there.digest[:8]} by {there.who} on {there.when}; this bundle "
            f"has {bundle.digest[:8]}. A version never changes: publish under a new one."
        )
    return there is not None
