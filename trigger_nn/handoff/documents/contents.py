"""What a bundle holds, by path: the table of the guide."""

from dataclasses import dataclass

from trigger_nn.handoff.design import Design
from trigger_nn.handoff.manifest import RtlEntry


@dataclass(frozen=True)
class Entry:
    """A file, or a folder with `/` at the end, and what it is."""

    path: str
    told: str


def contents(design: Design, rtl: RtlEntry | None = None) -> tuple[Entry, ...]:
    """The files and folders of the bundle of `design`, those first that are read first."""
    symbol = design.identity.symbol
    rows = (*_documents(), *_firmware(symbol, design), *(_rtl(rtl) if rtl else ()), *_checks(symbol, design))
    return tuple(Entry(*row) for row in rows)


def _documents() -> tuple[tuple[str, str], ...]:
    return (
        ("README.md", "this guide"),
        ("CARD.md", "the model: what it decides, how well, from which sample and recipe, its limits"),
        ("interface.md", "ports, bits, units, handshake, thresholds; `interface.json` for programs"),
        ("interface.svg", "drawing of the block"),
        ("interface.v", "an instance of the block to copy, in Verilog; `interface.vhd` in VHDL"),
        ("manifest.json", "digests of all files, versions of all tools, thresholds, the command that made it"),
        ("SHA256SUMS", "SHA-256 of every other file"),
        ("LICENCES.md", "what is under which licence; `LICENSE` is the text of Apache-2.0"),
    )


def _firmware(symbol: str, design: Design) -> tuple[tuple[str, str], ...]:
    builder = (("hls/firmware/builder.h", "what makes the network's input of the block's ports"),)
    return (
        (f"hls/firmware/{symbol}.cpp", f"top function, its ports in `hls/firmware/{symbol}.h`"),
        *(builder if design.builder else ()),
        ("hls/firmware/network.cpp", "the network; `hls/firmware/defines.h` has its types"),
        ("hls/firmware/weights/", "its weights, the same text for simulation and synthesis"),
        ("hls/firmware/nnet_utils/", "hls4ml's library, in a namespace of this design"),
        ("hls/firmware/ap_types/", "AMD's fixed-point types, for g++ only: the HLS tools bring their own"),
        ("scripts/", "runs the HLS tools; `scripts/README.md` says which file is for which tool"),
    )


def _rtl(rtl: RtlEntry) -> tuple[tuple[str, str], ...]:
    return (
        (rtl.sources[-1], f"the same block as RTL, its top: {rtl.latency_cycles} clock cycles, an event a clock"),
        ("rtl/README.md", "its ports and handshake, how to check it and to synthesise it, how it differs from `hls/`"),
        ("rtl/bench.sv", "its bench on `vectors/mem/`; `make -C rtl check` runs it"),
        ("rtl/vivado.tcl", "its synthesis in Vivado, with the clock in `rtl/clock.xdc`"),
    )


def _checks(symbol: str, design: Design) -> tuple[tuple[str, str], ...]:
    alone = (("vectors/network/", "the same for the network without its builder"),)
    return (
        ("Makefile", "`make check`, `csim`, `synth`, `cosim`, `export`, `clean`"),
        ("bench/", "the bench, for g++ and for the HLS tools, and the checker of digests"),
        ("vectors/design/", "inputs and expected outputs of the block, hexadecimal, an event a line"),
        *(alone if design.builder else ()),
        ("vectors/dat/", "the same as hls4ml's benches read it"),
        ("vectors/mem/", "the same for `$readmemh`, a packed event a word"),
        ("vectors/patterns/", "the same as buffer files of trigger boards; `vectors/patterns/layout.json`"),
        ("vectors/events.json", "how many events there are, and of which kind"),
        ("emulator/program.h5", "the network as integers, from which all else was made"),
        (f"emulator/{symbol}.cpp", f"the network as plain C++17, declared in `emulator/{symbol}.h`"),
        ("emulator/hls4ml_emulator.cpp", "the library that CMS software loads"),
        ("emulator/README.md", "how to call the emulator, with examples: its header, `decide()`, the library for CMS"),
    )
