"""Lists of differing length as flat arrays: rows `offsets[i]:offsets[i + 1]` belong to event i.

Values that hold such lists are frozen dataclasses of arrays, one of them named `offsets`.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def event_of(offsets: np.ndarray) -> np.ndarray:
    """Event number of each row."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def picked(offsets: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and rows of the lists `which` (indices, repeats allowed), one after the other, without a Python loop."""
    starts, lengths = offsets[which], offsets[which + 1] - offsets[which]
    ends = np.cumsum(lengths)
    new = np.concatenate([[0], ends])
    return new, np.arange(new[-1]) + np.repeat(starts - (ends - lengths), lengths)


def concatenated(parts: Sequence[T]) -> T:
    """Values of one kind, one after the other: arrays joined, offsets shifted, values inside them likewise."""

    def joined(name: str) -> Any:
        values = [getattr(part, name) for part in parts]
        if values[0] is None:
            return None
        if is_dataclass(values[0]):
            return concatenated(values)
        return _offsets(values) if name == "offsets" else np.concatenate(values)

    first: Any = parts[0]
    joined_fields = {field.name: joined(field.name) for field in fields(first)}
    return type(parts[0])(**joined_fields)


def _offsets(parts: Sequence[np.ndarray]) -> np.ndarray:
    shifts = np.cumsum([0, *(int(part[-1]) for part in parts)])
    return np.concatenate([[0], *(part[1:] + shift for part, shift in zip(parts, shifts[:-1], strict=True))])
