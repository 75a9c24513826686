"""What a drawing is made of: placed texts, boxes and wires, in px; y grows downwards."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Text:
    """A line of text with its baseline at (x, y)."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    style: str = "plain"


@dataclass(frozen=True)
class Box:
    """A rectangle with its upper left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float
    style: str


@dataclass(frozen=True)
class Wire:
    """A line through points, with an arrow at its end or not."""

    points: tuple[tuple[float, float], ...]
    arrow: bool = True
    style: str = "data"


@dataclass(frozen=True)
class Drawing:
    """What is drawn on a sheet of (width, height) px."""

    width: float
    height: float
    texts: tuple[Text, ...] = ()
    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()
