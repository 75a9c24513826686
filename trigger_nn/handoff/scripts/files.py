"""A design -> the bundle's `scripts/`: simulation, synthesis and export by whichever of AMD's HLS tools is there.

Three generations of tools are served. `vivado_hls` takes Tcl (UG902); `vitis_hls` the same with other options
(UG1399); from 2025.1 on it is gone, and `vitis-run --mode hls --tcl` runs the same Tcl, or `v++ -c --mode hls` and
`vitis-run` read a configuration file (UG1702). `vitis-run` hands no arguments on to Tcl, so the scripts read the
environment.
"""

import jinja2

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design

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
    uncertainty = hardware.clock_uncertainty or UNCERTAINTY[hardware.backend]
    values: dict[str, str | int] = {
        "symbol": design.identity.symbol,
        "part": hardware.part,
        "period": _number(hardware.clock_period),
        "uncertainty": _number(uncertainty),
        "backend": hardware.backend,
        "events": events,
    }
    environment = _environment()
    return {f"scripts/{name}": environment.get_template(f"{name}.j2").render(values).encode() for name in NAMES}


def _number(value: float) -> str:
    """A number as all these tools read it: every digit that counts, and no exponent."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("trigger_nn.handoff.scripts", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
