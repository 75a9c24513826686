"""What a store needs of a file system: three functions."""

import uuid
from typing import Protocol

MARKER = "store.json"  # the file that makes a folder a store; all writers would write the same
UNFINISHED = ".part"  # ends the name of a file that its writer did not, or not yet, bring to its final name


class Place(Protocol):
    """Files by key, a relative path with forward slashes. No file is ever overwritten or removed."""

    @property
    def address(self) -> str:
        """How a person names this place."""

    def read(self, key: str) -> bytes | None:
        """The bytes of a file; None if there is none.

        Raises:
            HandoffError: the place can't be read.
        """

    def create(self, key: str, content: bytes) -> bool:
        """Make a file, whole or not at all, unless there is one: whether `key` now holds just `content`.

        Raises:
            HandoffError: the place can't be written.
        """

    def names(self, folder: str) -> tuple[str, ...]:
        """Names of the files and folders directly in `folder` ("" is the top), sorted; none if it does not exist.

        Raises:
            HandoffError: the place can't be read.
        """


def unfinished(name: str) -> str:
    """A name that no other writer uses, for a file that will become `name`."""
    return f"{name}.{uuid.uuid4().hex}{UNFINISHED}"
