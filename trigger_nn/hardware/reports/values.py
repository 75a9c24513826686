"""What a vendor's report says, as values; what it does not say is None, never 0."""

from dataclasses import dataclass
from typing import Literal

from trigger_nn.errors import TriggerNNError

Kind = Literal["synthesis", "implementation", "cosimulation", "utilization", "timing"]


class ReportError(TriggerNNError):
    """A file that should be a report is damaged."""


class ForeignReportError(ReportError):
    """A file is no report, or one that is not read here."""


@dataclass(frozen=True)
class Span:
    """Least, average and greatest number of clock cycles."""

    minimum: int | None = None
    average: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Resources:
    """Look-up tables (of which as logic and as memory), flip-flops, DSP slices, block RAMs, UltraRAMs.

    `bram_18k` counts halves of 18 kbit: HLS counts these, Vivado tiles of 36 kbit, of which each is two.
    """

    lut: int | None = None
    lut_logic: int | None = None
    lut_memory: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram_18k: int | None = None
    uram: int | None = None

    @property
    def bram_36k(self) -> float | None:
        """Block RAM in tiles of 36 kbit, a multiple of one half."""
        return None if self.bram_18k is None else self.bram_18k / 2


@dataclass(frozen=True)
class Slack:
    """Worst and total negative slack of setup (`wns`, `tns`) and hold (`whs`, `ths`) in ns, and the tool's verdict."""

    wns: float | None = None
    tns: float | None = None
    whs: float | None = None
    ths: float | None = None
    met: bool | None = None


@dataclass(frozen=True)
class Module:
    """One module below the top: cycles, cycles between two inputs, resources, estimated clock period in ns."""

    name: str
    latency: Span = Span()
    interval: Span = Span()
    used: Resources = Resources()
    clock_estimated: float | None = None


@dataclass(frozen=True)
class Report:
    """One report.

    `file` is relative to the folder searched. Clock periods are in ns, `clock_estimated` is what the tool expects or,
    after implementation, what it reached. `latency` and `interval` are in clock cycles. `stage` is the state of the
    design as the report names it. `passed` is the verdict of a simulation.
    """

    kind: Kind
    tool: str
    file: str
    version: str | None = None
    top: str | None = None
    part: str | None = None
    stage: str | None = None
    pipeline: str | None = None
    clock_target: float | None = None
    clock_uncertainty: float | None = None
    clock_estimated: float | None = None
    latency: Span = Span()
    interval: Span = Span()
    used: Resources = Resources()
    available: Resources = Resources()
    slack: Slack = Slack()
    passed: bool | None = None
    modules: tuple[Module, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A file left out, relative to the folder searched, and why, in a sentence."""

    file: str
    reason: str


@dataclass(frozen=True)
class Reports:
    """All reports of a folder, ordered by kind and file, and the files left out."""

    reports: tuple[Report, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def of(self, kind: Kind) -> tuple[Report, ...]:
        """The reports of one kind."""
        return tuple(report for report in self.reports if report.kind == kind)
