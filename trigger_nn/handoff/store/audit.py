"""Looking through a whole store: does everything hold, and what belongs to nothing."""

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store import archives, log
from trigger_nn.handoff.store.place import UNFINISHED, Place
from trigger_nn.handoff.store.releases import Release, releases_of
from trigger_nn.handoff.verification import Check


def checks_of(place: Place, name: str) -> tuple[Check, ...]:
    """Read every record of a name and every object that they name: what holds of them."""
    try:
        known = log.read_log(place, name)
        releases = releases_of(known)
    except HandoffError as error:
        return (Check(f"records of {name}", False, str(error)),)
    told = Check(f"records of {name}", True, f"{len(known.records)}, none missing, each follows the one before it")
    return (told, *(_object_check(place, release) for release in releases))


def _object_check(place: Place, release: Release) -> Check:
    try:
        archives.taken(place, release)
    except HandoffError as error:
        return Check(str(release), False, str(error))
    return Check(str(release), True, f"{release.size} bytes of SHA-256 {release.archive}")


def orphans(place: Place) -> tuple[str, ...]:
    """Keys of objects that no record names, and of files that were never finished, sorted.

    Raises:
        HandoffError: a record is damaged, so that it can't be known what it names.
    """
    names = log.names(place)
    kept = {archives.key(release.archive) for name in names for release in releases_of(log.read_log(place, name))}
    objects = {f"{archives.FOLDER}/{name}" for name in place.names(archives.FOLDER)}
    folders = ("", *(f"{log.FOLDER}/{name}" for name in names))
    others = {f"{folder}/{name}".lstrip("/") for folder in folders for name in place.names(folder)}
    return tuple(sorted(objects - kept | {key for key in others if key.endswith(UNFINISHED)}))
