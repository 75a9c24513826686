"""Fixed-point casts against exact fractions, and against AMD's own ap_fixed built with g++."""

import importlib.util
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import oracle
from tests.strategies import fixed_types, mantissas
from trigger_nn.errors import PrecisionError
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering, from_float, requantize


@given(st.data())
def test_requantize_is_the_oracle(data):
    source, target = data.draw(fixed_types(plain=True)), data.draw(fixed_types())
    values = data.draw(mantissas(source, (6,)))
    got = requantize(values, source.fraction, target)
    lsb_in, lsb_out = Fraction(2) ** -source.fraction, Fraction(2) ** -target.fraction
    assert [int(v) * lsb_out for v in got] == [oracle.fit(int(v) * lsb_in, target) for v in values]


@given(st.floats(allow_nan=False, allow_infinity=False, width=32) | st.floats(-300, 300), fixed_types(max_width=80))
def test_from_float_is_the_oracle(value, target):
    got = int(from_float(np.array([value]), target)[0]) * Fraction(2) ** -target.fraction
    assert got == oracle.fit(Fraction(value), target)


@given(fixed_types())
def test_text_round_trip(kind):
    assert Fixed.parse(str(kind)) == kind


@pytest.mark.parametrize(
    "text", ["fixed<16>", "fixed<0,0>", "fixed<-4,2>", "float", "fixed<8,3,RND,WRAP_SM>", "fixed<8,3,RND,SAT,2>"]
)
def test_impossible_types_are_refused(text):
    with pytest.raises(PrecisionError):
        Fixed.parse(text)


def test_nan_is_refused():
    with pytest.raises(PrecisionError, match="NaN"):
        from_float(np.array([np.nan]), Fixed(True, 8, 4))


@given(st.integers(-(2**70), 2**70), st.integers(0, 2**70), st.integers(-5, 5))
def test_covering_is_narrowest(low, span, fraction):
    kind = covering(low, low + span, fraction)
    assert kind.minimum <= low <= low + span <= kind.maximum
    if kind.width > 1:
        smaller = Fixed(kind.signed, kind.width - 1, kind.width - 1 - fraction)
        assert low < smaller.minimum or low + span > smaller.maximum


HARNESS = """
#include "ap_fixed.h"
#include <cstdio>
template <int SW, int SI, bool SS, class T> void cast(long long bits) {
    ap_fixed_base<SW, SI, SS> source;
    source.range(SW - 1, 0) = ap_int<64>(bits).range(SW - 1, 0);
    T target = source;
    ap_int<64> out = 0;
    out.range(T::width - 1, 0) = target.range(T::width - 1, 0);
    printf("%%llu\\n", (unsigned long long)out.to_uint64());
}
int main() {
%s
}
"""


def _cpp_type(kind):
    return f"ap_{'' if kind.signed else 'u'}fixed<{kind.width},{kind.integer},AP_{kind.rounding},AP_{kind.overflow}>"


def _cases():
    """All 28 pairs of modes, signed and unsigned, with random widths and values at the ends of the range.

    ap_types stops with an assertion when a cast drops more bits than the source has, so those are left out.
    """
    rng = np.random.default_rng(7)
    for rounding in Rounding:
        for overflow in Overflow:
            for signed in (True, False):
                target_width = int(rng.integers(1, 20))
                target = Fixed(signed, target_width, int(rng.integers(-3, 12)), rounding, overflow)
                width = int(rng.integers(2, 24))
                most = width - 1 + target.fraction  # fraction bits that leave one bit of the source
                fraction = min(int(rng.integers(-3, 20)), most)
                source = Fixed(bool(rng.integers(2)), width, width - fraction)
                values = rng.integers(source.minimum, source.maximum, 40, endpoint=True)
                yield source, target, np.unique([*values, source.minimum, source.maximum, 0])


def test_ap_fixed_built_with_gxx_agrees(gxx, tmp_path):
    cases = list(_cases())
    lines = [
        f"cast<{s.width},{s.integer},{str(s.signed).lower()},{_cpp_type(t)}>({v}LL);"
        for s, t, values in cases
        for v in values
    ]
    (tmp_path / "cast.cpp").write_text(HARNESS % "\n".join(lines))
    headers = Path(importlib.util.find_spec("hls4ml").origin).parent / "templates/vivado/ap_types"
    subprocess.run([gxx, "-O0", "-w", f"-I{headers}", "cast.cpp", "-o", "cast"], cwd=tmp_path, check=True)
    printed = iter(subprocess.run([tmp_path / "cast"], capture_output=True, text=True, check=True).stdout.split())
    for source, target, values in cases:
        got = requantize(values.astype(np.int64), source.fraction, target)
        theirs = [int(next(printed)) for _ in values]
        assert [int(v) % 2**target.width for v in got] == theirs, (source, target)
