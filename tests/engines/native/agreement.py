"""Whether the native engine makes of a program what the reference engine makes of it."""

import numpy as np

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program

BYTE = Fixed(True, 8, 4)


def values_of(kind, shape, rng):
    """Mantissas of a type, often an end of its range, 0 or -1; the least for the first event, the most for the next."""
    size = int(np.prod(shape))
    span = kind.maximum - kind.minimum + 1
    parts = [int(part) for part in rng.integers(0, 1 << 32, 2 * size)]
    drawn = [kind.minimum + (parts[2 * i] << 32 | parts[2 * i + 1]) * span // (1 << 64) for i in range(size)]
    edges = [kind.minimum, kind.maximum, 0, max(-1, kind.minimum)]
    mixed = [edges[part % 4] if part % 5 == 0 else value for part, value in zip(parts, drawn, strict=False)]
    values = np.array(mixed, object if kind.width > 62 else np.int64).reshape(shape)
    values[:1], values[1:2] = kind.minimum, kind.maximum
    return values


def inputs_of(program, events, seed=0):
    """Mantissas for every input port."""
    rng = np.random.default_rng(seed)
    return {port.name: values_of(port.type, (events, *port.shape), rng) for port in program.inputs}


def all_of(program):
    """The names of all results."""
    return tuple(operation.name for operation in program.operations)


def agrees(program, events=70, engine=None, seed=0, layers=True):
    """Every result, kept with all others (if `layers`) or as an output alone, which are compiled differently."""
    engine = engine or NativeEngine(threads=1)
    inputs = inputs_of(program, events, seed)
    for keep in dict.fromkeys((all_of(program), program.output_names)[not layers :]):
        expected, found = run_reference(program, inputs, keep), engine(program, inputs, keep)
        assert list(found) == list(keep)
        for name in keep:
            assert found[name].shape == expected[name].shape, name
            assert np.array_equal(found[name], expected[name]), name


def program_of(*operations, port=(3,), kind=BYTE, outputs=None):
    """A program of one input `x`, unchecked; its output is the last operation."""
    return Program("small", (Port("x", port, kind),), operations, outputs or (operations[-1].name,))
