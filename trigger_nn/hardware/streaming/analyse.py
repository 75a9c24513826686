"""Depths, latency, interval and deadlocks of a streamed Program."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.streaming.blocking import Simulation
from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.hardware.streaming.clock import Rate
from trigger_nn.hardware.streaming.deadlock import Deadlock, explain
from trigger_nn.hardware.streaming.free import Free, Times, completions, latest, occupancy, settled
from trigger_nn.hardware.streaming.tokens import Edge, TokenGraph
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec


@dataclass(frozen=True)
class Fifo:
    """One FIFO; `width` in bits of a pack, the rest in packs.

    `given` is its depth, hls4ml's own if no other was asked for. With the `needed` depths of all FIFOs no event waits
    longer than with infinite ones; they are enough, and not always the least. `occupancy` is the most packs that
    infinite FIFOs hold at once when events come at the interval and every layer works as early as it can; `tokens` pass
    in one event.
    """

    name: str
    producer: str
    consumer: str
    width: int
    given: int
    needed: int
    occupancy: int
    tokens: int


@dataclass(frozen=True)
class Streaming:
    """A streamed design, in clock cycles.

    `latency` (first pack sent to last pack out, events in steady succession) and `interval` are those with the given
    depths, None where they stop it: `deadlock` then says why, and `cure` which depths mend it. `free_latency` and
    `free_interval` are those with infinite FIFOs, and so with the needed depths. `bottleneck` is the layer that sets
    the free interval; `events` were simulated.
    """

    fifos: tuple[Fifo, ...]
    latency: int | None
    interval: int | None
    deadlock: str | None
    cure: tuple[tuple[str, int], ...]
    free_latency: int
    free_interval: int
    bottleneck: str
    events: int

    @property
    def needed(self) -> dict[str, int]:
        """The needed depth of each FIFO by name: what `project.with_depths` writes."""
        return {fifo.name: fifo.needed for fifo in self.fifos}


def stream(
    program: Program,
    hardware: HardwareSpec,
    depths: Mapping[str, int] | None = None,
    events: int = 8,
    rates: Mapping[str, Rate] | None = None,
) -> Streaming:
    """Simulate `program`, compiled for io_stream with `hardware`, over `events` events, or more until it settles.

    `depths` replace hls4ml's depths of FIFOs by name, `rates` the assumed ones of layers.

    Raises:
        RecipeError: not io_stream, or depths or rates of what the design does not have.
        UnsupportedLayerError: a layer that is not modelled.
    """
    return simulate(token_graph(program, hardware, rates), depths, events)


def simulate(graph: TokenGraph, depths: Mapping[str, int] | None = None, events: int = 8) -> Streaming:
    """As `stream`, of a graph."""
    given = _given(graph, depths or {})
    free = settled(graph, events)
    needed = _needed(graph, free)
    free_latency = _latency(completions(graph, free.times), free.pace)
    latency, interval, stopped = _with_depths(graph, given, needed, free, free_latency)
    return Streaming(
        fifos=tuple(_fifo(graph, edge, given, needed, free.times) for edge in graph.fifos),
        latency=latency,
        interval=interval,
        deadlock=stopped.sentence if stopped else None,
        cure=stopped.cure if stopped else (),
        free_latency=free_latency,
        free_interval=free.pace,
        bottleneck=max(graph.actors, key=lambda actor: actor.cycles).name,
        events=free.events,
    )


def _given(graph: TokenGraph, depths: Mapping[str, int]) -> dict[str, int]:
    given = {edge.name: edge.given for edge in graph.fifos if edge.given is not None}
    unknown = sorted(set(depths) - set(given))
    if unknown:
        known = ", ".join(given) or "none"
        raise RecipeError(f"A depth is given for {unknown[0]!r}, which is no FIFO of the design; its FIFOs: {known}.")
    empty = [name for name, depth in depths.items() if depth < 1]
    if empty:
        raise RecipeError(f"FIFO {empty[0]!r} is given a depth of {depths[empty[0]]}; give it 1 or more.")
    return given | dict(depths)


def _needed(graph: TokenGraph, free: Free) -> dict[str, int]:
    """Depths that delay nothing, of few bits.

    The earliest and the latest schedule keep to their own occupancies and bring every result in time, and a design
    with such FIFOs does each step no later than any schedule that keeps to them: both sets of depths are enough. The
    smaller depth of both for each FIFO may not be, so it is tried; else the set of fewer bits is taken.
    """
    choices = (free.times, latest(graph, free))
    sets = [{edge.name: occupancy(graph, edge, times) for edge in graph.fifos} for times in choices]
    least = {name: min(depths[name] for depths in sets) for name in sets[0]}
    widths = {edge.name: edge.width for edge in graph.fifos}
    fewest = min(sets, key=lambda depths: sum(widths[name] * depth for name, depth in depths.items()))
    return least if least == fewest or _delays_nothing(graph, least, free) else fewest


def _delays_nothing(graph: TokenGraph, depths: Mapping[str, int], free: Free) -> bool:
    """Whether every event is done when it is with infinite FIFOs."""
    ends = Simulation(graph, depths, free.events, free.pace).go().completions
    return np.array_equal(ends, completions(graph, free.times))


def _latency(ends: np.ndarray, pace: int) -> int:
    return int((ends - pace * np.arange(len(ends))).max()) + 1


def _with_depths(
    graph: TokenGraph, given: Mapping[str, int], needed: Mapping[str, int], free: Free, free_latency: int
) -> tuple[int | None, int | None, Deadlock | None]:
    """Latency and interval with the given depths, or what stops the design."""
    if all(given[name] >= depth for name, depth in needed.items()):
        return free_latency, free.pace, None
    simulation = Simulation(graph, given, free.events)
    run = simulation.go()
    if run.waits:
        return None, None, explain(graph, given, needed, simulation, run)
    interval = int(np.diff(run.completions)[free.events // 2 - 1 :].max())
    paced = Simulation(graph, given, free.events, interval).go()
    return _latency(paced.completions, interval), interval, None


def _fifo(graph: TokenGraph, edge: Edge, given: Mapping[str, int], needed: Mapping[str, int], times: Times) -> Fifo:
    held = occupancy(graph, edge, times)
    return Fifo(
        edge.name, edge.producer, edge.consumer, edge.width, given[edge.name], needed[edge.name], held, edge.tokens
    )  # fmt: skip
