"""The emulator's two doors: what is cast, what is refused; blocks and sizes change no bit."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.program.test_storage import program
from trigger_nn import Emulator
from trigger_nn.engines import reference
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed, Rounding
from trigger_nn.program.operations import Constant
from trigger_nn.program.program import Port


def inputs(events):
    return np.random.default_rng(5).uniform(-8, 8, (events, 3))


def test_floats_are_cast_as_the_firmware_casts_them():
    emulator = Emulator(program())
    x = inputs(50)
    truncated = np.floor(x * 16) / 16  # fixed<8,4>, TRN
    assert np.array_equal(emulator.predict(x), emulator.predict(truncated))


def test_block_size_changes_nothing(monkeypatch):
    x = inputs(700)
    whole = Emulator(program()).trace(x)
    monkeypatch.setattr(reference, "BLOCK", 7)
    pieces = Emulator(program()).trace(x)
    assert all(np.array_equal(whole[name], pieces[name]) for name in whole)


def test_no_events_give_no_scores():
    assert Emulator(program()).predict(np.zeros((0, 3))).shape == (0, 2)


def test_two_programs_of_the_same_names_do_not_touch():
    """Same program, layer and port names, other weights: interleaved and in threads as each alone."""
    one = program()
    dense = one.operations[0]
    weights = Constant(-dense.weights.mantissa, dense.weights.type)
    two = replace(one, operations=(replace(dense, weights=weights), *one.operations[1:]))
    batches = [inputs(events) for events in (5, 300, 17, 64)]
    alone = {name: [Emulator(each).trace(x) for x in batches] for name, each in (("one", one), ("two", two))}
    first, second = Emulator(one), Emulator(two)
    jobs = [(name, i) for i in range(len(batches)) for name in ("one", "two")] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda job: {"one": first, "two": second}[job[0]].trace(batches[job[1]]), jobs))
    assert not np.array_equal(alone["one"][1]["d"], alone["two"][1]["d"])
    for (name, i), layers in zip(jobs, found, strict=True):
        assert all(np.array_equal(layers[layer], alone[name][i][layer]) for layer in layers)


def test_an_integer_port_converts_small_negative_numbers_as_ap_int_does():
    """ap_int makes 1 of everything between -0.5 and 0, and drops other fractions towards zero."""
    port = Port("x", (5,), Fixed(True, 5, 5, Rounding.TRN_ZERO), whole=True)
    numbers = np.array([[-0.2, -0.5, -1.7, 0.4, 2.9]])
    assert port.cast(numbers).tolist() == [[1, 0, -1, 0, 2]]


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.zeros((4, 2)), "reshape"),
        (np.full((4, 3), np.nan), "event 0"),
        ({"y": np.zeros((4, 3))}, "'x' is missing"),
        ([[1, 2, 3], [1, 2]], "no array of numbers"),
        (np.array([[1, 2, "a"]], object), "no array of numbers"),
        (np.array([[1, 2, np.inf]], object), "event 0"),
    ],
)
def test_bad_inputs_are_refused(x, says):
    with pytest.raises(EventsError, match=says):
        Emulator(program()).predict(x)


def test_mantissas_out_of_range_are_refused():
    with pytest.raises(EventsError, match="saturate"):
        Emulator(program()).predict_mantissas({"x": np.array([[1, 2, 128]])})
    for numbers in (np.array([[1.0, 2, 3]]), np.array([[1, 2.5, 3]], object), np.array([["1", 2, 3]], object)):
        with pytest.raises(EventsError, match="integer"):
            Emulator(program()).predict_mantissas({"x": numbers})
