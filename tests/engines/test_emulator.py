"""The emulator's two doors: what is cast, what is refused; blocks and sizes change no bit."""

import numpy as np
import pytest

from tests.program.test_storage import program
from trigger_nn import Emulator
from trigger_nn.engines import reference
from trigger_nn.errors import EventsError


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


def test_two_emulators_side_by_side():
    one, other = Emulator(program()), Emulator(program())
    assert np.array_equal(one.predict(inputs(5)), other.predict(inputs(5)))


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.zeros((4, 2)), "reshape"),
        (np.full((4, 3), np.nan), "event 0"),
        ({"y": np.zeros((4, 3))}, "'x' is missing"),
    ],
)
def test_bad_inputs_are_refused(x, says):
    with pytest.raises(EventsError, match=says):
        Emulator(program()).predict(x)


def test_mantissas_out_of_range_are_refused():
    with pytest.raises(EventsError, match="saturate"):
        Emulator(program()).predict_mantissas({"x": np.array([[1, 2, 128]])})
    with pytest.raises(EventsError, match="integer"):
        Emulator(program()).predict_mantissas({"x": np.array([[1.0, 2, 3]])})
