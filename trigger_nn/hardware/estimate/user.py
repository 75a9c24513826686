"""Estimates that learn from a user's own reports of the vendor's tools: rows in a file, ratios of found to estimated.

Nothing is remembered elsewhere: a file is written when it is asked for, and read when it is named.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.files import replacing
from trigger_nn.hardware.estimate.values import Accuracy, Estimate, LayerEstimate, whole
from trigger_nn.hardware.reports.values import Kind, Report, Reports

QUANTITIES = ("lut", "ff", "dsp", "bram", "cycles")
RESOURCES: tuple[Kind, ...] = ("implementation", "utilization", "synthesis")  # the last to know a resource comes first
LATENCIES: tuple[Kind, ...] = ("cosimulation", "synthesis")
ENOUGH = 5  # rows from which their spread is taken for the interval


@dataclass(frozen=True)
class UserRow:
    """One design, estimated and built: figures by the names of QUANTITIES; what no report gives is not in `found`.

    `program` is its digest, `source` names the reports' files and tools.
    """

    name: str
    program: str
    part: str
    clock_period: float
    road: str
    source: str
    estimated: dict[str, float]
    found: dict[str, float]


def row_of(name: str, program: str, part: str, estimate: Estimate, reports: Reports) -> UserRow:
    """A program's estimate beside what its `reports` say.

    Raises:
        RecipeError: the reports give none of the figures.
    """
    used = [(what, report, value) for what in QUANTITIES for report, value in [_found(what, reports)] if report]
    if not used:
        raise RecipeError(
            "The reports give neither resources nor a latency; give the folder of a project that HLS or Vivado built."
        )
    files = dict.fromkeys(
        f"vendor report: {report.file} ({report.tool} {report.version or ''})" for _, report, _ in used
    )
    return UserRow(
        name, program, part, estimate.clock_period, estimate.road, "; ".join(files), _estimated(estimate),
        {what: value for what, _, value in used},
    )  # fmt: skip


def add_row(path: Path, row: UserRow) -> tuple[UserRow, ...]:
    """Put `row` into the file at `path` in place of one of the same program, clock, part and road; all rows, in order.

    Raises:
        RecipeError: the file is no calibration file.
        TriggerNNError: it can't be written.
    """
    kept = [old for old in read_rows(path) if _key(old) != _key(row)] if path.exists() else []
    rows = (*kept, row)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps([asdict(each) for each in rows], indent=1) + "\n")
    return rows


def read_rows(path: Path) -> tuple[UserRow, ...]:
    """The rows of a calibration file.

    Raises:
        RecipeError: there is none at `path`, or it is damaged.
    """
    try:
        return tuple(UserRow(**row) for row in json.loads(path.read_text()))
    except OSError:
        raise RecipeError(f"There is no calibration file {path}; make one with estimate --calibrate PROJECT.") from None
    except (ValueError, TypeError):
        raise RecipeError(f"{path} is no calibration file; make one with estimate --calibrate PROJECT.") from None


def scaled(estimate: Estimate, rows: Sequence[UserRow]) -> Estimate:
    """`estimate` times the median ratio of found to estimated over the rows of its road, quantity by quantity.

    From ENOUGH rows on, 5 % and 95 % quantiles of those ratios about their median become the interval of resources,
    the differences in cycles that of the latency.
    """
    told = {what: _ratios(what, estimate.road, rows) for what in QUANTITIES}
    factors = {what: median(ratios) if ratios else 1.0 for what, ratios in told.items()}
    layers = tuple(_layer(layer, factors) for layer in estimate.layers)
    accuracy = _accuracy(estimate, told, factors)
    overlap = round(estimate.overlap * factors["cycles"])
    return replace(estimate, layers=_in_cycles(layers, estimate, factors["cycles"]), accuracy=accuracy, overlap=overlap)


def _found(what: str, reports: Reports) -> tuple[Report | None, float]:
    for kind in LATENCIES if what == "cycles" else RESOURCES:
        for report in reports.of(kind):
            value = _of_report(what, report)
            if value is not None:
                return report, float(value)
    return None, 0.0


def _of_report(what: str, report: Report) -> float | None:
    match what:
        case "cycles":
            return report.latency.maximum
        case "bram":
            return report.used.bram_36k
        case "lut":
            return report.used.lut
        case "ff":
            return report.used.ff
        case _:
            return report.used.dsp


def _estimated(estimate: Estimate) -> dict[str, float]:
    figures = {what: float(estimate.total(what)) for what in QUANTITIES[:-1]}
    return figures | {"cycles": float(estimate.cycles)}


def _key(row: UserRow) -> tuple[object, ...]:
    return row.program, row.part, row.clock_period, row.road


def _ratios(what: str, road: str, rows: Sequence[UserRow]) -> list[float]:
    """Found / estimated where both are something."""
    of_road = [row for row in rows if row.road == road]
    pairs = [(row.found.get(what, 0.0), row.estimated.get(what, 0.0)) for row in of_road]
    return [found / said for found, said in pairs if found and said]


def _layer(layer: LayerEstimate, factors: dict[str, float]) -> LayerEstimate:
    lut, ff, dsp, bram = (whole(getattr(layer, what) * factors[what]) for what in QUANTITIES[:-1])
    if layer.dsp_range is None:
        return replace(layer, lut=lut, ff=ff, dsp=dsp, bram=bram)
    least, most = (whole(end * factors["dsp"]) for end in layer.dsp_range)
    return replace(layer, lut=lut, ff=ff, dsp=dsp, bram=bram, dsp_range=(least, most))


def _in_cycles(layers: tuple[LayerEstimate, ...], estimate: Estimate, factor: float) -> tuple[LayerEstimate, ...]:
    """Latencies times `factor`, rounded so that their sum is right."""
    ends = np.rint(np.cumsum([0] + [layer.latency for layer in estimate.layers]) * factor).astype(int)
    return tuple(replace(layer, latency=int(end)) for layer, end in zip(layers, np.diff(ends), strict=True))


def _accuracy(estimate: Estimate, told: dict[str, list[float]], factors: dict[str, float]) -> Accuracy:
    counts = ", ".join(f"{what} x {factors[what]:.2f} ({len(told[what])})" for what in QUANTITIES if told[what])
    basis = (
        f"Scaled by your own reports (factor and their number: {counts}). {estimate.accuracy.basis}"
        if counts
        else f"None of your reports is of this road. {estimate.accuracy.basis}"
    )
    ends = {what: _ends(told[what], factors[what]) or getattr(estimate.accuracy, what) for what in QUANTITIES[:-1]}
    low, high = estimate.accuracy.cycles
    spread = _ends(told["cycles"], factors["cycles"])
    cycles = estimate.cycles * factors["cycles"]
    return Accuracy(
        basis, **ends, cycles=((spread[0] - 1) * cycles, (spread[1] - 1) * cycles) if spread else (low, high)
    )


def _ends(ratios: list[float], factor: float) -> tuple[float, float] | None:
    if len(ratios) < ENOUGH:
        return None
    low, high = np.quantile(ratios, (0.05, 0.95)) / factor
    return float(low), float(high)
