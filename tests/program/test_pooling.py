"""Pooling against the oracle: images and sequences, windows and globally, arrays and streams."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import pooling as oracle
from tests.program.one_operation import EVENTS, exact, node, result_of
from tests.strategies import fixed_types, mantissas
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import AveragePool2D, MaxPool2D, Window
from trigger_nn.program.semantics.windows import slid

ANY = Fixed(True, 8, 4)


@st.composite
def windows(draw, shape, padded):
    """A window that fits an image (rows, columns, channels) or a sequence (steps, channels)."""
    rows, columns = (1, *shape[:-1])[-2:]
    size = (draw(st.integers(1, rows)), draw(st.integers(1, columns)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    high = [(n - 1) // 2 if padded else 0 for n in (size[0], size[0], size[1], size[1])]
    return Window(size=size, stride=stride, padding=tuple(draw(st.integers(0, top)) for top in high))


@st.composite
def shapes(draw):
    """Of an image or of a sequence."""
    return tuple(draw(st.integers(1, n)) for n in draw(st.sampled_from([(3, 4, 2), (6, 2)])))


def poolings(data, padded, flat=False, **fields):
    """Common fields of a pooling of random events, the port's type and the events."""
    source, shape = data.draw(fixed_types(8, plain=True)), data.draw(shapes())
    window = data.draw(windows(shape, padded))
    if flat:
        size = (1, *shape[:-1])[-2:]
        window = Window(size=size, stride=size, padding=(0, 0, 0, 0))
    positions = () if flat else slid(window, shape)
    fields |= node((*positions, shape[-1]), data.draw(fixed_types(10)))
    fields |= {"window": window, "accumulator": data.draw(fixed_types(12)), "flat": flat}
    return fields, source, data.draw(mantissas(source, (EVENTS, *shape)))


def agrees(operation, source, x, fill, one_window):
    """Whether engine and oracle agree; the oracle's images have rows, sequences and flat results have fewer axes."""
    images = exact(x, source) if x.ndim == 4 else [[rows] for rows in exact(x, source)]
    expected = [oracle.pool(image, operation, fill, one_window) for image in images]
    for _ in range(3 - len(operation.shape)):
        expected = [image[0] for image in expected]
    return result_of(operation, (source, x)) == expected


@settings(max_examples=50)
@given(st.data(), st.booleans())
def test_max_of_arrays(data, flat):
    fields, source, x = poolings(data, padded=True, flat=flat)
    fill = source.minimum if source.signed else 1 << (source.width - 1)
    operation = MaxPool2D(**fields, fill=fill)
    padding = fill * Fraction(2) ** -source.fraction
    assert agrees(operation, source, x, padding, lambda values, _: oracle.array_max(values, operation.accumulator))


@settings(max_examples=50)
@given(st.data(), st.booleans(), st.booleans())
def test_average_of_arrays(data, flat, count):
    fields, source, x = poolings(data, padded=True, flat=flat)
    operation = AveragePool2D(**fields, count_padding=count)

    def one_window(values, inside):
        return oracle.array_average(values, len(values) if count else inside, operation.accumulator)

    assert agrees(operation, source, x, Fraction(0), one_window)


@settings(max_examples=50)
@given(st.data(), st.booleans())
def test_max_of_streams(data, flat):
    fields, source, x = poolings(data, padded=False, flat=flat)
    operation = MaxPool2D(**fields, fill=0, cast_first=True)
    assert agrees(operation, source, x, None, lambda values, _: oracle.stream_max(values, operation.accumulator))


@settings(max_examples=50)
@given(st.data(), st.booleans(), st.booleans())
def test_average_of_streams(data, flat, tree):
    fields, source, x = poolings(data, padded=False, flat=flat)
    operation = AveragePool2D(**fields, count_padding=False, cast_first=True, tree=tree)

    def one_window(values, _):
        return oracle.stream_average(values, operation.accumulator, tree)

    assert agrees(operation, source, x, None, one_window)


def test_streams_and_arrays_wrap_differently():
    """The largest of 5 and 0 in a type that ends at 3: an array takes 5 and wraps it to -3, a stream wraps it first."""
    kind, accumulator = Fixed(True, 5, 5), Fixed(True, 3, 3)
    x = np.array([[[5], [0]]] * EVENTS)
    window = Window(size=(1, 2), stride=(1, 2), padding=(0, 0, 0, 0))
    fields = node((1, 1), kind) | {"window": window, "accumulator": accumulator, "fill": 0}
    assert result_of(MaxPool2D(**fields), (kind, x)) == [[[-3]]] * EVENTS
    assert result_of(MaxPool2D(**fields, cast_first=True), (kind, x)) == [[[0]]] * EVENTS


def test_a_window_that_does_not_fit_is_refused():
    window = Window(size=(1, 4), stride=(1, 1), padding=(0, 0, 0, 0))
    operation = MaxPool2D(**node((1, 2), ANY), window=window, accumulator=ANY, fill=0)
    with pytest.raises(ProgramError, match="its inputs make it"):
        result_of(operation, (ANY, np.zeros((EVENTS, 3, 2), np.int64)))
