"""The folder `emulator` as a whole: the same bytes each time, legible refusals, and a `make check` that can fail."""

import os
import subprocess

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.engines.native.agreement import BYTE, program_of
from tests.handoff.emulator.building import identity_of
from tests.handoff.emulator.folder import EVENTS, hexadecimal, make, write_emulator, write_vectors
from trigger_nn import Program
from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.handoff.design import Identity
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Concatenate
from trigger_nn.program.program import Port

YEAR_1980 = 315_532_800  # seconds since 1970; the date of all files out of a zip
SHOWN = "event_image_f5abd7b5"


def image():
    return Program.load(GOLDEN / "event_image_program.h5")


@pytest.fixture(scope="module")
def bundle(gxx, tmp_path_factory):
    """A bundle's folders `emulator`, with its check built, and `vectors`."""
    root = tmp_path_factory.mktemp("bundle")
    write_emulator(root, image())
    write_vectors(image(), root / "vectors" / "design")
    assert make(root / "emulator", "check").returncode == 0
    return root


def check(bundle):
    """What `make check` runs when all is built."""
    command = [bundle / "emulator" / "build" / "check", bundle / "vectors" / "design"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_files():
    program = image()
    files = emulator_files(identity_of(program), program, EVENTS, "vectors/design")
    assert set(files) == {
        f"{SHOWN}.h", f"{SHOWN}.cpp", "check.cpp", "Makefile", "exports.map", "hls4ml_emulator.cpp",
        "hls4ml/emulator.h", "README.md",
    }  # fmt: skip
    assert files == emulator_files(identity_of(program), program, EVENTS, "vectors/design")
    assert f"#ifndef {SHOWN.upper()}_EMULATOR_H".encode() in files[f"{SHOWN}.h"]
    assert program.digest.encode() in files[f"{SHOWN}.cpp"]
    assert all(content.endswith(b"\n") for content in files.values())


def test_make_check_passes(bundle):
    done = make(bundle / "emulator", "check")
    assert done.returncode == 0, done.stderr
    assert f"Emulator {SHOWN}: 40 values of 20 events are as expected." in done.stdout


def altered(text, line, old, new):
    """Text with `old` replaced by `new` in one of its lines."""
    lines = text.splitlines(keepends=True)
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new, 1)
    return "".join(lines)


def flipped(text):
    """The last digit's lowest bit in the last line."""
    return text[:-2] + f"{int(text[-2], 16) ^ 1:x}" + "\n"


def test_one_wrong_bit_is_told(bundle):
    path = bundle / "vectors" / "design" / "expected" / "output.hex"
    whole = path.read_text()
    expected = int(whole.split()[-1], 16)
    path.write_text(flipped(whole))
    done = check(bundle)
    path.write_text(whole)
    value = expected - (1 << 12) * (expected >> 11)
    assert done.returncode != 0
    assert f"FAILED: Event 19, port output, element 1: expected {value ^ 1}, found {value}." in done.stderr


DAMAGES = {
    "missing": (None, "is missing or can't be read"),
    "short": (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "event 19: there should be 20 events"),
    "empty": (lambda text: "", "event 0: there should be 20 events"),
    "long": (lambda text: text + text.splitlines(keepends=True)[0], "event 20: there should be 20 events, found more"),
    "blank line": (lambda text: text + "\n", "event 20: there should be 20 events, found more"),
    "no end of line": (lambda text: text[:-1], "event 19: the line does not end"),
    "upper case": (lambda text: altered(text, 1, "3ff", "3FF"), "event 1: element 0 is no value of 10 bits"),
    "no digit": (lambda text: altered(text, 1, "3ff", "3fg"), "event 1: element 0 is no value of 10 bits"),
    "unused bit": (lambda text: altered(text, 1, "3ff", "7ff"), "event 1: element 0 is no value of 10 bits"),
    "no space": (lambda text: altered(text, 1, " ", "-"), "event 1: element 1 is no value of 10 bits"),
    "two spaces": (lambda text: altered(text, 1, " ", "  "), "event 1: expected 280 elements of 3 digits"),
    "an element less": (lambda text: altered(text, 1, "3ff ", ""), "event 1: expected 280 elements of 3 digits"),
    "carriage return": (lambda text: text.replace("\n", "\r\n"), "event 0: expected 280 elements of 3 digits"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_told(bundle, name):
    change, told = DAMAGES[name]
    path = bundle / "vectors" / "design" / "inputs" / "image.hex"
    whole = path.read_bytes()
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(whole.decode()).encode())
    done = check(bundle)
    path.write_bytes(whole)
    assert done.returncode != 0
    assert told in done.stderr


@pytest.fixture
def wrong_weight(bundle):
    """The source with another weight and the date that a zip gives it, older than what is built."""
    path = bundle / "emulator" / f"{SHOWN}.cpp"
    whole = path.read_text()
    path.write_text(whole.replace("const i16 t8[64] = {\n    ", "const i16 t8[64] = {\n    1"))
    assert path.read_text() != whole
    os.utime(path, (YEAR_1980, YEAR_1980))
    yield
    path.write_text(whole)


def test_a_wrong_weight_is_told_whatever_its_date(bundle, wrong_weight):
    done = make(bundle / "emulator", "check")
    assert done.returncode != 0
    assert "FAILED: Event " in done.stderr
    assert check(bundle).returncode != 0
    path = bundle / "emulator" / f"{SHOWN}.cpp"
    path.write_text("this is no C++\n")
    os.utime(path, (YEAR_1980, YEAR_1980))
    assert make(bundle / "emulator", "check").returncode != 0


def test_the_library_is_built_anew_whatever_the_dates(bundle, request):
    library = bundle / "emulator" / "build" / f"{SHOWN}.so"
    assert make(bundle / "emulator", "library").returncode == 0
    before = library.read_bytes()
    request.getfixturevalue("wrong_weight")
    assert make(bundle / "emulator", "library").returncode == 0
    assert library.read_bytes() != before


def test_another_compiler(bundle):
    """Of the command line, and of the environment."""
    environment = {**os.environ, "CXX": "no-such-compiler"}
    command = ["make", "-n", "-C", bundle / "emulator", "check"]
    for extra, given in ((["CXX=no-such-compiler"], None), ([], environment)):
        done = subprocess.run([*command, *extra], capture_output=True, text=True, check=False, env=given)
        assert "no-such-compiler -std=c++17" in done.stdout


@pytest.mark.parametrize("kind", [Fixed(True, 65, 10), Fixed(False, 64, 64)], ids=str)
def test_a_port_of_more_than_64_bits_is_refused(kind):
    program = program_of(Cast(name="y", inputs=("x",), shape=(3,), type=BYTE), kind=kind)
    with pytest.raises(UnsupportedLayerError, match=r"Port 'x' of program 'small' is .*; give it a narrower type"):
        emulator_files(identity_of(program), program, 1, "vectors/design")


def test_a_name_that_cpp_does_not_take_is_refused():
    with pytest.raises(HandoffError, match="Design '1-jet' has no name for C"):
        emulator_files(Identity("1-jet", "0" * 64), image(), 1, "vectors/design")


def test_ports_of_one_identifier_are_refused():
    ports = (Port("a.b", (1,), BYTE), Port("a_b", (1,), BYTE))
    join = Concatenate(name="y", inputs=("a.b", "a_b"), shape=(2,), type=BYTE, axis=0)
    program = Program("p", ports, (join,), ("y",))
    with pytest.raises(UnsupportedLayerError, match=r"Ports 'a.b' and 'a_b' of program 'p' are both 'a_b' in C\+\+"):
        emulator_files(identity_of(program), program, 1, "vectors/design")


def test_vectors_as_they_are_written_here():
    port = Port("x", (2,), Fixed(True, 10, 4))
    assert hexadecimal(port, np.array([[-1, 5], [-512, 511]])) == "3ff 005\n200 1ff\n"
