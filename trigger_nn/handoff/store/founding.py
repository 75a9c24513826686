"""What makes a folder a store: one file with one content."""

import json

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store.place import MARKER, UNFINISHED, Place

KIND = {"format": 1, "kind": "trigger_nn release store"}
CONTENT = (json.dumps(KIND, sort_keys=True) + "\n").encode()


def is_store(place: Place) -> bool:
    """Whether there is a store.

    Raises:
        HandoffError: there is one of a later format, or the place can't be read.
    """
    content = place.read(MARKER)
    if content not in (None, CONTENT):
        raise HandoffError(
            f"{place.address}/{MARKER} is of no store that this version knows; use a later version, or another folder."
        )
    return content is not None


def require_store(place: Place) -> None:
    """Refuse to go on where there is no store.

    Raises:
        HandoffError: there is none.
    """
    if not is_store(place):
        raise HandoffError(f"There is no store at {place.address}; give the address of one, or publish there first.")


def found_store(place: Place) -> None:
    """Make a store, if there is none, of a folder that is empty or missing.

    Raises:
        HandoffError: the folder holds other files, or can't be written.
    """
    if is_store(place):
        return
    others = [name for name in place.names("") if not name.endswith(UNFINISHED)]
    if others and not is_store(place):  # asked again, as another writer may have made it just now
        raise HandoffError(f"{place.address} holds files but is no store; choose another folder, or an empty one.")
    place.create(MARKER, CONTENT)
