"""What the token model of the streams says of a design's FIFOs, as the linter takes it."""

from collections.abc import Mapping

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.lint.context import StreamFacts
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec


def stream_facts(
    program: Program, hardware: HardwareSpec, depths: Mapping[str, int] | None = None
) -> tuple[StreamFacts, ...] | None:
    """Every FIFO of an io_stream design, with hls4ml's depths or `depths`; None where there is no model of it.

    Of a deadlock the FIFOs that its cure names are the ones that stop the design.

    Raises:
        RecipeError: depths of FIFOs that the design does not have.
    """
    if hardware.io_type != "io_stream":
        return None
    try:
        found = stream(program, hardware, depths)
    except UnsupportedLayerError:
        return None
    stops = dict(found.cure)
    return tuple(
        StreamFacts(f.name, f.producer, stops.get(f.name, f.needed), f.given, deadlock=f.name in stops)
        for f in found.fifos
    )
