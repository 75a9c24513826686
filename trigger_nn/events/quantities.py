"""What a number of an event means: name, unit, value of one count, offset, range; and the check that two sides agree.

Values are integers (mantissas) everywhere behind the front end. A `Quantity` says what they stand for, a `Column` how
they are arranged; both are kept in every events file and recorded with every model, and compared when the two meet.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed

REAL = "real"  # the type of a quantity that was never quantized


@dataclass(frozen=True)
class Quantity:
    """One number of an event: value = `offset` + `lsb` * mantissa, in `unit`.

    `type` is how the mantissa is held in firmware: `fixed<width,integer>`, whose point does not change the value; or
    None for real numbers that were not quantized (files of other programs). `minimum` and `maximum` bound the
    mantissa; without them the type does. A value is truncated to the count below it or, `nearest`, as angles are,
    rounded to the nearest one.
    """

    name: str
    unit: str
    type: Fixed | None
    lsb: float = 1.0
    offset: float = 0.0
    minimum: int | None = None
    maximum: int | None = None
    nearest: bool = False

    @property
    def lowest(self) -> float:
        """Smallest mantissa allowed."""
        return self._bound(self.minimum, self.type.minimum if self.type else -np.inf)

    @property
    def highest(self) -> float:
        """Largest mantissa allowed."""
        return self._bound(self.maximum, self.type.maximum if self.type else np.inf)

    @staticmethod
    def _bound(stated: int | None, default: float) -> float:
        return default if stated is None else stated

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Values in `unit` -> mantissas: truncated or rounded, saturating at the range. int64."""
        return np.clip(self._counts(values), self.lowest, self.highest).astype(np.int64)

    def saturates(self, values: np.ndarray) -> np.ndarray:
        """Which values in `unit` are beyond the range, bool."""
        counts = self._counts(values)
        return (counts < self.lowest) | (counts > self.highest)

    def _counts(self, values: np.ndarray) -> np.ndarray:
        exact = (np.asarray(values, np.float64) - self.offset) / self.lsb
        return np.asarray(np.floor(exact + 0.5) if self.nearest else np.floor(exact))

    def value(self, mantissas: np.ndarray) -> np.ndarray:
        """Mantissas -> values in `unit`: the lower edge of the step, or its middle if rounded; float64."""
        return self.offset + self.lsb * np.asarray(mantissas, np.float64)

    def __str__(self) -> str:
        """Render for a person: `et in counts of 0.5 GeV (ufixed<10,10>)`."""
        if self.type is None:
            return f"{self.name} in {self.unit}"
        start = f" from {self.offset:g}" if self.offset else ""
        if (self.minimum, self.maximum) != (None, None):
            start += f" within {self.lowest:g} to {self.highest:g}"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.name} in counts of {self.lsb:g}{unit}{start} ({self.type})"


@dataclass(frozen=True)
class Column:
    """An array of an events file: `shape` without events, one quantity for all, or one for each place of the last axis.

    `view` is the value (as JSON) that made the column, empty for files of other programs.
    """

    shape: tuple[int, ...]
    quantities: tuple[Quantity, ...]
    view: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse a number of quantities that the shape has no place for."""
        if len(self.quantities) != 1 and (not self.shape or len(self.quantities) != self.shape[-1]):
            raise EventsError(
                f"{len(self.quantities)} quantities do not fit a column of shape {self.shape}; give one, or one for "
                "each place of the last axis."
            )

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest mantissa of each place of the last axis (or of all)."""
        return np.array([q.lowest for q in self.quantities]), np.array([q.highest for q in self.quantities])


def to_json(column: Column) -> dict[str, Any]:
    """`column` as JSON holds it."""
    quantities = [asdict(q) | {"type": str(q.type) if q.type else REAL} for q in column.quantities]
    return {"shape": list(column.shape), "quantities": quantities, "view": dict(column.view)}


def from_json(stored: Mapping[str, Any]) -> Column:
    """The inverse of `to_json`; KeyError, TypeError or a PrecisionError for what is none."""
    quantities = tuple(
        Quantity(**q | {"type": None if q["type"] == REAL else Fixed.parse(q["type"])}) for q in stored["quantities"]
    )
    return Column(tuple(stored["shape"]), quantities, dict(stored["view"]))


def check_same(found: Column, wanted: Column, where: str) -> None:
    """Refuse a column whose numbers mean something else than `wanted`.

    Args:
        found: what the events hold.
        wanted: what the model was made for.
        where: names both in the message, such as "column 'image' of events.h5, input 'image' of the program".

    Raises:
        EventsError: another shape, or a quantity of another name, order, unit, LSB, offset or type.
    """
    if found.shape != wanted.shape:
        raise EventsError(f"{where}: shape {found.shape} where {wanted.shape} is wanted; use events of the same view.")
    several = len({*found.quantities}) > 1 or len({*wanted.quantities}) > 1
    for place, (have, want) in enumerate(zip(_each(found), _each(wanted), strict=True)):
        if have == want:
            continue
        at = f" at place {place}" if several else ""
        raise EventsError(f"{where}: the events hold {have}{at}, the model wants {want}; {_remedy(have, want)}.")


def _each(column: Column) -> tuple[Quantity, ...]:
    last = column.shape[-1] if column.shape else 1
    return (column.quantities * last)[:last]


def _remedy(have: Quantity, want: Quantity) -> str:
    if have.name != want.name:
        return "put the features into the order of the model's view"
    if have.type is None:
        return f"quantize it first: divide by {want.lsb:g} {want.unit} and truncate (`Quantity.quantize`)"
    if have.unit != want.unit:
        return f"convert {have.unit} to {want.unit}"
    return "make the events again with the model's view, or train on these"
