"""A program, a clock and a part -> what it will cost and how long it will take."""

from dataclasses import replace
from math import inf

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.dsp import slice_of
from trigger_nn.hardware.estimate.choice import Choice, taken
from trigger_nn.hardware.estimate.constants import Constants, constants
from trigger_nn.hardware.estimate.hls import ACCURACY, SLOWER, hls_layers
from trigger_nn.hardware.estimate.replay import replay
from trigger_nn.hardware.estimate.rtl import rtl_accuracy, rtl_layers
from trigger_nn.hardware.estimate.streams import streamed
from trigger_nn.hardware.estimate.values import Estimate, Road
from trigger_nn.hardware.parts import device_of
from trigger_nn.hardware.rtl.lower import stage_delay
from trigger_nn.program.program import Program

IO_TYPES = ("io_parallel", "io_stream")


def estimate(
    program: Program,
    clock_period: float,
    part: str,
    road: Road = "hls",
    choice: Choice | None = None,
    uncertainty: float | None = None,
    fitted: Constants | None = None,
) -> Estimate:
    """Estimate `program` at `clock_period` (ns) on `part`, by hls4ml's C++ or, `road` being "rtl", by our own RTL.

    `choice` is what hls4ml is told beyond what the program was compiled for; `uncertainty` the share of the period in %
    that is kept for what is not logic (if not given, what the program was compiled for, else 27);
    `fitted` other constants than those of the package.

    Raises:
        RecipeError: the part is unknown, the clock period leaves no time for one adder, or a choice can't be had.
        UnsupportedLayerError: io_stream, and hls4ml has no template for streams of a layer.
    """
    compiled = program.provenance.get("hardware", {})
    uncertainty = compiled.get("clock_uncertainty") if uncertainty is None else uncertainty
    check_clock(clock_period, uncertainty)
    device, known = device_of(part), fitted or constants()
    choice = choice or Choice(IO_TYPES[0] if road == "rtl" else str(compiled.get("io_type", IO_TYPES[0])))
    check(choice, road)
    counted = replay(program)
    if road == "rtl":
        layers = rtl_layers(program, counted, clock_period, uncertainty, known)
        return Estimate(
            device,
            clock_period,
            layers,
            road=road,
            accuracy=rtl_accuracy(known, sum(layer.latency for layer in layers)),
        )
    told, notes = taken(program, choice)
    layers, overlap = hls_layers(told, counted, clock_period, uncertainty, known, choice, slice_of(device)), 0
    if choice.is_stream:
        layers, overlap = streamed(told, layers, clock_period, uncertainty, choice)
    made = Estimate(device, clock_period, layers, road=road, accuracy=ACCURACY, overlap=overlap, notes=notes)
    slow, fast = made.cycles * (SLOWER - 1), made.cycles * (1 / SLOWER - 1)
    return replace(made, accuracy=replace(ACCURACY, cycles=(fast, slow)))


def check_clock(clock_period: float, uncertainty: float | None = None) -> None:
    """Refuse a clock period (ns) in which not even one adder fits.

    Raises:
        RecipeError: it is too short, or no number.
    """
    if not 0 < clock_period < inf:
        raise RecipeError(f"A clock period of {clock_period:g} ns is none; choose one of some ns, such as 5.")
    try:
        stage_delay(clock_period, uncertainty)
    except RecipeError as error:
        raise RecipeError(f"A clock period of {clock_period:g} ns is too short for one adder: {error}") from None


def check(choice: Choice, road: Road) -> None:
    """Refuse what can't be had.

    Raises:
        RecipeError: an unknown interface, a reuse factor below 1, or choices for hls4ml on the road to our own RTL,
            which has no streams.
    """
    if choice.io_type not in IO_TYPES:
        raise RecipeError(f"{choice.io_type!r} is no interface of hls4ml; choose io_parallel or io_stream.")
    if choice.reuse_factor is not None and choice.reuse_factor < 1:
        raise RecipeError(f"A reuse factor of {choice.reuse_factor} is none; choose 1 or more.")
    if road == "rtl" and (choice.is_own or choice.is_stream):
        raise RecipeError(
            "Strategy, reuse factor and io_stream are hls4ml's, our own RTL is unrolled; leave them out, or "
            "choose road hls."
        )
