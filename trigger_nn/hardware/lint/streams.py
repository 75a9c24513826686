"""What the token model of the streams says of a design: FIFOs and pace, as the linter takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.lint.context import Context, StreamFacts, Streams
from trigger_nn.hardware.lint.findings import Change, Key
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec

OF_PACE = (Key.REUSE_FACTOR, Key.STRATEGY, Key.IO_TYPE)  # changes after which a stream runs at another pace


def stream_facts(program: Program, hardware: HardwareSpec, depths: Mapping[str, int] | None = None) -> Streams | None:
    """Every FIFO of an io_stream design, with hls4ml's depths or `depths`, and its pace; None where there is no model.

    Of a deadlock the FIFOs that its cure names are the ones that stop the design. The interval is that with FIFOs deep
    enough: a design that waits for a FIFO has a finding of the FIFO.

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
    fifos = tuple(
        StreamFacts(f.name, f.producer, stops.get(f.name, f.needed), f.given, deadlock=f.name in stops)
        for f in found.fifos
    )
    return Streams(fifos, found.free_interval, found.bottleneck)


def paced(context: Context, changes: Sequence[Change]) -> Context:
    """A design after `changes`, with the pace that the model gives it now; its FIFOs stay as they are told."""
    if context.streams is None or not any(change.key in OF_PACE for change in changes):
        return context
    again = stream_facts(context.program, context.hardware)
    return replace(context, streams=again and replace(again, fifos=context.streams.fifos))
