"""The native engine against the reference engine on one program: mantissas and numbers, target by target.

What is kept decides what is fused, so each target runs twice: with every operation's result kept, and with the outputs
alone, from mantissas and from numbers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tests.engines.native.agreement import all_of, inputs_of
from tests.proof.difference import first_difference
from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.native.machine import runnable
from trigger_nn.engines.native.stages import traced
from trigger_nn.engines.native.target import Target
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program

Tensors = Mapping[str, np.ndarray]
Choice = Literal["best", "outputs", "all"]
CHOICES: tuple[Choice, ...] = ("best", "outputs", "all")
DRAWN = 75  # mantissas from the whole range of every port; with the events, the last block of any target is not full


@dataclass(frozen=True)
class Agreement:
    """`values` that were equal by target, operations that have no machine code as (kind, reason).

    `difference` tells the first value of tensor `layer` that differs, and is empty where none does.
    """

    values: Mapping[str, int]
    left: tuple[tuple[str, str], ...]
    layer: str = ""
    difference: str = ""


class DifferentError(Exception):
    """The engines differ."""

    def __init__(self, layer: str, difference: str) -> None:
        """Say where."""
        super().__init__(difference)
        self.layer = layer


def targets_of(choice: Choice) -> tuple[tuple[Target, bool], ...]:
    """Targets this processor can run, and whether all layers are kept on each as well as the outputs alone.

    "best" is the fastest target alone, "all" is all; "outputs" is all, with the layers kept on the fastest alone.
    """
    able = runnable()[:1] if choice == "best" else runnable()
    return tuple((target, choice == "all" or target is able[0]) for target in able)


def compare_engines(program: Program, events: Tensors, choice: Choice) -> Agreement:
    """Run `program` on `events` (numbers, by port) and on mantissas that reach both ends of every port's range."""
    cast = Emulator(program, run_reference).cast(events)
    drawn = inputs_of(program, DRAWN)
    mantissas = {name: np.concatenate([values, drawn[name]]) for name, values in cast.items()}
    expected = run_reference(program, mantissas, all_of(program))
    values: dict[str, int] = {}
    for target, layers in targets_of(choice):
        try:
            values[target.name] = _equal(program, target, layers, (events, mantissas), expected)
        except DifferentError as error:
            return Agreement(values, left_of(program), error.layer, str(error))
        except Exception as error:
            difference = f"{target.name} crashed: {type(error).__name__}: {error}"
            return Agreement(values, left_of(program), difference=difference[:600])
    return Agreement(values, left_of(program))


def left_of(program: Program) -> tuple[tuple[str, str], ...]:
    """(kind of operation, reason) for each that the reference engine takes over; numbers in reasons are left out."""
    reasons = traced(program).left
    return tuple((type(program.operation(name)).__name__, re.sub(r"-?\d+", "N", why)) for name, why in reasons.items())


def _equal(program: Program, target: Target, layers: bool, given: tuple[Tensors, Tensors], expected: Tensors) -> int:
    """How many values were compared, all equal.

    Raises:
        DifferentError: one is not.
    """
    count = 0
    for how, name, found, wanted in _results(program, target, layers, given, expected):
        difference = first_difference(_flat(wanted), _flat(found), ("reference", f"{target.name} ({how})"))
        if difference:
            raise DifferentError(name, difference)
        count += wanted.size
    return count


def _results(
    program: Program, target: Target, layers: bool, given: tuple[Tensors, Tensors], expected: Tensors
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """How it was made, of which tensor, what the target gives, what the reference engine gives."""
    engine, outputs = NativeEngine(1, target), program.output_names
    events, mantissas = given
    for keep in dict.fromkeys((all_of(program), outputs) if layers else (outputs,)):
        how = "outputs alone" if keep == outputs else "all layers"
        for name, found in engine(program, mantissas, keep).items():
            yield how, name, found, expected[name]
    for name, found in engine.numbers(program, events, outputs).items():
        yield "from numbers", name, found, to_float(expected[name][: len(found)], program.type_of(name))


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)
