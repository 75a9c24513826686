"""Thresholds of a design as constants in C++."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Threshold
from trigger_nn.handoff.emulator.tables import literal
from trigger_nn.program.program import Program

HZ_PER_KHZ = 1000


@dataclass(frozen=True)
class CppDecision:
    """What the header says of a decision: `signal` and `threshold` as C++ literals, the rate in kHz."""

    signal: str
    rate_khz: float
    element: int
    threshold: str


def cpp_decisions(program: Program, decisions: Sequence[Threshold]) -> tuple[CppDecision, ...]:
    """The decisions in order.

    Raises:
        HandoffError: one is about no element of the first output, or its threshold or rate is no number in C++.
    """
    elements = math.prod(program.outputs[0].shape)
    for one in decisions:
        _refuse(one, elements, program.outputs[0].name)
    return tuple(
        CppDecision(
            json.dumps(one.signal, ensure_ascii=False), one.rate / HZ_PER_KHZ, one.element, literal(one.mantissa)
        )
        for one in decisions
    )


def _refuse(decision: Threshold, elements: int, output: str) -> None:
    if not 0 <= decision.element < elements:
        raise HandoffError(
            f"The decision {decision.signal!r} is about element {decision.element} of {output!r}, which has "
            f"{elements}; give one of these, counted from 0."
        )
    if not -(1 << 63) <= decision.mantissa < 1 << 63:
        raise HandoffError(
            f"The threshold {decision.mantissa} of the decision {decision.signal!r} exceeds 64 bits; give a mantissa "
            f"of {output!r}."
        )
    if not math.isfinite(decision.rate):
        raise HandoffError(f"The rate of the decision {decision.signal!r} is {decision.rate} Hz; give a finite one.")
