"""What once went wrong: values beyond what is proven, ports of odd widths, inputs that do not belong together."""

import numpy as np
import pytest

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.native.machine import runnable
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, to_float
from trigger_nn.program.operations import (
    AveragePool2D,
    BitLookup,
    Cast,
    Constant,
    LeakyRelu,
    Merge,
    MergeKind,
    Scale,
    Window,
)
from trigger_nn.program.program import Port, Program

TARGETS = pytest.mark.parametrize("target", runnable(), ids=lambda target: target.name)


def whole(signed, bits, **modes):
    return Fixed(signed, bits, bits, **modes)


def constant(number, kind):
    return Constant(np.array([number]), kind)


def scale(name, source, factor, shift, kind):
    numbers = {"scale": constant(factor, whole(True, 4)), "bias": constant(shift, whole(True, 40))}
    return Scale(name=name, inputs=(source,), shape=(1,), type=kind, **numbers)


@TARGETS
def test_the_rest_of_a_block_keeps_to_the_bounds_of_what_the_reference_engine_made(target):
    """A tensor far from 0, made by the reference engine, addresses a table once 2^30 is taken off."""
    far, wide = 1 << 30, whole(False, 40)
    slope = constant(1, Fixed(True, 4, -76))  # too fine for 64 bits, so that this layer is left to the reference
    program = Program(
        "p",
        (Port("x", (1,), whole(False, 17)),),
        (
            scale("up", "x", 1, far, wide),
            LeakyRelu(name="left", inputs=("up",), shape=(1,), type=wide, slope=slope),
            scale("down", "left", 1, -far, whole(False, 17)),
            BitLookup(
                name="y", inputs=("down",), shape=(1,), type=whole(True, 20),
                table=Constant(np.arange(1 << 17), whole(True, 20)),
            ),
        ),
        ("y",),
    )  # fmt: skip
    x = {"x": np.random.default_rng(0).integers(0, 1 << 17, (70, 1))}
    engine = NativeEngine(1, target)
    assert [stage.code is None for stage in engine.stages(program, ("y",))] == [False, True, False]
    assert np.array_equal(engine(program, x, ("y",))["y"], run_reference(program, x, ("y",))["y"])


@TARGETS
@pytest.mark.parametrize("wrong", [-1, 300_000, (1 << 31) - 1, 1 << 40])
def test_a_mantissa_out_of_range_is_an_error_before_it_addresses_a_table(target, wrong):
    kind = whole(False, 18)
    table = Constant(np.arange(1 << 18) % 100, whole(True, 8))
    look = BitLookup(name="y", inputs=("x",), shape=(1,), type=whole(True, 8), table=table)
    program = Program("p", (Port("x", (1,), kind),), (look,), ("y",))
    values = np.zeros((target.vector + 3, 1), np.int64)
    values[1] = wrong
    with pytest.raises(EventsError, match=r"'x' is ufixed<18,18>.*saturate it first"):
        NativeEngine(1, target)(program, {"x": values}, ("y",))


@TARGETS
@pytest.mark.parametrize("overflow", Overflow)
def test_numbers_of_a_wide_port_whose_low_bits_alone_are_read(target, overflow):
    kind = whole(True, 36, rounding=Rounding.RND, overflow=overflow)
    program = Program(
        "p", (Port("x", (1,), kind),), (Cast(name="y", inputs=("x",), shape=(1,), type=whole(True, 16)),), ("y",)
    )
    numbers = np.array([[3e9], [2.0**31 + 5], [-3e9], [7.5], [1e12]])
    expected = to_float(run_reference(program, {"x": kind and program.inputs[0].cast(numbers)}, ("y",))["y"], kind)
    assert np.array_equal(NativeEngine(1, target).numbers(program, {"x": numbers}, ("y",))["y"], expected)


@TARGETS
def test_a_pool_of_padding_alone_is_zero(target):
    window = Window(size=(1, 1), stride=(1, 1), padding=(0, 0, 2, 2))
    kind = whole(True, 60)
    pool = AveragePool2D(
        name="y", inputs=("x",), shape=(6, 1), type=kind, window=window, accumulator=kind, count_padding=False
    )
    program = Program("p", (Port("x", (2, 1), kind),), (pool,), ("y",))
    x = {"x": np.array([[[kind.maximum], [3]], [[-5], [kind.minimum]]])}
    found = NativeEngine(1, target)(program, x, ("y",))["y"]
    assert np.array_equal(found, run_reference(program, x, ("y",))["y"])
    assert found[0, :, 0].tolist() == [0, 0, kind.maximum, 3, 0, 0]


def test_inputs_have_as_many_events_as_each_other_and_the_shapes_of_their_ports():
    kind = whole(True, 8)
    add = Merge(name="y", inputs=("a", "b"), shape=(2,), type=kind, kind=MergeKind.ADD)
    program = Program("p", (Port("a", (2,), kind), Port("b", (2,), kind)), (add,), ("y",))
    engine = NativeEngine()
    with pytest.raises(EventsError, match="a 640, b 3"):
        engine(program, {"a": np.zeros((640, 2), int), "b": np.zeros((3, 2), int)}, ("y",))
    with pytest.raises(EventsError, match=r"'b' has shape \(events, \*\(2,\)\)"):
        engine.numbers(program, {"a": np.zeros((3, 2)), "b": np.zeros((3, 3))}, ("y",))
    with pytest.raises(EventsError, match="'b' is missing"):
        engine(program, {"a": np.zeros((3, 2), int)}, ("y",))


def test_a_tensor_asked_for_twice_is_there_once():
    kind = whole(True, 8)
    program = Program("p", (Port("x", (2,), kind),), (Cast(name="y", inputs=("x",), shape=(2,), type=kind),), ("y",))
    x = {"x": np.arange(8).reshape(4, 2)}
    for engine in (run_reference, NativeEngine()):
        assert engine(program, x, ("y", "y"))["y"].shape == (4, 2)
