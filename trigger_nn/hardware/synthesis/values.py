"""What synthesis and place and route found, as values; what these figures are and are not, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trigger_nn.errors import ToolFailed, TriggerNNError
from trigger_nn.hardware.reports.values import Resources

CAVEAT = (
    "Cells of Yosys' netlist for UltraScale+, out of context, before placement; Vivado was not run. Two-input tables "
    "in front of the carry chains are counted: a carry bit of UltraScale+, too, has its select from a table. Vivado's "
    "figure is smaller where it merges an inverter or a small table into the next, or puts two tables with five inputs "
    "together into one LUT6; `at least` is the number of sites that these very cells take if all such pairs are found. "
    "Yosys writes CARRY4, UltraScale+ has CARRY8: counted chain by chain, two CARRY4 each, rounded up. Yosys has no "
    "delays of UltraScale+: levels of logic compare stages with each other, they are no nanoseconds."
)
CAVEAT_PLACEMENT = (
    "Measured on another, slower device than a trigger's (ECP5, 40 nm, against 16 nm of UltraScale+) by open tools, "
    "with one seed of the placer: it compares designs with each other and is not the frequency on the trigger's board. "
    "Only paths from register to register count: shift registers feed the inputs, and the outputs, registered, are "
    "folded by registered XORs into one pin. These registers are among the figures, as `harness` says."
)


class SynthesisError(TriggerNNError):
    """A block can't be synthesised or placed as asked."""


class LimitReached(ToolFailed):
    """A tool needed more time or memory than it was given."""


@dataclass(frozen=True)
class Options:
    """How to synthesise.

    `dsp`: products of two variables become DSP slices, by the rule of Yosys' `synth_xilinx` for UltraScale+ (0.70):
    both factors have 2 bits or more and the product 9 bits or more; larger than 27 x 18 bits, they are split over
    several. A product with a constant is written as adders by our RTL and never becomes one.
    `tables`: where look-up tables go: "logic" into LUTs, "block" into block RAM, if they are read into a register and
    large enough for Yosys (16 kbit are, 8 kbit are not).
    """

    dsp: bool = True
    tables: Literal["logic", "block"] = "logic"


OPTIONS = Options()


@dataclass(frozen=True)
class Stage:
    """Logic of one pipeline stage: `levels` on its deepest path, of which `luts` are tables.

    The rest are carry chains, and DSP slices without registers. A chain counts as one level however long; `carry4`
    says how many CARRY4 the path crosses. MUXF7 to MUXF9 belong to the table before them. `registers` are the
    flip-flops at its end: 0 if it ends in a shift register, a block RAM, a DSP slice or the output ports.
    """

    registers: int
    levels: int
    luts: int
    carry4: int


@dataclass(frozen=True)
class Synthesis:
    """Cells of one block after logic synthesis for UltraScale+; `CAVEAT` belongs to every figure.

    `luts` counts LUT1 to LUT6 in order, `inverters` the LUT1 that Yosys writes as INV, `srl` shift registers (SRL16E,
    SRLC32E; a LUT each), `muxf` MUXF7 to MUXF9, `bram_18k` halves of a block RAM. `others` are cells of no such kind.
    `stages` go from the input ports to the outputs; with `feedback` (a register that depends on itself) there is one
    entry, for the deepest logic between any two registers. `seconds` is the time that the tool took.
    """

    block: str
    digest: str
    options: Options
    luts: tuple[int, ...]
    inverters: int
    srl: int
    muxf: int
    ff: int
    carry4: int
    carry8: int
    dsp: int
    bram_18k: int
    others: Mapping[str, int]
    stages: tuple[Stage, ...]
    feedback: bool
    seconds: float
    versions: Mapping[str, str]

    @property
    def lut(self) -> int:
        """Look-up tables as logic and as shift registers: what Vivado calls CLB LUTs."""
        return sum(self.luts) + self.inverters + self.srl

    @property
    def least_lut(self) -> int:
        """The fewest table sites that could hold these cells.

        A site is one LUT6, or two tables of at most 5 inputs together, or two SRL16E (AMD UG574, "Look-Up Table").
        """
        small = sum(self.luts[:5]) + self.inverters + self.srl
        return self.luts[5] + (small + 1) // 2

    @property
    def levels(self) -> int:
        """Levels of logic of the deepest stage."""
        return max((stage.levels for stage in self.stages), default=0)

    @property
    def used(self) -> Resources:
        """In the form of a vendor's report."""
        return Resources(self.lut, self.lut - self.srl, self.srl, self.ff, self.dsp, self.bram_18k, 0)


HARNESS = ("folded", "stimulus")  # what the registers of the harness are called


@dataclass(frozen=True)
class Use:
    """How many of a kind of site the design uses, and how many the device has."""

    site: str
    used: int
    available: int


@dataclass(frozen=True)
class Hop:
    """One step of the critical path, in ns: through a table (`logic`) or a bit of a carry chain (`carry`) of `cell`.

    Further kinds are `routing` (wires to `cell`), `clk-to-q` and `setup` of the registers at the ends.
    """

    kind: str
    delay: float
    cell: str


@dataclass(frozen=True)
class Placement:
    """A block placed and routed on a real device; `CAVEAT_PLACEMENT` belongs to every figure.

    `frequency` is in MHz, `critical` its path, `harness` the registers of the harness, `target` the frequency asked
    for. `seconds` is the time of both tools.
    """

    block: str
    digest: str
    device: str
    frequency: float
    target: float
    critical: tuple[Hop, ...]
    utilisation: tuple[Use, ...]
    harness: int
    seconds: float
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def harness_limits(self) -> bool:
        """Whether the critical path lies in the harness alone, so that the block is at least as fast as `frequency`."""
        ends = (self.critical[0].cell, self.critical[-1].cell) if self.critical else ("", "")
        return all(cell.startswith(HARNESS) for cell in ends)

    @property
    def critical_words(self) -> str:
        """The critical path in a sentence."""
        if not self.critical:
            return "nextpnr reports no path from register to register"
        parts = {
            kind: [hop.delay for hop in self.critical if hop.kind == kind] for kind in ("logic", "carry", "routing")
        }
        whole, known = sum(hop.delay for hop in self.critical), sum(map(sum, parts.values()))
        return (
            f"{whole:.2f} ns from {self.critical[0].cell} to {self.critical[-1].cell}: tables "
            f"{sum(parts['logic']):.2f} ns ({len(parts['logic'])}), carry bits {sum(parts['carry']):.2f} ns "
            f"({len(parts['carry'])}), wires {sum(parts['routing']):.2f} ns, clock to output and set-up "
            f"{whole - known:.2f} ns"
        )
