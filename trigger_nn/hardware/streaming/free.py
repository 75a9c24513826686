"""Schedules with FIFOs that are never full: as early as possible, and as late as keeps every result in time.

Without full FIFOs an actor's k-th step happens at t_k = max(t_(k-1) + d_k, a_k): d_k cycles after the step before, but
not before a_k, one cycle after the last of the packs that it reads was written. On the actor's own clock s_k that is
a running maximum, t_k - s_k = max over j <= k of (a_j - s_j): linear in the max-plus algebra (Baccelli et al.,
Synchronization and Linearity, 1992, chapter 2). The latest schedule is the same with minima, from the last step.

An actor can't do an event in fewer cycles than its own clock counts, and nothing else holds it up for ever: the
interval is the largest of these numbers, and with events in that pace the schedule settles into a period.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.hardware.streaming.tokens import Actor, Edge, TokenGraph

Times = Mapping[str, np.ndarray]
"""Clock cycle of each step of each actor: (events, steps)."""

NEVER = np.iinfo(np.int64).max // 4
MOST_EVENTS = 4096


@dataclass(frozen=True)
class Free:
    """`times` of `events` events that come every `pace` cycles."""

    times: Times
    events: int
    pace: int


def interval(graph: TokenGraph) -> int:
    """Least cycles from event to event, whatever the FIFOs."""
    return max(actor.cycles for actor in graph.actors)


def settled(graph: TokenGraph, events: int) -> Free:
    """The earliest schedule in that pace, of `events` events or as many more as it takes to repeat itself."""
    pace = interval(graph)
    while True:
        times = earliest(graph, events, pace)
        repeats = events > 1 and all(np.array_equal(steps[-1], steps[-2] + pace) for steps in times.values())
        if repeats or events >= MOST_EVENTS:
            return Free(times, events, pace)
        events *= 2


def earliest(graph: TokenGraph, events: int, pace: int) -> Times:
    """Every step as early as its packs are there; event e is sent from cycle e * `pace` on."""
    times: dict[str, np.ndarray] = {}
    written: dict[str, np.ndarray] = {}
    for actor in graph.actors:
        script = graph.scripts[actor.name]
        if not actor.inputs:
            times[actor.name] = script.steps + max(script.cycles, pace) * np.arange(events)[:, None]
        else:
            clock = script.local(events)
            bound = clock.copy()
            for fifo, steps in zip(actor.inputs, script.reads, strict=True):
                bound[:, steps] = np.maximum(bound[:, steps], written[fifo] + 1)
            times[actor.name] = clock + _running(np.maximum, bound - clock)
        for fifo, steps in zip(actor.outputs, script.writes, strict=True):
            written[fifo] = times[actor.name][:, steps]
    return times


def latest(graph: TokenGraph, free: Free) -> Times:
    """Every step as late as its packs are wanted; what leaves the design does so when it does in `free`."""
    times: dict[str, np.ndarray] = {}
    leaving = {edge.name for edge in graph.results}
    wanted: dict[str, np.ndarray] = {}
    for actor in reversed(graph.actors):
        script = graph.scripts[actor.name]
        early = free.times[actor.name]
        clock = script.local(free.events)
        bound = np.full_like(early, NEVER)
        for fifo, steps in zip(actor.outputs, script.writes, strict=True):
            limit = early[:, steps] if fifo in leaving else wanted[fifo] - 1
            bound[:, steps] = np.minimum(bound[:, steps], limit)
        slack = _ended(bound - clock, early[-1, -1] - clock[-1, -1])
        times[actor.name] = clock + _running(np.minimum, slack[::-1, ::-1])[::-1, ::-1]
        for fifo, steps in zip(actor.inputs, script.reads, strict=True):
            wanted[fifo] = times[actor.name][:, steps]
    return times


def _ended(slack: np.ndarray, least: int) -> np.ndarray:
    """What follows the last step that is wanted at all is bound by nothing: it follows without a pause."""
    if slack[-1, -1] > NEVER // 2:
        slack[-1, -1] = max(least, slack[slack <= NEVER // 2][-1])
    return slack


def occupancy(graph: TokenGraph, edge: Edge, times: Times) -> int:
    """The most packs that `edge` must hold, the one being read in a cycle among them: its place is free the next."""
    written, read = (port_times(graph, edge, times, side).ravel() for side in ("writes", "reads"))
    return int((np.arange(1, len(written) + 1) - np.searchsorted(read, written)).max())


def port_times(graph: TokenGraph, edge: Edge, times: Times, side: str) -> np.ndarray:
    """Cycles in which the packs of `edge` are written or read: (events, packs)."""
    end = edge.producer if side == "writes" else edge.consumer
    actor = next(actor for actor in graph.actors if actor.name == end)
    return times[end][:, steps_of(graph, actor, edge.name, side)]


def steps_of(graph: TokenGraph, actor: Actor, fifo: str, side: str) -> np.ndarray:
    """Indices into the steps of `actor` of the packs of one port."""
    names = actor.outputs if side == "writes" else actor.inputs
    return getattr(graph.scripts[actor.name], side)[names.index(fifo)]


def completions(graph: TokenGraph, times: Times) -> np.ndarray:
    """Cycle in which the last pack of each event leaves: (events,)."""
    return np.max([port_times(graph, edge, times, "writes")[:, -1] for edge in graph.results], axis=0)


def _running(extreme: np.ufunc, values: np.ndarray) -> np.ndarray:
    return extreme.accumulate(values.ravel()).reshape(values.shape)
