"""What `trigger-nn show --carriers` says of a program."""

from pathlib import Path

import numpy as np
import pytest

from trigger_nn.engines.native.explain import explain
from trigger_nn.engines.native.target import TARGETS
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Constant, Dense
from trigger_nn.program.program import Port, Program

GOLDEN = Path(__file__).parents[2] / "golden" / "event_image_program.h5"


def dense(kind, weights, accumulator):
    """One dense layer 4-2 with all its weights at the largest of their type."""
    x, w = Fixed.parse(kind), Fixed.parse(weights)
    layer = Dense(
        name="d", inputs=("x",), shape=(2,), type=Fixed.parse("fixed<8,8,TRN,SAT>"), reuse_factor=1,
        weights=Constant(np.full((4, 2), w.maximum), w), bias=Constant(np.zeros(2, int), w),
        accumulator=Fixed.parse(accumulator),
    )  # fmt: skip
    return Program("p", (Port("x", (4,), x),), (layer,), ("d",))


@pytest.mark.parametrize(
    ("kind", "weights", "accumulator", "target", "sums"),
    [
        ("ufixed<8,8>", "fixed<8,8>", "fixed<30,30>", "avx512-vnni", "8-bit dot products in int32"),
        ("ufixed<8,8>", "fixed<8,8>", "fixed<30,30>", "avx2", "16-bit dot products in int32"),
        ("ufixed<8,8>", "fixed<8,8>", "fixed<30,30>", "aarch64", "float32, below 2^24"),
        ("fixed<16,16>", "fixed<16,16>", "fixed<40,40>", "avx512-vnni", "float64, below 2^53"),
        ("fixed<16,16>", "fixed<16,16>", "fixed<16,16>", "avx512-vnni", "16-bit dot products in int32 modulo 2^32"),
        ("fixed<30,30>", "fixed<30,30>", "fixed<24,24>", "avx512-vnni", "int32 modulo 2^32"),
        ("fixed<30,30>", "fixed<30,30>", "fixed<62,62>", "avx512-vnni", "int64"),
        ("fixed<8,8>", "fixed<8,8>", "fixed<12,12,TRN,SAT>", "avx2", "cast at every step"),
    ],
)
def test_sums_are_added_up_by_the_cheapest_way_that_is_exact(kind, weights, accumulator, target, sums):
    (choice,) = explain(dense(kind, weights, accumulator), TARGETS[target])
    assert sums in choice.sums[0]
    assert choice.carrier in ("i8", "u8")
    assert not choice.reason


def test_what_no_machine_type_holds_is_left_to_the_reference_engine_with_a_reason():
    wide = Cast(name="c", inputs=("x",), shape=(1,), type=Fixed(True, 80, 40))
    narrow = Cast(name="n", inputs=("c",), shape=(1,), type=Fixed(True, 8, 40))
    program = Program("p", (Port("x", (1,), Fixed(True, 60, 40)),), (wide, narrow), ("n",))
    left = explain(program, TARGETS["avx2"])[0]
    assert "exceed 64 bits" in left.reason
    assert left.carrier == ""


def test_every_layer_of_a_program_has_a_row():
    program = Program.load(GOLDEN)
    choices = explain(program, TARGETS["x86-64"])
    assert [c.layer for c in choices] == [op.name for op in program.operations]
    assert {c.carrier for c in choices} >= {"u8", "i32"}
