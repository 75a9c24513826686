"""Where the blocks of a page stand: of which kind each is, and which number of its kind."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal, assert_never

from trigger_nn.plots.page.values import Block, Figure, Links, Page, Section, Table, Text

Kind = Literal["table", "figure", "text", "links"]


@dataclass(frozen=True)
class Placed:
    """A block, and its number among the blocks of its kind on the whole page, from 1."""

    kind: Kind
    number: int
    block: Block


def kind_of(block: Block) -> Kind:
    """What `block` is, as the template and the JSON file call it."""
    match block:
        case Table():
            return "table"
        case Figure():
            return "figure"
        case Text():
            return "text"
        case Links():
            return "links"
        case _:
            assert_never(block)


def placed(page: Page) -> tuple[tuple[Section, tuple[Placed, ...]], ...]:
    """Every section of `page` with its numbered blocks, in order."""
    counters: defaultdict[Kind, Iterator[int]] = defaultdict(lambda: count(1))
    return tuple(
        (
            section,
            tuple(Placed(kind, next(counters[kind]), block) for block in section.blocks for kind in [kind_of(block)]),
        )
        for section in page.sections
    )
