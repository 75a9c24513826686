"""Logic synthesis of one block by Yosys, for UltraScale+."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.synthesis import scripts, store, tool
from trigger_nn.hardware.synthesis.depth import stages
from trigger_nn.hardware.synthesis.netlist import Netlist, carry8, read_netlist
from trigger_nn.hardware.synthesis.tool import LIMITS, Limits, Progress, silent
from trigger_nn.hardware.synthesis.values import OPTIONS, Options, Synthesis

FOLDER = Path("build/synthesis")
SCRIPT = "synthesis.ys"
LUTS = tuple(f"LUT{inputs}" for inputs in range(1, 7))
FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1")
SHIFT_REGISTERS = ("SRL16E", "SRLC32E")
MULTIPLEXERS = ("MUXF7", "MUXF8", "MUXF9")
COUNTED = {*LUTS, *FLIP_FLOPS, *SHIFT_REGISTERS, *MULTIPLEXERS}
COUNTED |= {"INV", "CARRY4", "DSP48E2", "RAMB18E2", "RAMB36E2"}


def synthesise(
    rtl: Rtl,
    limits: Limits = LIMITS,
    progress: Progress = silent,
    *,
    options: Options = OPTIONS,
    folder: Path = FOLDER,
) -> Synthesis:
    """Cells and levels of logic of `rtl`, from `folder` if this block was synthesised before with these tools.

    `progress` hears the name of each pass of Yosys. Takes about 2 s, and 2 ms a LUT, of processor time.

    Raises:
        ToolNotFound: pyosys is not installed.
        SynthesisError: the block is VHDL, or its logic feeds itself.
        LimitReached: time or memory did not suffice.
        ToolFailed: Yosys refuses the block; its first error is told.
    """
    versions = {"pyosys": tool.version("yosys")}
    script = scripts.ultrascale_plus(rtl, options)
    path = store.place_of(folder, "synthesis", rtl.name, rtl.digest, script, versions)
    if kept := store.kept_synthesis(path):
        progress(f"read from {path}")
        return kept
    began = time.monotonic()
    netlist = yosys(rtl.files, script, rtl.name, limits, progress)
    result = _counted(rtl, options, netlist, time.monotonic() - began, versions)
    store.keep(path, result)
    return result


def yosys(files: Mapping[str, bytes], script: str, top: str, limits: Limits, progress: Progress) -> Netlist:
    """What `script` makes of `files`, in a folder that lasts as long as the run."""
    with tempfile.TemporaryDirectory(prefix="trigger_nn_yosys_") as name:
        unpack(files, Path(name))
        (Path(name) / SCRIPT).write_text(script + "\n")
        tool.run("yosys", (SCRIPT,), Path(name), limits, progress)
        return read_netlist(Path(name) / scripts.NETLIST, top)


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` below `folder`."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _counted(rtl: Rtl, options: Options, netlist: Netlist, seconds: float, versions: Mapping[str, str]) -> Synthesis:
    kinds = netlist.kinds
    by_rank, feedback = stages(netlist)
    return Synthesis(
        block=rtl.name,
        digest=rtl.digest,
        options=options,
        luts=tuple(kinds.get(kind, 0) for kind in LUTS),
        inverters=kinds.get("INV", 0),
        srl=sum(kinds.get(kind, 0) for kind in SHIFT_REGISTERS),
        muxf=sum(kinds.get(kind, 0) for kind in MULTIPLEXERS),
        ff=sum(kinds.get(kind, 0) for kind in FLIP_FLOPS),
        carry4=kinds.get("CARRY4", 0),
        carry8=carry8(netlist),
        dsp=kinds.get("DSP48E2", 0),
        bram_18k=kinds.get("RAMB18E2", 0) + 2 * kinds.get("RAMB36E2", 0),
        others={kind: count for kind, count in sorted(kinds.items()) if kind not in COUNTED},
        stages=by_rank,
        feedback=feedback,
        seconds=seconds,
        versions=versions,
    )
