"""Estimates that learn from a user's own reports of the vendor's tools: rows in a file, ratios of found to estimated.

Nothing is remembered elsewhere: a file is written when it is asked for, and read when it is named.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import isclose, isfinite
from pathlib import Path
from statistics import median

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.files import replacing
from trigger_nn.hardware.estimate.choice import Choice
from trigger_nn.hardware.estimate.values import Accuracy, Estimate, LayerEstimate, whole
from trigger_nn.hardware.reports.values import Kind, Report, Reports

QUANTITIES = ("lut", "ff", "dsp", "bram", "cycles")
RESOURCES: tuple[Kind, ...] = ("implementation", "utilization", "synthesis")  # the last to know a resource comes first
LATENCIES: tuple[Kind, ...] = ("cosimulation", "synthesis")
TEXTS = ("name", "program", "part", "road", "source", "io_type", "strategy")
ROUNDED = 0.0051  # ns: reports write clock periods with two decimals
ENOUGH = 5  # rows from which their spread is taken for the interval


@dataclass(frozen=True)
class UserRow:
    """One design, estimated and built: figures by the names of QUANTITIES; what no report gives is not in `found`.

    `program` is its digest, `source` names the reports' files and tools. `io_type`, `strategy` and `reuse_factor` are
    what hls4ml was told; "" and 0 where that is what the program was compiled for.
    """

    name: str
    program: str
    part: str
    clock_period: float
    road: str
    source: str
    estimated: dict[str, float]
    found: dict[str, float]
    io_type: str = "io_parallel"
    strategy: str = ""
    reuse_factor: int = 0


def row_of(
    name: str, program: str, part: str, estimate: Estimate, reports: Reports, choice: Choice | None = None
) -> UserRow:
    """A program's estimate, made for `part` with `choice`, beside what its `reports` say.

    Raises:
        RecipeError: the reports give none of the figures, or are of another part or clock.
    """
    choice = choice or Choice()
    used = [(what, report, value) for what in QUANTITIES for report, value in [_found(what, reports)] if report]
    if not used:
        raise RecipeError(
            "The reports give neither resources nor a latency; give the folder of a project that HLS or Vivado built."
        )
    for _, report, _ in used:
        _check_same(report, part, estimate.clock_period)
    files = dict.fromkeys(
        f"vendor report: {report.file} ({report.tool} {report.version or ''})" for _, report, _ in used
    )
    return UserRow(
        name, program, part, estimate.clock_period, estimate.road, "; ".join(files), _estimated(estimate),
        {what: value for what, _, value in used}, choice.io_type, choice.strategy or "", choice.reuse_factor or 0,
    )  # fmt: skip


def add_row(path: Path, row: UserRow) -> tuple[UserRow, ...]:
    """Put `row` into the file at `path` in place of one of the same program, part, clock, road and choice.

    All rows come back, in order.

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
        rows = tuple(UserRow(**row) for row in json.loads(path.read_text()))
    except OSError:
        raise RecipeError(f"There is no calibration file {path}; make one with estimate --calibrate PROJECT.") from None
    except (ValueError, TypeError):
        raise RecipeError(f"{path} is no calibration file; make one with estimate --calibrate PROJECT.") from None
    for number, row in enumerate(rows, 1):
        wrong = _wrong(row)
        if wrong:
            raise RecipeError(
                f"{path}, row {number}: {wrong}; mend it, or make the row again with --calibrate PROJECT."
            )
    return rows


def scaled(estimate: Estimate, rows: Sequence[UserRow]) -> Estimate:
    """`estimate` times the median ratio of found to estimated over the rows of its road, quantity by quantity.

    From ENOUGH rows on, 5 % and 95 % quantiles of those ratios about their median become the interval of resources,
    the differences in cycles that of the latency.
    """
    told = {what: _ratios(what, estimate.road, rows) for what in QUANTITIES}
    factors = {what: median(ratios) if ratios else 1.0 for what, ratios in told.items()}
    layers = tuple(_layer(layer, factors) for layer in estimate.layers)
    accuracy = _accuracy(estimate, told, factors, _contradictions(estimate.road, rows))
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
    return row.program, row.part, row.clock_period, row.road, row.io_type, row.strategy, row.reuse_factor


def _check_same(report: Report, part: str, clock_period: float) -> None:
    if report.part and not _same_part(report.part, part):
        raise RecipeError(
            f"{report.file} is of part {report.part}, the estimate of {part}; give the estimate that part by --part."
        )
    clock = report.clock_target
    if clock and not isclose(clock, clock_period, rel_tol=0, abs_tol=ROUNDED):
        raise RecipeError(
            f"{report.file} is of a clock period of {clock:g} ns, the estimate of {clock_period:g} ns; give the "
            "estimate that one by --clock-period."
        )


def _same_part(one: str, other: str) -> bool:
    """Tools write parts with and without xc, dashes and what is behind the package."""
    short, long = sorted((re.sub(r"[^a-z0-9]", "", name.lower()).removeprefix("xc") for name in (one, other)), key=len)
    return long.startswith(short)


def _wrong(row: UserRow) -> str:
    """What is wrong with a row that was read, "" if nothing is."""
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name in TEXTS and not isinstance(value, str):
            return f"{field.name} is {json.dumps(value)}, no text"
        if field.name in ("clock_period", "reuse_factor") and not _is_count(value):
            return f"{field.name} is {json.dumps(value)}, no number of 0 or more"
        if field.name in ("estimated", "found"):
            if not isinstance(value, dict):
                return f"{field.name} is {json.dumps(value)}, no table of {', '.join(QUANTITIES)}"
            for what, number in value.items():
                if what not in QUANTITIES or not _is_count(number):
                    return f"{field.name} has {what} = {json.dumps(number)}, not a number of {', '.join(QUANTITIES)}"
    return ""


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _ratios(what: str, road: str, rows: Sequence[UserRow]) -> list[float]:
    """Found / estimated where both are something."""
    of_road = [row for row in rows if row.road == road]
    pairs = [(row.found.get(what, 0.0), row.estimated.get(what, 0.0)) for row in of_road]
    return [found / said for found, said in pairs if found and said]


def _contradictions(road: str, rows: Sequence[UserRow]) -> str:
    """Sentences on what a factor can't mend: something is found where 0 was estimated."""
    told = ""
    for what in QUANTITIES:
        found = [row.found.get(what, 0.0) for row in rows if row.road == road and row.estimated.get(what) == 0]
        against = [number for number in found if number]
        if against:
            told += (
                f" Your reports contradict an estimate of 0 {what} ({len(against)} of {len(found)} found up to "
                f"{max(against):g}); no factor mends that."
            )
    return told


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


def _accuracy(estimate: Estimate, told: dict[str, list[float]], factors: dict[str, float], against: str) -> Accuracy:
    counts = ", ".join(f"{what} x {factors[what]:.2f} ({len(told[what])})" for what in QUANTITIES if told[what])
    basis = (
        f"Scaled by your own reports (factor and their number: {counts}). {estimate.accuracy.basis}"
        if counts
        else f"None of your reports is of this road. {estimate.accuracy.basis}"
    )
    basis += against
    ends = {what: _ends(told[what], factors[what]) or getattr(estimate.accuracy, what) for what in QUANTITIES[:-1]}
    low, high = (end * factors["cycles"] for end in estimate.accuracy.cycles)
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
