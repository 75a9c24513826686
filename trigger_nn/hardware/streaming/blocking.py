"""Schedules with FIFOs of given depths: a write waits while its FIFO is full, and everything may come to a stop.

Each actor runs as far as packs and room allow; then those that it held up go on. In which order does not matter: an
actor's steps depend on nothing but the packs (Kahn, The semantics of a simple language for parallel programming,
1974), and their cycles are known when they are taken. A place is free the cycle after its pack was read, and a pack
can be read the cycle after it was written: full and empty come from registers, as in the FIFOs of Vitis HLS.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from trigger_nn.hardware.streaming.tokens import Actor, Edge, TokenGraph

ENDLESS = 1 << 60  # the depth of a FIFO that never fills


@dataclass(frozen=True)
class Wait:
    """An actor that can't go on: FIFO `fifo` is full (`full`), or empty."""

    actor: str
    fifo: str
    full: bool


@dataclass(frozen=True)
class Run:
    """Events done: the cycle in which each one's last pack left; and who waits for what where it stopped before."""

    completions: np.ndarray
    waits: tuple[Wait, ...]


@dataclass
class _Channel:
    """A FIFO as it fills: the cycles in which its packs were written and read."""

    edge: Edge
    depth: int
    written: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)


@dataclass
class _Worker:
    """An actor as it runs: for each step of an event, cycles since the step before, FIFOs read, FIFOs written.

    `stopped` is the FIFO that the next step waits for, `beside` are its FIFOs with who is at their other ends.
    """

    actor: Actor
    steps: list[tuple[int, list[_Channel], list[_Channel]]]
    left: int
    cycle: int
    position: int = 0
    stopped: _Channel | None = None
    beside: list[tuple[_Channel, "_Worker"]] = field(default_factory=list)


class Simulation:
    """A run that goes on where it stopped when a FIFO is made deeper."""

    def __init__(self, graph: TokenGraph, depths: Mapping[str, int], events: int, pace: int = 0) -> None:
        """`events` are sent every `pace` cycles, or as fast as the sender can; FIFOs without a depth never fill."""
        self._channels = {edge.name: _Channel(edge, depths.get(edge.name, ENDLESS)) for edge in graph.edges}
        self._workers = {actor.name: _worker(graph, actor, self._channels, events, pace) for actor in graph.actors}
        for channel in self._channels.values():
            ends = [self._workers[name] for name in (channel.edge.producer, channel.edge.consumer) if name]
            for worker, other in zip(ends, reversed(ends), strict=True):
                worker.beside.append((channel, other))
        self._results = [self._channels[edge.name] for edge in graph.results]

    def go(self) -> Run:
        """Run until all is done, or nothing moves."""
        waiting = deque(self._workers.values())
        while waiting:
            worker = waiting.popleft()
            if _advance(worker):
                for channel, other in worker.beside:
                    if other.stopped is channel:  # who waits for another FIFO goes on waiting
                        other.stopped = None
                        waiting.append(other)
        ends = [channel.written[channel.edge.tokens - 1 :: channel.edge.tokens] for channel in self._results]
        done = min(map(len, ends))
        return Run(np.max([end[:done] for end in ends], axis=0), tuple(self._waits()))

    def deepen(self, fifo: str) -> int:
        """One more place in `fifo`; returns its depth."""
        self._channels[fifo].depth += 1
        return self._channels[fifo].depth

    def _waits(self) -> Iterator[Wait]:
        for worker in self._workers.values():
            if worker.stopped:
                fifo = worker.stopped.edge.name
                yield Wait(worker.actor.name, fifo, full=fifo in worker.actor.outputs)


def _worker(graph: TokenGraph, actor: Actor, channels: Mapping[str, _Channel], events: int, pace: int) -> _Worker:
    script = graph.scripts[actor.name]
    cycles = script.cycles if actor.inputs else max(script.cycles, pace)
    before = np.diff(script.steps, prepend=script.steps[-1] - cycles)
    reads: list[list[_Channel]] = [[] for _ in script.steps]
    writes: list[list[_Channel]] = [[] for _ in script.steps]
    for taken, names, ports in ((reads, actor.inputs, script.reads), (writes, actor.outputs, script.writes)):
        for fifo, steps in zip(names, ports, strict=True):
            for step in steps:
                taken[step].append(channels[fifo])
    start = int(script.steps[-1]) - cycles  # so that the first step comes in its own cycle
    return _Worker(actor, list(zip(before.tolist(), reads, writes, strict=True)), events * len(reads), start)


def _advance(worker: _Worker) -> bool:
    """Take as many steps as can be; whether there were any.

    This is the inner loop: a pack takes about a microsecond.
    """
    steps, position, left, last = worker.steps, worker.position, worker.left, worker.cycle
    worker.stopped = None
    while left:
        before, reads, writes = steps[position]
        cycle = last + before
        for channel in reads:
            number = len(channel.read)
            if number == len(channel.written):
                worker.stopped = channel
                break
            cycle = max(cycle, channel.written[number] + 1)
        for channel in writes:
            number = len(channel.written) - channel.depth
            if number >= 0:
                if number >= len(channel.read):
                    worker.stopped = channel
                    break
                cycle = max(cycle, channel.read[number] + 1)
        if worker.stopped:
            break
        for channel in reads:
            channel.read.append(cycle)
        for channel in writes:
            channel.written.append(cycle)
        last = cycle
        left -= 1
        position = position + 1 if position + 1 < len(steps) else 0
    moved = left < worker.left
    worker.position, worker.left, worker.cycle = position, left, last
    return moved
