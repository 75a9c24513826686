"""The fast simulators against the plain one, on random graphs; and what is promised of the depths they find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hardware.streaming.plain import graphs
from tests.hardware.streaming.plain import simulate as plain
from trigger_nn.hardware.streaming.analyse import simulate
from trigger_nn.hardware.streaming.blocking import Simulation
from trigger_nn.hardware.streaming.free import completions, earliest, interval, occupancy, settled
from trigger_nn.hardware.streaming.tokens import Access, Actor, Edge, Phase, TokenGraph

EVENTS = 5


@given(graphs(), st.integers(0, 25))
def test_free_schedule_is_that_of_every_cycle_simulated(graph, pace):
    told = plain(graph, {}, EVENTS, pace)
    times = earliest(graph, EVENTS, pace)
    assert completions(graph, times).tolist() == told.done
    assert {edge.name: occupancy(graph, edge, times) for edge in graph.edges if edge.consumer} == {
        name: most for name, most in told.most.items() if name not in {edge.name for edge in graph.results}
    }


@given(graphs(), st.integers(0, 25))
def test_full_fifos_hold_up_what_they_hold_up_cycle_by_cycle(graph, pace):
    depths = {edge.name: edge.given for edge in graph.fifos}
    told = plain(graph, depths, EVENTS, pace)
    run = Simulation(graph, depths, EVENTS, pace).go()
    assert run.completions.tolist() == told.done
    assert bool(run.waits) == told.stuck


@given(graphs())
def test_the_interval_is_that_of_many_events_sent_as_fast_as_they_are_taken(graph):
    events = 3 * settled(graph, 8).events
    done = completions(graph, earliest(graph, events, 0))
    assert done[-1] - done[-2] == interval(graph)


@given(graphs())
def test_with_the_needed_depths_nothing_comes_later_than_with_infinite_ones(graph):
    found = simulate(graph)
    free = plain(graph, {}, 2 * found.events, found.free_interval)
    told = plain(graph, found.needed, 2 * found.events, found.free_interval)
    assert told.done == free.done
    again = simulate(graph, found.needed)
    assert (again.latency, again.interval) == (found.free_latency, found.free_interval)


@given(graphs())
def test_verdict_latency_and_interval_with_given_depths(graph):
    found = simulate(graph)
    depths = {edge.name: edge.given for edge in graph.fifos}
    told = plain(graph, depths, found.events, 0)
    assert (found.deadlock is not None) == told.stuck
    if told.stuck:
        assert found.latency is None
        assert found.interval is None
    else:
        assert found.interval == np.diff(told.done)[found.events // 2 - 1 :].max()
        paced = plain(graph, depths, found.events, found.interval)
        assert found.latency == max(done - found.interval * e for e, done in enumerate(paced.done)) + 1


@settings(max_examples=120)
@given(graphs())
def test_a_cure_cures_and_one_place_less_in_a_single_fifo_does_not(graph):
    found = simulate(graph)
    if found.deadlock is None:
        return
    depths = {edge.name: edge.given for edge in graph.fifos}
    assert not plain(graph, depths | dict(found.cure), found.events, 0).stuck
    assert all(depth <= found.needed[name] for name, depth in found.cure)
    if len(found.cure) == 1:
        ((name, depth),) = found.cure
        assert plain(graph, depths | {name: depth - 1}, found.events, 0).stuck


def _branch(first):
    """A copy to a layer that wants four packs before it gives one, and to one that adds them up."""
    copy = Phase(4, 1, 1, (Access(),), (Access(0), Access(1)))
    return TokenGraph(
        (
            Actor("in", "input", (Phase(4, 1, 1, (), (Access(),)),), (), ("in",)),
            Actor("copy", "Clone", (copy,), ("in",), ("long", "short")),
            Actor(
                "sum", "Dense", (Phase(4, 1, 1, (Access(),)), Phase(4, 1, 1, (), (Access(),))), ("long",), ("summed",)
            ),
            Actor(
                "add", "Merge", (Phase(4, 1, 1, (Access(0), Access(1)), (Access(),)),), ("summed", "short"), ("add",)
            ),
        ),
        (
            Edge("in", "in", "copy", 8, 4, None),
            Edge("long", "copy", "sum", 8, 4, 4),
            Edge("short", "copy", "add", 8, 4, first),
            Edge("summed", "sum", "add", 8, 4, 4),
            Edge("add", "add", "", 8, 4, None),
        ),
    )


def test_a_deadlock_is_told_in_words_with_what_mends_it():
    found = simulate(_branch(2))
    assert found.deadlock == (
        "copy waits for add, as FIFO short is full with 2, which waits for sum, as FIFO summed is empty, which waits "
        "for copy, as FIFO long is empty: nothing moves any more; give short a depth of 4."
    )
    assert found.cure == (("short", 4),)
    assert simulate(_branch(3)).deadlock is not None
    assert simulate(_branch(4)).deadlock is None


def test_a_fifo_in_front_of_a_slow_layer_need_not_hold_what_a_patient_sender_can():
    slow = Actor("slow", "Conv2D", (Phase(100, 7, 7, (Access(),), (Access(cycle=6),)),), ("in",), ("slow",))
    relay = Actor("relay", "Relu", (Phase(100, 1, 1, (Access(),), (Access(),)),), ("first",), ("in",))
    source = Actor("first", "input", (Phase(100, 1, 1, (), (Access(),)),), (), ("first",))
    edges = (
        Edge("first", "first", "relay", 8, 100, None),
        Edge("in", "relay", "slow", 8, 100, 100),
        Edge("slow", "slow", "", 8, 100, None),
    )
    found = simulate(TokenGraph((source, relay, slow), edges))
    (fifo,) = found.fifos
    # While 100 packs come in one a cycle, 15 go out, one every 7; the 15th in the cycle of the 100th coming.
    assert (fifo.occupancy, fifo.needed) == (86, 1)
    assert (found.latency, found.interval, found.bottleneck) == (2 + 700, 700, "slow")


@pytest.mark.parametrize("depth", [1, 2])
def test_a_fifo_of_one_place_halves_the_rate(depth):
    pack = Phase(50, 1, 1, (Access(),), (Access(),))
    actors = (
        Actor("in", "input", (Phase(50, 1, 1, (), (Access(),)),), (), ("in",)),
        Actor("a", "Relu", (pack,), ("in",), ("a",)),
        Actor("b", "Relu", (pack,), ("a",), ("b",)),
    )
    edges = (Edge("in", "in", "a", 8, 50, None), Edge("a", "a", "b", 8, 50, depth), Edge("b", "b", "", 8, 50, None))
    assert simulate(TokenGraph(actors, edges)).interval == {1: 100, 2: 50}[depth]
