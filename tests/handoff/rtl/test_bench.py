"""The bench of the bundle: the RTL yields every bit of the bundle's vectors, and what is wrong is found."""

import shutil
import subprocess

import numpy as np
import pytest

from tests.handoff.conftest import make
from trigger_nn.handoff.manifest import read_manifest
from trigger_nn.handoff.rtl import block_of
from trigger_nn.handoff.vectors import vectors_in
from trigger_nn.handoff.vectors.memory import read_mem


def bench(folder, *arguments):
    """The bench as `make` built it, run again."""
    program = folder / "build/rtl/verilator/bench"
    return subprocess.run([program, *arguments], cwd=folder / "rtl", capture_output=True, text=True, check=False)


def test_the_rtl_yields_every_bit(simulated, bundle, design):
    _, done = simulated
    assert done.returncode == 0, done.stdout + done.stderr
    events, block = read_manifest(bundle).vectors.events, read_manifest(bundle).rtl
    told = f"PASSED: {block.top}, {events} events twice, every bit as expected, latency {block.latency_cycles} clock"
    assert told in done.stdout
    assert events > 200


def test_what_the_bench_reads_is_what_the_design_yields(bundle, design):
    vectors = vectors_in(design, bundle.files, read_manifest(bundle).handoff).design
    answers = design.run(vectors.inputs)
    for ports, values, direction in ((design.inputs, vectors.inputs, "in"), (design.outputs, answers, "out")):
        for port in ports:
            path = f"vectors/mem/design_{direction}_{port.name}.mem"
            assert path.rpartition("/")[2].encode() in bundle.files["rtl/bench.sv"]
            assert np.array_equal(read_mem(bundle.files[path].decode(), port), values[port.name])


@pytest.fixture
def vectors(simulated, tmp_path):
    """A copy of the vectors, to be altered."""
    return shutil.copytree(simulated[0] / "vectors/mem", tmp_path / "mem")


def lines_of(path):
    return path.read_text().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("event", "port", "bit", "element"), [(0, "score", 0, 0), (17, "score", 11, 1), (-1, "decision", 1, 1)]
)
def test_an_altered_bit_is_named(simulated, vectors, bundle, event, port, bit, element):
    event %= read_manifest(bundle).vectors.events
    path = vectors / f"design_out_{port}.mem"
    lines = lines_of(path)
    word = lines[event + 1].strip()  # below a comment
    lines[event + 1] = f"{int(word, 16) ^ 1 << bit:0{len(word)}x}\n"
    path.write_text("".join(lines))
    done = bench(simulated[0], f"+vectors={vectors}")
    assert done.returncode != 0
    assert f"DIFFERENT: event {event}, port {port}, element {element}: expected" in done.stdout + done.stderr
    assert "PASSED" not in done.stdout


@pytest.mark.parametrize("change", [lambda lines: lines[:-1], lambda lines: [*lines, lines[-1]]])
@pytest.mark.parametrize("only", ["design_in_features", "design_out_score", "design_*"])
def test_fewer_events_and_more_are_refused(simulated, vectors, bundle, change, only):
    for path in vectors.glob(f"{only}.mem"):
        path.write_text("".join(change(lines_of(path))))
    done = bench(simulated[0], f"+vectors={vectors}")
    assert done.returncode != 0
    events = read_manifest(bundle).vectors.events
    assert f"and {events} are to be compared" in done.stdout + done.stderr


def test_vectors_that_are_not_there_are_asked_for(simulated, tmp_path):
    done = bench(simulated[0], f"+vectors={tmp_path}/none")
    assert done.returncode != 0
    assert "can't be read" in done.stdout + done.stderr


FAULTS = """
module NAME (
    input clk, rst, in_valid, input [511:0] features,
    output reg out_valid, output reg [21:0] score, output reg [1:0] decision
);
  wire valid;
  wire [21:0] right_score;
  wire [1:0] right_decision;
  NAME_right right (clk, rst, in_valid, features, valid, right_score, right_decision);
  int fault = 0;
  initial if (!$value$plusargs("fault=%d", fault)) fault = 0;
  reg late = 1'b0;
  reg [21:0] late_score;
  int answers = 0;
  always @(posedge clk) begin
    late <= valid;
    late_score <= right_score;
    if (valid) answers <= answers + 1;
  end
  always @* begin
    out_valid = valid;
    score = right_score;
    decision = right_decision;
    case (fault)
      1: begin out_valid = late; score = late_score; end  // a cycle too late
      2: out_valid = 1'b1;
      3: out_valid = 1'b0;
      4: if (answers > 0 && !late) score[21] = ~score[21];  // wrong behind a pause alone
      5: if (answers == 500) out_valid = 1'b0;  // an answer is lost
      default: ;
    endcase
  end
endmodule
"""
SAID = {
    1: "out_valid is 0 LATENCY cycles after event 0, and must be 1",
    2: "out_valid is 1 where no event is due, after 0 answers",
    3: "out_valid is 0 LATENCY cycles after event 0",
    4: "port score, element 1: expected",
    5: "out_valid is 0 LATENCY cycles after event ",
}


@pytest.fixture(scope="module")
def faulty(bundle, verilator, tmp_path_factory):
    """The bundle's block with faults to be chosen when it runs."""
    folder = bundle.write(tmp_path_factory.mktemp("faulty") / "tiny")
    name = read_manifest(bundle).rtl.top
    path = folder / f"rtl/{name}.v"
    right = path.read_text().replace(f"module {name} (", f"module {name}_right (")
    path.write_text(right + FAULTS.replace("NAME", name))
    done = make(folder, "-C", "rtl", "check", f"VERILATOR={verilator}")
    assert done.returncode == 0, done.stdout + done.stderr  # no fault chosen
    return folder


@pytest.mark.parametrize("fault", SAID)
def test_faults_of_handshake_and_pipeline_are_found(faulty, design, fault):
    done = bench(faulty, f"+fault={fault}")
    assert done.returncode != 0
    told = SAID[fault].replace("LATENCY", str(block_of(design, "verilog").latency))
    assert "DIFFERENT: " in done.stdout + done.stderr
    assert told in done.stdout + done.stderr
    assert "PASSED" not in done.stdout
