"""What was synthesised -> the constants of the estimator, and what is left over on networks held out."""

from collections.abc import Iterable

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.calibration.measure import Synthesised
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.estimate.measured import Measured, features_of

LEAST = 20  # LUTs; what is smaller says nothing of relative errors


def measured(rows: Iterable[Synthesised]) -> tuple[Measured, ...]:
    """The rows with the features that the estimator sees, of networks that have any logic to speak of."""
    return tuple(_measured(row) for row in rows if row.lut >= LEAST)


def _measured(row: Synthesised) -> Measured:
    program = network(row.seed).program
    if program.digest != row.program:
        raise RecipeError(f"Network {row.seed} is another than the one that was measured; measure it again.")
    made = ", ".join(f"{name} {version}" for name, version in sorted(row.versions.items()) if name != "trigger_nn")
    return Measured(
        f"network {row.seed}", row.program, f"Yosys (synth_xilinx -family xcup, abc): {made}", features_of(program),
        row.stage, row.depth, row.latency, row.lut, row.ff, row.carry4, row.dsp,
    )  # fmt: skip
