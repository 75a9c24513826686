"""Estimates beside what is built: RTL by alkaid, multipliers by Yosys."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.hardware.estimate.nets import PART, filtered, network
from trigger_nn import Program
from trigger_nn.hardware.estimate import estimate
from trigger_nn.hardware.estimate.constants import constants
from trigger_nn.hardware.estimate.widths import dsp_slices
from trigger_nn.hardware.rtl.lower import rtl

NETWORKS = (
    network(0, (8, 5)), network(1, (16, 16, 5)), network(2, (16, 12, 12, 3), 4, 8, 0.3),
    network(3, (12, 24, 4), 8, 5, 1.0), filtered(np.arange(-4, 5).reshape(3, 3, 1, 1), 5),
)  # fmt: skip


@pytest.mark.parametrize("program", NETWORKS, ids=lambda program: program.name)
@pytest.mark.parametrize("clock", [2.5, 5.0])
def test_latency_within_two_cycles_of_the_rtl(program, clock):
    assert abs(estimate(program, clock, PART, "rtl").cycles - rtl(program, clock).latency) <= 2


def test_constants_are_of_many_networks_and_good():
    """Within 30 % and 2 cycles, by the median over networks held out of the fit; nine in ten within 3 cycles."""
    found = constants()
    assert found.networks >= 250
    assert max(found.lut.spread.error, found.ff.spread.error) < 0.3
    assert found.cycles.error <= 2
    assert max(abs(found.cycles.low), abs(found.cycles.high)) <= 3


YOSYS = """
import json, sys
from pyosys import libyosys as ys
design = ys.Design()
for command in ("read_verilog " + sys.argv[1], "synth_xilinx -family xcup -noiopad -top m",
                "tee -o " + sys.argv[2] + " stat -json"):
    ys.run_pass(command, design)
"""
WIDTHS = ((2, 7, 1, 1), (2, 6, 1, 1), (5, 5, 0, 1), (4, 4, 0, 0), (18, 27, 1, 1), (18, 27, 0, 1), (19, 20, 1, 1))


def test_dsp_rule_is_yosys_own(tmp_path):
    """Products of (width, width, signed, signed): as many slices as Yosys takes, each by itself."""
    ports = ", ".join(f"input [{a - 1}:0] a{i}, input [{b - 1}:0] b{i}" for i, (a, b, *_) in enumerate(WIDTHS))
    outs = ", ".join(f"output [{a + b - 1}:0] y{i}" for i, (a, b, *_) in enumerate(WIDTHS))
    lines = [f"assign y{i} = {_operand('a', i, s)} * {_operand('b', i, t)};" for i, (_, _, s, t) in enumerate(WIDTHS)]
    source, stat = tmp_path / "m.v", tmp_path / "stat.json"
    source.write_text(f"module m({ports}, {outs});\n" + "\n".join(lines) + "\nendmodule\n")
    subprocess.run([sys.executable, "-c", YOSYS, source, stat], check=True, capture_output=True)
    text = stat.read_text()
    cells = json.loads(text[text.index("{") :])["design"]["num_cells_by_type"]
    a, b, s, t = np.array(WIDTHS).T
    said = dsp_slices(a, b, np.stack([s, t]).astype(bool), a + b)
    assert said.sum() == cells["DSP48E2"]


def _operand(name, i, signed):
    width = WIDTHS[i][name == "b"]
    sign = f"{name}{i}[{width - 1}]" if signed else "1'b0"
    return f"$signed({{{sign}, {name}{i}}})" if not signed else f"$signed({name}{i})"


OPERATIONS = sorted((GOLDEN / "second_schema").glob("*.h5"))


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_latency_of_every_operation_within_two_cycles(path):
    program = Program.load(path)
    found, latency = estimate(program, 5.0, PART, "rtl"), rtl(program, 5.0).latency
    assert abs(found.cycles - latency) <= 2
