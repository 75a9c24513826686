"""The generated C++ has the reference engine's bits: every operation, random programs, wide values."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.conftest import GOLDEN
from tests.engines.native.agreement import BYTE, inputs_of, program_of
from tests.engines.native.programs import programs
from tests.handoff.emulator.building import SANITIZED, build, identity_of
from trigger_nn import Program
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Cast, Concatenate, Constant, Dense, LeakyRelu, Relu, Reshape

PATHS = [*sorted((GOLDEN / "second_schema").glob("*.h5")), GOLDEN / "event_image_program.h5"]
DRAWN = 60


def agrees(binary, program, events=131):
    inputs = inputs_of(program, events)
    expected, found = run_reference(program, inputs, program.output_names), binary.run(program, inputs)
    for name in program.output_names:
        assert np.array_equal(found[name], expected[name]), (program.name, name)


@pytest.fixture(scope="module")
def golden(gxx, tmp_path_factory):
    """Programs that hold every operation (tests/engines/native/test_operations.py), by name, and their binary."""
    loaded = {program.name: program for program in map(Program.load, PATHS)}
    return loaded, build(loaded.values(), tmp_path_factory.mktemp("golden"), "-O1", *SANITIZED)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_operation(golden, path):
    agrees(golden[1], Program.load(path))


@pytest.mark.parametrize("path", PATHS[:-1], ids=lambda path: path.stem)
def test_the_committed_outputs(golden, path):
    program, vectors = Program.load(path), np.load(GOLDEN / "second_schema" / "vectors.npz")
    given = {port.name: vectors[f"{path.stem}/in/{port.name}"] for port in program.inputs}
    for name, values in golden[1].run(program, given).items():
        assert np.array_equal(values, vectors[f"{path.stem}/out/{name}"])


@pytest.mark.parametrize("mantissa", [1024, -1, 1 << 40])
def test_a_mantissa_out_of_range_is_told(golden, mantissa):
    loaded, binary = golden
    program = loaded["event_image"]
    inputs = inputs_of(program, 3)
    inputs["image"][1].flat[7] = mantissa
    with pytest.raises(RuntimeError, match=rf"'image' takes mantissas 0..1023.*element 7 of event 1 is {mantissa};"):
        binary.run(program, inputs)


def drawn_programs():
    """Random programs that have ports of 64 bits with sign at most."""
    found = []

    @settings(max_examples=DRAWN, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(programs())
    def collect(program):
        found.append(replace(program, name=f"drawn{len(found)}"))

    collect()
    return [p for p in found if all(q.type.width < 64 or q.type.signed for q in (*p.inputs, *p.outputs))]


def test_random_programs(gxx, tmp_path):
    drawn = drawn_programs()
    assert len(drawn) > DRAWN // 2
    binary = build(drawn, tmp_path, "-O1", *SANITIZED)
    for program in drawn:
        agrees(binary, program, events=70)


def sums(weights, kind, accumulator):
    """A dense layer's fields."""
    bias = Constant(np.array([3, -3][: weights.shape[1]]), kind)
    return {"weights": Constant(weights, kind), "bias": bias, "accumulator": accumulator, "reuse_factor": 1}


def edge_programs():
    """What random programs seldom have."""
    huge, long = Fixed(True, 60, 60), Fixed(True, 125, 100, Rounding.RND_CONV, Overflow.SAT)
    fine = Fixed(False, 9, -20, Rounding.RND_ZERO)
    short, rounds = Fixed(True, 16, 16), Fixed(True, 40, 40)
    weights = np.array([[-(1 << 59), (1 << 59) - 1], [12345, -1], [1 << 40, 7]])
    slope = Constant(np.array([1]), Fixed(True, 4, -50))
    largest = np.full((40, 2), -(1 << 15))
    yield program_of(
        Dense(name="y", inputs=("x",), shape=(2,), type=huge, **sums(weights, huge, long)), kind=Fixed(True, 62, 20)
    )
    yield program_of(
        LeakyRelu(name="soft", inputs=("x",), shape=(3,), type=Fixed(True, 64, 64), slope=slope),
        Cast(name="y", inputs=("soft",), shape=(3,), type=fine), outputs=("soft", "y"), kind=Fixed(True, 64, 60),
    )  # fmt: skip
    # 16-bit products whose sum exceeds 32 bits, with and without anybody looking there.
    for width in (16, 40):
        kind = Fixed(True, width, width)
        yield program_of(
            Dense(name="y", inputs=("x",), shape=(2,), type=kind, **sums(largest, short, rounds)),
            port=(40,), kind=short,
        )  # fmt: skip
    yield program_of(Reshape(name="y", inputs=("x",), shape=(3, 1), type=BYTE))
    relu = Relu(name="a", inputs=("x",), shape=(3,), type=Fixed(False, 7, 4))
    yield program_of(
        relu, Concatenate(name="y", inputs=("a", "x", "a"), shape=(9,), type=BYTE, axis=0), outputs=("y", "a")
    )


def test_edges(gxx, tmp_path):
    edges = [replace(program, name=f"edge{i}") for i, program in enumerate(edge_programs())]
    binary = build(edges, tmp_path, "-O1", *SANITIZED)
    for program in edges:
        agrees(binary, program)


def test_a_layer_that_128_bits_do_not_hold_is_refused_by_name():
    wide = Cast(name="wide", inputs=("x",), shape=(3,), type=Fixed(True, 200, 10))
    program = program_of(wide, Cast(name="y", inputs=("wide",), shape=(3,), type=BYTE))
    with pytest.raises(UnsupportedLayerError, match=r"Layer 'wide' \(Cast\) .* exceed 128 bits; give it narrower"):
        emulator_files(identity_of(program), program, 1, "vectors/design")
