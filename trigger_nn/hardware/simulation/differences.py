"""A run against what was expected of it: how much differs, and what first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.hardware.simulation.buses import mantissa, place
from trigger_nn.hardware.simulation.model import Cycles
from trigger_nn.hardware.simulation.runs import Run
from trigger_nn.program.program import Port


@dataclass(frozen=True)
class Difference:
    """One output that differs: of `event`, as the inputs count, at `element` of `port`; mantissas."""

    event: int
    port: Port
    element: tuple[int, ...]
    expected: int
    found: int

    def __str__(self) -> str:
        """A sentence's part."""
        element = f", element {self.element[0] if len(self.element) == 1 else self.element}" if self.element else ""
        return (
            f"event {self.event}, port {self.port.name}{element}: expected {self.expected} "
            f"({self._bits(self.expected)}), found {self.found} ({self._bits(self.found)})"
        )

    def _bits(self, value: int) -> str:
        width = self.port.type.width
        return f"0x{value & ((1 << width) - 1):0{-(-width // 4)}x}"


@dataclass(frozen=True)
class Outcome:
    """A run, judged: `events` answers were compared, `values` in all, of which `differing` differ, in so many events.

    `wrong_valid` are the cycles in which out_valid was not as it must be (row `first_wrong_valid` first).
    """

    run: str
    events: int
    values: int
    differing: int
    differing_events: int
    first: Difference | None
    wrong_valid: int
    first_wrong_valid: int | None

    @property
    def agrees(self) -> bool:
        """Whether answers were compared, and all is as it must be."""
        return self.events > 0 and not self.differing and not self.wrong_valid

    @property
    def sentence(self) -> str:
        """What is to be said."""
        told = f"{self.run}: {self.events} answers, {self.values} values compared, {self.differing} differ"
        if self.first:
            told += f" in {self.differing_events} events; first {self.first}"
        if self.wrong_valid:
            told += f"; out_valid is wrong in {self.wrong_valid} cycles, first in cycle {self.first_wrong_valid}"
        return told + "."


def judge(run: Run, cycles: Cycles, expected: np.ndarray, outputs: Sequence[Port], latency: int) -> Outcome:
    """Hold `cycles`, which came of `run`, against words `expected` (events, words) of all events."""
    answered = run.answered(latency)
    rows = np.flatnonzero(answered >= 0)
    wanted, found = expected[answered[rows]], cycles.words[rows]
    unequal = wanted != found
    due = np.zeros(len(cycles.out_valid), bool)
    due[rows] = True
    wrong = np.flatnonzero(cycles.out_valid != due)
    first = None
    if unequal.any():
        row, word = (int(i) for i in np.argwhere(unequal)[0])
        first = _difference(outputs, int(answered[rows[row]]), word, wanted[row], found[row])
    return Outcome(
        run=run.name, events=len(rows), values=unequal.size, differing=int(unequal.sum()),
        differing_events=int(unequal.any(axis=1).sum()), first=first,
        wrong_valid=len(wrong), first_wrong_valid=int(wrong[0]) if len(wrong) else None,
    )  # fmt: skip


def _difference(outputs: Sequence[Port], event: int, word: int, expected: np.ndarray, found: np.ndarray) -> Difference:
    at = place(outputs, word)
    left, right = (int(mantissa(at.port, row[word : word + 1])[0]) for row in (expected, found))
    return Difference(event, at.port, at.element, left, right)
