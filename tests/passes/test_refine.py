"""Wider outputs: what comes back is what the last cast dropped, and cast again it is the old score."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import oracle
from tests.conftest import GOLDEN
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn import Emulator
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import PrecisionError
from trigger_nn.passes.refine import finest, refined
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, requantize
from trigger_nn.program.operations import Cast, Constant, Dense, Relu, Reshape
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

INPUT = Fixed(True, 6, 3)
ACCUMULATOR = Fixed(True, 24, 12)
EVENTS = 8


def dense(weights, reads="x", name="sum", kind=ACCUMULATOR):
    outputs = weights.mantissa.shape[1]
    bias = Constant(np.zeros(outputs, int), Fixed(True, 2, 2))
    return Dense(
        name=name, inputs=(reads,), shape=(outputs,), type=kind, accumulator=ACCUMULATOR, reuse_factor=1,
        weights=weights, bias=bias,
    )  # fmt: skip


def program_of(*operations, output=""):
    port = Port("x", (3,), INPUT)
    return check(Program("small", (port,), operations, (output or operations[-1].name,)))


def ending(weights, kind, end):
    """A sum of products whose scores of type `kind` come from a cast, a relu, a renamed cast or the sum itself."""
    shape = weights.mantissa.shape[1:]
    match end:
        case "sum":
            return program_of(dense(weights, kind=kind))
        case "relu":
            return program_of(dense(weights), Relu(name="score", inputs=("sum",), shape=shape, type=kind))
        case _:
            cast = Cast(name="cast", inputs=("sum",), shape=shape, type=kind)
            renamed = Reshape(name="score", inputs=("cast",), shape=(*shape, 1), type=kind)
            return program_of(dense(weights), cast, *[renamed] * (end == "renamed"))


def scores(program, x):
    name = program.output_names[0]
    return run_reference(program, {"x": x}, (name,))[name]


def finest_or_skip(program):
    try:
        return finest(program, 0)
    except PrecisionError:
        assume(False)


ENDS = st.sampled_from(["sum", "relu", "cast", "renamed"])
WEIGHTS = constants((3, 2), 6)
KINDS = fixed_types(12)
X = mantissas(INPUT, (EVENTS, 3))


@given(WEIGHTS, KINDS, X, ENDS)
def test_scores_with_all_bits_cast_to_the_old_type_are_the_old_scores(weights, kind, x, end):
    program = ending(weights, kind, end)
    wide = finest_or_skip(program)
    found = scores(refined(program, 0, wide), x)
    assert np.array_equal(requantize(found, wide.fraction, kind), scores(program, x))


@given(WEIGHTS, KINDS, X, ENDS, st.integers(0, 8), st.integers(0, 8))
def test_every_type_in_between_is_the_finest_one_cast_to_it(weights, kind, x, end, fraction, integer):
    program = ending(weights, kind, end)
    wide = finest_or_skip(program)
    between = replace(
        kind,
        width=min(kind.fraction + fraction, wide.fraction) + min(kind.integer + integer, wide.integer),
        integer=min(kind.integer + integer, wide.integer),
    )
    found = scores(refined(program, "score" if end in ("relu", "renamed") else 0, between), x)
    assert np.array_equal(found, requantize(scores(refined(program, 0, wide), x), wide.fraction, between))
    if kind.rounding in (Rounding.TRN, Rounding.TRN_ZERO):
        assert np.array_equal(requantize(found, between.fraction, kind), scores(program, x))


@given(WEIGHTS, KINDS, X)
def test_a_refined_sum_is_what_fractions_say(weights, kind, x):
    program = ending(weights, kind, "cast")
    wide = finest_or_skip(program)
    exact = [
        [
            sum(Fraction(int(a)) * int(w) for a, w in zip(row, column, strict=True))
            / Fraction(2) ** (INPUT.fraction + weights.type.fraction)
            for column in weights.mantissa.T
        ]
        for row in x
    ]
    # The accumulator holds every sum of these weights down to 2^-12; coarser ones lose bits before the cast.
    assume(INPUT.fraction + weights.type.fraction <= ACCUMULATOR.fraction and weights.type.integer <= 6)
    wanted = [[oracle.fit(value, wide) for value in row] for row in exact]
    found = scores(refined(program, 0, wide), x)
    assert [[Fraction(int(m)) / Fraction(2) ** wide.fraction for m in row] for row in found] == wanted


def test_the_same_type_is_the_same_program():
    program = Program.load(GOLDEN / "event_image_program.h5")
    assert refined(program, "output", program.outputs[0].type) is program


def test_the_shipped_network_keeps_all_but_its_last_layer(sample):
    from trigger_nn.events.inputs import mantissas_for

    program = Program.load(GOLDEN / "event_image_program.h5")
    kind = program.outputs[0].type
    wide = finest(program, 0)
    assert wide == Fixed(True, 16, 7, Rounding.RND_CONV, Overflow.SAT)
    finer = refined(program, 0, wide)
    assert finer.operations[:-1] == program.operations[:-1]
    assert finer.digest != program.digest
    assert finer.provenance["refined"] == {
        "program": program.digest, "output": "output", "from": str(kind), "to": str(wide),
    }  # fmt: skip
    x = {"image": mantissas_for(sample.splits["test"]["image"][:3000], sample.column("image"), program.inputs[0])}
    before, after = (Emulator(p).predict_mantissas(x) for p in (program, finer))
    assert np.array_equal(requantize(after, wide.fraction, kind), before)
    assert len(np.unique(after)) > 2 * len(np.unique(before))


def test_what_has_nothing_finer_is_refused():
    weights = Constant(np.ones((3, 2), int), Fixed(True, 3, 2))
    with pytest.raises(PrecisionError, match="layer 'sum' computes nothing finer"):
        finest(program_of(dense(weights)), 0)
    whole = ending(weights, Fixed(True, 8, 8), "cast")
    assert finest(whole, 0).fraction == 4
    with pytest.raises(PrecisionError, match=r"computes no more than fixed<12,8> holds"):
        refined(whole, 0, Fixed(True, 13, 8))


@pytest.mark.parametrize(
    "kind",
    [
        Fixed(True, 7, 7), Fixed(False, 10, 8), Fixed(True, 10, 8, Rounding.RND), Fixed(True, 10, 7),
        Fixed(True, 10, 8, Rounding.TRN, Overflow.SAT),
    ],
)  # fmt: skip
def test_types_that_are_not_wider_are_refused(kind):
    program = ending(Constant(np.ones((3, 2), int), Fixed(True, 3, 2)), Fixed(True, 8, 8), "cast")
    with pytest.raises(PrecisionError, match="does not widen"):
        refined(program, 0, kind)


def test_an_output_that_another_layer_reads_is_refused():
    weights = Constant(np.ones((3, 2), int), Fixed(True, 3, 2))
    cast = Cast(name="cast", inputs=("sum",), shape=(2,), type=Fixed(True, 8, 8))
    more = Relu(name="more", inputs=("cast",), shape=(2,), type=Fixed(False, 8, 8))
    with pytest.raises(PrecisionError, match="layer 'more' takes its numbers"):
        finest(program_of(dense(weights), cast, more, output="cast"), 0)


@pytest.mark.parametrize("name", ["softmax", "gru", "add"])
def test_outputs_that_do_not_end_in_a_cast_are_refused(name):
    program = Program.load(GOLDEN / "second_schema" / f"{name}.h5")
    with pytest.raises(PrecisionError, match="does not end in one cast"):
        finest(program, 0)


@pytest.mark.parametrize("output", ["none", 1, -1])
def test_an_output_that_is_not_there_is_refused(output):
    program = ending(Constant(np.ones((3, 2), int), Fixed(True, 3, 2)), Fixed(True, 8, 8), "cast")
    with pytest.raises(PrecisionError, match="it has: cast"):
        refined(program, output, Fixed(True, 9, 8))
