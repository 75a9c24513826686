"""What was measured of the networks, and what our estimator says of each by constants fitted without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.estimates.describe import CLOCK
from trigger_nn.hardware.estimate.features import hop_of, stages_of
from trigger_nn.hardware.estimate.fit import QUANTITIES, held_out
from trigger_nn.hardware.estimate.measured import Measured
from trigger_nn.hardware.rtl.lower import stage_delay

LUT, FF, DSP, CYCLES, CYCLES_AT_CLOCK = "LUT", "FF", "DSP", "cycles", f"cycles, {CLOCK:g} ns"
COMPARED = (LUT, FF, DSP, CYCLES, CYCLES_AT_CLOCK)
FOLDS = 5


@dataclass(frozen=True)
class Case:
    """A network, by its program's digest: what was measured, and what our estimator says by a fit without it.

    Both by the quantities COMPARED: cells, or clock cycles.
    """

    program: str
    measured: Mapping[str, float]
    said: Mapping[str, float]


def cases(rows: Sequence[Measured]) -> tuple[Case, ...]:
    """All rows that the fit of every quantity uses, in the order in which `fit` gives them to its FOLDS folds.

    `cycles` are for the clock of the row. For the other clock they follow from the depth that alkaid found, as RTL for
    that clock would have them: depth over what a stage may take, rounded up.
    """
    kept = [row for row in sorted(rows, key=lambda row: (row.program, row.stage)) if _tells(row)]
    lut, ff, depth = (held_out(name, kept, FOLDS)[1].tolist() for name in ("lut", "ff", "depth"))
    return tuple(
        Case(row.program, _measured(row), _said(row, *said))
        for row, *said in zip(kept, lut, ff, depth, strict=True)
    )  # fmt: skip


def _tells(row: Measured) -> bool:
    return all(quantity.measured(row) >= quantity.least for quantity in QUANTITIES.values())


def _measured(row: Measured) -> dict[str, float]:
    slow = stages_of(row.depth, stage_delay(CLOCK), hop_of(row.features.work))
    return {LUT: row.lut, FF: row.ff, DSP: row.dsp, CYCLES: row.latency, CYCLES_AT_CLOCK: slow}


def _said(row: Measured, lut: float, ff: float, depth: float) -> dict[str, float]:
    hop = hop_of(row.features.work)
    fast, slow = (stages_of(depth, stage, hop) for stage in (row.stage, stage_delay(CLOCK)))
    return {LUT: lut, FF: ff, DSP: row.features.work.dsp, CYCLES: fast, CYCLES_AT_CLOCK: slow}
