"""A port of a design, described: types, and every element with its bits and its meaning."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
from pydantic import JsonValue

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import ElementMeaning, PortMeaning
from trigger_nn.handoff.interface.description import Direction, Element, PortDescription
from trigger_nn.handoff.interface.example import example_of
from trigger_nn.handoff.interface.rtl import rtl_of
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.program import Port


def describe_port(
    port: Port, direction: Direction, design: Design, meaning: PortMeaning | None, integer: bool = False
) -> PortDescription:
    """Describe `port` of `design`; `integer` if the C++ declares it as ap_int or ap_uint.

    Raises:
        HandoffError: the meaning names neither one element nor one for each of the last axis, or no finite number.
    """
    meaning = meaning or PortMeaning("")
    size, identifier = prod(port.shape), re.sub(r"\W", "_", port.name)
    elements = tuple(_elements(port, _meanings(port, meaning)))
    return PortDescription(
        name=port.name,
        identifier=identifier,
        direction=direction,
        cpp_type=cpp_type(port.type, integer or port.whole),
        number_type=_number_type(port.type, integer or port.whole),
        signed=port.type.signed,
        width=port.type.width,
        fraction=port.type.fraction,
        shape=port.shape,
        size=size,
        bits=size * port.type.width,
        meaning=meaning.text,
        constants=plain_json(meaning.constants),
        example=example_of(port.type, elements),
        rtl=rtl_of(port, identifier, direction, design),
        elements=elements,
    )


def cpp_type(kind: Fixed, integer: bool) -> str:
    """The type as AMD's headers name it; modes that are the default are left out."""
    sign = "" if kind.signed else "u"
    if integer:
        return f"ap_{sign}int<{kind.width}>"
    default = (kind.rounding, kind.overflow) == (Rounding.TRN, Overflow.WRAP)
    modes = "" if default else f",AP_{kind.rounding},AP_{kind.overflow},0"
    return f"ap_{sign}fixed<{kind.width},{kind.integer}{modes}>"


def _number_type(kind: Fixed, integer: bool) -> str:
    return f"{'' if kind.signed else 'u'}int<{kind.width}>" if integer else str(kind)


def decision_meaning(decisions: Sequence[Threshold], scores: str) -> PortMeaning:
    """What port `decision` carries: a bit for each of `decisions` on port `scores`."""
    return PortMeaning(
        f"1 where the score in port {scores} is strictly above its threshold",
        tuple(ElementMeaning(decision.signal) for decision in decisions),
    )


def plain_json(constants: Mapping[str, object]) -> dict[str, JsonValue]:
    """`constants` with lists for tuples and arrays, as JSON holds them.

    Raises:
        HandoffError: a value is none that JSON has.
    """
    return {str(key): _plain(value, str(key)) for key, value in constants.items()}


def _plain(value: object, where: str) -> JsonValue:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, where) for item in value]
    if value is None or isinstance(value, str | bool | int) or (isinstance(value, float) and np.isfinite(value)):
        return value
    raise HandoffError(f"Constant {where!r} is {value!r}, which JSON can't hold; give a finite number or a text.")


def _meanings(port: Port, meaning: PortMeaning) -> tuple[ElementMeaning, ...]:
    """One for each of the last axis, or one for all."""
    given = meaning.elements or (ElementMeaning(port.name, lsb=2.0**-port.type.fraction),)
    if len(given) not in (1, port.shape[-1]):
        raise HandoffError(
            f"The meaning of port {port.name!r} names {len(given)} elements, but its last axis has {port.shape[-1]}; "
            "name one for all, or one for each of the last axis."
        )
    for element in given:
        if not np.isfinite([element.lsb, element.offset]).all():
            raise HandoffError(
                f"The meaning of element {element.name!r} of port {port.name!r} has lsb {element.lsb} and offset "
                f"{element.offset}; give finite numbers."
            )
    return given if len(given) == port.shape[-1] else given * port.shape[-1]


def _elements(port: Port, meanings: tuple[ElementMeaning, ...]) -> Iterator[Element]:
    alike, width = len({m.name for m in meanings}) < prod(port.shape), port.type.width
    for index, position in enumerate(np.ndindex(*port.shape)):
        meaning = meanings[position[-1]]
        place = f"[{','.join(map(str, position))}]" if alike else ""
        yield Element(
            index=index,
            position=position,
            name=meaning.name + place,
            low_bit=index * width,
            high_bit=(index + 1) * width - 1,
            unit=meaning.unit,
            lsb=meaning.lsb,
            offset=meaning.offset,
        )
