"""Actors and the FIFOs between them: what a streamed design does, clock cycle by clock cycle.

A token is one pack of a stream (nnet::array): the last axis of a tensor, all channels of one pixel. An actor is one
process of the DATAFLOW region, one call of a template. It runs through its phases once an event, on a clock of its
own that stands still whenever a FIFO that it would read is empty or one that it would write is full: a stalled
pipeline (AMD UG1448, "Pipeline Styles", stp). A flushable one (frp, flp) is never behind it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Access:
    """One pack read or written in every iteration of a loop, or in `iterations` of it, in cycle `cycle` of each.

    `port` counts the actor's inputs if it is a read, its outputs if it is a write.
    """

    port: int = 0
    cycle: int = 0
    iterations: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Phase:
    """A loop: `trips` iterations begin `interval` cycles after each other and take `latency` cycles each.

    `turn` cycles pass when it is entered, and again when it is left. Code without a loop is one of one trip.
    """

    trips: int
    interval: int
    latency: int
    reads: tuple[Access, ...] = ()
    writes: tuple[Access, ...] = ()
    turn: int = 0

    @property
    def cycles(self) -> int:
        """From entering to leaving it."""
        return 2 * self.turn + (self.trips - 1) * self.interval + self.latency


@dataclass(frozen=True)
class Actor:
    """One process; `inputs` and `outputs` name the FIFOs of its ports. One without inputs sends the events."""

    name: str
    kind: str
    phases: tuple[Phase, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def cycles(self) -> int:
        """Least cycles from the start of an event to that of the next."""
        return sum(phase.cycles for phase in self.phases)


@dataclass(frozen=True)
class Edge:
    """A FIFO from actor to actor; `consumer` "" is the outside, which takes every pack at once.

    `width` is in bits, `tokens` are packs an event, `given` is the depth that hls4ml writes in its pragma, in packs;
    None at the ports of the design, where the sender holds what is not yet taken.
    """

    name: str
    producer: str
    consumer: str
    width: int
    tokens: int
    given: int | None


@dataclass(frozen=True)
class TokenGraph:
    """Actors, each after all that it reads from, and the edges between them."""

    actors: tuple[Actor, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def fifos(self) -> tuple[Edge, ...]:
        """The edges inside the design."""
        return tuple(edge for edge in self.edges if edge.given is not None)

    @cached_property
    def results(self) -> tuple[Edge, ...]:
        """The edges that leave the design."""
        return tuple(edge for edge in self.edges if not edge.consumer)

    @cached_property
    def scripts(self) -> dict[str, "Script"]:
        """What each actor does in one event, by its name."""
        return {actor.name: script(actor) for actor in self.actors}


@dataclass(frozen=True)
class Script:
    """One event on an actor's own clock.

    `steps` are the cycles, increasing, in which it reads or writes; `reads` and `writes` hold for each port the indices
    into `steps` of its packs, in order; the next event begins `cycles` after this one.
    """

    steps: np.ndarray
    reads: tuple[np.ndarray, ...]
    writes: tuple[np.ndarray, ...]
    cycles: int

    def local(self, events: int) -> np.ndarray:
        """Cycles of the steps of so many events in a row: (events, steps)."""
        return self.steps + self.cycles * np.arange(events)[:, None]


def script(actor: Actor) -> Script:
    """Spread the phases of `actor` out in time."""
    sides = tuple(
        tuple(_times(actor, side, port) for port in range(len(names)))
        for side, names in (("reads", actor.inputs), ("writes", actor.outputs))
    )
    steps = np.unique(np.concatenate([times for side in sides for times in side]))
    reads, writes = (tuple(np.searchsorted(steps, times) for times in side) for side in sides)
    return Script(steps, reads, writes, actor.cycles)


def _times(actor: Actor, side: str, port: int) -> np.ndarray:
    """Cycles, increasing, in which the packs of one port come or go."""
    return np.sort(np.concatenate([np.zeros(0, np.int64), *_pieces(actor, side, port)]))


def _pieces(actor: Actor, side: str, port: int) -> Iterator[np.ndarray]:
    start = 0
    for phase in actor.phases:
        for access in getattr(phase, side):
            if access.port == port:
                which = np.arange(phase.trips) if access.iterations is None else np.array(access.iterations, np.int64)
                yield start + phase.turn + phase.interval * which + access.cycle
        start += phase.cycles
