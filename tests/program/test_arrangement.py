"""Moving values against the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import arrangement as oracle
from tests.program.one_operation import EVENTS, exact, node, result_of
from tests.strategies import fixed_types, mantissas
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Concatenate, Rearrange, Reshape

ANY = Fixed(True, 8, 4)


@st.composite
def shapes(draw, rank=None):
    """One to three axes."""
    rank = rank or draw(st.integers(1, 3))
    return tuple(draw(st.integers(1, 4)) for _ in range(rank))


@settings(max_examples=80)
@given(st.data(), shapes())
def test_rearrange(data, shape):
    source, kind = data.draw(fixed_types(10, plain=True)), data.draw(fixed_types(10))
    permutation = tuple(data.draw(st.permutations(range(len(shape)))))
    repeats = tuple(data.draw(st.integers(1, 3)) for _ in shape)
    sizes = [shape[axis] * times for axis, times in zip(permutation, repeats, strict=True)]
    # At least one element stays.
    padding = tuple((data.draw(st.integers(-(n - 1), 2)), data.draw(st.integers(0, 2))) for n in sizes)
    result = tuple(n + sum(around) for n, around in zip(sizes, padding, strict=True))
    x = data.draw(mantissas(source, (EVENTS, *shape)))
    operation = Rearrange(**node(result, kind), permutation=permutation, repeats=repeats, padding=padding)
    expected = [oracle.rearrange(e, permutation, repeats, padding, kind) for e in exact(x, source)]
    assert result_of(operation, (source, x)) == expected


@given(st.data(), shapes(3))
def test_parts_left_out_change_nothing(data, shape):
    x = data.draw(mantissas(ANY, (EVENTS, *shape)))
    assert result_of(Rearrange(**node(shape, ANY)), (ANY, x)) == exact(x, ANY)


@given(st.data(), shapes())
def test_reshape(data, shape):
    x = data.draw(mantissas(ANY, (EVENTS, *shape)))
    for result in (shape[::-1], (int(np.prod(shape)),)):
        expected = [oracle.reshape(e, result) for e in exact(x, ANY)]
        assert result_of(Reshape(**node(result, ANY)), (ANY, x)) == expected


@given(st.data(), shapes())
def test_concatenate(data, shape):
    axis, length = data.draw(st.integers(0, len(shape) - 1)), data.draw(st.integers(1, 3))
    other = (*shape[:axis], length, *shape[axis + 1 :])
    result = (*shape[:axis], length + shape[axis], *shape[axis + 1 :])
    kinds = [data.draw(fixed_types(10, plain=True)) for _ in range(2)]
    kind = data.draw(fixed_types(12))
    given_values = [data.draw(mantissas(k, (EVENTS, *s))) for k, s in zip(kinds, (shape, other), strict=True)]
    values = [exact(x, k) for x, k in zip(given_values, kinds, strict=True)]
    expected = [oracle.concatenate(list(parts), axis, kind) for parts in zip(*values, strict=True)]
    operation = Concatenate(**node(result, kind, inputs=2), axis=axis)
    assert result_of(operation, *zip(kinds, given_values, strict=True)) == expected


@pytest.mark.parametrize(
    ("operation", "shapes_in"),
    [
        (Rearrange(**node((3, 2), ANY), permutation=(1, 0)), [(2, 4)]),
        (Rearrange(**node((3, 2), ANY), permutation=(1, 0, 2)), [(2, 3)]),
        (Rearrange(**node((4, 2), ANY), padding=((1, 1),)), [(2, 2)]),
        (Concatenate(**node((5, 2), ANY, inputs=2), axis=0), [(2, 2), (3, 3)]),
        (Reshape(**node((5,), ANY)), [(2, 3)]),
    ],
)
def test_shapes_that_do_not_fit_are_refused(operation, shapes_in):
    with pytest.raises(ProgramError, match="its inputs make it"):
        result_of(operation, *((ANY, np.zeros((EVENTS, *shape), np.int64)) for shape in shapes_in))
