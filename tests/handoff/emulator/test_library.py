"""The library that CMS loads: two versions of two models in one process, in turn and from two threads."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.engines.native.agreement import BYTE, inputs_of
from tests.handoff.emulator.building import identity_of
from tests.proof.headers import TEMPLATES
from trigger_nn.engines.emulator import Emulator
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Dense, Merge, MergeKind
from trigger_nn.program.program import Port, Program

EVENTS = 300
AP_TYPES = TEMPLATES / "vivado" / "ap_types"
SCORE = Fixed(True, 12, 8, Rounding.RND, Overflow.SAT)
WIDE = Fixed(True, 24, 12)


def dense(name, source, inputs, seed):
    rng = np.random.default_rng(seed)
    weights = Constant(rng.integers(-32, 32, (inputs, 3)), Fixed(True, 6, 2))
    bias = Constant(rng.integers(-32, 32, 3), Fixed(True, 6, 2))
    return Dense(
        name=name, inputs=(source,), shape=(3,), type=SCORE, weights=weights, bias=bias, accumulator=WIDE,
        reuse_factor=1,
    )  # fmt: skip


def single(seed):
    """One input, one output."""
    return Program("single", (Port("x", (8,), BYTE),), (dense("y", "x", 8, seed),), ("y",))


def double(seed):
    """Two inputs, two outputs."""
    ports = (Port("a", (8,), BYTE), Port("b", (5,), BYTE))
    hidden = dense("left", "a", 8, seed), dense("right", "b", 5, seed + 1)
    add = Merge(name="both", inputs=("left", "right"), shape=(3,), type=SCORE, kind=MergeKind.ADD)
    return Program("double", ports, (*hidden, add), ("left", "both"))


def library(program, folder, ap_types=AP_TYPES):
    """The built library of a program."""
    for path, content in emulator_files(identity_of(program), program, 1, "vectors/design").items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    warnings = "" if ap_types == AP_TYPES else "-Wall -Wextra -Wconversion -pedantic -Werror"  # AMD's headers have some
    flags = [f"CXXFLAGS=-O1 {warnings}", f"AP_TYPES={ap_types}"]
    subprocess.run(["make", "-C", folder, "library", *flags], check=True, capture_output=True)
    return folder / "build" / f"{identity_of(program).symbol}.so"


def listed(program, path, folder):
    """A line of the loader's list: the library, and its events and the scores of our emulator as files."""
    inputs = inputs_of(program, EVENTS)
    outputs = Emulator(program).outputs_mantissas(inputs)
    line = f"{path} {EVENTS}"
    for kind, ports, values in (("in", program.inputs, inputs), ("out", program.outputs, outputs)):
        for port in ports:
            file = folder / f"{port.name}.{kind}"
            values[port.name].astype("<i8").tofile(file)
            line += f" {kind} {np.prod(port.shape)} {file}"
    return line


@pytest.fixture(scope="module")
def libraries(gxx, tmp_path_factory):
    """Two versions of two models: programs and libraries."""
    root = tmp_path_factory.mktemp("libraries")
    programs = [single(1), single(2), double(3), double(5)]
    return [(program, library(program, root / f"{i}")) for i, program in enumerate(programs)]


@pytest.fixture(scope="module")
def loader(libraries, tmp_path_factory):
    """Our own loader, which knows of the models nothing but the interface."""
    folder, include = tmp_path_factory.mktemp("loader"), libraries[0][1].parent.parent
    flags = ["-std=c++17", "-O0", "-pthread", f"-I{include}", "-isystem", AP_TYPES]
    source = Path(__file__).with_name("loader.cpp")
    subprocess.run(["g++", *flags, source, "-o", folder / "loader", "-ldl"], check=True)
    return folder / "loader"


def called(loader, lines):
    listing = loader.with_name("list")
    listing.write_text("\n".join(lines) + "\n")
    return subprocess.run([loader, listing], capture_output=True, text=True, check=False)


def test_four_models_in_one_process(libraries, loader):
    lines = [listed(program, path, path.parent) for program, path in libraries]
    done = called(loader, lines)
    assert done.returncode == 0, done.stderr
    *refusals, last = done.stdout.splitlines()
    assert last == f"{3 * 4 * EVENTS} calls"
    taken = "takes a pointer to double, float, std::int64_t, a std::vector of these, or with -DAP_TYPES"
    assert all(f"Port 'x' of {path_name(libraries[0])} {taken} ap_fixed<8, 4, AP_TRN, AP_WRAP, 0>" in told
               for told in refusals[:5])  # fmt: skip
    assert [told.rpartition("found ")[2] for told in refusals[:4]] == [
        "nothing.", "PNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE.", "1 values in place of 8.",
        "a null pointer.",
    ]  # fmt: skip
    assert "has 1 ports here; give a std::vector<std::any>" in refusals[5]
    assert "Port 'y'" in refusals[6]
    assert "Port x of single_" in refusals[7]
    assert "takes integers from -128 to 127, element 1 is 128." in refusals[7]


def path_name(pair):
    return identity_of(pair[0]).symbol


def test_the_loader_tells_a_wrong_score(libraries, loader):
    """Scores of the other version are not those of this one."""
    (one, path), (other, _) = libraries[:2]
    line = listed(one, path, path.parent)
    Emulator(other).outputs_mantissas(inputs_of(other, EVENTS))["y"].astype("<i8").tofile(path.parent / "y.out")
    done = called(loader, [line])
    assert done.returncode == 1
    assert "wrong output" in done.stderr


def test_nothing_else_is_exported(libraries):
    for _, path in libraries:
        found = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True)
        assert {line.split()[-1] for line in found.stdout.splitlines()} == {"create_model", "destroy_model"}


def test_a_library_without_amds_headers(gxx, tmp_path):
    assert library(single(1), tmp_path, tmp_path / "nowhere").is_file()
