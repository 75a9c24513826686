"""The sanitizer against plain Python: what is counted, what is told first, what would suffice, what the twin says."""

import json
from fractions import Fraction

import numpy as np
import pytest
import typer
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests import oracle
from tests.conftest import GOLDEN
from tests.passes.test_passes import programs
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn import Emulator, Program
from trigger_nn.cli.check import Bound, check
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.passes import sanitize as module
from trigger_nn.passes.sanitize import Drift, Loss, sanitize
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, to_float
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Constant,
    Dense,
    Embedding,
    Lookup,
    Merge,
    MergeKind,
    Softmax,
    SoftmaxKind,
    Window,
)
from trigger_nn.program.program import Port
from trigger_nn.workflow.inputs import numbers_at

EVENTS = 5
BYTE = Fixed(True, 8, 8)
WIDE = Fixed(True, 30, 15)


def program_of(*operations, **inputs):
    """A program with inputs name=(shape, type); the last operation is the output."""
    ports = tuple(Port(name, *facts) for name, facts in inputs.items())
    return Program("small", ports, operations, (operations[-1].name,))


def cast(kind, shape=(3,), reads="x", name="y"):
    return Cast(name=name, inputs=(reads,), shape=shape, type=kind)


def use_of(result, layer, field="type"):
    (found,) = [use for use in result.types if (use.layer, use.field) == (layer, field)]
    return found


def drift_of(result, layer):
    (found,) = [drift for drift in result.layers if drift.layer == layer]
    return found


def changes(value, kind):
    """What casting a Fraction does, in plain Python: (overflows, rounds, mantissa before overflow)."""
    scaled = value / Fraction(2) ** (kind.integer - kind.width)
    rounded = oracle.round_to(scaled, str(kind.rounding))
    return oracle.overflow(rounded, kind) != rounded, rounded != scaled, rounded


def agrees(use, values, kind):
    """Every count of `use` is the one of `values` (Fractions), all cast to `kind`."""
    found = [changes(value, kind) for value in values]
    overflown = sum(over for over, _, _ in found)
    wraps = kind.overflow is Overflow.WRAP
    assert (use.values, use.rounded) == (len(values), sum(off for _, off, _ in found))
    assert (use.wrapped, use.saturated) == ((overflown, 0) if wraps else (0, overflown))
    assert use.seen == (min(values), max(values))
    assert use.kept == (min(n for _, _, n in found), max(n for _, _, n in found))
    lsb = Fraction(2) ** -kind.fraction
    assert (
        use.lost == use.worst * lsb == max(abs(value - n * lsb) for value, (_, _, n) in zip(values, found, strict=True))
    )


def suffices(use, values):
    """`exact` holds every value and `enough` every rounded one; a bit less on either side, and one is not held."""
    held = lambda kind: all(oracle.fit(value, kind) == value for value in values)  # noqa: E731
    exact, enough = use.exact, use.enough
    assert held(exact)
    if exact.width > 1:
        narrower = Fixed(exact.signed, exact.width - 1, exact.integer - 1)
        coarser = Fixed(exact.signed, exact.width - 1, exact.integer)
        assert not held(narrower)
        assert not held(coarser)
    low, high = use.kept
    assert enough.fraction == use.type.fraction
    assert enough.minimum <= low <= high <= enough.maximum
    if enough.width > 1:
        less = Fixed(enough.signed, enough.width - 1, enough.integer - 1)
        assert low < less.minimum or high > less.maximum


def fractions_of(array, kind):
    return [int(m) / Fraction(2) ** kind.fraction for m in array.ravel()]


@given(st.data())
def test_a_cast_counts_as_plain_python_does(data):
    source, kind = data.draw(fixed_types(20, plain=True)), data.draw(fixed_types(20))
    x = data.draw(mantissas(source, (EVENTS, 3)))
    result = sanitize(program_of(cast(kind), x=((3,), source)), to_float(x, source))
    use, values = use_of(result, "y"), fractions_of(x, source)
    agrees(use, values, kind)
    suffices(use, values)
    assert use.proven == tuple(end / Fraction(2) ** source.fraction for end in (source.minimum, source.maximum))
    assert use_of(result, "x", "port").rounded == use_of(result, "x", "port").wrapped == 0


@given(st.data())
def test_the_door_counts_as_plain_python_does(data):
    kind = data.draw(fixed_types(20))
    numbers = st.one_of(st.floats(-300, 300, width=32), st.floats(allow_nan=False, allow_infinity=False))
    x = np.array(data.draw(st.lists(numbers, min_size=EVENTS * 2, max_size=EVENTS * 2))).reshape(EVENTS, 2)
    assume(np.all((x == 0) | (np.abs(x) > 1e-290)))  # scaled by the LSB, still a normal number
    program = program_of(cast(kind, (2,)), x=((2,), kind))
    use, values = use_of(sanitize(program, x), "x", "port"), [Fraction(number) for number in x.ravel().tolist()]
    found = [changes(value, kind) for value in values]
    overflown = sum(over for over, _, _ in found)
    assert use.wrapped + use.saturated == overflown
    assert use.rounded == sum(off for _, off, _ in found)
    lsb = Fraction(2) ** -kind.fraction
    off = max(abs(value - n * lsb) for value, (_, _, n) in zip(values, found, strict=True))
    assert use.lost == Fraction(float(off))  # what is much less than an LSB is lost from one in float64
    assert use.seen == (min(values), max(values))
    assert use.grain == max((value.denominator.bit_length() - 1 for value in values if value % 1), default=use.grain)
    for offence in use.first:
        value = Fraction(float(x[(offence.event, *offence.element)]))
        assert (offence.before, offence.after) == (value, oracle.fit(value, kind))


@given(st.data())
def test_a_dense_layer_counts_as_plain_python_does(data):
    """Where the accumulator makes the engine cast every product and partial sum, one count for each of them."""
    source, kind = data.draw(fixed_types(8, plain=True)), data.draw(fixed_types(12))
    weights, bias = data.draw(constants((3, 2))), data.draw(constants((2,)))
    fraction = source.fraction + weights.type.fraction - data.draw(st.integers(1, 4))  # less than products have
    width = data.draw(st.integers(1, 16))
    modes = data.draw(st.sampled_from(Rounding)), data.draw(st.sampled_from(Overflow))
    accumulator = Fixed(data.draw(st.booleans()), width, width - fraction, *modes)
    x = data.draw(mantissas(source, (EVENTS, 3)))
    dense = Dense(
        name="y", inputs=("x",), shape=(2,), type=kind, weights=weights, bias=bias, accumulator=accumulator,
        reuse_factor=1,
    )  # fmt: skip
    result = sanitize(program_of(dense, x=((3,), source)), to_float(x, source))
    casts, results = dense_casts(x, source, dense)
    agrees(use_of(result, "y", "accumulator"), casts, accumulator)
    suffices(use_of(result, "y", "accumulator"), casts)
    agrees(use_of(result, "y"), results, kind)
    suffices(use_of(result, "y"), results)


def dense_casts(x, source, dense):
    """All values cast to the accumulator, and all cast to the result: the bias once, all else for every event."""
    accumulator, weights = dense.accumulator, dense.weights
    w = [[int(m) / Fraction(2) ** weights.type.fraction for m in row] for row in weights.mantissa]
    casts, results = [], []
    for event, row in enumerate(x):
        for j, value in enumerate(fractions_of(dense.bias.mantissa, dense.bias.type)):
            casts += [value] * (event == 0)
            total = oracle.fit(value, accumulator)
            for i, number in enumerate(fractions_of(row, source)):
                casts.append(number * w[i][j])
                casts.append(total + oracle.fit(number * w[i][j], accumulator))
                total = oracle.fit(casts[-1], accumulator)
            results.append(total)
    return casts, results


@settings(max_examples=30)
@given(st.data(), programs())
def test_whatever_the_program_ranges_are_proven_and_offences_true(data, program):
    source = program.inputs[0].type
    x = data.draw(mantissas(source, (3, 4, 3, 1)))
    result = sanitize(program, to_float(x, source))
    trace = run_reference(program, {"x": x}, tuple(op.name for op in program.operations))
    for use in result.types:
        assert use.proven[0] <= use.seen[0] <= use.seen[1] <= use.proven[1], use
        for offence in use.first:
            assert offence.before != offence.after
            if use.field == "type":
                mantissa = int(trace[use.layer][(offence.event, *offence.element)])
                assert offence.after == mantissa / Fraction(2) ** use.type.fraction


@settings(max_examples=30)
@given(st.data(), programs())
def test_blocks_change_nothing(data, program):
    x = to_float(data.draw(mantissas(program.inputs[0].type, (5, 4, 3, 1))), program.inputs[0].type)
    whole = sanitize(program, x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", 2)
        assert sanitize(program, x) == whole


def test_a_wrap_is_told_with_its_event_and_element():
    kind = Fixed(True, 4, 4)
    x = np.zeros((600, 3))
    x[300, 1], x[555, 2], x[556, 0] = 9, -13, 8
    result = program_of(cast(kind), x=((3,), BYTE)).sanitize(x, keep=2)
    use = use_of(result, "y")
    assert (use.values, use.wrapped, use.saturated, use.rounded) == (1800, 3, 0, 0)
    assert [(o.loss, o.event, o.element, o.before, o.after) for o in use.first] == [
        (Loss.WRAPPED, 300, (1,), 9, -7),
        (Loss.WRAPPED, 555, (2,), -13, 3),
    ]
    assert use.enough == use.exact == Fixed(True, 5, 5)
    assert (result.count(Loss.WRAPPED), result.count(Loss.ROUNDED), result.events) == (3, 0, 600)
    drift = drift_of(result, "y")  # a wrap is a whole turn of the type
    assert (drift.lsb, drift.own, drift.number, drift.event) == (16, 16, 16, 300)


def test_saturation_and_rounding_are_told_with_their_amounts():
    kind = Fixed(False, 4, 2, Rounding.RND, Overflow.SAT)  # quarters up to 3.75
    x = np.array([[0.25, 0.3125, 5.0], [-1.0, 3.9375, 0.125]])
    use = use_of(sanitize(program_of(cast(kind), x=((3,), Fixed(True, 10, 5))), x), "y")
    assert (use.wrapped, use.saturated, use.rounded) == (0, 3, 3)
    assert (use.worst, use.lost) == (Fraction(1, 2), Fraction(1, 8))
    told = [(o.loss, o.event, o.element, o.before, o.after) for o in use.first]
    assert told[:3] == [
        (Loss.SATURATED, 0, (2,), 5, Fraction(15, 4)),
        (Loss.SATURATED, 1, (0,), -1, 0),
        (Loss.SATURATED, 1, (1,), Fraction(63, 16), Fraction(15, 4)),
    ]
    assert told[3] == (Loss.ROUNDED, 0, (1,), Fraction(5, 16), Fraction(1, 4))
    assert use.enough == Fixed(True, 6, 4, Rounding.RND)
    assert use.exact == Fixed(True, 8, 4)


def test_the_twin_tells_harmless_wraps_from_harmful_ones():
    """7 + 5 wraps in four bits, and -6 brings it back; without the -6 the mean is wrong by a turn."""
    window = Window(size=(1, 3), stride=(1, 1), padding=(0, 0, 0, 0))
    nibble, quarter = Fixed(True, 4, 4), Fixed(True, 8, 4)

    def pooled(*numbers):
        pool = AveragePool2D(
            name="mean", inputs=("x",), shape=(1, 1, 1), type=quarter, window=window, accumulator=nibble,
            count_padding=False,
        )  # fmt: skip
        x = np.array(numbers, float).reshape(1, 1, 3, 1)
        return sanitize(program_of(pool, x=((1, 3, 1), BYTE)), x)

    harmless, harmful = pooled(7, 5, -6), pooled(7, 5, 0)
    assert use_of(harmless, "mean", "accumulator").wrapped == 2
    assert drift_of(harmless, "mean").own == 0
    assert use_of(harmful, "mean", "accumulator").wrapped == 1
    assert drift_of(harmful, "mean").number == pytest.approx(5)  # 4 in place of -1; thirds are no binary numbers


def test_a_loss_is_told_apart_from_its_consequences():
    first, second = cast(Fixed(True, 4, 4)), cast(BYTE, reads="y", name="z")
    result = sanitize(program_of(first, second, x=((3,), BYTE)), np.full((2, 3), 9.0), difference=20.0)
    assert [(d.layer, d.lsb, d.own, d.event) for d in result.layers] == [("y", 16, 16, None), ("z", 16, 0, None)]
    assert drift_of(sanitize(program_of(first, second, x=((3,), BYTE)), [[0.0] * 3, [9.0] * 3], 15.0), "z").event == 1


@given(st.data())
def test_tables_are_read_by_the_twin_as_by_the_program(data):
    """With a result type that holds the table, nothing is lost, so both must agree at every input, negative too."""
    source = data.draw(fixed_types(12, plain=True))
    table = data.draw(constants((data.draw(st.sampled_from([4, 16, 64])),)))
    operation = Lookup(name="y", inputs=("x",), shape=(3,), type=table.type, table=table, span=16)
    x = to_float(data.draw(mantissas(source, (EVENTS, 3))), source)
    result = sanitize(program_of(operation, x=((3,), source)), x)
    assert (drift_of(result, "y").lsb, drift_of(result, "y").own) == (0, 0)


def softmax_of(difference, exponential, inverse, kind=SoftmaxKind.STABLE):
    return Softmax(
        name="y", inputs=("x",), shape=(3,), type=WIDE, kind=kind, exponential=exponential, inverse=inverse,
        difference=difference, accumulator=WIDE, sum=WIDE,
    )  # fmt: skip


TABLE = Constant(np.arange(16, 0, -1), Fixed(False, 8, 4))


@given(st.data())
def test_a_softmax_that_loses_nothing_equals_its_twin(data):
    source = Fixed(data.draw(st.booleans()), 6, data.draw(st.integers(2, 6)))
    kind = data.draw(st.sampled_from(SoftmaxKind))
    x = to_float(data.draw(mantissas(source, (EVENTS, 3))), source)
    operation = softmax_of(Fixed(True, 8, source.integer + 2), TABLE, TABLE, kind)
    result = sanitize(program_of(operation, x=((3,), source)), x)
    assert result.count(Loss.WRAPPED) == result.count(Loss.ROUNDED) == 0
    assert (drift_of(result, "y").lsb, drift_of(result, "y").own) == (0, 0)


def test_a_table_address_that_overflows_counts_in_the_type_that_overflowed():
    """A difference of 12 wraps in fixed<4,4>; the twin reads the table where it ends, not where the wrap leads."""
    operation = softmax_of(Fixed(True, 4, 4), TABLE, Constant(np.full(16, 16), Fixed(False, 8, 4)))
    result = sanitize(program_of(operation, x=((3,), BYTE)), np.array([[12.0, 0.0, 12.0]]))
    use = use_of(result, "y", "difference")
    assert (use.wrapped, use.first[0].element, use.first[0].before, use.first[0].after) == (1, (1,), 12, -4)
    assert not [found for found in result.types if found.field in ("address", "internal")]
    # -4 is address 12, which holds 4; clipped, 7 is address 7, which holds 9. Sixteenths, times one.
    assert drift_of(result, "y").number == Fraction(5, 16)


def test_constants_count_once_and_belong_to_no_event():
    kind, accumulator = Fixed(True, 8, 8), Fixed(True, 4, 4, Rounding.TRN, Overflow.SAT)
    bias = Constant(np.array([20, 1]), Fixed(True, 6, 6))
    dense = Dense(
        name="y", inputs=("x",), shape=(2,), type=kind, weights=Constant(np.zeros((3, 2), int), kind), bias=bias,
        accumulator=accumulator, reuse_factor=1,
    )  # fmt: skip
    for events in (1, 2, 700):
        use = use_of(sanitize(program_of(dense, x=((3,), BYTE)), np.zeros((events, 3))), "y", "accumulator")
        assert use.saturated == 1
        (offence,) = use.first
        assert (offence.event, offence.element, offence.before, offence.after) == (None, (0,), 20, 7)


def test_the_first_offence_is_that_of_the_first_event():
    """Also where a later event's product is cast before."""
    kind, ones = Fixed(True, 4, 4, Rounding.TRN, Overflow.SAT), Constant(np.ones((2, 1), int), BYTE)
    dense = Dense(
        name="y", inputs=("x",), shape=(1,), type=BYTE, weights=ones, bias=Constant(np.zeros(1, int), BYTE),
        accumulator=kind, reuse_factor=1,
    )  # fmt: skip
    result = sanitize(program_of(dense, x=((2,), BYTE)), np.array([[0, 9], [10, 0]]), keep=1)
    (offence,) = use_of(result, "y", "accumulator").first
    assert (offence.event, offence.before) == (0, 9)


def test_equal_types_of_one_operation_are_told_apart():
    kind = Fixed(True, 4, 4)
    operation = Softmax(
        name="y", inputs=("x",), shape=(3,), type=kind, kind=SoftmaxKind.STABLE, exponential=TABLE, inverse=TABLE,
        difference=kind, accumulator=kind, sum=kind,
    )  # fmt: skip
    result = sanitize(program_of(operation, x=((3,), kind)), np.zeros((2, 3)))
    assert [use.field for use in result.types] == ["port", "difference", "accumulator", "sum", "type"]
    # Three sixteenths-of-sixteen (each 1) are cast, then added in a tree of two; 1 + 1 + 1 overflows nothing.
    assert [use.values for use in result.types] == [6, 6, 6 + 2 * 2, 2, 6]


def test_several_inputs():
    add = Merge(name="y", inputs=("a", "b"), shape=(2,), type=Fixed(True, 8, 8), kind=MergeKind.ADD)
    program = program_of(add, a=((2,), BYTE), b=((2,), BYTE))
    result = sanitize(program, {"a": np.full((1, 2), 100), "b": np.array([[27, 28]])})
    assert (use_of(result, "y").wrapped, use_of(result, "y").first[0].element) == (1, (1,))
    with pytest.raises(EventsError, match="Input 'b' is missing"):
        sanitize(program, {"a": np.zeros((1, 2))})
    with pytest.raises(EventsError, match="different numbers of events"):
        sanitize(program, {"a": np.zeros((1, 2)), "b": np.zeros((2, 2))})


def test_events_that_do_not_fit_are_refused():
    program = program_of(cast(BYTE), x=((3,), BYTE))
    for wrong in (np.zeros((2, 4)), np.zeros((0, 3)), np.full((2, 3), "a")):
        with pytest.raises(EventsError, match=r"\('events', 3\).*reshape"):
            sanitize(program, wrong)
    x = np.zeros((400, 3))
    x[300, 1] = np.nan
    with pytest.raises(EventsError, match="not finite at event 300"):
        sanitize(program, x)


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([["a", 1, 2]], object),
        np.array([[{}, 1, 2]], object),
        np.array([[10**400, 1, 2]], object),
        [[1, 2, 3], [1, 2]],
    ],
)
def test_what_is_no_number_is_refused_in_a_sentence(wrong):
    program = program_of(cast(BYTE), x=((3,), BYTE))
    for run_on in (lambda x: sanitize(program, x), Emulator(program).predict):
        with pytest.raises(EventsError, match="Input 'x' is no array of numbers"):
            run_on(wrong)


def test_numbers_as_python_objects_are_numbers():
    program = program_of(cast(Fixed(True, 4, 4)), x=((3,), BYTE))
    x = np.array([[9, Fraction(1, 2), 2.0]], object)
    assert sanitize(program, x) == sanitize(program, x.astype(float))
    x[0, 1] = np.inf
    with pytest.raises(EventsError, match="not finite at event 0"):
        sanitize(program, x)


def test_a_bound_beyond_all_numbers_is_never_passed():
    program = program_of(cast(Fixed(True, 8, 4)), x=((3,), BYTE))
    assert drift_of(sanitize(program, np.full((2, 3), 100.0), 1e308), "y").event is None
    assert Drift("y", Fixed(True, 8, 600), lsb=1e200, own=0.0, event=None).number == np.inf  # 1e200 LSB of 2^592


def test_small_negative_numbers_become_1_at_a_whole_port():
    """As ap_int's constructor makes of them (Port.cast): an unsigned port does not wrap there, -0.5 is 0 or wraps."""
    unsigned = Fixed(False, 4, 4, Rounding.TRN_ZERO)
    operation = cast(BYTE)
    x = np.array([[-0.25, -0.5, 3.0], [-1.0, 2.5, 0.25]])
    program = Program("small", (Port("x", (3,), unsigned, whole=True),), (operation,), ("y",))
    use = use_of(sanitize(program, x), "x", "port")
    assert (use.wrapped, use.saturated, use.rounded) == (1, 0, 4)
    assert [(o.loss, o.event, o.element, o.before, o.after) for o in use.first[:2]] == [
        (Loss.WRAPPED, 1, (0,), -1, 15),
        (Loss.ROUNDED, 0, (0,), Fraction(-1, 4), 1),
    ]
    assert (use.kept, use.worst) == ((-1, 3), Fraction(5, 4))
    only = use_of(sanitize(program, np.array([[-0.25, -0.125, 0.0]])), "x", "port")
    assert (only.wrapped, only.kept, only.enough) == (0, (0, 1), Fixed(False, 1, 1, Rounding.TRN_ZERO))


def test_the_1_of_a_small_negative_number_can_overflow():
    bit = Fixed(True, 1, 1, Rounding.TRN_ZERO)
    program = Program("small", (Port("x", (3,), bit, whole=True),), (cast(BYTE),), ("y",))
    use = use_of(sanitize(program, np.array([[-0.25, 0.0, -1.0]])), "x", "port")
    assert (use.wrapped, use.kept) == (1, (-1, 1))
    assert (use.first[0].before, use.first[0].after) == (Fraction(-1, 4), -1)
    assert use.enough == Fixed(True, 2, 2, Rounding.TRN_ZERO)


def embedding(rows=5, width=2):
    table = Constant(np.arange(rows * width).reshape(rows, width), BYTE)
    return Embedding(name="y", inputs=("x",), shape=(3, width), type=BYTE, table=table)


def test_words_outside_the_vocabulary_are_told():
    """The program clips their addresses, row * width + column, to the table; the C++ reads beyond it."""
    x = np.zeros((300, 3))
    x[0, 0], x[270, 1], x[299, 2] = 4, 5, -1  # the last word; the first beyond it; one before the first
    result = sanitize(program_of(embedding(), x=((3,), BYTE)), x)
    use = use_of(result, "y", "address")
    assert (use.values, use.saturated, use.wrapped, use.rounded) == (300 * 3 * 2, 4, 0, 0)
    assert (use.seen, use.proven) == ((-2, 11), (-256, 255))
    assert use.enough is None  # a longer table is what it takes, not another type
    assert [(o.event, o.element, o.before, o.after) for o in use.first] == [
        (270, (1, 0), 10, 9),
        (270, (1, 1), 11, 9),
        (299, (2, 0), -2, 0),
    ]


@pytest.mark.parametrize("events", [1, 2, 300])
def test_words_of_the_vocabulary_are_not(events):
    result = sanitize(program_of(embedding(), x=((3,), BYTE)), np.arange(events * 3).reshape(events, 3) % 5)
    assert [use.field for use in result.types if use.layer == "y"] == ["type"]
    lone = sanitize(program_of(embedding(), x=((3,), BYTE)), np.full((1, 3), 6))
    assert use_of(lone, "y", "address").saturated == use_of(lone, "y", "address").values == 6


def test_the_flat_ends_of_a_table_are_no_loss():
    operation = Lookup(name="y", inputs=("x",), shape=(3,), type=BYTE, table=TABLE, span=16)
    result = sanitize(program_of(operation, x=((3,), BYTE)), np.full((2, 3), 100.0))
    assert not [use for use in result.types if use.field == "address"]


def test_types_wider_than_a_machine_word():
    source, kind = Fixed(True, 70, 60), Fixed(True, 66, 60, Rounding.RND, Overflow.SAT)
    x = np.array([[2.0**58 + 2**10, -(2.0**59), 2.0**-10]])
    use = use_of(sanitize(program_of(cast(kind), x=((3,), source)), x), "y")
    assert (use.saturated, use.rounded, use.worst) == (0, 1, Fraction(1, 16))
    assert use.seen == (-(2**59), 2**58 + 2**10)
    assert use.exact == source


@pytest.fixture(scope="module")
def golden():
    """The shipped program and the numbers of its test vectors."""
    program = Program.load(GOLDEN / "event_image_program.h5")
    with np.load(GOLDEN / "event_image_vectors.npz") as file:
        return program, to_float(file["inputs"].astype(np.int64), program.inputs[0].type)


def test_the_shipped_program_loses_nothing_but_in_its_quantizers(golden):
    program, x = golden
    result = program.sanitize(x)
    quantizers = {"conv1_relu", "conv2_relu", "dense1_relu", "output"}
    assert {use.layer for use in result.types if use.rounded} == quantizers
    assert result.count(Loss.WRAPPED) == 0
    assert {use.layer for use in result.types if use.saturated} == {"conv2_relu", "dense1_relu"}
    exact = {drift.layer for drift in result.layers if drift.own == 0}
    assert exact == {op.name for op in program.operations} - quantizers
    trace = Emulator(program).trace(x)
    for layer in ("conv1", "conv2", "dense1", "score"):
        assert use_of(result, layer).seen == (trace[layer].min(), trace[layer].max())


def test_a_program_is_not_changed(golden):
    program, x = golden
    before = program.digest
    program.sanitize(x[:3])
    assert program.digest == before
    assert program == Program.load(GOLDEN / "event_image_program.h5")


# The command line.


def run(*arguments):
    app = typer.Typer(rich_markup_mode=None)
    app.command()(check)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def wrapping(tmp_path):
    """A program of which one value in six wraps, one is rounded at the door; and its events."""
    program = program_of(cast(Fixed(True, 4, 4)), x=((3,), BYTE))
    program.save(tmp_path / "program.h5")
    np.save(tmp_path / "x.npy", np.array([[0, 1, 2], [3, 9, 0.5]]))
    return tmp_path / "program.h5", tmp_path / "x.npy"


def test_check_stops_at_a_wrap(wrapping):
    program, events = wrapping
    done = run(program, "--events", events)
    assert done.exit_code == 1, done.output
    assert "y, type: wrapped first at event 1, element 1: 9.0 became -7.0" in done.output
    assert "over the bound: y, type fixed<4,4>: 1 of 6 values wrapped; ufixed<4,4> would hold them" in done.output
    assert "x, port: rounded first at event 1, element 2: 0.5 became 0.0" in done.output


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--max-wrapped", "1"), 0),
        (("--max-wrapped", "0.2"), 0),
        (("--max-wrapped", "16%"), 1),
        (("--max-wrapped", "1", "--max-rounded", "0"), 1),
        (("--max-wrapped", "1", "--max-rounded", "1", "--max-saturated", "0"), 0),
        (("--max-wrapped", "1", "--max-difference", "16"), 0),
        (("--max-wrapped", "1", "--max-difference", "15.9"), 1),
    ],
)
def test_check_keeps_to_its_bounds(wrapping, options, code):
    program, events = wrapping
    done = run(program, "--events", events, *options)
    assert done.exit_code == code, done.output
    assert ("within the bounds" in done.output) == (code == 0)


def test_check_prints_json(wrapping):
    program, events = wrapping
    done = run(program, "--events", events, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["events"], told["digest"]) == (2, Program.load(program).digest)
    (use,) = [use for use in told["types"] if use["layer"] == "y"]
    assert (use["wrapped"], use["type"], use["enough"]) == (1, "fixed<4,4>", "ufixed<4,4>")
    assert use["first"] == [{"loss": "wrapped", "event": 1, "element": [1], "before": 9.0, "after": -7.0}]
    assert told["layers"] == [
        {"layer": "y", "type": "fixed<4,4>", "event": 1, "lsb": 16.0, "number": 16.0, "own_lsb": 16.0}
    ]
    assert len(told["over"]) == 1


def test_check_reads_events_files_and_arrays_by_port(golden, tmp_path):
    from trigger_nn.workflow.workspace import embedded_sample

    program, x = golden
    assert numbers_at(program, embedded_sample(), "test")["image"].shape[1:] == program.inputs[0].shape
    np.savez(tmp_path / "x.npz", image=x[:2])
    done = run(GOLDEN / "event_image_program.h5", "--events", tmp_path / "x.npz")
    assert done.exit_code == 0, done.output
    assert "2 events" in done.output
    with pytest.raises(EventsError, match="no split 'trial'"):
        numbers_at(program, embedded_sample(), "trial")
    for name in ("empty.npy", "empty.npz"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(EventsError, match="is no array"):
            numbers_at(program, tmp_path / name, "test")


@pytest.mark.parametrize("name", ["x.npz", "x.npy"])
def test_damaged_arrays_are_refused_in_a_sentence(golden, tmp_path, name):
    """Whatever byte is changed, the file is read or refused; zlib, zipfile and numpy each complain in their own way."""
    program, x = golden
    path = tmp_path / name
    if name == "x.npz":
        np.savez_compressed(path, image=x[:3])
    else:
        np.save(path, x[:3])
    content, refused = bytearray(path.read_bytes()), 0
    for place in [*range(200), *range(len(content) - 150, len(content))]:
        content[place] ^= 1 << (place % 8)
        path.write_bytes(content)
        content[place] ^= 1 << (place % 8)
        try:
            numbers_at(program, path, "test")
        except EventsError:
            refused += 1
    assert refused > 50


def test_bounds_are_numbers_or_shares():
    assert [Bound.parse(text) for text in ("3", "1", "0.001", "5%", "100%")] == [
        Bound(3, False), Bound(1, False), Bound(0.001, True), Bound(0.05, True), Bound(1, True),
    ]  # fmt: skip
    for text in ("1.0", "1.5", "1e0", "7.0"):
        with pytest.raises(TriggerNNError, match="could be a number of values or a share"):
            Bound.parse(text)
    for text in ("-1", "200%", "nan", "inf", "few", ""):
        with pytest.raises(TriggerNNError, match="is no bound"):
            Bound.parse(text)
