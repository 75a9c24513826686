"""A page as a value: sections of tables, figures and sentences, which HTML and JSON are written from alike."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """What stands in a table: `text` is read, `value` (a number, or None) is sorted by and written to JSON."""

    text: str
    value: float | int | str | None = None

    @property
    def key(self) -> float | int | str:
        """What a column is sorted by."""
        return self.text if self.value is None else self.value


@dataclass(frozen=True)
class Table:
    """Rows below heads; every column can be sorted by a click on its head. `caption` says what was done on what."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture (PNG); the caption says what was done on how many events, `alt` what is seen, for who can't."""

    caption: str
    png: bytes
    alt: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph; `warning` marks what must not be overlooked."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Links:
    """Files that belong to the study, by what they are: paths relative to the page."""

    files: Mapping[str, str]


@dataclass(frozen=True)
class Fact:
    """A figure that is read first: large `value`, small `label`."""

    value: str
    label: str


Block = Table | Figure | Text | Links


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole page; `provenance` stands at its end: program, recipe, events, versions, command."""

    title: str
    subtitle: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    provenance: Mapping[str, str]
