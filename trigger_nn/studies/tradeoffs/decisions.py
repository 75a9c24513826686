"""What a coarser precision costs in physics: events whose decision changes."""

from collections.abc import Mapping

import numpy as np

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.studies.divergence import Decision
from trigger_nn.studies.rates import Efficiency, efficiency


def decided(program: Program, inputs: Mapping[str, np.ndarray], decision: Decision) -> np.ndarray:
    """What is decided from the first output: booleans (events, outputs); `inputs` are mantissas by port, (events, ...).

    Raises:
        EventsError: there are no events, or thresholds do not fit.
    """
    if not all(len(mantissas) for mantissas in inputs.values()):
        raise EventsError("There are no events to count decisions of; give a file with some.")
    output = program.output_names[0]
    return decision(to_float(NativeEngine()(program, inputs, (output,))[output], program.type_of(output)))


def same_decisions(one: np.ndarray, other: np.ndarray) -> Efficiency:
    """The share of events with equal decisions, both (events, outputs), with the interval of `studies.rates`."""
    return efficiency((one == other).all(axis=1))
