"""Prove the range of every tensor: Program -> bounds, from the types of its inputs and its weights alone."""

from collections.abc import Mapping

from trigger_nn.passes.intervals import Interval, Intervals, full_range
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import run


def prove_ranges(program: Program, inputs: Mapping[str, Interval] | None = None) -> dict[str, Interval]:
    """Bounds of every tensor by name, in mantissas. `inputs` narrows input ports; by default they take every value."""
    given = {port.name: full_range(port.type, port.shape) for port in program.inputs}
    return run(program, Intervals(), given | dict(inputs or {}))
