"""What bundles, versions and channels may be called, so that each text means one thing and is safe as a file name."""

import re
from dataclasses import dataclass

from trigger_nn.errors import HandoffError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_VERSION = re.compile(r"v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})(?:(a|b|rc)([0-9]{1,9}))?")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
VERSION_RULE = "one to four numbers with dots between, then maybe a1, b1 or rc1, such as 1.2.3, v1.2.3 or 2.0rc1"
LAST = "z"  # sorts after a, b and rc: 1.0 comes after 1.0rc1


@dataclass(frozen=True)
class Version:
    """A version, a subset of PEP 440: 1.2, v1.2 and 1.2.0 are the same one, 1.2rc1 comes before it."""

    numbers: tuple[int, ...]
    stage: str = ""
    attempt: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """The version that `text` is.

        Raises:
            HandoffError: it is none.
        """
        found = _VERSION.fullmatch(text)
        if found is None:
            raise HandoffError(f"{text!r} is no version; give {VERSION_RULE}.")
        numbers = tuple(int(number) for number in found[1].split("."))
        return cls(numbers, found[2] or "", int(found[3] or 0))

    def __str__(self) -> str:
        stage = f"{self.stage}{self.attempt}" if self.stage else ""
        return ".".join(map(str, self.numbers)) + stage

    @property
    def key(self) -> tuple[tuple[int, ...], str, int]:
        """Equal for versions that are the same; older ones first."""
        numbers = self.numbers
        while numbers and numbers[-1] == 0:
            numbers = numbers[:-1]
        return numbers, self.stage or LAST, self.attempt


def is_name(text: str) -> bool:
    """Whether `text` has the form of a bundle's name."""
    return _NAME.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether `text` has the form of a version."""
    return _VERSION.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether `text` can be a digest or its first digits, eight at least."""
    return _DIGEST.fullmatch(text) is not None


def named(text: str) -> str:
    """`text`, if a bundle may have it as its name.

    Raises:
        HandoffError: it may not.
    """
    if not is_name(text):
        raise HandoffError(
            f"{text!r} is no name of a bundle; it starts with a letter and holds letters, digits and _ only."
        )
    return text


def channel_named(text: str) -> str:
    """`text`, if a channel may have it as its name: never what could be taken for a version or a digest.

    Raises:
        HandoffError: it may not.
    """
    if _CHANNEL.fullmatch(text) is None or is_version(text) or is_digest(text):
        raise HandoffError(
            f"{text!r} is no name of a channel; it starts with a lower-case letter, holds lower-case letters, digits, "
            "_ and - only, and looks neither like a version nor like a digest, such as production."
        )
    return text
