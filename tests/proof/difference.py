"""Where two arrays differ first, as a sentence."""

from typing import Any

import numpy as np


def first_difference(theirs: np.ndarray, ours: np.ndarray, names: tuple[str, str] = ("C++", "emulator")) -> str:
    """A sentence on the first event and element that differ, empty if none does; both (events, elements)."""
    if theirs.shape != ours.shape:
        return f"shapes differ: {names[0]} {theirs.shape}, {names[1]} {ours.shape}"
    where = np.argwhere(theirs != ours)
    if not len(where):
        return ""
    event, element = (int(index) for index in where[0])
    return (
        f"event {event}, element {element}: {names[0]} {_plain(theirs[event, element])!r}, "
        f"{names[1]} {_plain(ours[event, element])!r} ({len(where)} of {theirs.size} values differ)"
    )


def _plain(value: Any) -> Any:
    """Python's number; mantissas of more than 64 bits are one already."""
    return value.item() if isinstance(value, np.generic) else value
