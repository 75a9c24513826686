"""Every operation, run by the reference engine, against the oracle; types, shapes and values drawn by hypothesis."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    MaxPool2D,
    Relu,
    Reshape,
    Scale,
    Window,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

EVENTS = 2


def exact(array, kind):
    """Mantissas as nested lists of Fractions."""
    lsb = Fraction(2) ** -kind.fraction
    return np.vectorize(lambda m: int(m) * lsb, otypes=[object])(array).tolist() if array.size else []


def result_of(operation, *inputs):
    """Run one operation; `inputs` are (port type, mantissas)."""
    ports = tuple(Port(f"in{i}", values.shape[1:], kind) for i, (kind, values) in enumerate(inputs))
    program = check(Program("one", ports, (operation,), ("out",)))
    given_inputs = {port.name: values for port, (_, values) in zip(ports, inputs, strict=True)}
    return exact(run_reference(program, given_inputs, ("out",))["out"], operation.type)


def node(shape, kind, inputs=("in0",)):
    return {"name": "out", "inputs": inputs, "shape": shape, "type": kind}


@given(st.data())
def test_dense(data):
    source, accumulator, kind = (
        data.draw(fixed_types(10, plain=True)),
        data.draw(fixed_types(24)),
        data.draw(fixed_types(20)),
    )
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    weights, bias = data.draw(constants((rows, columns))), data.draw(constants((columns,)))
    x = data.draw(mantissas(source, (EVENTS, rows)))
    operation = Dense(**node((columns,), kind), weights=weights, bias=bias, accumulator=accumulator, reuse_factor=1)
    w, b = exact(weights.mantissa, weights.type), exact(bias.mantissa, bias.type)
    assert result_of(operation, (source, x)) == [oracle.dense(e, w, b, accumulator, kind) for e in exact(x, source)]


@given(st.data())
def test_wide_dense_is_exact_beyond_int64(data):
    source, weight = Fixed(True, 60, 30), Fixed(True, 40, 10)
    accumulator, kind = Fixed(True, 110, 50, Rounding.RND, Overflow.SAT), data.draw(fixed_types(64))
    x = data.draw(mantissas(source, (EVENTS, 3)))
    weights = Constant(data.draw(mantissas(weight, (3, 2))).astype(np.int64), weight)
    bias = Constant(np.array([1, -1]), Fixed(True, 8, 4))
    operation = Dense(**node((2,), kind), weights=weights, bias=bias, accumulator=accumulator, reuse_factor=1)
    w, b = exact(weights.mantissa, weight), exact(bias.mantissa, bias.type)
    assert result_of(operation, (source, x)) == [oracle.dense(e, w, b, accumulator, kind) for e in exact(x, source)]


@st.composite
def windows(draw, rows, columns, padded=True):
    size = (draw(st.integers(1, rows)), draw(st.integers(1, columns)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    # Less than the window on each side, so that every window sees the image.
    padding = tuple(draw(st.integers(0, s - 1)) if padded else 0 for s in (size[0], size[0], size[1], size[1]))
    shape = tuple(
        (n + sum(p) - s) // d + 1
        for n, p, s, d in zip((rows, columns), (padding[:2], padding[2:]), size, stride, strict=True)
    )
    return Window(size=size, stride=stride, padding=padding), shape


@settings(max_examples=40)
@given(st.data())
def test_conv2d(data):
    source, accumulator, kind = (
        data.draw(fixed_types(8, plain=True)),
        data.draw(fixed_types(20)),
        data.draw(fixed_types(16)),
    )
    rows, columns, channels, filters = (data.draw(st.integers(1, n)) for n in (4, 4, 2, 2))
    window, shape = data.draw(windows(rows, columns))
    weights = data.draw(constants((*window.size, channels, filters)))
    bias = data.draw(constants((filters,)))
    x = data.draw(mantissas(source, (EVENTS, rows, columns, channels)))
    operation = Conv2D(
        **node((*shape, filters), kind), weights=weights, bias=bias, accumulator=accumulator, window=window,
        reuse_factor=1, partitions=1,
    )  # fmt: skip
    w, b = exact(weights.mantissa, weights.type), exact(bias.mantissa, bias.type)
    expected = [oracle.conv2d(e, w, b, accumulator, kind, window.stride, window.padding) for e in exact(x, source)]
    assert result_of(operation, (source, x)) == expected


@settings(max_examples=40)
@given(st.data())
def test_max_pool(data):
    source, accumulator, kind = (
        data.draw(fixed_types(8, plain=True)),
        data.draw(fixed_types(10)),
        data.draw(fixed_types(10)),
    )
    window, shape = data.draw(windows(3, 4))
    fill = source.minimum if source.signed else 1 << (source.width - 1)
    x = data.draw(mantissas(source, (EVENTS, 3, 4, 2)))
    operation = MaxPool2D(**node((*shape, 2), kind), window=window, accumulator=accumulator, fill=fill)
    padding_value = fill * Fraction(2) ** -source.fraction
    expected = [
        oracle.max_pool(e, window.size, window.stride, window.padding, padding_value, accumulator, kind)
        for e in exact(x, source)
    ]
    assert result_of(operation, (source, x)) == expected


@settings(max_examples=40)
@given(st.data())
def test_average_pool(data):
    source, accumulator, kind = (
        data.draw(fixed_types(8, plain=True)),
        data.draw(fixed_types(12)),
        data.draw(fixed_types(10)),
    )
    window, shape = data.draw(windows(3, 4))
    count = data.draw(st.booleans())
    x = data.draw(mantissas(source, (EVENTS, 3, 4, 2)))
    operation = AveragePool2D(**node((*shape, 2), kind), window=window, accumulator=accumulator, count_padding=count)
    if not count:
        from trigger_nn.program.semantics.pooling import pool_counts, pool_index

        if (pool_counts(operation, pool_index(window, (3, 4, 2), (*shape, 2))) == 0).any():
            return  # a window all in the padding divides by zero, in the C++ too
    expected = [
        oracle.average_pool(e, window.size, window.stride, window.padding, count, accumulator, kind)
        for e in exact(x, source)
    ]
    assert result_of(operation, (source, x)) == expected


@given(st.data())
def test_elementwise(data):
    source, kind = data.draw(fixed_types(16, plain=True)), data.draw(fixed_types(16))
    factor, bias = data.draw(constants((3,))), data.draw(constants((3,)))
    x = data.draw(mantissas(source, (EVENTS, 3)))
    values = exact(x, source)
    assert result_of(Relu(**node((3,), kind)), (source, x)) == [[oracle.relu(v, kind) for v in e] for e in values]
    assert result_of(Cast(**node((3,), kind)), (source, x)) == [[oracle.fit(v, kind) for v in e] for e in values]
    f, b = exact(factor.mantissa, factor.type), exact(bias.mantissa, bias.type)
    scaled = [[oracle.scale(v, f[i], b[i], kind) for i, v in enumerate(e)] for e in values]
    assert result_of(Scale(**node((3,), kind), scale=factor, bias=bias), (source, x)) == scaled


@given(st.data())
def test_reshape_and_concatenate(data):
    left, right, kind = (data.draw(fixed_types(10)) for _ in range(3))
    x, y = data.draw(mantissas(left, (EVENTS, 2, 3))), data.draw(mantissas(right, (EVENTS, 2, 1)))
    joined = result_of(Concatenate(**node((2, 4), kind, ("in0", "in1")), axis=1), (left, x), (right, y))
    expected = [
        [[oracle.fit(v, kind) for v in (*row, *other)] for row, other in zip(e, f, strict=True)]
        for e, f in zip(exact(x, left), exact(y, right), strict=True)
    ]
    assert joined == expected
    assert result_of(Reshape(**node((6,), left)), (left, x)) == [[v for row in e for v in row] for e in exact(x, left)]


def test_rules_name_the_layer():
    from trigger_nn.errors import ProgramError

    program = Program(
        "bad",
        (Port("x", (3,), Fixed(True, 8, 4)),),
        (Relu(name="r", inputs=("y",), shape=(3,), type=Fixed(True, 8, 4)),),
        ("r",),
    )
    with pytest.raises(ProgramError, match="'r' reads 'y'"):
        check(program)
