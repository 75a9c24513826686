"""What the rules refuse, in memory and in a file whose digest is right; and that constants can't be changed."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from tests.program.test_storage import KIND, program
from trigger_nn import Program
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import (
    BitLookup,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Gru,
    Lstm,
    Relu,
    Scale,
    Window,
)
from trigger_nn.program.program import Port
from trigger_nn.program.rules import check

NIBBLE = Fixed(True, 4, 4)


def zeros(*shape):
    return Constant(np.zeros(shape, np.int64), NIBBLE)


def node(*shape):
    return {"name": "out", "inputs": ("in",), "shape": shape, "type": KIND}


def one(operation, *shape, source=KIND):
    return Program("one", (Port("in", shape, source),), (operation,), ("out",))


SUM = {"accumulator": KIND, "reuse_factor": 1}
DENSE = one(Dense(**node(2), weights=zeros(3, 2), bias=zeros(2), **SUM), 3)
IMAGE = {"window": Window(size=(2, 2), stride=(1, 1), padding=(0, 0, 0, 0)), "partitions": 1, **SUM}
CONV = one(Conv2D(**node(2, 2, 4), weights=zeros(2, 2, 1, 4), bias=zeros(4), **IMAGE), 3, 3, 1)
DEPTHWISE = one(DepthwiseConv2D(**node(2, 2, 2), weights=zeros(2, 2, 2), bias=zeros(2), **IMAGE), 3, 3, 2)
SCALE = one(Scale(**node(2, 3), scale=zeros(3), bias=zeros(2, 3)), 2, 3)
BITS = one(BitLookup(**node(3), table=zeros(16)), 3, source=NIBBLE)


def part(name, *shape):
    return {"name": name, "inputs": (), "shape": shape, "type": KIND}


def recurrent(cls, sums):
    """A cell of 2 units on 3 steps of 4 features; `sums` for all gates."""
    relu = Relu(**part("relu", 2))
    return one(
        cls(
            **node(2), accumulator=KIND, gate=BitLookup(**part("gate", 2), table=zeros(256)), candidate=relu,
            kernel=Dense(**part("kernel", 3, sums), weights=zeros(4, sums), bias=zeros(sums), **SUM),
            recurrent=Dense(**part("state", sums), weights=zeros(2, sums), bias=zeros(sums), **SUM),
            **({"output": relu} if cls is Lstm else {}),
        ),
        3, 4,
    )  # fmt: skip


LSTM, GRU = recurrent(Lstm, 8), recurrent(Gru, 6)
WHOLE = [DENSE, CONV, DEPTHWISE, SCALE, BITS, LSTM, GRU]


def changed(whole, **fields):
    return replace(whole, operations=(replace(whole.operations[0], **fields),))


def inside(whole, field, **fields):
    """A program whose one operation has another operation as `field`, changed."""
    return changed(whole, **{field: replace(getattr(whole.operations[0], field), **fields)})


BROKEN = {
    "an input handed out": (replace(DENSE, output_names=("out", "in")), "Output 'in' is an input"),
    "two inputs of one name": (replace(DENSE, inputs=DENSE.inputs * 2), "Two inputs are called 'in'"),
    "dense, long bias": (changed(DENSE, bias=zeros(3)), "2 outputs, but a bias"),
    "dense, short bias": (changed(DENSE, bias=zeros(1)), "2 outputs, but a bias"),
    "dense, weights of one axis": (changed(DENSE, weights=zeros(3)), "does not fit its inputs"),
    "dense, neither shape nor input": (changed(DENSE, shape=(), weights=zeros(4, 2)), "its inputs make it impossible"),
    "convolution, short bias": (changed(CONV, bias=zeros(3)), "4 outputs, but a bias"),
    "convolution, three axes": (changed(CONV, weights=zeros(2, 2, 1), bias=zeros(1), shape=(2, 2, 1)), "4 axes"),
    "depthwise, short bias": (changed(DEPTHWISE, bias=zeros(1)), "2 outputs, but a bias"),
    "depthwise, four axes": (changed(DEPTHWISE, weights=zeros(2, 2, 2, 2)), "3 axes"),
    "scale, wrong scale": (changed(SCALE, scale=zeros(2)), "its inputs make it"),
    "scale, wrong bias": (changed(SCALE, bias=zeros(4)), "its inputs make it"),
    "stride of zero": (changed(CONV, window=replace(IMAGE["window"], stride=(0, 1))), "does not fit its inputs"),
    "no input": (changed(DENSE, inputs=()), "does not fit its inputs"),
    "short table of bits": (changed(BITS, table=zeros(15)), r"asks for 2\^4 entries"),
    "table of bits of two axes": (changed(BITS, table=zeros(16, 1)), r"asks for 2\^4 entries"),
    "cell, kernel's bias": (inside(LSTM, "kernel", bias=zeros(7)), "'kernel' has 8 outputs, but a bias"),
    "cell, kernel's shape": (inside(LSTM, "kernel", shape=(2, 8)), "'kernel' has shape"),
    "cell, kernel's type": (inside(GRU, "kernel", type=NIBBLE), "'kernel' has shape .* and type"),
    "cell, state's weights": (inside(GRU, "recurrent", weights=zeros(2, 8)), "'state' has weights"),
    "cell, state's bias": (inside(GRU, "recurrent", bias=zeros(5)), "'state' has 6 outputs, but a bias"),
    "cell, units of the gate": (inside(LSTM, "gate", shape=(3,)), "'gate' has shape"),
    "cell, table of the gate": (inside(LSTM, "gate", table=zeros(255)), r"'gate' has a table .* 2\^8 entries"),
    "cell, type of the output": (inside(LSTM, "output", type=NIBBLE), "'relu' has shape .* and type"),
}


@pytest.mark.parametrize("whole", WHOLE, ids=lambda whole: type(whole.operations[0]).__name__)
def test_well_formed_programs_pass_and_load(whole, tmp_path):
    assert check(whole) is whole
    whole.save(tmp_path / "p.h5")
    assert Program.load(tmp_path / "p.h5") == whole


@pytest.mark.parametrize(("broken", "says"), BROKEN.values(), ids=BROKEN)
def test_broken_programs_are_refused_and_do_not_load(broken, says, tmp_path):
    with pytest.raises(ProgramError, match=says):
        check(broken)
    broken.save(tmp_path / "p.h5")
    with pytest.raises(ProgramError, match=f"p.h5 is damaged .*{says}"):
        Program.load(tmp_path / "p.h5")


def test_constants_outside_their_type_do_not_load(tmp_path):
    changed(DENSE, bias=Constant(np.array([8, 0]), NIBBLE)).save(tmp_path / "p.h5")
    with pytest.raises(ProgramError, match=r"is damaged .*outside their type"):
        Program.load(tmp_path / "p.h5")


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint16, np.int64, object])
def test_equal_constants_hash_alike_whatever_they_came_as(dtype):
    numbers = np.arange(6).reshape(2, 3)
    first, second = Constant(numbers, KIND), Constant(np.asfortranarray(numbers.astype(dtype)), KIND)
    assert first == second
    assert hash(first) == hash(second)
    assert second.mantissa.dtype == np.int64


def test_wide_constants_hash_by_their_numbers():
    kind, numbers = Fixed(True, 80, 80), [1 << 70, -(1 << 65)]
    first, second = (Constant(np.array([int(str(n)) for n in numbers], object), kind) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first.mantissa.tolist() == numbers


@pytest.mark.parametrize("again", [lambda c: c, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
@pytest.mark.parametrize("numbers", [[1, 2], [1 << 70, 2]])
def test_constants_can_not_be_changed(again, numbers):
    given = np.array(numbers)
    before = Constant(given, Fixed(True, 80, 80))
    given[0] = 5
    constant = again(before)
    assert constant.mantissa.tolist() == numbers
    assert (constant, hash(constant)) == (before, hash(before))
    with pytest.raises(ValueError, match="read-only"):
        constant.mantissa[0] = 7


def test_a_pickled_program_stays_frozen():
    weights = pickle.loads(pickle.dumps(program())).operations[0].weights
    with pytest.raises(ValueError, match="read-only"):
        weights.mantissa += 1


@pytest.mark.parametrize("numbers", [np.array([0.5]), np.array([1.5], object), np.array(["1"])])
def test_constants_hold_integers(numbers):
    with pytest.raises(ProgramError, match="holds integers"):
        Constant(numbers, KIND)
