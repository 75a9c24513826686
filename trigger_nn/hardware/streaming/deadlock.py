"""Why nothing moves any more, in words, and how deep the FIFOs must be for it to move."""

from collections.abc import Mapping
from dataclasses import dataclass

from trigger_nn.hardware.streaming.blocking import Run, Simulation, Wait
from trigger_nn.hardware.streaming.tokens import TokenGraph


@dataclass(frozen=True)
class Deadlock:
    """The circle of actors that wait for each other, and depths of single FIFOs with which all events pass."""

    circle: tuple[Wait, ...]
    cure: tuple[tuple[str, int], ...]
    sentence: str


def explain(
    graph: TokenGraph, depths: Mapping[str, int], enough: Mapping[str, int], stopped: Simulation, run: Run
) -> Deadlock:
    """What stopped `run`, and what cures it; `depths` are those of `stopped`, with those of `enough` nothing stops.

    A full FIFO of the circle is made deeper by one place, among those below `enough`, until all events pass (Parks,
    Bounded scheduling of process networks, 1995). Where one FIFO alone is too short that finds its least depth.
    """
    circle = found = circle_of(graph, run.waits)
    cured: dict[str, int] = {}
    while run.waits:
        full = [wait.fifo for wait in found if wait.full]
        short = [fifo for fifo in full if cured.get(fifo, depths[fifo]) < enough[fifo]]
        fifo = (short or full)[0]
        cured[fifo] = stopped.deepen(fifo)
        run = stopped.go()
        found = circle_of(graph, run.waits) if run.waits else ()
    cure = tuple(sorted(cured.items()))
    return Deadlock(circle, cure, _sentence(graph, depths, circle, cure))


def circle_of(graph: TokenGraph, waits: tuple[Wait, ...]) -> tuple[Wait, ...]:
    """Actors of which each waits for the next, and the last for the first."""
    edges = {edge.name: edge for edge in graph.edges}
    waiting = {wait.actor: wait for wait in waits}
    path: list[Wait] = [waits[0]]
    while True:
        wait = path[-1]
        edge = edges[wait.fifo]
        following = waiting[edge.consumer if wait.full else edge.producer]
        if following in path:
            return tuple(path[path.index(following) :])
        path.append(following)


def _sentence(
    graph: TokenGraph, depths: Mapping[str, int], circle: tuple[Wait, ...], cure: tuple[tuple[str, int], ...]
) -> str:
    edges = {edge.name: edge for edge in graph.edges}
    links = []
    for wait in circle:
        edge = edges[wait.fifo]
        if wait.full:
            links.append(f"{edge.consumer}, as FIFO {wait.fifo} is full with {depths[wait.fifo]}")
        else:
            links.append(f"{edge.producer}, as FIFO {wait.fifo} is empty")
    deeper = " and ".join(f"{fifo} a depth of {depth}" for fifo, depth in cure)
    return f"{circle[0].actor} waits for {', which waits for '.join(links)}: nothing moves any more; give {deeper}."
