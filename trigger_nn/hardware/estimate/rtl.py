"""Our own RTL, estimated: the unrolled design, pipelined, an event every clock cycle; tables are logic."""

from math import ceil

import numpy as np

from trigger_nn.hardware.estimate.constants import Constants, Fitted
from trigger_nn.hardware.estimate.features import ff_features, hop_of, lut_features, stages_of
from trigger_nn.hardware.estimate.replay import Replay
from trigger_nn.hardware.estimate.values import Accuracy, LayerEstimate, whole
from trigger_nn.hardware.estimate.work import Work
from trigger_nn.hardware.rtl.lower import stage_delay
from trigger_nn.program.program import Program

CAVEAT = (
    "LUT and FF are what Yosys (synth_xilinx) counts, out of context: Vivado packs and shares differently, and no "
    "routing is known"
)


def rtl_layers(
    program: Program, counted: Replay, clock_period: float, uncertainty: float | None, constants: Constants
) -> tuple[LayerEstimate, ...]:
    """The layers of `program`, of which `counted` is the replay, for a clock of `clock_period` ns.

    Raises:
        RecipeError: the clock period leaves no time for one adder.
    """
    ends = finished(counted, stage_delay(clock_period, uncertainty), constants, hop_of(counted.work))
    stages = ends[-1] if ends else 1
    starts = (0, *ends)
    layers = []
    for index, operation in enumerate(program.operations):
        work = counted.works[index]
        bits = operation.type.width * int(np.prod(operation.shape)) if operation.name in program.output_names else 0
        ff = flip_flops(work, counted.alive[index], bits, stages, constants)
        lut = predicted(constants.lut, lut_features(work))
        latency = ends[index] - starts[index]
        layers.append(
            LayerEstimate(
                operation.name, type(operation).__name__, latency, 1, whole(lut), whole(ff), whole(work.dsp), 0
            )
        )
    return tuple(layers)


def finished(counted: Replay, stage: float, constants: Constants, hop: float = 0.0) -> tuple[int, ...]:
    """The pipeline stage at the end of which each operation, and all before it, are done; the last is the latency.

    Operations are taken to be spread evenly over the stages; `hop` as for `stages_of`.
    """
    depths = [predicted(constants.depth, pair) for pair in zip(counted.times, counted.shared, strict=True)]
    whole = max(depths, default=0.0)
    stages = stages_of(whole, stage, hop)
    so_far = np.maximum.accumulate(depths) if depths else np.zeros(0)
    ends = [min(ceil(depth / whole * stages - 1e-9), stages) if whole else 0 for depth in so_far]
    return (*ends[:-1], stages) if ends else ()


def flip_flops(work: Work, alive: np.ndarray, outputs: int, stages: int, constants: Constants) -> float:
    """Of one operation: `alive` bits (2, BINS) of its values and inner sums, `outputs` bits of output ports.

    What goes with the number of stages alone is counted with the outputs.
    """
    values, trees = alive.tolist()
    *crossing, length = ff_features(work, values, trees, outputs, stages)
    return predicted(constants.ff, (*crossing, length if outputs else 0.0))


def predicted(fitted: Fitted, features: tuple[float, ...]) -> float:
    """Sum of constants times features."""
    return float(sum(c * f for c, f in zip(fitted.constants.values(), features, strict=True)))


def rtl_accuracy(constants: Constants, cycles_told: int) -> Accuracy:
    """What networks held out of the fit showed; of a long pipeline the error of its depth counts, not of its cycles."""
    lut, ff, depth, cycles = constants.lut.spread, constants.ff.spread, constants.depth.spread, constants.cycles
    low, high = min(cycles.low, cycles_told * (depth.low - 1)), max(cycles.high, cycles_told * (depth.high - 1))
    basis = (
        f"Constants fitted on {constants.networks} generated networks ({constants.source}); on networks held out of "
        f"the fit the median error is {100 * lut.error:.0f} % for LUT, {100 * ff.error:.0f} % for FF and "
        f"{cycles.error:.0f} cycles for the latency. {CAVEAT}."
    )
    return Accuracy(basis, (lut.low, lut.high), (ff.low, ff.high), (1, 1), (1, 1), (low, high))
