"""Layers of transformers against the oracle; types, shapes and values drawn by hypothesis."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import transformer as oracle
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import ProgramError
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant
from trigger_nn.program.operations.transformer import (
    Einsum,
    EinsumDense,
    Embedding,
    LayerNormalization,
    Stack,
    TimeStep,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

EVENTS = 2
FEW = settings(max_examples=25)


def exact(array, kind):
    """Mantissas as nested lists of Fractions."""
    lsb = Fraction(2) ** -kind.fraction
    return np.vectorize(lambda m: int(m) * lsb, otypes=[object])(array).tolist()


def result_of(operation, *inputs):
    """Run one operation on inputs (type, mantissas); its result lies within the proven range."""
    ports = tuple(Port(f"in{i}", values.shape[1:], kind) for i, (kind, values) in enumerate(inputs))
    program = check(Program("one", ports, (operation,), ("out",)))
    given_inputs = {port.name: values for port, (_, values) in zip(ports, inputs, strict=True)}
    result = run_reference(program, given_inputs, ("out",))["out"]
    proven = prove_ranges(program)["out"]
    assert np.all(result >= proven.low)
    assert np.all(result <= proven.high)
    return exact(result, operation.type)


def node(shape, kind, inputs=("in0",)):
    return {"name": "out", "inputs": inputs, "shape": shape, "type": kind}


def drawn(data, shape, width=8):
    """An input: a small type, mantissas for some events, and the same as Fractions."""
    kind = data.draw(fixed_types(width, plain=True))
    values = data.draw(mantissas(kind, (EVENTS, *shape)))
    return kind, values, exact(values, kind)


@FEW
@given(st.data())
def test_embedding(data):
    steps, rows, width = (data.draw(st.integers(1, 4)) for _ in range(3))
    kind, values, x = drawn(data, (steps,), 6)
    table, target = data.draw(constants((rows, width))), data.draw(fixed_types(12))
    operation = Embedding(**node((steps, width), target), table=table)
    expected = [oracle.embedding(event, exact(table.mantissa, table.type), target) for event in x]
    assert result_of(operation, (kind, values)) == expected


def test_embedding_takes_rows_and_clips_beyond_them():
    kind, table_type = Fixed(False, 3, 3), Fixed(True, 8, 8)
    table = np.arange(10).reshape(5, 2)
    operation = Embedding(**node((3, 2), table_type), table=Constant(table, table_type))
    assert result_of(operation, (kind, np.array([[0, 4, 7]]))) == [[[0, 1], [8, 9], [9, 9]]]


@FEW
@given(st.data())
def test_layer_normalization(data):
    steps, features = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 5))
    kind, values, x = drawn(data, (steps, features))
    accumulator, target = data.draw(fixed_types(20)), data.draw(fixed_types(20))
    scale, bias, table = (data.draw(constants((size,))) for size in (features, features, data.draw(st.integers(1, 9))))
    power = data.draw(st.integers(0, 3))
    operation = LayerNormalization(
        **node((steps, features), target), scale=scale, bias=bias, accumulator=accumulator, table=table,
        range_power=power,
    )  # fmt: skip
    s, b, t = (exact(c.mantissa, c.type) for c in (scale, bias, table))
    expected = [[oracle.layer_normalization(row, s, b, accumulator, t, power, target) for row in event] for event in x]
    assert result_of(operation, (kind, values)) == expected


def test_the_index_of_a_large_variance_wraps_like_an_int():
    kind, accumulator, wide = Fixed(True, 20, 20), Fixed(True, 43, 42), Fixed(True, 50, 50)
    ones, zeros = (constant_of([value] * 2, Fixed(False, 1, 1)) for value in (1, 0))
    operation = LayerNormalization(
        **node((1, 2), wide), scale=ones, bias=zeros, accumulator=accumulator, range_power=30,
        table=constant_of(list(range(1, 17)), Fixed(False, 5, 5)),
    )  # fmt: skip
    # Mean 0, variance 4: 4 * 16 * 2^30 is 2^36, whose lower 32 bits are 0, so the first entry, 1, is the factor.
    assert result_of(operation, (kind, np.array([[[2, -2]]]))) == [[[2, -2]]]


def constant_of(values, kind):
    return Constant(np.array(values), kind)


@FEW
@given(st.data())
def test_einsum_dense(data):
    batch, free, contracted, outputs = (data.draw(st.integers(1, 3)) for _ in range(4))
    kind, values, x = drawn(data, (free, batch, contracted))
    accumulator, target = data.draw(fixed_types(16)), data.draw(fixed_types(16))
    weights, bias = data.draw(constants((batch, contracted, outputs))), data.draw(constants((batch, free, outputs)))
    operation = EinsumDense(
        **node((free, outputs, batch), target), equation="fbc,bco->fob", order=(1, 0, 2), weights=weights, bias=bias,
        accumulator=accumulator, inner_shape=(batch, free, outputs), result_order=(1, 2, 0),
    )  # fmt: skip
    w, b = exact(weights.mantissa, weights.type), exact(bias.mantissa, bias.type)
    expected = []
    for event in x:
        ordered = [[event[f][i] for f in range(free)] for i in range(batch)]
        made = oracle.einsum_dense(ordered, w, b, accumulator, target)
        expected.append([[[made[i][f][o] for i in range(batch)] for o in range(outputs)] for f in range(free)])
    assert result_of(operation, (kind, values)) == expected


@FEW
@given(st.data())
def test_einsum(data):
    batch, left, right, contracted = (data.draw(st.integers(1, 3)) for _ in range(4))
    kind0, values0, x0 = drawn(data, (left, batch, contracted))
    kind1, values1, x1 = drawn(data, (batch, right, contracted))
    accumulator, target = data.draw(fixed_types(16)), data.draw(fixed_types(16))
    operation = Einsum(
        **node((batch, right, left), target, ("in0", "in1")), equation="lbc,brc->brl", orders=((1, 0, 2), (0, 1, 2)),
        sizes=(batch, left, right, contracted), accumulator=accumulator, inner_shape=(batch, left, right),
        result_order=(0, 2, 1),
    )  # fmt: skip
    expected = []
    for event0, event1 in zip(x0, x1, strict=True):
        ordered = [[event0[i][j] for i in range(left)] for j in range(batch)]
        made = oracle.einsum(ordered, event1, accumulator, target)
        expected.append([[[made[i][j][k] for j in range(left)] for k in range(right)] for i in range(batch)])
    assert result_of(operation, (kind0, values0), (kind1, values1)) == expected


def test_products_are_cast_in_an_einsum_dense_but_not_in_an_einsum():
    kind, wide = Fixed(True, 6, 2), Fixed(True, 8, 6)
    accumulator = Fixed(True, 8, 6, Rounding.TRN_ZERO, Overflow.SAT)
    x, y = np.array([[[-16, 8]]]), np.array([[[4, 4]]])  # products -1/4 and 1/8, the accumulator's LSB is 1/4
    both = Einsum(
        **node((1, 1), wide, ("in0", "in1")), equation="ab,cb->ac", orders=((0, 1), (0, 1)), sizes=(1, 1, 1, 2),
        accumulator=accumulator, inner_shape=(1, 1), result_order=(0, 1),
    )  # fmt: skip
    dense = EinsumDense(
        **node((1, 1), wide), equation="ab,bc->ac", order=(0, 1), weights=Constant(y.reshape(1, 2, 1), kind),
        bias=Constant(np.zeros((1, 1, 1), np.int64), kind), accumulator=accumulator, inner_shape=(1, 1),
        result_order=(0, 1),
    )  # fmt: skip
    assert result_of(both, (kind, x), (kind, y)) == [[[0]]]
    assert result_of(dense, (kind, x)) == [[[Fraction(-1, 4)]]]


@FEW
@given(st.data())
def test_time_steps_and_stack_undo_each_other(data):
    shape = data.draw(st.sampled_from([(3, 2), (2, 2, 3), (1, 4)]))
    kind, values, x = drawn(data, shape)
    steps = [
        TimeStep(name=f"step{t}", inputs=("in0",), shape=shape[1:], type=kind, step=t)
        for t in reversed(range(shape[0]))
    ]
    stack = Stack(**node(shape, kind, tuple(step.name for step in steps)))
    program = check(Program("loop", (Port("in0", shape, kind),), (*steps, stack), ("out",)))
    results = run_reference(program, {"in0": values}, [*(step.name for step in steps), "out"])
    assert exact(results["out"], kind) == [event[::-1] for event in x]
    for name, interval in prove_ranges(program).items():
        if name != "in0":
            assert np.all(results[name] >= interval.low)
            assert np.all(results[name] <= interval.high)


def test_shapes_that_do_not_fit_are_refused():
    kind = Fixed(True, 8, 4)
    step = TimeStep(**node((2,), kind), step=3)
    with pytest.raises(ProgramError, match="'out' has shape"):
        check(Program("one", (Port("in0", (3, 2), kind),), (step,), ("out",)))
    stack = Stack(**node((2, 2), kind, ("in0", "in1")))
    ports = (Port("in0", (2,), kind), Port("in1", (3,), kind))
    with pytest.raises(ProgramError, match="'out' has shape"):
        check(Program("two", ports, (stack,), ("out",)))
