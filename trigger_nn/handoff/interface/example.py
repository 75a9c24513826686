"""One value of a port, worked through from its unit to its bits."""

from math import ceil

from trigger_nn.handoff.interface.description import Element, Example
from trigger_nn.program.fixed import Fixed

COUNTS = 100  # of the least significant bit, where the type holds them
LONG = 64  # bits; a negative number of more would be mostly f


def example_of(kind: Fixed, elements: tuple[Element, ...]) -> Example:
    """An integer in the middle element of a port of type `kind`, negative where the type is signed."""
    element = elements[len(elements) // 2]
    negative = kind.signed and kind.width <= LONG
    integer = max(-COUNTS, kind.minimum) if negative else min(COUNTS, kind.maximum)
    return Example(
        element=element.index,
        name=element.name,
        value=element.offset + element.lsb * integer,
        unit=element.unit,
        integer=integer,
        bits=f"{integer & ((1 << kind.width) - 1):0{ceil(kind.width / 4)}x}",
        number=integer * 2.0**-kind.fraction,
    )
