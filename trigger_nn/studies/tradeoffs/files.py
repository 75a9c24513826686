"""The table of trade-offs as text: CSV for a spreadsheet, JSON for a program. Units are in the names of columns."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from trigger_nn.hardware.estimate import Figure
from trigger_nn.hardware.estimate.values import RESOURCES
from trigger_nn.studies.tradeoffs.values import Point, PrecisionCost, TradeOffs


def as_csv(table: TradeOffs) -> str:
    """One line a point, the first line names the columns; what is not known is empty, yes and no are 1 and 0."""
    text = io.StringIO()
    rows = _rows(table)
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def as_json(table: TradeOffs) -> str:
    """All of the table: program, part, budget, what the figures rest on, precisions, what is left out, points."""
    whole = {
        "name": table.name, "program": table.program, "part": table.part, "device": asdict(table.device),
        "io_type": table.io_type, "budget": asdict(table.budget) if table.budget else None,
        "basis": {point.estimate.road: point.estimate.accuracy.basis for point in table.points},
        "precisions": [asdict(cost) for cost in table.costs],
        "left_out": [asdict(one) for one in table.left_out],
        "points": _rows(table),
    }  # fmt: skip
    return json.dumps(whole, indent=1, allow_nan=False) + "\n"


def _rows(table: TradeOffs) -> list[dict[str, Any]]:
    return [row(point, table.cost(point.precision)) for point in table.points]


def row(point: Point, cost: PrecisionCost) -> dict[str, Any]:
    """A point by names of columns: axes, latency, pace, resources, verdicts, decisions; intervals are of 90 %.

    `weight_bits_dropped` and its like count from the program as it was; `same_decisions` has an interval of 68 %.
    """
    found, verdict, same = point.estimate, point.verdict, cost.same
    return {
        "strategy": point.way, "reuse_factor": point.reuse_factor,
        "smallest_reuse_factor": point.taken[0], "largest_reuse_factor": point.taken[-1],
        "clock_period_ns": found.clock_period,
        "weight_bits_dropped": point.precision.weights, "activation_bits_dropped": point.precision.activations,
        **_figure("cycles", found.cycles_figure), **_figure("latency_ns", point.latency),
        "bunch_crossings": found.bunch_crossings, "interval_cycles": found.interval, "instances": found.instances,
        **{name: value for resource in RESOURCES for name, value in _figure(resource, found.figure(resource)).items()},
        **{f"{resource}_share": found.share(resource) for resource in RESOURCES},
        "fits_part": point.fits, "fits_region": point.in_region,
        "in_budget": verdict.held if verdict else None, "in_budget_for_sure": verdict.sure if verdict else None,
        "pareto": point.pareto, "events": cost.events,
        "same_decisions": same.value if same else None,
        "same_decisions_low": same.low if same else None, "same_decisions_high": same.high if same else None,
    }  # fmt: skip


def _figure(name: str, figure: Figure) -> dict[str, float]:
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


def _cell(value: Any) -> Any:
    """Empty for None, 1 and 0 for booleans; csv writes floats so that they come back exactly."""
    return int(value) if isinstance(value, bool) else value
