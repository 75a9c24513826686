"""Merging two tensors against the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import merging as oracle
from tests.program.one_operation import EVENTS, exact, node, result_of
from tests.strategies import fixed_types, mantissas
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Dot, Merge, MergeKind

ANY = Fixed(True, 8, 4)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(MergeKind), st.sampled_from([10, 40]))
def test_merge(data, kind, width):
    types = [data.draw(fixed_types(width, plain=True)) for _ in range(2)]
    result = data.draw(fixed_types(30))
    sizes = data.draw(st.sampled_from([(4, 4), (6, 2), (3, 4), (1, 5)]))
    x = [data.draw(mantissas(k, (EVENTS, n))) for k, n in zip(types, sizes, strict=True)]
    values = [exact(m, k) for m, k in zip(x, types, strict=True)]
    expected = [oracle.merge(str(kind), a, b, types, result) for a, b in zip(*values, strict=True)]
    operation = Merge(**node((max(sizes),), result, inputs=2), kind=kind)
    assert result_of(operation, *zip(types, x, strict=True)) == expected


@pytest.mark.parametrize(
    ("first", "second", "huge"),
    [
        # As g++ compared -1 and 1 of these types, with the ap_types that hls4ml comes with.
        (Fixed(True, 16, 6), Fixed(False, 16, 6), False),
        (Fixed(True, 16, 6), Fixed(False, 32, 22), True),
        (Fixed(True, 33, 23), Fixed(False, 32, 22), False),
        (Fixed(False, 32, 22), Fixed(True, 32, 22), True),
        (Fixed(False, 31, 21), Fixed(True, 32, 22), False),
        (Fixed(True, 20, 18), Fixed(False, 32, 2), False),
    ],
)
def test_a_negative_value_can_count_as_huge(first, second, huge):
    x = np.array([[1 if not first.signed else -1]] * EVENTS) << first.fraction
    y = np.array([[1 if not second.signed else -1]] * EVENTS) << second.fraction
    for kind, usual in ((MergeKind.MAXIMUM, 1), (MergeKind.MINIMUM, -1)):
        operation = Merge(**node((1,), Fixed(True, 8, 4), inputs=2), kind=kind)
        assert result_of(operation, (first, x), (second, y)) == [[-usual if huge else usual]] * EVENTS


@given(st.data(), st.integers(1, 6))
def test_dot(data, length):
    types = [data.draw(fixed_types(10, plain=True)) for _ in range(2)]
    accumulator, result = data.draw(fixed_types(16)), data.draw(fixed_types(12))
    x = [data.draw(mantissas(k, (EVENTS, length))) for k in types]
    values = [exact(m, k) for m, k in zip(x, types, strict=True)]
    expected = [[oracle.dot(a, b, accumulator, result)] for a, b in zip(*values, strict=True)]
    operation = Dot(**node((1,), result, inputs=2), accumulator=accumulator)
    assert result_of(operation, *zip(types, x, strict=True)) == expected


@pytest.mark.parametrize(
    ("operation", "sizes"),
    [
        (Dot(**node((1,), ANY, inputs=2), accumulator=ANY), (3, 4)),
        (Merge(**node((3,), ANY, inputs=2), kind=MergeKind.ADD), (3, 4)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(operation, sizes):
    with pytest.raises(ProgramError, match="its inputs make it"):
        result_of(operation, *((ANY, np.zeros((EVENTS, n), np.int64)) for n in sizes))
