"""A design -> its RTL: [builder ->] network [-> decision], all unrolled, an event every clock cycle."""

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.handoff.design import Design, Unrolled
from trigger_nn.hardware.rtl.block import Language, Rtl
from trigger_nn.hardware.rtl.lower import Cut, rtl
from trigger_nn.hardware.rtl.names import identifier
from trigger_nn.hardware.rtl.size import refuse_large

REMEDY = "or leave `rtl` out of [handoff]"


def block_of(design: Design, language: Language) -> Rtl:
    """The design as RTL for the recipe's clock, pipelined; module `SYMBOL_rtl`.

    Raises:
        UnsupportedLayerError: ports that are FIFOs, a builder that takes candidates one a clock, values of more than
            52 bits, or more logic than the part holds.
        ToolNotFound: alkaid, which writes the RTL, is not installed.
        RecipeError: the clock is too fast for one adder.
    """
    if design.streams:
        raise UnsupportedLayerError(
            f"Program {design.program.name!r} was compiled for io_stream, whose ports are FIFOs, and RTL takes a whole "
            f"event every clock cycle; compile it with io_parallel, {REMEDY}."
        )
    front, hardware = _front(design), design.hardware
    refuse_large(design.program, hardware.clock_period, hardware.part, hardware.clock_uncertainty)
    return rtl(
        design.program,
        hardware.clock_period,
        name=identifier(f"{design.identity.symbol}_rtl"),  # VHDL takes no two underscores in a row
        uncertainty=hardware.clock_uncertainty,
        language=language,
        front=front,
        cuts=[Cut(decision.element, decision.mantissa) for decision in design.decisions],
    )


def _front(design: Design) -> Unrolled | None:
    """The design's builder, if it takes a whole event at once."""
    builder = design.builder
    if builder is None or isinstance(builder, Unrolled):
        return builder
    raise UnsupportedLayerError(
        f"The builder of view {builder.kind!r} for program {design.program.name!r} takes an event piece by piece, and "
        f"RTL takes a whole event every clock cycle; hand over the network alone (handoff.builder = false), {REMEDY}."
    )
