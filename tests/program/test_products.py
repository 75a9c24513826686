"""Dense layers, batch normalisation and thresholds against the oracle: types, orders and products drawn."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import products as oracle
from tests.program.one_operation import EVENTS, exact, node, result_of
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.operations import Constant, Dense, Product, Scale, Strategy
from trigger_nn.program.operations.products import BinaryThreshold, TernaryThreshold
from trigger_nn.program.semantics.multiplication import shift_loses
from trigger_nn.program.semantics.products import order_is_free, summation_order

BIT, SIGN, INTEGERS = Fixed(False, 1, 1), Fixed(True, 2, 2), Fixed(True, 8, 8)


@st.composite
def factors(draw, product, shape, source):
    """Fields of an operation (`factors` the constant), the oracle's product, and its factors, flat."""
    if product is Product.SHIFT:
        return draw(powers(shape, source))
    if product is Product.AGREEMENT:
        bits = draw(mantissas(BIT, shape))
        fields = {"factors": Constant(2 * bits - 1, SIGN)}
        return fields, oracle.both_binary, bits.ravel().tolist()
    given = draw(constants(shape))
    function = oracle.data_binary if product is Product.SIGN else oracle.multiply
    return {"factors": given}, function, exact(given.mantissa.ravel(), given.type)


@st.composite
def powers(draw, shape, source):
    """Powers of two, as integers of one type and as the C++'s pairs."""
    width = draw(st.integers(2, 5))
    size = int(np.prod(shape))
    exponent = st.integers(-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    pairs = draw(st.lists(st.tuples(st.booleans(), exponent), min_size=size, max_size=size))
    low, high = min(e for _, e in pairs), max(e for _, e in pairs)
    numbers = np.array([(1 if positive else -1) << (e - low) for positive, e in pairs]).reshape(shape)
    given = Constant(numbers, Fixed(True, high - low + 2, high + 2))
    return {"factors": given, "exponent_width": width}, oracle.weight_exponential(source, width), pairs


def source_of(draw, product):
    return BIT if product in (Product.AGREEMENT, Product.SIGN) else draw(fixed_types(8, plain=True))


@st.composite
def dense_layers(draw):
    """A layer, its input's type, and what the oracle needs: weights by rows, bias, product."""
    product = draw(st.sampled_from(Product))
    source = source_of(draw, product)
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    fields, function, flat = draw(factors(product, (rows, columns), source))
    strategy = draw(st.sampled_from([Strategy.LATENCY, Strategy.RESOURCE, Strategy.UNROLLED]))
    weights, bias, accumulator = fields.pop("factors"), draw(constants((columns,))), draw(fixed_types(24))
    if product is Product.AGREEMENT and strategy is Strategy.UNROLLED:
        flat = [bit or None for bit in flat]
        weights = Constant(np.maximum(weights.mantissa, 0), SIGN)
    operation = Dense(
        **node((columns,), draw(fixed_types(20))), **fields, weights=weights, bias=bias, accumulator=accumulator,
        reuse_factor=draw(st.sampled_from(valid_reuse(rows, columns))), strategy=strategy, product=product,
        balance=rows if product is Product.AGREEMENT and accumulator.fraction >= 0 else 0,
    )  # fmt: skip
    by_row = [flat[i : i + columns] for i in range(0, len(flat), columns)]
    return operation, source, (by_row, exact(bias.mantissa, bias.type), function)


def valid_reuse(rows, columns):
    """hls4ml's own rule (_validate_reuse_factor)."""
    return [
        reuse
        for reuse in range(1, rows * columns + 1)
        if rows * columns % reuse == 0 and (rows % reuse == 0 or reuse % rows == 0)
    ]


@settings(max_examples=150)
@given(st.data())
def test_dense(data):
    operation, source, (weights, bias, function) = data.draw(dense_layers())
    x = data.draw(mantissas(source, (EVENTS, len(weights))))
    expected = [oracle.dense(event, weights, bias, function, operation) for event in exact(x, source)]
    assert result_of(operation, (source, x)) == expected


@pytest.mark.parametrize("strategy", [Strategy.LATENCY, Strategy.RESOURCE, Strategy.UNROLLED])
def test_the_order_of_the_sum_shows_where_it_saturates(strategy):
    weights = Constant(np.array([[1], [1], [-1], [-1]]), SIGN)
    kind = Fixed(True, 4, 4, overflow=Overflow.SAT)
    operation = Dense(
        **node((1,), INTEGERS), weights=weights, bias=Constant(np.zeros(1, np.int64), SIGN), accumulator=kind,
        reuse_factor=2, strategy=strategy,
    )  # fmt: skip
    x = np.full((1, 4), 6)
    # 6, 7 (saturated), 1, -5 in order; 6, 0, 6, 0 when every second comes first.
    assert result_of(operation, (INTEGERS, x)) == [[Fraction(-5 if strategy is Strategy.LATENCY else 0)]]


def test_a_resource_order_visits_every_input_once():
    for length in range(1, 9):
        for reuse in range(1, 12):
            assert sorted(summation_order(Strategy.RESOURCE, reuse, length).tolist()) == list(range(length))
    assert summation_order(Strategy.RESOURCE, 3, 6).tolist() == [0, 3, 1, 4, 2, 5]


@settings(max_examples=150)
@given(st.data())
def test_saturating_accumulators_about_as_wide_as_their_sums(data):
    product = data.draw(st.sampled_from([Product.MULTIPLY, Product.SIGN]))
    source = BIT if product is Product.SIGN else Fixed(data.draw(st.booleans()), 3, 3)
    weight, overflow = (
        Fixed(True, 3, 3),
        data.draw(st.sampled_from([Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO])),
    )
    width = data.draw(st.integers(4, 8))
    accumulator = Fixed(data.draw(st.booleans()), width, width - data.draw(st.integers(0, 1)), overflow=overflow)
    weights = Constant(data.draw(mantissas(weight, (3, 1))), weight)
    bias = Constant(data.draw(mantissas(weight, (1,))), weight)
    operation = Dense(
        **node((1,), Fixed(True, 12, 10)), weights=weights, bias=bias, accumulator=accumulator, reuse_factor=1,
        product=product,
    )  # fmt: skip
    ends = np.array(list(np.ndindex(2, 2, 2))) * (source.maximum - source.minimum) + source.minimum
    function = oracle.data_binary if product is Product.SIGN else oracle.multiply
    rows, start = exact(weights.mantissa, weight), exact(bias.mantissa, weight)
    expected = [oracle.dense(event, rows, start, function, operation) for event in exact(ends, source)]
    assert result_of(operation, (source, ends)) == expected


def test_a_sum_that_can_not_saturate_is_free_of_its_order():
    weights = Constant(np.array([[3], [-3]]), Fixed(True, 3, 3))
    for width, free in ((5, False), (6, True)):  # between 3 * -4 - 3 * 3 = -21 and 21
        operation = Dense(
            **node((1,), INTEGERS), weights=weights, bias=Constant(np.zeros(1, np.int64), SIGN), reuse_factor=1,
            accumulator=Fixed(True, width, width, overflow=Overflow.SAT),
        )  # fmt: skip
        assert order_is_free(operation, Fixed(True, 3, 3)) is free


@settings(max_examples=100)
@given(st.data())
def test_scale(data):
    product = data.draw(st.sampled_from(Product))
    source = source_of(data.draw, product)
    shape = data.draw(st.sampled_from([(3,), (2, 3), (2, 2, 2)]))
    per = data.draw(st.sampled_from([shape[-1:], shape]))
    fields, function, flat = data.draw(factors(product, per, source))
    bias = data.draw(constants(per))
    operation = Scale(
        **node(shape, data.draw(fixed_types(16))), scale=fields.pop("factors"), bias=bias, product=product, **fields
    )
    x = data.draw(mantissas(source, (EVENTS, *shape)))
    b = exact(bias.mantissa.ravel(), bias.type)
    flat_events = exact(x.reshape(EVENTS, -1), source)
    expected = [oracle.normalize(event, flat, b, function, operation) for event in flat_events]
    assert flattened(result_of(operation, (source, x))) == expected


@settings(max_examples=80)
@given(st.data())
def test_thresholds(data):
    shape = data.draw(st.sampled_from([(3,), (2, 3)]))
    source = data.draw(fixed_types(8, plain=True))
    kind = data.draw(st.sampled_from([source, data.draw(fixed_types(10, plain=True))]))
    per = data.draw(st.sampled_from([shape[-1:], shape]))
    one, other = (Constant(data.draw(mantissas(kind, per)), kind) for _ in range(2))
    x = data.draw(mantissas(source, (EVENTS, *shape)))
    high, low = (exact(constant.mantissa.ravel(), kind) for constant in (one, other))
    events = exact(x.reshape(EVENTS, -1), source)
    found = result_of(BinaryThreshold(**node(shape, BIT), threshold=one), (source, x))
    assert flattened(found) == [oracle.binary(event, high) for event in events]
    found = result_of(TernaryThreshold(**node(shape, SIGN), high=one, low=other), (source, x))
    assert flattened(found) == [oracle.ternary(event, high, low) for event in events]


def flattened(events):
    """Nested lists of events, each made flat."""

    def flat(part):
        return [value for item in part for value in flat(item)] if isinstance(part, list) else [part]

    return [flat(event) for event in events]


def test_shifting_drops_bits_behind_the_point_where_the_cpp_has_none():
    weights = Constant(np.array([[1]]), Fixed(True, 2, -6))  # 2^-8
    operation = Dense(
        **node((1,), Fixed(True, 32, 8)), weights=weights, bias=Constant(np.zeros(1, np.int64), SIGN),
        accumulator=Fixed(True, 32, 8), reuse_factor=1, product=Product.SHIFT, exponent_width=4,
    )  # fmt: skip
    source = Fixed(True, 4, 2)  # shifted in 8 bits behind the point, of which 3 * 2^-2 * 2^-8 has none left
    assert shift_loses(operation, source)
    assert result_of(operation, (source, np.array([[3], [-3]]))) == [[0], [Fraction(-1, 256)]]


@pytest.mark.parametrize("shape", [(2,), (3, 2), (5, 1)])
def test_a_constant_that_fits_no_axis_is_refused(shape):
    constant = Constant(np.zeros(5, np.int64), SIGN)
    scale = Scale(**node(shape, INTEGERS), scale=constant, bias=constant)
    with pytest.raises(ProgramError, match="out"):
        result_of(scale, (INTEGERS, np.zeros((1, *shape), np.int64)))
