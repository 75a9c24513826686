"""Every design of one program, estimated: strategy, reuse factor, clock, precision."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from trigger_nn.errors import PrecisionError, RecipeError
from trigger_nn.hardware.budgets import Budget, held
from trigger_nn.hardware.estimate import Choice, Estimate, estimate
from trigger_nn.hardware.parts import device_of
from trigger_nn.passes.coarsen import coarsen
from trigger_nn.program.program import Program
from trigger_nn.studies.divergence import Decision
from trigger_nn.studies.tradeoffs.decisions import decided, same_decisions
from trigger_nn.studies.tradeoffs.designs import Design, designs
from trigger_nn.studies.tradeoffs.pareto import front
from trigger_nn.studies.tradeoffs.values import RTL, Axes, LeftOut, Point, Precision, PrecisionCost, TradeOffs


def trade_offs(
    program: Program,
    part: str,
    axes: Axes | None = None,
    *,
    io_type: str = "",
    budget: Budget | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    decision: Decision | None = None,
    adjusted: Callable[[Estimate], Estimate] = lambda found: found,
) -> TradeOffs:
    """Estimate all designs of `program` on `part` (device-package-speed).

    Args:
        program: the compiled network.
        part: the device with package and speed grade.
        axes: what is scanned.
        io_type: io_parallel or io_stream; what the program was compiled for if not given.
        budget: the latency that is asked for.
        inputs: mantissas by input port, (events, ...), on which the decisions of each precision are counted.
        decision: what is decided from the first output.
        adjusted: what becomes of each estimate, such as a scaling by a user's reports.

    Raises:
        RecipeError: the part is unknown, a clock leaves no time for one adder, or no design is left.
        UnsupportedLayerError: io_stream, and hls4ml has no template for streams of a layer.
        EventsError: there are no events, or thresholds do not fit.
    """
    axes, hardware, device = axes or Axes(), program.provenance.get("hardware", {}), device_of(part)
    io_type, uncertainty = io_type or hardware.get("io_type", "io_parallel"), hardware.get("clock_uncertainty")
    narrowed, left = _narrowed(program, axes.precisions)
    points: list[Point] = []
    for precision, narrow in narrowed.items():
        built, missing = designs(narrow, axes.ways, axes.reuse_factors, io_type)
        left += missing
        points += (
            _point(design, precision, adjusted(found), budget)
            for design in built
            for found in _estimates(design, axes.clock_periods, part, io_type, uncertainty)
        )
    if not points:
        raise RecipeError(f"No design is left, ask for others: {_reasons(left)}.")
    costs = _costs(program, narrowed, inputs, decision or Decision())
    return TradeOffs(
        program.name, program.digest, part, device, io_type, budget, _marked(points), costs,
        tuple(dict.fromkeys(left)),
    )  # fmt: skip


def _reasons(left: Sequence[LeftOut]) -> str:
    """Why all is left out, without a full stop."""
    return "; ".join(f"{one.what}: {one.why.rstrip('.')}" for one in dict.fromkeys(left))


def _narrowed(program: Program, precisions: Sequence[Precision]) -> tuple[dict[Precision, Program], list[LeftOut]]:
    """The program at each precision that it can have."""
    found, left = {}, []
    for precision in precisions:
        try:
            found[precision] = coarsen(program, precision.weights, precision.activations)
        except PrecisionError as error:
            left.append(LeftOut(f"precision {precision}", str(error)))
    return found, left


def _estimates(
    design: Design, clock_periods: Sequence[float], part: str, io_type: str, uncertainty: float | None
) -> Iterator[Estimate]:
    """One a clock period; strategy and reuse factor stand in the design's program, layer by layer."""
    for period in clock_periods:
        if design.way == RTL:
            yield estimate(design.program, period, part, "rtl", Choice(), uncertainty)
        else:
            yield estimate(design.program, period, part, "hls", Choice(io_type), uncertainty)


def _point(design: Design, precision: Precision, found: Estimate, budget: Budget | None) -> Point:
    verdict = None if budget is None else held(found, budget)
    return Point(design.way, design.reuse_factor, design.taken, precision, found, verdict)


def _marked(points: Sequence[Point]) -> tuple[Point, ...]:
    """With those marked that no other of the same precision beats, as far as they fit the part."""
    groups: dict[Precision, list[int]] = {}
    for index, point in enumerate(points):
        if point.fits:
            groups.setdefault(point.precision, []).append(index)
    best = set()
    for group in groups.values():
        costs = np.array([_cost(points[index]) for index in group])
        best |= {index for index, wins in zip(group, front(costs).tolist(), strict=True) if wins}
    return tuple(replace(point, pareto=index in best) for index, point in enumerate(points))


def _cost(point: Point) -> tuple[float, float, float]:
    """Latency in ns, shares of the part's LUTs and DSP slices."""
    found = point.estimate
    # 18 cycles of 25/6 ns are as long as 24 of 3.125 ns, whatever floats make of it.
    return round(found.latency, 6), found.share("lut"), found.share("dsp")


def _costs(
    program: Program,
    narrowed: Mapping[Precision, Program],
    inputs: Mapping[str, np.ndarray] | None,
    decision: Decision,
) -> tuple[PrecisionCost, ...]:
    if inputs is None:
        return tuple(PrecisionCost(precision, narrow.digest) for precision, narrow in narrowed.items())
    wanted = decided(program, inputs, decision)
    return tuple(
        PrecisionCost(
            precision, narrow.digest, len(wanted), same_decisions(decided(narrow, inputs, decision), wanted)
        )
        for precision, narrow in narrowed.items()
    )  # fmt: skip
