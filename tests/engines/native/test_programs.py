"""Random programs of several operations, and one for each thing that is easily done wrong."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.native.agreement import agrees, program_of
from tests.engines.native.programs import programs
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.native.machine import runnable
from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.operations import (
    BinaryStep,
    Cast,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Lookup,
    MaxPool2D,
    Relu,
    Window,
)

BYTE, WIDE = Fixed(True, 8, 8), Fixed(True, 24, 24)

# One for each program is enough here; `python -m tests.proof --targets all` runs each program on all of them.
TARGETS = st.sampled_from(runnable())


@settings(max_examples=30)
@given(programs(), TARGETS)
def test_random_programs(program, target):
    agrees(program, engine=NativeEngine(1, target))


@settings(max_examples=12)
@given(programs(widest=100, most=3), TARGETS)
def test_random_programs_of_wide_inputs(program, target):
    agrees(program, events=5, engine=NativeEngine(1, target))


def test_an_index_of_more_than_32_bits_is_divided_before_it_wraps():
    table = Constant(np.array([1, 2, 3, 4]), BYTE)
    lookup = Lookup(name="y", inputs=("x",), shape=(3,), type=BYTE, table=table, span=16)
    agrees(program_of(lookup, kind=Fixed(True, 40, 38)))


def test_operations_that_64_bits_do_not_hold_are_left_to_the_reference_engine(caplog):
    narrow = Relu(name="narrow", inputs=("x",), shape=(3,), type=Fixed(False, 7, 7))
    wide = Cast(name="wide", inputs=("narrow",), shape=(3,), type=Fixed(True, 90, 10))
    last = Cast(name="last", inputs=("wide",), shape=(3,), type=BYTE)
    with caplog.at_level(logging.WARNING, "trigger_nn.engines.native.stages"):
        agrees(program_of(narrow, wide, last))
    told = " ".join(record.getMessage() for record in caplog.records)
    assert "wide" in told
    assert "reference engine" in told
    assert "narrow of" not in told


def test_a_result_that_no_input_decides():
    step = BinaryStep(name="y", inputs=("x",), shape=(1,), type=BYTE)
    agrees(program_of(step, port=(1,), kind=Fixed(False, 4, 4)))


def sums(weights):
    """What all sums of products have, of weights of 8 bits and a bias of zero; nothing wraps."""
    bias = Constant(np.zeros(weights.shape[-1], int), BYTE)
    return {"weights": Constant(weights, BYTE), "bias": bias, "accumulator": WIDE, "type": WIDE, "reuse_factor": 1}


def test_a_sum_over_what_no_input_decides():
    step = BinaryStep(name="step", inputs=("x",), shape=(3,), type=BYTE)
    dense = Dense(name="y", inputs=("step",), shape=(2,), **sums(np.array([[1, -2], [3, 4], [5, 6]])))
    agrees(program_of(step, dense, kind=Fixed(False, 4, 4)))


@pytest.mark.parametrize("weights", [[0, 0, 7], [7, 0, 0], [0, 0, 0]])
def test_products_that_are_zero_in_some_places_are_narrower_there(weights):
    window = Window(size=(1, 3), stride=(1, 1), padding=(0, 0, 0, 0))
    given = sums(np.array(weights).reshape(1, 3, 1))
    layer = DepthwiseConv2D(name="y", inputs=("x",), shape=(1, 1, 1), window=window, partitions=1, **given)
    agrees(program_of(layer, port=(1, 3, 1), kind=BYTE))


@pytest.mark.parametrize("target", runnable(), ids=lambda target: target.name)
@pytest.mark.parametrize("overflow", [Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM])
def test_two_totals_in_one_loop_take_their_own_weights(overflow, target):
    """Sums that saturate at every turn, one for each place of a pooling window: a turn's weight is of that turn."""
    window = Window(size=(1, 1), stride=(1, 1), padding=(0, 0, 0, 0))
    given = sums(np.array([1, 2]).reshape(1, 1, 2, 1)) | {"accumulator": Fixed(True, 4, 4, overflow=overflow)}
    layer = Conv2D(name="sums", inputs=("x",), shape=(2, 1, 1), window=window, partitions=1, **given)
    pool = MaxPool2D(
        name="y", inputs=("sums",), shape=(1, 1, 1), type=WIDE, accumulator=WIDE, fill=WIDE.minimum,
        window=Window(size=(2, 1), stride=(2, 1), padding=(0, 0, 0, 0)),
    )  # fmt: skip
    agrees(program_of(layer, pool, port=(2, 1, 2), kind=Fixed(True, 3, 3)), engine=NativeEngine(1, target))
