"""What comes in: mantissas of every dtype, numbers next to ties, and what is refused."""

import numpy as np
import pytest

from tests.engines.native.agreement import program_of
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, to_float
from trigger_nn.program.operations import Cast

BYTE = Fixed(True, 8, 5)
ENGINE = NativeEngine(1)
DTYPES = ["?", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", ">u8", "O"]


def identity(kind, elements=3):
    """A program that yields what its port `x` is given."""
    return program_of(Cast(name="y", inputs=("x",), shape=(elements,), type=kind), port=(elements,), kind=kind)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_mantissas_of_any_dtype(dtype, signed):
    program = identity(Fixed(signed, 7, 5))
    x = np.arange(90).reshape(30, 3) % (2 if dtype == "?" else 64)
    x = x if dtype[-2:-1] in ("u", "") or not signed else x - 60
    assert np.array_equal(ENGINE(program, {"x": x.astype(dtype)}, ("y",))["y"], x)


@pytest.mark.parametrize("elements", [1, 3, 16, 17, 33])
def test_any_number_of_events(elements):
    program, rng = identity(BYTE, elements), np.random.default_rng(elements)
    for events in range(201):
        x = rng.integers(-128, 128, (events, elements))
        assert np.array_equal(ENGINE(program, {"x": x}, ("y",))["y"], x)


def test_mantissas_that_do_not_lie_side_by_side():
    program, x = identity(BYTE), np.random.default_rng(0).integers(-128, 128, (6, 100, 6))
    for view in (x[0, ::-1, ::2], x[0, ::3, 3:], x[:3, :, 0].T, np.asfortranarray(x[1, :, :3])):
        assert np.array_equal(ENGINE(program, {"x": view}, ("y",))["y"], view)


@pytest.mark.parametrize("dtype", ["i2", "u2", "i8", "u8", "O"])
@pytest.mark.parametrize("value", [64, 65, 300])
@pytest.mark.parametrize("event", [0, 99, 199])
def test_a_mantissa_out_of_range_is_told(dtype, value, event):
    x = np.zeros((200, 3), dtype)
    x[event, 1] = value
    with pytest.raises(EventsError, match=r"'x' is fixed<7,5>, mantissas -64\.\.63"):
        ENGINE(identity(Fixed(True, 7, 5)), {"x": x}, ("y",))


def numbers(kind):
    """Ties of the type, numbers just beside them, ends of the range, zeros, numbers that are tiny or huge."""
    lsb = 2.0**-kind.fraction
    steps = np.arange(-6, 7) / 2 * lsb
    ends = np.array([kind.minimum, kind.maximum])[:, None] * lsb + steps
    near = np.concatenate([steps, ends.ravel()])
    tiny = [0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-310]
    huge = [1e30, -1e30, 2.0**52 * lsb, -(2.0**53) * lsb, 2.0**31, -(2.0**31), 2.0**63, 1e300, -1e300]
    return np.concatenate([near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf), tiny, huge])


def both(program, x):
    """What the native engine makes of numbers, and the reference engine."""
    port = program.inputs[0]
    expected = run_reference(program, {"x": port.cast(x)}, ("y",))["y"]
    return ENGINE.numbers(program, {"x": x}, ("y",))["y"], to_float(expected, port.type)


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("text", ["fixed<8,5>", "ufixed<6,6>", "fixed<6,8>", "ufixed<12,2>", "fixed<1,1>"])
def test_numbers_are_cast_as_the_firmware_casts_them(text, rounding, overflow):
    program = identity(Fixed.parse(text).modes(rounding, overflow), 1)
    x = numbers(program.inputs[0].type)[:, None]
    moderate = x[np.abs(x[:, 0]) < 2.0**20]  # machine code casts these, numpy all where one is huge
    for values in (x, moderate):
        assert np.array_equal(*both(program, values))


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "f8", ">f8", "i1", "i4", "u8", "?"])
def test_numbers_of_any_dtype(dtype):
    x = np.linspace(0, 12, 210).reshape(70, 3).astype(dtype)
    assert np.array_equal(*both(identity(BYTE), x))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("event", [0, 70])
def test_numbers_that_are_none_are_refused(value, event):
    x = np.zeros((71, 3))
    x[event, 2] = value
    with pytest.raises(EventsError, match=f"'x' is not finite at event {event}"):
        ENGINE.numbers(identity(BYTE), {"x": x}, ("y",))


def test_a_port_of_whole_numbers():
    from dataclasses import replace

    program = identity(Fixed(True, 8, 8))
    program = replace(program, inputs=(replace(program.inputs[0], whole=True),))
    found, expected = both(program, np.array([[-0.5, -0.25, -1e-9], [-0.0, 0.75, -1.5]]))
    assert np.array_equal(found, expected)
    assert found[0].tolist() == [-1.0, 1.0, 1.0]
