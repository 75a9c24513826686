"""The SystemVerilog bench: it passes on right vectors, and nothing else passes."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest

from tests.hardware.simulation import blocks
from trigger_nn.errors import EventsError
from trigger_nn.hardware.simulation import verilator
from trigger_nn.hardware.simulation.bench import bench_files
from trigger_nn.hardware.simulation.corners import corner_inputs

LEVEL = "-std=c++20 -O0"


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def build(folder, name, *sources):
    """Build the bench as its own first lines say, but without optimisation."""
    tool = verilator.find()
    command = [tool.command, "--binary", "--timing", "-CFLAGS", LEVEL, "--build-jobs", "2", "--top-module", name]
    subprocess.run([*command, "bench.sv", *sources], cwd=folder, env=tool.environment, capture_output=True, check=True)


def run(folder, vectors="vectors"):
    program = str(folder / "obj_dir" / "Vmultiply_add_bench")
    done = subprocess.run([program, f"+vectors={vectors}"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bench(tmp_path_factory, gxx):
    """The folder of a bench that is built, beside its vectors."""
    folder, rtl = tmp_path_factory.mktemp("bench"), blocks.multiply_add()
    events = corner_inputs(rtl.inputs, np.random.default_rng(3), 50)
    write(folder, bench_files(rtl, events, blocks.multiplied_and_added(events)) | rtl.files)
    build(folder, "multiply_add_bench", *rtl.files)
    return folder


def changed(bench, port, change):
    """A folder of vectors in which the lines of one port's file are changed."""
    folder = bench / f"changed_{port}_{change.__name__}"
    for file in (bench / "vectors").iterdir():
        lines = file.read_text().splitlines(keepends=True)
        write(folder, {file.name: "".join(change(lines) if file.stem == port else lines).encode()})
    return folder.name


def flipped(lines):
    """One bit of event 20; the first line is a comment."""
    line = lines[21].strip()
    return [*lines[:21], f"{int(line, 16) ^ 1:0{len(line)}x}\n", *lines[22:]]


def shortened(lines):
    return lines[:-1]


def test_right_vectors_pass(bench):
    code, said = run(bench)
    events = len((bench / "vectors" / "x.mem").read_text().splitlines()) - 1
    assert code == 0
    assert f"multiply_add: {events} events compared, every bit as expected, latency 3 clock cycles" in said


def test_one_expected_bit_that_is_altered_fails_in_words(bench):
    code, said = run(bench, changed(bench, "s", flipped))
    assert code != 0
    assert "event 20, port s, element 0: expected" in said
    assert "events compared" not in said


def test_one_input_bit_that_is_altered_fails(bench):
    code, said = run(bench, changed(bench, "x", flipped))
    assert code != 0
    assert "event 20, port z, element 0: expected" in said


@pytest.mark.parametrize("port", ["x", "z"])
def test_fewer_events_than_stated_fail(bench, port):
    code, said = run(bench, changed(bench, port, shortened))
    assert code != 0
    assert "events, and" in said
    assert "are to be compared" in said


def test_vectors_that_are_not_there_fail(bench):
    code, said = run(bench, "nowhere")
    assert code != 0
    assert "nowhere/x.mem can't be read" in said


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 0), (3, 2)])
def test_no_events_or_not_as_many_are_refused(inputs, outputs):
    rtl = blocks.multiply_add()
    events = {"x": np.zeros((inputs, 3), int), "y": np.zeros((inputs, 2, 1), int)}
    expected = {"z": np.zeros((outputs, 2), int), "s": np.zeros(outputs, int)}
    with pytest.raises(EventsError, match="as many events of each port, and at least one"):
        bench_files(rtl, events, expected)


def test_vhdl_has_a_bench_too():
    rtl = replace(blocks.multiply_add(), language="vhdl")
    events = corner_inputs(rtl.inputs, np.random.default_rng(3), 5)
    assert "bench.sv" in bench_files(rtl, events, blocks.multiplied_and_added(events))
