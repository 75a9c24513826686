"""Scripts for Yosys: what is done to a block for each of the two families.

A script runs in the folder that holds the block's files.
"""

from pathlib import PurePosixPath

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.synthesis.values import Options, SynthesisError

NETLIST = "netlist.json"
SOURCES = {".v", ".sv"}  # anything else (contents of a table) is read by these


def ultrascale_plus(rtl: Rtl, options: Options) -> str:
    """`synth_xilinx` out of context, with `abc` for its mapper `abc9`, and without buffers of clock and pins.

    abc9 gains little where carry chains dominate and takes far longer. What stands for the step `map_luts` is what
    `synth_xilinx` itself did before abc9 (techlibs/xilinx/synth_xilinx.cc of Yosys 0.9): `abc` with the costs of
    tables of 1 to 8 inputs, where 7 and 8 are MUXF7 and MUXF8.
    """
    flags = ["-flatten", "-noiopad", "-noclkbuf", "-nolutram"]
    flags += [] if options.dsp else ["-nodsp"]
    flags += [] if options.tables == "block" else ["-nobram"]
    return "\n".join([
        *_reading(rtl),
        f"synth_xilinx -family xcup -top {rtl.name} {' '.join(flags)} -run begin:map_luts",
        "opt_expr -mux_undef -noclkinv",
        "abc -luts 2:2,3,6:5,10,20",
        "clean",
        "xilinx_srl -fixed -minlen 3",
        "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6",
        "xilinx_dffopt",
        "opt_lut_ins -tech xilinx",
        *_writing(),
    ])  # fmt: skip


def ecp5(rtl: Rtl, options: Options, top: str, harness: str) -> str:
    """`synth_ecp5` of `top`, a module in the file `harness` around the block. Its mapper is always abc9."""
    flags = ["-nolutram", *([] if options.dsp else ["-nodsp"]), *([] if options.tables == "block" else ["-nobram"])]
    read = [*_reading(rtl), f"read_verilog -defer {harness}"]
    return "\n".join([*read, f"synth_ecp5 -top {top} {' '.join(flags)}", *_writing()])


def _reading(rtl: Rtl) -> list[str]:
    """Commands that read the block.

    Raises:
        SynthesisError: it is VHDL, which Yosys does not read.
    """
    if rtl.language != "verilog":
        raise SynthesisError(f"block {rtl.name} is {rtl.language}, and Yosys reads Verilog; write it as verilog.")
    sources = [path for path in rtl.files if PurePosixPath(path).suffix in SOURCES]
    return [f"read_verilog -defer{' -sv' if path.endswith('.sv') else ''} {path}" for path in sources]


def _writing() -> list[str]:
    """Commands that write the netlist, without what nobody reads: it is ten times smaller."""
    return [
        "delete t:$scopeinfo",
        "opt_clean -purge",
        "attrmap -remove src",
        "hierarchy -check",
        "blackbox =A:whitebox",
        f"write_json {NETLIST}",
    ]
