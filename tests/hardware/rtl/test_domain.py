"""Every operation of the domain, as alkaid computes it, is the integers' own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hardware.rtl.logic import computed
from tests.strategies import fixed_types
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.rtl import alkaid
from trigger_nn.hardware.rtl.domain import Symbols
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.integers import Integers

EVENTS = 150
SMALL = fixed_types(max_width=14)


def whole(kind):
    return Fixed(kind.signed, kind.width, kind.width)


def same(build, kinds, shape=(3,), seed=0):
    """`build(domain, values)` over symbols and over integers, values of `kinds`, each of `shape`."""
    random = np.random.default_rng(seed)
    size = int(np.prod(shape))
    symbols = [alkaid.symbols(kind.signed, kind.width, size).reshape(1, *shape) for kind in kinds]
    values = [random.integers(kind.minimum, kind.maximum, (EVENTS, *shape), endpoint=True) for kind in kinds]
    for value, kind in zip(values, kinds, strict=True):
        value[:4] = np.reshape([kind.minimum, kind.maximum, 0, max(kind.minimum, -1)], (4, *[1] * len(shape)))
    wanted = build(Integers(), values)
    found = build(Symbols(), symbols)
    assert found.shape[1:] == wanted.shape[1:]
    flat = np.concatenate([value.reshape(EVENTS, -1) for value in values], axis=1)
    got = computed(np.concatenate([s.ravel() for s in symbols]), found.ravel(), flat)
    assert np.array_equal(got, np.broadcast_to(wanted, (EVENTS, *wanted.shape[1:])).reshape(EVENTS, -1))


@given(SMALL, fixed_types(max_width=14), st.integers(-4, 16), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_casts(source, target, fraction, seed):
    same(lambda domain, values: domain.cast(values[0], fraction, target), [whole(source)], (1,), seed)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("signed", [True, False])
def test_every_mode_on_all_values(rounding, overflow, signed):
    target = Fixed(signed, 4, 3, rounding, overflow)
    symbol = alkaid.symbols(True, 9, 1)
    values = np.arange(-256, 256)[:, None]
    found = Symbols().cast(symbol[None], 4, target)
    assert np.array_equal(computed(symbol, found.ravel(), values), Integers().cast(values, 4, target))


@given(SMALL, fixed_types(max_width=9), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_arithmetic(left, right, seed):
    kinds = [whole(left), whole(right)]
    limit = np.array([left.maximum // 2, 0, right.minimum])

    def build(domain, values):
        a, b = values
        parts = [
            domain.add(a, b), domain.subtract(a, b), domain.multiply(a, b), domain.maximum(a, b), domain.minimum(a, b),
            domain.select(a, limit, b, a), domain.shift(a, 3), domain.one_hot_maximum(a),
        ]  # fmt: skip
        return domain.concatenate([*parts, domain.gather(domain.sum(b)[:, None], np.array([0, -1]), 7)], 1)

    same(build, kinds, seed=seed)


@given(SMALL, st.lists(st.integers(1, 300), min_size=3, max_size=3), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_division_by_known_numbers_truncates_towards_zero(kind, by, seed):
    same(lambda domain, values: domain.divide(values[0], np.array(by)), [whole(kind)], seed=seed)


@given(fixed_types(max_width=8), st.integers(1, 30), st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_sums_of_products(kind, weight_bits, seed):
    weights = np.random.default_rng(seed).integers(-(1 << weight_bits), 1 << weight_bits, (5, 4))
    weights[:, 1] = 0
    weights[2] = 0
    same(lambda domain, values: domain.dot(values[0], weights), [whole(kind)], (2, 5), seed)


def test_sums_of_products_with_what_is_known():
    weights = np.arange(-6, 6).reshape(4, 3)

    def build(domain, values):
        return domain.dot(domain.gather(values[0], np.array([[0, -1, 2, -1], [-1, -1, -1, -1]]), 5), weights)

    same(build, [Fixed(True, 6, 6)])


@pytest.mark.parametrize("bits", [3, 11, 20, 30])
def test_tables(bits):
    table = np.random.default_rng(bits).integers(-(1 << bits), 1 << bits, 64)

    def build(domain, values):
        whole_index = domain.lookup(values[0], table)
        part = domain.lookup(domain.shift(domain.cast(values[0], 0, Fixed(False, 4, 4)), 1), table)
        return domain.add(whole_index, part)

    same(build, [Fixed(False, 6, 6)])


def test_what_no_float_holds_is_refused():
    wide = alkaid.symbols(True, 40, 1)[None]
    with pytest.raises(UnsupportedLayerError, match="52 bits"):
        Symbols().multiply(wide, wide)
