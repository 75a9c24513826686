"""Cells of tables: how numbers are written, and what they are sorted by."""

from trigger_nn.plots.page.values import Cell
from trigger_nn.studies.rates import Efficiency

NONE = Cell("")


def text(content: object) -> Cell:
    """`content` as it writes itself, sorted as a text; None is an empty cell."""
    return NONE if content is None else Cell(str(content))


def number(value: float | None, form: str = ",", unit: str = "", factor: float = 1.0) -> Cell:
    """`value` x `factor` as the format `form` writes it, with `unit`, sorted by the value as shown; None is empty."""
    if value is None:
        return NONE
    shown = value * factor if factor != 1.0 else value
    return Cell(f"{shown:{form}}{unit}", shown)


def interval(low: float, high: float, form: str = ".3f") -> Cell:
    """`low to high`, sorted by the lower end."""
    return Cell(f"{low:{form}} to {high:{form}}", low)


def efficiency(found: Efficiency, form: str = ".3f") -> tuple[Cell, Cell]:
    """An efficiency and its interval, two cells."""
    return number(found.value, form), interval(found.low, found.high, form)


def kilohertz(rate: float, form: str = "g") -> Cell:
    """A rate in Hz, shown and sorted in kHz; the head of the column says the unit."""
    return number(rate, form, factor=1e-3)
