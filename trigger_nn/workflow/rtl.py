"""A program as RTL, held against the emulator and synthesised: what the verb `rtl` does, for a notebook too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.files import write_tree
from trigger_nn.hardware.rtl.block import Language, Rtl
from trigger_nn.hardware.rtl.lower import rtl
from trigger_nn.hardware.rtl.size import LARGEST, refuse_large
from trigger_nn.hardware.simulation.check import Check, check
from trigger_nn.hardware.simulation.corners import corner_inputs
from trigger_nn.hardware.simulation.model import SECONDS
from trigger_nn.program.program import Program

Mantissas = Mapping[str, np.ndarray]


SLOW = 25.0  # ns: a clock that is no matter to combinational logic


@dataclass(frozen=True)
class Asked:
    """How the RTL is to be: clock in ns, share of it kept for what is not logic in % (27 if not given), the part."""

    clock_period: float
    part: str
    uncertainty: float | None = None
    language: Language = "verilog"
    combinational: bool = False
    largest: int = LARGEST


def written(program: Program, asked: Asked, name: str = "") -> Rtl:
    """The RTL of the network alone.

    Raises:
        UnsupportedLayerError: too large to unroll, or values of more than 52 bits.
        ToolNotFound: alkaid is not installed.
        RecipeError: the part is unknown, or the clock too fast.
    """
    clock, uncertainty = (SLOW, None) if asked.combinational else (asked.clock_period, asked.uncertainty)
    refuse_large(program, clock, asked.part, uncertainty, asked.largest)
    return rtl(
        program, asked.clock_period, name=name, uncertainty=asked.uncertainty, language=asked.language,
        combinational=asked.combinational,
    )  # fmt: skip


def simulated(
    program: Program, block: Rtl, events: Mantissas | None, random: int, seconds: float = SECONDS, seed: int = 1
) -> Check:
    """`block`, cycle by cycle by Verilator, against the emulator of `program`.

    Corner cases and `random` events of every kind, then `events` (mantissas by input port of the program), in at most
    `seconds`, building included.

    Raises:
        ToolNotFound: there is no Verilator or no g++. EventsError: the events do not fit.
    """
    made = corner_inputs(block.inputs, np.random.default_rng(seed), random)
    if events is not None:
        for port, bus in zip(program.inputs, block.inputs, strict=True):
            made[bus.name] = np.concatenate([made[bus.name], events[port.name]])
    return check(block, emulated(program, block), made, seconds)


def emulated(program: Program, block: Rtl) -> Callable[[Mantissas], Mantissas]:
    """The emulator under the names of the block's ports."""
    emulator = Emulator(program)

    def answers(inputs: Mantissas) -> Mantissas:
        given = {port.name: inputs[bus.name] for port, bus in zip(program.inputs, block.inputs, strict=True)}
        found = emulator.outputs_mantissas(given)
        return {bus.name: found[name] for name, bus in zip(program.output_names, block.outputs, strict=True)}

    return answers


def write_block(block: Rtl, folder: Path) -> Path:
    """Write the sources, the list of them in order, and the licence, as `folder`; what was written there before goes.

    Raises:
        TriggerNNError: the folder holds other files.
    """
    listing = "".join(f"{path}\n" for path in block.files)
    write_tree(folder, {**block.files, SOURCES: listing.encode(), "LICENCE.alkaid": block.licence}, SOURCES)
    return folder


SOURCES = "sources.f"  # a list of files as Verilator, xsim and Yosys take it
