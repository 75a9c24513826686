"""Threads, engines side by side, programs alike but for their weights, copies."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.engines.native.agreement import agrees, inputs_of, program_of
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Dense, Relu

BYTE, WIDE = Fixed(True, 8, 4), Fixed(True, 20, 12)
EVENTS = 1000


def network(seed):
    """Two layers whose weights depend on `seed` alone."""
    rng = np.random.default_rng(seed)
    weights, bias = Constant(rng.integers(-128, 128, (3, 5)), BYTE), Constant(rng.integers(-128, 128, 5), BYTE)
    dense = Dense(
        name="d", inputs=("x",), shape=(5,), type=WIDE, weights=weights, bias=bias, accumulator=WIDE, reuse_factor=1
    )
    return program_of(dense, Relu(name="y", inputs=("d",), shape=(5,), type=BYTE))


def outputs(engine, program, events=EVENTS):
    return engine(program, inputs_of(program, events), ("y",))["y"]


def expected(program, events=EVENTS):
    return run_reference(program, inputs_of(program, events), ("y",))["y"]


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("events", [0, 1, 63, 64, 65, 257, 5000])
def test_any_number_of_threads(threads, events):
    assert np.array_equal(outputs(NativeEngine(threads), network(0), events), expected(network(0), events))


def test_programs_of_the_same_names_do_not_disturb_each_other():
    engines, programs = [NativeEngine(1), NativeEngine(2)], [network(seed) for seed in range(4)]
    for seed in (0, 1, 2, 3, 1, 0, 3, 3, 2):
        for engine in engines:
            assert np.array_equal(outputs(engine, programs[seed]), expected(programs[seed]))


def test_programs_that_come_and_go():
    engine = NativeEngine(1)
    for seed in range(12):  # a new one may take the place in memory of one that is gone
        assert np.array_equal(outputs(engine, network(seed), 70), expected(network(seed), 70))


def test_many_threads_share_one_engine():
    engine, programs = NativeEngine(2), [network(seed) for seed in range(3)]
    wanted = [expected(program) for program in programs]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: outputs(engine, programs[i % 3]), range(120)))
    assert all(np.array_equal(values, wanted[i % 3]) for i, values in enumerate(found))


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_of_programs_and_engines(again):
    engine = NativeEngine(2)
    agrees(again(network(5)), engine=engine)
    agrees(network(5), engine=again(engine))


def test_other_weights_in_a_changed_copy():
    engine, program = NativeEngine(1), network(7)
    outputs(engine, program)
    changed = replace(program, operations=(network(8).operations[0], program.operations[1]))
    assert np.array_equal(outputs(engine, changed), expected(changed))


def test_inputs_stay_as_they_are():
    program = network(1)
    inputs = inputs_of(program, 100)
    before = inputs["x"].copy()
    NativeEngine(2)(program, inputs, ("d", "y"))
    assert np.array_equal(inputs["x"], before)
