"""Ranges are sound and types exact, on random programs and random events."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.engines.reference import run_reference
from trigger_nn.passes.exact import choose_exact_types
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, to_float
from trigger_nn.program.operations import AveragePool2D, Conv2D, Dense, MaxPool2D, Relu, Reshape, Window
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check

ANY = Fixed(True, 8, 4)


@st.composite
def programs(draw):
    """A small convolutional network with random types everywhere."""
    source = draw(fixed_types(6, plain=True))
    window = Window(size=(2, 2), stride=(1, 1), padding=(0, 1, 0, 1))
    pool = Window(size=(2, 2), stride=(2, 2), padding=(0, 0, 0, 0))

    def node(name, reads, shape):
        return {"name": name, "inputs": (reads,), "shape": shape, "type": draw(fixed_types(12))}

    average = draw(st.booleans())
    pooling = (
        AveragePool2D(
            **node("pool", "relu", (2, 1, 2)), window=pool, accumulator=draw(fixed_types(12)), count_padding=False
        )
        if average
        else MaxPool2D(**node("pool", "relu", (2, 1, 2)), window=pool, accumulator=draw(fixed_types(12)), fill=0)
    )
    conv = Conv2D(
        **node("conv", "x", (4, 3, 2)), weights=draw(constants((2, 2, 1, 2))), bias=draw(constants((2,))),
        accumulator=draw(fixed_types(16)), window=window, reuse_factor=1, partitions=1,
    )  # fmt: skip
    dense = Dense(
        **node("dense", "flat", (2,)), weights=draw(constants((4, 2))), bias=draw(constants((2,))),
        accumulator=draw(fixed_types(20)), reuse_factor=1,
    )  # fmt: skip
    relu = Relu(**node("relu", "conv", (4, 3, 2)))
    flat = Reshape(name="flat", inputs=("pool",), shape=(4,), type=pooling.type)
    port = Port("x", (4, 3, 1), source)
    return check(Program("random", (port,), (conv, relu, pooling, flat, dense), ("dense",)))


@settings(max_examples=60)
@given(st.data(), programs())
def test_every_value_lies_in_its_proven_range(data, program):
    x = data.draw(mantissas(program.inputs[0].type, (4, 4, 3, 1)))
    names = tuple(op.name for op in program.operations)
    values, proven = run_reference(program, {"x": x}, names), prove_ranges(program)
    for name in names:
        low, high = proven[name].low, proven[name].high
        assert np.all(values[name] >= low), name
        assert np.all(values[name] <= high), name


@settings(max_examples=60)
@given(st.data(), programs())
def test_exact_types_lose_nothing(data, program):
    """Only the pooling's division may round, and by two it does not; so floats must agree exactly."""
    chosen, choices = choose_exact_types(program, fixed=())
    check(chosen)
    x = data.draw(mantissas(program.inputs[0].type, (4, 4, 3, 1)))
    values = run_reference(chosen, {"x": x}, ("conv", "relu", "pool", "dense"))
    assert np.array_equal(to_float(values["dense"], chosen.type_of("dense")), float_forward(chosen, x))
    for choice in choices:
        kind = choice.after
        assert kind.minimum <= choice.low <= choice.high <= kind.maximum


def float_forward(program, x):
    """The same network in float64, written out; values are small enough for that to be exact."""
    image = to_float(x, program.inputs[0].type)
    conv, pool, dense = (program.operation(name) for name in ("conv", "pool", "dense"))
    padded = np.pad(image, ((0, 0), (0, 1), (0, 1), (0, 0)))
    out = np.zeros((len(x), 4, 3, 2)) + conv.bias.values()
    for i in range(2):
        for j in range(2):
            out += padded[:, i : i + 4, j : j + 3, :] @ conv.weights.values()[i, j]
    out = np.maximum(out, 0)
    corners = np.stack([out[:, i : i + 4 : 2, j : j + 1] for i in range(2) for j in range(2)])
    pooled = corners.mean(axis=0) if isinstance(pool, AveragePool2D) else corners.max(axis=0)
    return pooled.reshape(len(x), -1) @ dense.weights.values() + dense.bias.values()


def test_types_the_model_decides_are_kept():
    kind = Fixed(True, 6, 3, Rounding.RND_CONV, Overflow.SAT)
    program = Program("keep", (Port("x", (3,), ANY),), (Relu(name="r", inputs=("x",), shape=(3,), type=kind),), ("r",))
    kept, _ = choose_exact_types(program, fixed={("r", "type")})
    free, _ = choose_exact_types(program, fixed=())
    assert kept.type_of("r") == kind
    assert free.type_of("r") == Fixed(False, 7, 3)
