"""Cycles of io_stream, by the model of `hardware.streaming`: layers work at the same time, on parts of one event."""

from dataclasses import replace

from trigger_nn.hardware.estimate.hls import Choice, chosen
from trigger_nn.hardware.estimate.values import LayerEstimate
from trigger_nn.program.program import Program


def streamed(
    program: Program,
    layers: tuple[LayerEstimate, ...],
    clock_period: float,
    uncertainty: float | None,
    choice: Choice,
) -> tuple[tuple[LayerEstimate, ...], int]:
    """`layers` with the cycles that each takes for one event, and how many of these overlap.

    FIFOs are taken as deep as is needed (`trigger_nn.hardware.streaming`).

    Raises:
        UnsupportedLayerError: a layer has no template for streams.
    """
    from trigger_nn.hardware.streaming.analyse import simulate
    from trigger_nn.hardware.streaming.build import token_graph
    from trigger_nn.recipe import HardwareSpec

    told = replace(program, operations=tuple(chosen(operation, choice) for operation in program.operations))
    hardware = HardwareSpec(
        clock_period=clock_period, clock_uncertainty=uncertainty, io_type="io_stream",
        reuse_factor=choice.reuse_factor or 1,
    )  # fmt: skip
    graph = token_graph(told, hardware)
    cycles = {actor.name: actor.cycles for actor in graph.actors}
    timed = tuple(
        replace(layer, latency=cycles.get(layer.layer, 0), interval=cycles.get(layer.layer, 1)) for layer in layers
    )
    return timed, sum(layer.latency for layer in timed) - simulate(graph).free_latency
