"""LSTM and GRU: the reference engine against the oracle, bounds against both; all drawn by hypothesis."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.oracle import recurrent as recurrent_oracle
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import ProgramError
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, from_float
from trigger_nn.program.operations import Constant, Dense, Gru, Lookup, Lstm, Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

EVENTS = 2
GATES = {Lstm: 4, Gru: 3}


def exact(array, kind):
    """Mantissas as nested lists of Fractions."""
    lsb = Fraction(2) ** -kind.fraction
    return np.vectorize(lambda m: int(m) * lsb, otypes=[object])(array).tolist()


def sane_types(width):
    """A type with room in front of the point and behind it, so that steps do not all come to nothing."""
    return st.builds(
        Fixed, st.just(True), st.just(width), st.integers(3, 4), st.sampled_from(Rounding), st.sampled_from(Overflow)
    )


@st.composite
def sane_constants(draw, shape):
    """Numbers between -1 and 1."""
    size = int(np.prod(shape))
    numbers = draw(st.lists(st.integers(-32, 31), min_size=size, max_size=size))
    return Constant(np.array(numbers).reshape(shape), Fixed(True, 6, 1))


@st.composite
def functions(draw, name, units, kind, weights):
    """An activation of the accumulator's type: relu, or any small table."""
    common = {"name": f"out/{name}", "inputs": (), "shape": (units,), "type": kind}
    if draw(st.integers(0, 3)) == 0:
        return Relu(**common)
    return Lookup(
        **common, table=draw(weights((draw(st.sampled_from([16, 64])),))), span=draw(st.sampled_from([8, 16]))
    )


@st.composite
def cells(draw, cls):
    """A program of one recurrent operation, and its port's type."""
    sane = draw(st.integers(0, 2)) > 0
    weights = sane_constants if sane else constants
    kinds = [sane_types(width) if sane else fixed_types(width) for width in (14, 12)]
    accumulator, kind = (draw(one) for one in kinds)
    source = Fixed(True, 6, 2) if sane else draw(fixed_types(8, plain=True))
    steps, features, units = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    sums = GATES[cls] * units

    def kernel(name, rows, shape):
        return Dense(
            name=f"out/{name}", inputs=(), shape=shape, type=accumulator, weights=draw(weights((rows, sums))),
            bias=draw(weights((sums,))), accumulator=accumulator, reuse_factor=1,
        )  # fmt: skip

    candidate = draw(functions("candidate", units, accumulator, weights))
    operation = cls(
        name="out", inputs=("in",), shape=(steps, units) if draw(st.booleans()) else (units,), type=kind,
        kernel=kernel("kernel", features, (steps, sums)), recurrent=kernel("recurrent_kernel", units, (sums,)),
        gate=draw(functions("gate", units, accumulator, weights)), candidate=candidate, accumulator=accumulator,
        backward=draw(st.booleans()), **({"output": candidate} if cls is Lstm else {}),
    )  # fmt: skip
    return check(Program("one", (Port("in", (steps, features), source),), (operation,), ("out",)))


def oracle_cell(operation):
    """The operation as the oracle takes it."""

    def function(activation):
        if isinstance(activation, Relu):
            return lambda x: oracle.relu(x, activation.type)
        table = exact(activation.table.mantissa, activation.table.type)
        return lambda x: oracle.look_up(x, table, activation.span, activation.type)

    def numbers(constant):
        return exact(constant.mantissa, constant.type)

    return {
        "accumulator": operation.accumulator,
        "kernel": numbers(operation.kernel.weights),
        "bias": numbers(operation.kernel.bias),
        "recurrent": numbers(operation.recurrent.weights),
        "recurrent_bias": numbers(operation.recurrent.bias),
        "gate": function(operation.gate),
        "candidate": function(operation.candidate),
    }


def oracle_result(operation, sequence):
    """What the oracle makes of one event's sequence."""
    layer = recurrent_oracle.lstm if isinstance(operation, Lstm) else recurrent_oracle.gru
    states = layer(sequence[::-1] if operation.backward else sequence, oracle_cell(operation), operation.type)
    if len(operation.shape) == 1:
        return states[-1]
    return states[::-1] if operation.backward else states


@pytest.mark.parametrize("cls", [Lstm, Gru])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_against_the_oracle_and_within_its_bounds(cls, data):
    program = data.draw(cells(cls))
    port, operation = program.inputs[0], program.operations[0]
    x = data.draw(mantissas(port.type, (EVENTS, *port.shape)))
    result = run_reference(program, {"in": x}, ("out",))["out"]
    assert exact(result, operation.type) == [oracle_result(operation, event) for event in exact(x, port.type)]
    bounds = prove_ranges(program)["out"]
    assert np.all(bounds.low <= result)
    assert np.all(result <= bounds.high)


def simple(cls, shape, units=1, backward=False):
    """One feature, one unit; gates half open, the candidate sum is x / 2 (relu); three steps."""
    wide = Fixed(True, 32, 8)
    sums = GATES[cls] * units
    weights = np.zeros((1, sums), np.int64)
    weights[:, 2 * units : 3 * units] = 1
    zero = Constant(np.zeros((units, sums), np.int64), Fixed(True, 4, 4))

    def kernel(name, matrix, shape):
        return Dense(
            name=name, inputs=(), shape=shape, type=wide, weights=matrix, bias=Constant(np.zeros(sums, np.int64), wide),
            accumulator=wide, reuse_factor=1,
        )  # fmt: skip

    common = {"inputs": (), "shape": (units,), "type": wide}
    half = Constant(from_float(np.full(4, 0.5), wide), wide)
    relu = Relu(name="relu", **common)
    operation = cls(
        name="out", inputs=("in",), shape=shape, type=wide, accumulator=wide, backward=backward,
        kernel=kernel("k", Constant(weights, Fixed(True, 4, 3)), (3, sums)), recurrent=kernel("r", zero, (sums,)),
        gate=Lookup(name="gate", table=half, span=16, **common), candidate=relu,
        **({"output": relu} if cls is Lstm else {}),
    )  # fmt: skip
    return Program("simple", (Port("in", (3, 1), Fixed(True, 8, 8)),), (operation,), ("out",))


@pytest.mark.parametrize(
    ("cls", "backward", "expected"),
    [
        (Lstm, False, [1.0, 2.5, 1.75]),  # memories 2, 5, 3.5: half the old one and x / 4
        (Lstm, True, [2.125, 2.25, 0.5]),  # from the last: 1, 4.5, 4.25
        (Gru, False, [2.0, 5.0, 3.5]),
        (Gru, True, [4.25, 4.5, 1.0]),
    ],
)
def test_by_hand(cls, backward, expected):
    x = np.array([[[8], [16], [4]]])
    for shape, numbers in [((3, 1), [[value] for value in expected]), ((1,), [expected[0 if backward else -1]])]:
        program = check(simple(cls, shape, backward=backward))
        mantissa = run_reference(program, {"in": x}, ("out",))["out"]
        assert exact(mantissa[0], program.operations[0].type) == numbers


@pytest.mark.parametrize("cls", [Lstm, Gru])
def test_shapes_that_do_not_fit_are_refused(cls):
    for shape in [(2, 1), (3, 2), (2,)]:
        with pytest.raises(ProgramError, match="shape"):
            check(simple(cls, shape))


@pytest.mark.parametrize("cls", [Lstm, Gru])
def test_a_file_keeps_the_cell(cls, tmp_path):
    program = simple(cls, (3, 1))
    program.save(tmp_path / "p.h5")
    assert Program.load(tmp_path / "p.h5") == program
