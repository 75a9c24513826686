"""`make check` and the bench, on designs written by hand; each alteration must fail, in the right words."""

import os
import re
import shutil
import subprocess

import pytest

from tests.handoff.bench import fake
from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree
from trigger_nn.handoff.bench import bench_files
from trigger_nn.handoff.bundle import SUMS
from trigger_nn.handoff.design import Design
from trigger_nn.program.program import Port
from trigger_nn.recipe import HardwareSpec


def make(folder, *args, **environment):
    command = ["make", *args, "OPTIMIZE=-O0"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def bench(folder, *args, bug=""):
    environment = {**os.environ, "BUG": bug}
    command = ["build/bench", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def _passing(folder, files):
    done = make(fake.write(folder, files), "check")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def parallel(tmp_path_factory, gxx):
    folder, told = _passing(tmp_path_factory.mktemp("parallel") / "bundle", fake.parallel_files())
    assert "PASSED: 40 events, 200 values compared: block design, all 40 events of y, wide.out\n" in told
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory, gxx):
    folder, told = _passing(tmp_path_factory.mktemp("built") / "bundle", fake.built_files())
    words = "141 values compared: block design, all 40 events of y; block network, all 7 events of y\n"
    assert f"PASSED: 40 events, {words}" in told
    return folder


@pytest.fixture(scope="module")
def streaming(tmp_path_factory, gxx):
    folder, told = _passing(tmp_path_factory.mktemp("streaming") / "bundle", fake.streaming_files())
    assert "PASSED: 40 events, 120 values compared" in told
    return folder


@pytest.fixture
def copy(parallel, tmp_path):
    return shutil.copytree(parallel, tmp_path / "copy")


def _alter(path, change):
    altered = change(path.read_bytes())
    assert altered != path.read_bytes()
    path.write_bytes(altered)


def test_the_first_difference_is_told_and_all_are_counted(copy):
    change = [(b"d8e ", b"d86 "), (b"dce ", b"ece ")]  # events 7 and 39
    _alter(copy / "vectors/design/expected/y.hex", lambda b: b.replace(*change[0]).replace(*change[1]))
    done = bench(copy)
    first, last = done.stderr.splitlines()
    assert first == (
        "DIFFERENT: block design, event 7, port y, element 0, bit 3 (lowest that differs): "
        "expected 0xd86 (-9.90625), got 0xd8e (-9.78125)"
    )
    assert last.startswith("FAILED: 3 differences, 40 events, 200 values compared: ")  # event 7 is run twice
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("port", ["expected/y", "expected/wide.out", "inputs/x", "inputs/big"])
@pytest.mark.parametrize("event", [0, 17, 39])
def test_the_lowest_bit_of_any_vector_counts(copy, port, event):
    path = copy / f"vectors/design/{port}.hex"
    lines = path.read_text().splitlines()
    lines[event] = lines[event][:-1] + f"{int(lines[event][-1], 16) ^ 1:x}"
    path.write_text("\n".join(lines) + "\n")
    done = bench(copy)
    assert done.returncode == 1
    assert f"event {event}, " in done.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        ("bit", r"event 7, port y, element 0, bit 3 \(lowest that differs\): expected 0xd8e .* got 0xd86"),
        ("unwritten", r"event 0, port y, element 2, bit 0 "),
        ("state", r"event 31 \(run once more, in another order\), port y, element 1, bit 0 "),
        ("wide", r"event 0, port wide.out, element 1, bit 1000 .* \(0\.0099224760342440169\)"),
    ],
)
def test_a_wrong_design_fails(parallel, bug, words):
    done = bench(parallel, bug=bug)
    assert done.returncode == 1
    assert re.search(words, done.stderr)


def test_the_network_alone_is_driven_too(built):
    done = bench(built, bug="network")
    assert done.returncode == 1
    assert done.stderr.startswith("DIFFERENT: block network, event 2, port y, element 1, bit 11 ")
    done = bench(built, "vectors", "40", "design", bug="network")
    assert done.returncode == 0
    assert done.stdout == "PASSED: 40 events, 120 values compared: block design, all 40 events of y\n"


def test_missing_vectors_of_the_network_fail(built, tmp_path):
    copy = shutil.copytree(built, tmp_path / "copy")
    (copy / "vectors/network/expected/y.hex").unlink()
    done = bench(copy)
    assert (done.returncode, done.stderr) == (2, "MISSING: vectors/network/expected/y.hex can't be read.\n")


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        ("short", "event 0, port y: the stream ends after 0 of 1 beats"),
        ("long", "event 0, port y: 1 beats more than the 1 of an event"),
        ("unread", "event 0, port x: 1 beats of the input were not read"),
    ],
)
def test_streams_must_hold_an_event_and_no_more(streaming, bug, words):
    done = bench(streaming, bug=bug)
    assert done.returncode == 1
    assert words in done.stderr


def test_a_wrong_stream_is_compared(streaming, tmp_path):
    copy = shutil.copytree(streaming, tmp_path / "copy")
    _alter(copy / "vectors/design/inputs/x.hex", lambda b: b[:-2] + (b"0" if b[-2:-1] != b"0" else b"1") + b"\n")
    done = bench(copy)
    assert done.returncode == 1
    assert "event 39, port y, element 2" in done.stderr


MALFORMED = {
    "cut": (lambda b: b[:-1], "no newline at the end of the last line"),
    "empty": (lambda b: b"", "0 events, 40 are needed"),
    "one event less": (lambda b: b[: b[:-1].rindex(b"\n") + 1], "39 events, 40 are needed"),
    "one event more": (lambda b: b + b.splitlines(keepends=True)[0], "41 events, 40 are needed"),
    "empty line": (lambda b: b + b"\n", "line 41, element 0: 0 digits"),
    "one element less": (lambda b: b[b.index(b" ") + 1 :], "line 1: 1 elements, 2 are needed"),
    "one element more": (lambda b: b[: b.index(b" ") + 1] + b, "line 1: 3 elements, 2 are needed"),
    "two spaces": (lambda b: b.replace(b" ", b"  ", 1), "line 1, element 1: 0 digits"),
    "space at the end": (lambda b: b.replace(b"\n", b" \n", 1), "line 1, element 2: 0 digits"),
    "tab": (lambda b: b.replace(b" ", b"\t", 1), "digits, "),
    "carriage return": (lambda b: b.replace(b"\n", b"\r\n"), "digits, "),
    "one digit less": (lambda b: b[1:], "line 1, element 0: "),
    "one digit more": (lambda b: b"0" + b, "line 1, element 0: "),
    "no digit": (lambda b: b"g" + b[1:], "element 0: a character that is no lower-case hexadecimal digit"),
    "upper case": (lambda b: b"A" + b[1:], "element 0: a character that is no lower-case hexadecimal digit"),
    "sign": (lambda b: b"-" + b[1:], "element 0: a character that is no lower-case hexadecimal digit"),
    "zero byte": (lambda b: b"\0" + b[1:], "element 0: a character that is no lower-case hexadecimal digit"),
}


@pytest.mark.parametrize("alteration", MALFORMED)
@pytest.mark.parametrize("port", ["inputs/big", "expected/wide.out"])
def test_malformed_vectors_are_refused(copy, port, alteration):
    change, words = MALFORMED[alteration]
    _alter(copy / f"vectors/design/{port}.hex", change)
    done = bench(copy)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"MALFORMED: vectors/design/{port}.hex")
    assert words in done.stderr


def test_a_bit_above_the_port_is_refused(copy):
    _alter(copy / "vectors/design/inputs/x.hex", lambda b: b"4" + b[1:])
    assert "element 0: a bit above the 10 of the port" in bench(copy).stderr


@pytest.mark.parametrize("port", ["inputs/x", "expected/y"])
def test_missing_vectors_are_named(copy, port):
    (copy / f"vectors/design/{port}.hex").unlink()
    done = bench(copy)
    assert (done.returncode, done.stderr) == (2, f"MISSING: vectors/design/{port}.hex can't be read.\n")


def test_vectors_anywhere_and_a_part_of_them(parallel, tmp_path):
    done = bench(parallel, str(parallel / "vectors"), "3")
    assert done.returncode == 0
    assert "PASSED: 3 events, 15 values compared: block design, only the first 3 of 40 events of " in done.stdout
    assert bench(parallel, str(tmp_path)).returncode == 2


@pytest.mark.parametrize("events", ["0", "41", "-1", "1x", "", "99999999999"])
def test_an_impossible_number_of_events_is_refused(parallel, events):
    done = bench(parallel, "vectors", events)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The number of events must be 1 to 40, not {events}.\n"


@pytest.mark.parametrize("args", [("vectors", "3", "network"), ("vectors", "3", "design", "more")])
def test_unknown_arguments_are_refused(parallel, args):
    assert bench(parallel, *args).stderr == "Usage: bench [VECTORS [EVENTS [design]]]\n"


def test_make_check_refuses_any_altered_file(copy):
    names = [name for name in read_tree(copy) if not name.startswith("build/") and name != SUMS]
    assert len(names) == 28
    judges = ("Makefile", "bench/digests.cpp")  # which can't be trusted once they are altered themselves
    for name in [n for n in names if "ap_types" not in n and n not in judges]:
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content[:1] + bytes([content[1] ^ 1]) + content[2:])
        done = make(copy, "check")
        (copy / name).write_bytes(content)
        assert done.returncode != 0
        assert f"ALTERED: {name}" in done.stderr
        assert "build/bench" not in done.stdout


def test_weights_that_are_listed_as_altered_still_fail(copy):
    _alter(copy / "hls/firmware/weights/shift.h", lambda b: b.replace(b"= 1", b"= 2"))
    fake.relist(copy)
    done = make(copy, "check")
    assert done.returncode != 0
    assert "DIFFERENT: block design, event 0, port y, element 0, bit 6 " in done.stderr


def test_fewer_events_fail_though_the_list_agrees(copy):
    for name in ("inputs/x", "inputs/big", "expected/y", "expected/wide.out"):
        _alter(copy / f"vectors/design/{name}.hex", lambda b: b"".join(b.splitlines(keepends=True)[:-1]))
    fake.relist(copy)
    done = make(copy, "check")
    assert done.returncode != 0
    assert "39 events, 40 are needed" in done.stderr


def test_the_bench_is_not_built_twice_for_the_same_files(parallel):
    before = (parallel / "build/bench").stat().st_mtime_ns
    assert make(parallel, "check").returncode == 0
    assert (parallel / "build/bench").stat().st_mtime_ns == before


def _remade(folder, **choices):
    made = bench_files(fake.parallel(), fake.EVENTS, None, **choices)
    (folder / "Makefile").write_bytes(made["Makefile"])
    fake.relist(folder)


@pytest.mark.parametrize("passes", [True, False])
def test_the_emulator_is_checked_where_there_is_one(copy, passes):
    (copy / "emulator").mkdir()
    (copy / "emulator/Makefile").write_text(f"check:\n\t@echo emulator checked; {'true' if passes else 'false'}\n")
    _remade(copy, emulator=True)
    done = make(copy, "check")
    assert "emulator checked" in done.stdout
    assert (done.returncode == 0) is passes


def test_an_emulator_can_not_be_taken_away_with_its_lines(copy):
    _remade(copy, emulator=True)
    assert make(copy, "check").returncode != 0


def test_without_an_emulator_that_is_said(copy):
    done = make(copy, "check")
    assert done.returncode == 0
    assert "This bundle holds no emulator in C++" in done.stdout


def test_a_list_shortened_together_with_its_files_is_seen(copy):
    _remade(copy, listed=len((copy / "SHA256SUMS").read_text().splitlines()))
    assert make(copy, "check").returncode == 0
    (copy / "hls/firmware/ap_types/ap_shift_reg.h").unlink()
    fake.relist(copy)
    done = make(copy, "check")
    assert done.returncode != 0
    assert "the bundle has" in done.stderr


def test_clean_leaves_the_bundle_alone(copy):
    assert make(copy, "clean").returncode == 0
    assert not (copy / "build").exists()
    assert len(read_tree(copy)) == 29


def test_without_a_compiler_it_says_so(copy):
    done = make(copy, "check", "CXX=no-such-compiler")
    assert done.returncode != 0
    assert "There is no C++ compiler no-such-compiler; install g++, or name another" in done.stderr


def test_the_bench_is_plain_cpp11(streaming, built, gxx):
    for folder in (streaming, built):
        options = ["-std=c++11", "-Wall", "-Wextra", "-fno-exceptions", "-fsyntax-only", "-isystem"]
        command = [gxx, *options, "hls/firmware/ap_types", "-Ihls/firmware", "bench/bench.cpp"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_ports_of_another_width_do_not_build(copy):
    header = copy / f"hls/firmware/{fake.parallel().identity.symbol}.h"
    _alter(header, lambda b: b.replace(b"ap_fixed<12, 6> y_type", b"ap_fixed<13, 6> y_type"))
    fake.relist(copy)
    done = make(copy, "bench")
    assert done.returncode != 0
    assert "a port of another width than its vectors" in done.stderr


def test_same_design_same_bytes():
    assert bench_files(fake.built(), 40, 7) == bench_files(fake.built(), 40, 7)


@pytest.mark.parametrize(
    ("design", "events", "network_events", "words"),
    [
        (fake.parallel(), 0, None, "would compare no events"),
        (fake.built(), 40, 0, "would compare no events"),
        (fake.parallel(), 40, 7, "has no builder"),
    ],
)
def test_a_bench_of_nothing_is_refused(design, events, network_events, words):
    with pytest.raises(HandoffError, match=words):
        bench_files(design, events, network_events)


def test_two_ports_of_one_name_are_refused():
    ports = [Port("a.b", (1,), fake.X.type), Port("a_b", (1,), fake.X.type)]
    design = Design(fake.program(ports, [fake.Y]), HardwareSpec())
    with pytest.raises(HandoffError, match="both called a_b in C"):
        bench_files(design, 1, None)
