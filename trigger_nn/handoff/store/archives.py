"""Objects: zips under the SHA-256 of their bytes."""

from trigger_nn.errors import HandoffError
from trigger_nn.files import sha256
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.store.place import Place
from trigger_nn.handoff.store.releases import Release

FOLDER = "objects"


def key(archive: str) -> str:
    """Where the zip of that SHA-256 is."""
    return f"{FOLDER}/{archive}.zip"


def put(place: Place, content: bytes) -> str:
    """Bring a zip in, if it is not there yet; its SHA-256.

    Raises:
        HandoffError: there is another file under its name, or the place can't be written.
    """
    archive = sha256(content)
    if not place.create(key(archive), content):
        raise HandoffError(
            f"{place.address}/{key(archive)} is damaged: its bytes don't have that SHA-256. Remove it, then "
            "publish again."
        )
    return archive


def taken(place: Place, release: Release) -> Bundle:
    """The bundle of a release, every byte verified.

    Raises:
        HandoffError: its object is missing or damaged.
    """
    where = f"{place.address}/{key(release.archive)}"
    content = place.read(key(release.archive))
    if content is None:
        raise HandoffError(f"{where}, the bundle of {release}, is missing; publish that bundle again.")
    if sha256(content) != release.archive:
        raise HandoffError(
            f"{where}, the bundle of {release}, is damaged: its bytes don't have that SHA-256. Remove it, then publish "
            "that bundle again."
        )
    bundle = Bundle.unzipped(content, where)
    if bundle.digest != release.digest:
        raise HandoffError(f"{where} is not the bundle {release.digest[:8]} of {release}; its record was forged.")
    return bundle
