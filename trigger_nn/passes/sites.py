"""Telling types apart: which field of an operation a type object is, by its identity."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Operation
from trigger_nn.program.program import Program

PORT, ADDRESS, INTERNAL = "port", "address", "internal"


def fresh(value: Any) -> Any:
    """The same value, no two fields of it holding the same type object."""
    if isinstance(value, Fixed):
        return replace(value)
    if isinstance(value, tuple):
        return tuple(fresh(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: fresh(getattr(value, f.name)) for f in fields(value) if f.init})
    return value


def sites_of(operation: Operation, program: Program) -> dict[int, str]:
    """Which field a type object is, by its id; the types of the inputs are told too."""
    inputs = {id(program.type_of(name)): f"type of {name}" for name in operation.inputs}
    return inputs | dict(_fields(operation, ""))


def _fields(value: Any, path: str) -> Iterator[tuple[int, str]]:
    if isinstance(value, Fixed):
        yield id(value), path
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _fields(item, f"{path}[{number}]")
    elif is_dataclass(value):
        for f in fields(value):
            yield from _fields(getattr(value, f.name), f"{path}.{f.name}" if path else f.name)


def field_of(sites: Mapping[int, str], target: Fixed) -> str:
    """The field that holds `target`; an unsigned integer that is no field addresses a table."""
    address = not target.signed and target.fraction == 0
    return sites.get(id(target), ADDRESS if address else INTERNAL)
