"""What is too large to unroll is refused before it is tried, with what it would take and what would make it fit."""

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.estimate import Estimate, estimate
from trigger_nn.program.program import Program

LARGEST = 1_000_000  # LUTs; writing 600,000 takes half a minute, their Verilator model ten minutes to build
LEAST_KEPT = 5  # % of weights; a network pruned further is another network


def refuse_large(
    program: Program, clock_period: float, part: str, uncertainty: float | None = None, largest: int = LARGEST
) -> Estimate:
    """The estimate of `program` as RTL, if it fits `part` and has at most `largest` LUTs.

    Raises:
        UnsupportedLayerError: it does not: how large it is, its largest layer, and how to make it fit.
        RecipeError: the part is unknown, the clock too fast.
    """
    made = estimate(program, clock_period, part, road="rtl", uncertainty=uncertainty)
    most = min(largest, made.device.lut)
    lut = made.figure("lut")
    if lut.value <= most:
        return made
    heaviest = max(made.layers, key=lambda layer: layer.lut)
    held = f"{part} holds" if most < largest else "are unrolled here (largest)"
    raise UnsupportedLayerError(
        f"Unrolled, program {program.name!r} would take about {lut.value:,.0f} LUT (90 %: {lut.low:,.0f} to "
        f"{lut.high:,.0f}), more than the {most:,} that {held}; layer {heaviest.layer!r} alone takes "
        f"{heaviest.lut:,}. {_remedy(most / lut.value)}"
    )


def _remedy(share: float) -> str:
    """What brings the design down to `share` of its size: LUTs go with the weights left and with the channels."""
    kept = int(100 * share)
    pruned = f"Prune the weights to {kept} %, or take" if kept >= LEAST_KEPT else "Take"
    return (
        f"{pruned} that share of its channels or units, or compile with io_type io_stream (or a reuse factor) and hand "
        "over hls/ instead of RTL."
    )
