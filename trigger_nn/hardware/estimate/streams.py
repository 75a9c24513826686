"""io_stream: cycles by the model of `hardware.streaming`, layers working at the same time, and what its FIFOs take."""

from collections import Counter
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from trigger_nn.hardware.estimate.choice import Choice
from trigger_nn.hardware.estimate.values import LayerEstimate, whole
from trigger_nn.hardware.lint.memories import SRL_BITS, SRL_DEPTH, Memory
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec, recipe_of

if TYPE_CHECKING:
    from trigger_nn.hardware.streaming.tokens import Edge, TokenGraph

SHIFT = 32  # bits of a shift register in one LUT (AMD UG574, SRL32)


def streamed(
    program: Program,
    layers: tuple[LayerEstimate, ...],
    clock_period: float,
    uncertainty: float | None,
    choice: Choice,
) -> tuple[tuple[LayerEstimate, ...], int]:
    """`layers` with the cycles that each takes for one event and the FIFOs behind it, and how many cycles overlap.

    `program` is as hls4ml takes it (`choice.taken`). Cycles are those of FIFOs as deep as is needed, memory that of
    FIFOs as deep as hls4ml makes them: a whole event.

    Raises:
        RecipeError: what the program says it was compiled for is no longer valid.
        UnsupportedLayerError: a layer has no template for streams.
    """
    from trigger_nn.hardware.streaming.analyse import simulate
    from trigger_nn.hardware.streaming.build import token_graph

    graph = token_graph(program, _hardware(program, clock_period, uncertainty, choice))
    cycles = {actor.name: actor.cycles for actor in graph.actors}
    luts, brams = fifos(graph, tuple(layer.layer for layer in layers))
    timed = tuple(
        replace(
            layer,
            latency=cycles.get(layer.layer, 0),
            interval=cycles.get(layer.layer, 1),
            lut=layer.lut + luts[layer.layer],
            bram=layer.bram + whole(brams[layer.layer] / 2),
        )
        for layer in layers
    )
    return timed, sum(layer.latency for layer in timed) - simulate(graph).free_latency


def fifos(graph: "TokenGraph", layers: tuple[str, ...]) -> tuple[Counter[str], Counter[str]]:
    """LUTs and half block RAMs (18 kbit) of the FIFOs inside the design, by the layer that writes into each.

    As UG1399 (config_storage) has it, a FIFO of at most 1,024 bits is made of shift registers. What no layer of
    `layers` writes, as copies of an input are, counts for the first of them.
    """
    luts: Counter[str] = Counter()
    halves: Counter[str] = Counter()
    for edge in graph.fifos:
        writer = edge.producer if edge.producer in layers else layers[0]
        luts[writer] += _shift_registers(edge)
        halves[writer] += _halves(edge)
    return luts, halves


def _is_small(edge: "Edge") -> bool:
    depth = edge.given or 0
    return depth <= SRL_DEPTH or depth * edge.width <= SRL_BITS


def _shift_registers(edge: "Edge") -> int:
    return edge.width * ceil((edge.given or 0) / SHIFT) if _is_small(edge) else 0


def _halves(edge: "Edge") -> int:
    return 0 if _is_small(edge) else Memory(edge.producer, "FIFO", edge.given or 0, edge.width).halves


def _hardware(program: Program, clock_period: float, uncertainty: float | None, choice: Choice) -> HardwareSpec:
    """What the program was compiled for, with what is asked for in its place."""
    compiled = recipe_of(program.provenance.get("hardware", {}), HardwareSpec, "hardware of the program")
    told: dict[str, object] = {
        "clock_period": clock_period, "clock_uncertainty": uncertainty, "io_type": choice.io_type,
    }  # fmt: skip
    if choice.reuse_factor is not None:
        own = {"reuse_factor": choice.reuse_factor}
        told |= own | {"layers": {name: layer.model_copy(update=own) for name, layer in compiled.layers.items()}}
    return compiled.model_copy(update=told)
