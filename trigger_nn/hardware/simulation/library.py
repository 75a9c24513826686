"""The C++ of a simulation -> one shared library with the driver, built by g++ on all cores."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from trigger_nn import toolchain
from trigger_nn.hardware.simulation.process import Deadline, run
from trigger_nn.hardware.simulation.verilator import Verilator

DRIVER = Path(__file__).parent / "templates" / "driver.cpp"
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")  # of Verilator, in each library
# Hidden and not unique: two simulations in one process must not take each other's functions or variables.
FLAGS = ("-std=c++17", "-w", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-DVL_TIME_CONTEXT")
# What runs every cycle is worth optimising, what runs once is not.
EVERY_CYCLE, ONCE = "-O1", "-O0"
# Bytes of source in one call of g++: reading Verilator's headers takes as long as compiling some 50,000.
UNIT = 400_000


@dataclass(frozen=True)
class Unit:
    """Files that are compiled together, and how."""

    sources: tuple[Path, ...]
    level: str

    @property
    def effort(self) -> int:
        """Roughly what compiling it takes, so that the long ones are begun first."""
        return _size(self.sources) * (3 if self.level == EVERY_CYCLE else 1)

    @property
    def text(self) -> str:
        """The source that includes all."""
        return "".join(f'#include "{source}"\n' for source in self.sources)


def build(sources: Sequence[Path], tool: Verilator, folder: Path, deadline: Deadline) -> Path:
    """Compile what Verilator wrote, its run time and the driver to a shared library in `folder`.

    Raises:
        ToolNotFound: there is no g++.
        ToolFailed: it refused a file, or took too long.
    """
    compiler = str(toolchain.find("g++"))
    headers = [f"-I{path}" for path in (sources[0].parent, tool.include, tool.include / "vltstd")]

    def compiled(numbered: tuple[int, Unit]) -> str:
        number, unit = numbered
        source, target = folder / f"unit_{number}.cpp", folder / f"unit_{number}.o"
        source.write_text(unit.text)
        command = [compiler, "-c", unit.level, *FLAGS, *headers, str(source), "-o", str(target)]
        run(command, deadline, "g++ on the C++ of the simulation")
        return str(target)

    units = sorted(_units(sources, tool), key=lambda unit: unit.effort, reverse=True)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        objects = list(pool.map(compiled, enumerate(units)))
    library = folder / "simulation.so"
    run([compiler, "-shared", "-o", str(library), *objects, "-pthread", "-latomic"], deadline, "linking the simulation")
    return library


def _units(sources: Sequence[Path], tool: Verilator) -> list[Unit]:
    often = [source for source in sources if "Slow" not in source.name]
    once = [source for source in sources if "Slow" in source.name]
    # The run time goes first: its files want Verilator's headers with macros of their own.
    runtime = [tool.include / name for name in RUNTIME]
    return [
        *(Unit(group, EVERY_CYCLE) for group in _groups([*often, DRIVER])),
        *(Unit(group, ONCE) for group in _groups([*runtime, *once])),
    ]


def _groups(sources: Sequence[Path]) -> list[tuple[Path, ...]]:
    """`sources` in order, `UNIT` bytes or one file in each group."""
    groups: list[tuple[Path, ...]] = []
    for source in sources:
        if groups and _size((*groups[-1], source)) <= UNIT:
            groups[-1] = (*groups[-1], source)
        else:
            groups.append((source,))
    return groups


def _size(sources: Sequence[Path]) -> int:
    return sum(source.stat().st_size for source in sources)
