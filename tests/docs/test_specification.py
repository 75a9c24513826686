"""The specification names every operation and every field of it."""

import dataclasses
import re
from typing import get_args

import pytest

from tests.conftest import ROOT
from trigger_nn.program.fixed import Overflow, Rounding
from trigger_nn.program.operations import Node, Operation
from trigger_nn.program.program import Port, Program

PAGE = (ROOT / "docs/specification.md").read_text()
OPERATIONS = get_args(Operation)
PROSE = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
COMMON = {field.name for field in dataclasses.fields(Node)}


def words(text):
    """What stands in back quotes."""
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))


def chapter(name):
    """The chapter (##) that holds the section about `name`, from its title on."""
    title = re.compile(rf"^(### )?{name}$", re.MULTILINE)
    (found,) = [part for part in re.split(r"^## ", PROSE, flags=re.MULTILINE) if title.search(part)]
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_every_operation_has_a_section_that_names_its_fields(operation):
    own = {field.name for field in dataclasses.fields(operation)} - COMMON
    assert own - words(chapter(operation.__name__)) == set()


def test_every_section_is_about_an_operation():
    sections = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    assert sorted([*sections, "Softmax"]) == sorted(operation.__name__ for operation in OPERATIONS)


def test_common_fields_ports_and_modes_are_named():
    fields = [field.name for kind in (Node, Port, Program) for field in dataclasses.fields(kind)]
    modes = [mode.value for mode in (*Rounding, *Overflow)]
    assert {*fields, *modes} - words(PROSE) == set()


def test_every_operation_has_an_executed_example():
    code = " ".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    assert [operation.__name__ for operation in OPERATIONS if f"{operation.__name__}(" not in code] == []
