"""First of all: the native engine gives what the reference engine gives, every layer, every bit."""

from collections.abc import Mapping

import numpy as np

from tests.benchmarks.emulation.ours import emulator, thread_counts
from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.program import Program

COUNTS = (1, 17)  # batches that fill no vector, compared beside the whole


class Differs(Exception):
    """Where two engines part."""


def reference(program: Program, events: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Mantissas of every operation by the reference engine."""
    return Emulator(program, run_reference).trace_mantissas(events)


def check(program: Program, events: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Compare outputs and all layers, on one thread and on all.

    Raises:
        Differs: at the first layer and event that differ.
    """
    output = program.output_names[0]
    for threads in thread_counts():
        ours = emulator(program, threads)
        for name, found in ours.trace_mantissas(events).items():
            compare(f"{program.name}, layer {name}, {threads} threads", found, expected[name])
        for count in (*COUNTS, len(expected[output])):
            part = {name: values[:count] for name, values in events.items()}
            for narrow in (False, True):
                found = emulator(program, threads, narrow).predict_mantissas(part)
                compare(f"{program.name}, {count} events, {threads} threads", found, expected[output][:count])


def compare(what: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Raise `Differs` unless both are equal; their shapes may differ behind the events."""
    found = found.reshape(expected.shape)
    if np.array_equal(found, expected):
        return
    place = tuple(int(i) for i in np.argwhere(found != expected)[0])
    raise Differs(
        f"{what}: event {place[0]}, element {place[1:]} is {found[place]}, but the reference engine says "
        f"{expected[place]}; nothing was measured, mend the engine first."
    )
