"""What all operations are made of: constants, windows, and the fields every operation has."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed, to_float


@dataclass(frozen=True, eq=False)
class Constant:
    """Weights or a table: integer mantissas of one type. Equal when type, shape and mantissas are.

    The array given is copied and can't be written to, so that a frozen operation stays as it is: int64, or Python
    integers where one of them has more than 62 bits.

    Raises:
        ProgramError: the mantissas are no integers.
    """

    mantissa: np.ndarray
    type: Fixed

    def __post_init__(self) -> None:
        """Keep a copy that nobody can change."""
        object.__setattr__(self, "mantissa", _kept(np.asarray(self.mantissa)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Make it anew where it is unpickled or copied: numpy's own arrays come back writeable."""
        return Constant, (self.mantissa, self.type)

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Constant) and self.type == other.type and np.array_equal(self.mantissa, other.mantissa)

    def __hash__(self) -> int:
        """Hash by content."""
        wide = self.mantissa.dtype == object  # whose bytes are addresses
        content = tuple(self.mantissa.ravel().tolist()) if wide else self.mantissa.tobytes()
        return hash((self.type, self.mantissa.shape, content))

    def values(self) -> np.ndarray:
        """The numbers, as float64."""
        return to_float(self.mantissa, self.type)


def _kept(mantissa: np.ndarray) -> np.ndarray:
    """A copy for reading alone, of the same dtype for the same numbers whatever they came as."""
    if not _whole(mantissa):
        raise ProgramError(f"A constant holds integers, found {mantissa.dtype}; cast the numbers to its type first.")
    ends = [int(mantissa.min()), int(mantissa.max())] if mantissa.size else [0]
    wide = max(end.bit_length() for end in ends) > 62
    copy = np.array(mantissa, object if wide else np.int64, order="C")
    copy.flags.writeable = False
    return copy


def _whole(mantissa: np.ndarray) -> bool:
    if mantissa.dtype == object:
        return all(isinstance(number, int | np.integer) for number in mantissa.flat)
    return mantissa.dtype.kind in "iub"


@dataclass(frozen=True, kw_only=True)
class Node:
    """What all operations have."""

    name: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    type: Fixed


@dataclass(frozen=True, kw_only=True)
class Window:
    """How a window slides over an image: size, stride, padding as (top, bottom, left, right)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
