"""Cells of tables: how numbers are written, and what they are sorted by."""

import re

from trigger_nn.plots.page.values import Cell
from trigger_nn.studies.menu.values import Rate, Threshold
from trigger_nn.studies.menu.words import significant
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
    """`low to high`, sorted by the lower end; an end that would be shown as 0 has as many digits as it takes."""
    return Cell(f"{_seen(low, form)} to {_seen(high, form)}", low)


def _seen(value: float, form: str) -> str:
    """`value` as `form` writes it, but with two significant digits where no digit of it would be seen."""
    places = re.fullmatch(r"\.(\d+)f", form)
    hidden = places and value and abs(value) < 0.5 * 10.0 ** -int(places[1])
    return significant(value, 2) if hidden else f"{value:{form}}"


def efficiency(found: Efficiency, form: str = ".3f") -> tuple[Cell, Cell]:
    """An efficiency and its interval, two cells."""
    return Cell(_seen(found.value, form), found.value), interval(found.low, found.high, form)


def kilohertz(rate: float, form: str = "") -> Cell:
    """A rate in Hz, shown and sorted in kHz, to four digits or as `form` has it; the column's head says the unit."""
    return number(rate, form, factor=1e-3) if form else Cell(significant(rate / 1e3), rate * 1e-3)


def rate(found: Rate) -> tuple[Cell, Cell]:
    """A rate and its interval in kHz, two cells."""
    low, high = found.low / 1e3, found.high / 1e3
    return kilohertz(found.value), Cell(f"{significant(low)} to {significant(high)}", low)


def threshold(found: Threshold) -> Cell:
    """The integer that scores are to exceed, or that all are accepted; sorted as the integer."""
    return Cell(found.told, found.mantissa)
