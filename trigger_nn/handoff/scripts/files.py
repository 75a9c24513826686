"""A design -> the bundle's `scripts/`: simulation, synthesis and export by whichever of AMD's HLS tools is there.

Three generations of tools are served. `vivado_hls` takes Tcl (UG902); `vitis_hls`, to 2024.2, the same with other
options (UG1399); from 2024.1 on `vitis-run --mode hls --tcl` runs the same Tcl, or `v++ -c --mode hls` and `vitis-run`
read a configuration file (UG1702). `vitis-run` hands no arguments on to Tcl, so the scripts read the environment.
"""

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design
from trigger_nn.program.operations.convolutions import ConvolutionNode
from trigger_nn.recipe import HardwareSpec
from trigger_nn.rendering import templates

NAMES = ("run.sh", "hls.tcl", "hls.cfg", "README.md")
UNCERTAINTY = {"Vitis": 27.0, "Vivado": 12.5}  # % of the period: what hls4ml 1.3.0's backends assume


def script_files(design: Design, events: int) -> dict[str, bytes]:
    """Return `scripts/run.sh`, `hls.tcl`, `hls.cfg` and `README.md`, by path from the bundle's root.

    Args:
        design: what is handed over; its part, clock and backend go into the scripts.
        events: events of `vectors/design`, which co-simulation runs all of unless told otherwise.

    Raises:
        HandoffError: no events.
    """
    if events < 1:
        raise HandoffError(
            f"The scripts of {design.identity.symbol} would simulate no events and pass; give at least one."
        )
    hardware = design.hardware
    values: dict[str, str | int | bool] = {
        "symbol": design.identity.symbol,
        "part": hardware.part,
        "period": _number(hardware.clock_period),
        "uncertainty": _number(clock_uncertainty(hardware)),
        "backend": hardware.backend,
        "events": events,
        "may_hang": may_hang(design),
    }
    environment = templates("trigger_nn.handoff.scripts", indented=False)
    return {f"scripts/{name}": environment.get_template(f"{name}.j2").render(values).encode() for name in NAMES}


def clock_uncertainty(hardware: HardwareSpec) -> float:
    """Percent of the clock's period that the tools are told to keep free: the recipe's, or else the backend's own."""
    return hardware.clock_uncertainty or UNCERTAINTY[hardware.backend]


def may_hang(design: Design) -> bool:
    """Whether the RTL simulation of `design` may never end in Vitis 2025.1 and later.

    That of hls4ml 1.3.0's parallel convolutions does not in 2025.1 and does in 2023.2; other versions were not tried
    (hls4ml pull request 1380, and comments in its `templates/vitis/nnet_utils/nnet_conv1d.h` and `nnet_conv2d.h`).
    """
    convolutions = any(isinstance(operation, ConvolutionNode) for operation in design.program.operations)
    return convolutions and not design.streams and design.hardware.backend == "Vitis"


def _number(value: float) -> str:
    """A number as all these tools read it: every digit that counts, and no exponent."""
    return f"{value:.9f}".rstrip("0").rstrip(".")
