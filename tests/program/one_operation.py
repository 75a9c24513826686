"""Programs of one operation, for the tests of the families."""

from fractions import Fraction

import numpy as np

from trigger_nn.engines.reference import run_reference
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

EVENTS = 2


def node(shape, kind, inputs=1):
    """What all operations have, for one called out that reads in0, in1, ..."""
    return {"name": "out", "inputs": tuple(f"in{i}" for i in range(inputs)), "shape": shape, "type": kind}


def exact(mantissas, kind):
    """Mantissas as nested lists of Fractions."""
    lsb = Fraction(2) ** -kind.fraction
    return np.vectorize(lambda m: int(m) * lsb, otypes=[object])(mantissas).tolist()


def result_of(operation, *inputs):
    """What the reference engine makes of `inputs`, (port type, mantissas) each; it must lie in the proven range."""
    ports = tuple(Port(f"in{i}", values.shape[1:], kind) for i, (kind, values) in enumerate(inputs))
    program = check(Program("one", ports, (operation,), ("out",)))
    given = {port.name: values for port, (_, values) in zip(ports, inputs, strict=True)}
    result = run_reference(program, given, ("out",))["out"]
    proven = prove_ranges(program)["out"]
    assert result.shape[1:] == operation.shape
    assert np.all(result >= proven.low)
    assert np.all(result <= proven.high)
    return exact(result, operation.type)
