"""Functions of single elements, softmax and their tables against the oracle; every result within its proven range."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import activations as oracle
from tests.oracle import fit
from tests.program.one_operation import EVENTS, exact, node, result_of
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.errors import ProgramError
from trigger_nn.frontend import tables
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import (
    BinaryStep,
    BitLookup,
    CastEach,
    Constant,
    ExponentialLinear,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    Relu,
    Softmax,
    SoftmaxKind,
    TernaryStep,
    ThresholdedRelu,
)

SIZE = 3


def drawn(data, width=16):
    """The port's type, random events of it (EVENTS, SIZE), and the operation's common fields."""
    source = data.draw(fixed_types(width, plain=True))
    x = data.draw(mantissas(source, (EVENTS, SIZE)))
    return source, x, node((SIZE,), data.draw(fixed_types(12)))


def elements(x, source, function):
    """`function` of every element of every event."""
    return [[function(value) for value in event] for event in exact(x, source)]


def one(constant):
    """The only value of a constant."""
    return exact(constant.mantissa, constant.type)[0]


@given(st.data(), st.sampled_from([1, 6]))
def test_relu_with_a_limit(data, limit):
    source, x, common = drawn(data)
    operation = Relu(**common, limit=limit)
    expected = elements(x, source, lambda v: oracle.clipped_relu(v, limit, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data())
def test_leaky_relu_of_one_slope(data):
    source, x, common = drawn(data)
    operation = LeakyRelu(**common, slope=data.draw(constants((1,))))
    expected = elements(x, source, lambda v: oracle.leaky_relu(v, one(operation.slope), operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data())
def test_leaky_relu_of_a_slope_for_each_element(data):
    source, x, common = drawn(data)
    operation = LeakyRelu(**common, slope=data.draw(constants((SIZE,))))
    slopes = exact(operation.slope.mantissa, operation.slope.type)
    assert result_of(operation, (source, x)) == [
        [oracle.leaky_relu(v, slope, operation.type) for v, slope in zip(event, slopes, strict=True)]
        for event in exact(x, source)
    ]


@given(st.data(), st.booleans())
def test_thresholded_relu(data, unsigned):
    source, x, common = drawn(data)
    operation = ThresholdedRelu(**common, threshold=data.draw(constants((1,))), unsigned=unsigned)
    threshold = abs(one(operation.threshold)) if unsigned else one(operation.threshold)
    if unsigned:
        kept = operation.threshold
        kind = Fixed(False, kept.type.width + 1, kept.type.integer + 1)
        operation = ThresholdedRelu(**common, threshold=Constant(abs(kept.mantissa), kind), unsigned=True)
    expected = elements(x, source, lambda v: oracle.thresholded_relu(v, threshold, unsigned, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data(), st.booleans())
def test_hard_sigmoid_and_hard_tanh(data, symmetric):
    source, x, common = drawn(data)
    slope, shift = data.draw(constants((1,))), data.draw(constants((1,)))
    operation = HardSigmoid(**common, slope=slope, shift=shift, symmetric=symmetric)
    expected = elements(x, source, lambda v: oracle.hard_sigmoid(v, one(slope), one(shift), symmetric, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data(), st.sampled_from([8, 16]))
def test_lookup_in_a_table_of_any_size(data, span):
    source, x, common = drawn(data, 40)
    operation = Lookup(**common, table=data.draw(constants((data.draw(st.integers(1, 20)),))), span=span)
    table = exact(operation.table.mantissa, operation.table.type)
    expected = elements(x, source, lambda v: oracle.look_up(v, source, table, span, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data(), st.booleans())
def test_exponential_linear(data, first):
    source, x, common = drawn(data, 40)
    positive, negative = data.draw(constants((1,))), data.draw(constants((1,)))
    table = data.draw(constants((data.draw(st.integers(1, 20)),)))
    operation = ExponentialLinear(
        **common, table=table, span=8, positive=positive, negative=negative, first_on_overflow=first
    )  # fmt: skip
    entries = exact(table.mantissa, table.type)

    def expected(value):
        return oracle.exponential_linear(
            value, source, entries, 8, one(positive), one(negative), first, operation.type
        )  # fmt: skip

    assert result_of(operation, (source, x)) == elements(x, source, expected)


def test_an_index_beyond_32_bits_wraps():
    source, kind, x = Fixed(True, 40, 38), Fixed(True, 8, 8), np.array([[-(1 << 32), (1 << 36) + 16, -(1 << 38), 5]])
    table = Constant(np.array([1, 2, 3, 4]), kind)
    # -2^30 * 4 / 16 = -2^28 is far below the table; (2^34 + 4) / 4 = 2^32 + 1 wraps to 1, and -2^36 / 4 to 0.
    expected = elements(x, source, lambda v: oracle.look_up(v, source, [1, 2, 3, 4], 16, kind))
    assert expected == [[1, 4, 3, 3]]
    assert result_of(Lookup(**node((4,), kind), table=table, span=16), (source, x)) == expected
    for first in (True, False):
        operation = ExponentialLinear(
            **node((4,), kind), table=table, span=8, positive=ONE, negative=ONE, first_on_overflow=first
        )
        huge = np.array([[-(1 << 34), -(1 << 33) - (1 << 39) // 4, -1, -8]])
        expected = elements(
            huge, source, lambda v, f=first: oracle.exponential_linear(v, source, [1, 2, 3, 4], 8, 1, 1, f, kind)
        )
        assert expected[0][0] == (1 if first else 4)
        assert result_of(operation, (source, huge)) == expected


ONE = Constant(np.ones(1, np.int64), Fixed(False, 1, 1))


@given(st.data())
def test_bit_lookup(data):
    source, x, common = drawn(data, 5)
    operation = BitLookup(**common, table=data.draw(constants((1 << source.width,))))
    table = exact(operation.table.mantissa, operation.table.type)
    expected = elements(x, source, lambda v: oracle.bit_lookup(v, source, table, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data(), st.booleans())
def test_binary_step(data, zero):
    source, x, common = drawn(data)
    operation = BinaryStep(**common, zero=zero)
    expected = elements(x, source, lambda v: oracle.binary(v, zero, operation.type))
    assert result_of(operation, (source, x)) == expected


@given(st.data(), st.booleans())
def test_ternary_step(data, twice):
    source, x, common = drawn(data, 6)
    doubled = source.modes(Rounding.TRN, data.draw(st.sampled_from(Overflow))) if twice else None
    expected = elements(x, source, lambda v: oracle.ternary(v, doubled, common["type"]))
    assert result_of(TernaryStep(**common, doubled=doubled), (source, x)) == expected


@given(st.data())
def test_cast_each(data):
    source, x, common = drawn(data)
    kinds = tuple(data.draw(st.one_of(st.none(), fixed_types(8))) for _ in range(SIZE))
    assert result_of(CastEach(**common, kinds=kinds), (source, x)) == [
        [fit(0 if kind is None else fit(v, kind), common["type"]) for v, kind in zip(event, kinds, strict=True)]
        for event in exact(x, source)
    ]


def test_constants_that_do_not_fit_are_refused():
    x = np.zeros((EVENTS, SIZE), np.int64)
    kind = Fixed(True, 8, 4)
    slope = Constant(np.zeros(2, np.int64), kind)
    with pytest.raises(ProgramError, match="'out' has shape"):
        result_of(LeakyRelu(**node((SIZE,), kind), slope=slope), (kind, x))
    with pytest.raises(ProgramError, match="'out' has shape"):
        result_of(CastEach(**node((SIZE,), kind), kinds=(kind,)), (kind, x))


@settings(max_examples=40)
@given(st.data(), st.sampled_from(SoftmaxKind))
def test_softmax_over_any_axis(data, kind):
    source = data.draw(fixed_types(12, plain=True).filter(lambda t: t.width >= 4))
    difference = data.draw(fixed_types(12).filter(lambda t: t.width >= 3))
    total = data.draw(fixed_types(12).filter(lambda t: t.width >= 3))
    outer, length, inner = (data.draw(st.integers(1, top)) for top in (2, 5, 2))
    shape = data.draw(st.sampled_from([(outer * length * inner,), (outer, length, inner)]))
    operation = Softmax(
        **node(shape, data.draw(fixed_types(12))), kind=kind, exponential=data.draw(constants((8,))),
        inverse=data.draw(constants((8,))), difference=difference, accumulator=data.draw(fixed_types(12)), sum=total,
        outer=outer, inner=inner,
    )  # fmt: skip
    x = data.draw(mantissas(source, (EVENTS, *shape)))
    entries = [exact(t.mantissa, t.type) for t in (operation.exponential, operation.inverse)]
    flat = [
        oracle.rows_of(event, outer, inner, lambda row: oracle.softmax(row, source, operation, *entries))
        for event in exact(x.reshape(EVENTS, -1), source)
    ]
    result = np.array(result_of(operation, (source, x)), object).reshape(EVENTS, -1).tolist()
    assert result == flat


def test_a_softmax_that_does_not_divide_its_tensor_is_refused():
    kind = Fixed(True, 8, 4)
    table = Constant(np.zeros(8, np.int64), kind)
    operation = Softmax(
        **node((SIZE,), kind), kind=SoftmaxKind.STABLE, exponential=table, inverse=table, difference=kind,
        accumulator=kind, sum=kind, outer=2,
    )  # fmt: skip
    with pytest.raises(ProgramError, match="'out' has shape"):
        result_of(operation, (kind, np.zeros((EVENTS, SIZE), np.int64)))


WIDE = Fixed(True, 40, 8)
EXACT = {  # the functions themselves, in double
    "sigmoid": (tables.sigmoid, -8, 8, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (tables.tanh, -4, 4, np.tanh),
    "softplus": (tables.softplus, -8, 8, lambda x: np.log1p(np.exp(x))),
    "softsign": (tables.softsign, -8, 8, lambda x: x / (1 + abs(x))),
    "elu": (tables.elu, 0, -8, np.expm1),
    "selu": (tables.selu, 0, -8, lambda x: 1.0507009873554805 * 1.6732632423543772 * np.expm1(x)),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("size", [16, 300])
def test_a_table_holds_its_function(name, size):
    make, start, end, function = EXACT[name]
    points = start + (end - start) * np.arange(size) / size
    # Points and some functions are rounded to float on the way: 24 bits.
    assert np.max(np.abs(make(size, WIDE).values() - function(points))) < 2.0**-21


def test_tables_of_the_legacy_softmax():
    points = -8 + np.arange(64) / 4
    assert np.allclose(tables.legacy_exponential(64, Fixed(True, 50, 14)).values(), np.exp(points), rtol=1e-6, atol=0)
    inverses = tables.legacy_inverse(64, WIDE).values()
    assert inverses[0] == 0
    assert np.array_equal(inverses[1:4], [1, 0.5, float(fit(Fraction(1, 3), WIDE))])


def test_table_values_pass_through_a_float():
    exact_value = 1 / (1 + np.exp(-0.25))
    (entry,) = tables.sigmoid(64, Fixed(False, 50, 1)).values()[33:34]
    assert entry == np.float32(exact_value)
    assert entry != exact_value
