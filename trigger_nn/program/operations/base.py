"""What all operations are made of: constants, windows, and the fields every operation has."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.program.fixed import Fixed, to_float


@dataclass(frozen=True, eq=False)
class Constant:
    """Weights or a table: integer mantissas of one type. Equal when type, shape and mantissas are."""

    mantissa: np.ndarray
    type: Fixed

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Constant) and self.type == other.type and np.array_equal(self.mantissa, other.mantissa)

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.type, self.mantissa.shape, self.mantissa.tobytes()))

    def values(self) -> np.ndarray:
        """The numbers, as float64."""
        return to_float(self.mantissa, self.type)


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
