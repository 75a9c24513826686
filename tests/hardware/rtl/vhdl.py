"""`python -m tests.hardware.rtl.vhdl`: VHDL of programs, simulated by GHDL (Debian: apt install ghdl), bit for bit.

No part of `make test`, as GHDL comes in no wheel. Events go in every clock; every output is compared.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.conftest import GOLDEN
from trigger_nn import Program
from trigger_nn.engines.reference import run_reference
from trigger_nn.handoff.vectors.memory import mem_text, read_mem
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.rtl.block import bus_width
from trigger_nn.hardware.rtl.lower import rtl

BENCH = """
library ieee; use ieee.std_logic_1164.all; use std.textio.all; use ieee.std_logic_textio.all;
entity bench is end entity;
architecture test of bench is
  signal clk, rst, in_valid : std_logic := '0';
  signal out_valid : std_logic;
{signals}
begin
  dut : entity work.{name} port map ({ports});
  process
{files}
    variable text : line;
{variables}
    variable sent, got : natural := 0;
  begin
    while got < {events} loop
      in_valid <= '0';
      if sent < {events} then
{reads}
        in_valid <= '1';
        sent := sent + 1;
      end if;
      wait for 1 ns;
{early}
      clk <= '1'; wait for 1 ns;
{late}
      clk <= '0';
    end loop;
    wait;
  end process;
end architecture;
"""


def bench(block, events):
    """A bench that reads IN.mem line by line and writes OUT.mem."""
    ins, outs = block.inputs, block.outputs
    clocked = block.latency > 0
    names = [port.name for port in (*ins, *outs)] + (["clk", "rst", "in_valid", "out_valid"] if clocked else [])
    vector = "std_logic_vector({} downto 0)"
    reads = [
        f"        readline(f_{p.name}, text); hread(text, v_{p.name});\n"
        f"        {p.name} <= v_{p.name}({bus_width(p) - 1} downto 0);"
        for p in ins
    ]
    write = [f"write(text, {p.name}); writeline(f_{p.name}, text);" for p in outs]
    valid = "if out_valid = '1' then {} got := got + 1; end if;" if clocked else "{} got := got + 1;"
    writes = "      " + valid.format(" ".join(write))
    return BENCH.format(
        name=block.name, events=events, ports=", ".join(f"{n} => {n}" for n in names),
        signals="\n".join(f"  signal {p.name} : {vector.format(bus_width(p) - 1)};" for p in (*ins, *outs)),
        variables="\n".join(f"    variable v_{p.name} : {vector.format(-(-bus_width(p) // 4) * 4 - 1)};" for p in ins),
        files="\n".join(
            [f'    file f_{p.name} : text open read_mode is "{p.name}.in";' for p in ins]
            + [f'    file f_{p.name} : text open write_mode is "{p.name}.out";' for p in outs]
        ),
        reads="\n".join(reads), early="" if clocked else writes, late=writes if clocked else "",
    )  # fmt: skip


def simulated(block, inputs, folder):
    """Outputs by port, (events, *shape), as GHDL has them."""
    events = len(next(iter(inputs.values())))
    files = [Path(path) for path in block.files]
    for path, content in zip(files, block.files.values(), strict=True):
        (folder / path).write_bytes(content)
    (folder / "bench.vhd").write_text(bench(block, events))
    for port in block.inputs:
        words = [line for line in mem_text(port, inputs[port.name]).decode().splitlines() if not line.startswith("//")]
        (folder / f"{port.name}.in").write_text("\n".join(words) + "\n")
    for step in (["-i", *map(str, files), "bench.vhd"], ["-m", "bench"], ["-r", "bench"]):
        done = subprocess.run(
            ["ghdl", step[0], "--std=08", "-frelaxed", *step[1:]], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{block.name}: ghdl {step[0]}: {(done.stderr + done.stdout)[:2000]}")
    found = {}
    for port in block.outputs:
        words = [f"{int(line, 2):x}" for line in (folder / f"{port.name}.out").read_text().split()]
        found[port.name] = read_mem("\n".join(words), port)
    return found


def differences(program, clock_period, combinational, events):
    """How many output values of VHDL differ, of how many."""
    block = rtl(program, clock_period, name="dut", language="vhdl", combinational=combinational)
    random = np.random.default_rng(1)
    given = {
        p.name: random.integers(p.type.minimum, p.type.maximum, (events, *p.shape), endpoint=True)
        for p in program.inputs
    }
    wanted = run_reference(program, given, program.output_names)
    with tempfile.TemporaryDirectory() as name:
        inputs = {q.name: given[p.name] for p, q in zip(program.inputs, block.inputs, strict=True)}
        found = simulated(block, inputs, Path(name))
    pairs = [(wanted[n], found[q.name]) for n, q in zip(program.output_names, block.outputs, strict=True)]
    return sum(int(np.sum(a != b)) for a, b in pairs), sum(a.size for a, _ in pairs), block.latency


def main():
    """Golden programs, and some of the networks of the fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--networks", type=int, default=6)
    asked = parser.parse_args()
    if shutil.which("ghdl") is None:
        raise SystemExit("ghdl is not on this machine; on Debian: apt install ghdl")
    programs = [(path.stem, Program.load(path)) for path in sorted((GOLDEN / "second_schema").glob("*.h5"))]
    programs += [(f"network {seed}", network(seed).program) for seed in range(asked.networks)]
    wrong = 0
    for name, program in programs:
        for combinational in (False, True):
            bad, values, latency = differences(program, 4.0, combinational, asked.events)
            wrong += bad
            sys.stdout.write(f"{name}: latency {latency}, {values} values, {bad} differ\n")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
