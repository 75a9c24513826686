"""A block that is right passes; each kind of fault is found, and said."""

from dataclasses import replace

import numpy as np
import pytest

from tests.hardware.simulation import blocks
from trigger_nn.errors import EventsError
from trigger_nn.hardware.simulation.check import check, check_built
from trigger_nn.hardware.simulation.corners import corner_inputs

pytestmark = pytest.mark.usefixtures("gxx")


def inputs(rtl, uniform=300):
    return corner_inputs(rtl.inputs, np.random.default_rng(5), uniform)


def test_a_right_block_agrees_at_its_latency():
    rtl = blocks.multiply_add()
    events = inputs(rtl)
    found = check(rtl, blocks.multiplied_and_added, events)
    assert found.agrees, found.sentences
    assert found.valid_latencies == found.data_latencies == (3,)
    assert found.events == len(events["x"])
    assert [outcome.run for outcome in found.outcomes] == ["back to back", "scattered", "through a reset"]
    assert all(outcome.events == found.events for outcome in found.outcomes[:2])
    # Of 11 events one in every cycle, those that are in a register when the reset comes are lost: the one that is
    # sampled with it, and the two before.
    assert found.outcomes[2].events == 8
    assert found.build_seconds > 0
    assert found.cycles > 2 * found.events


def test_a_combinational_block_agrees():
    rtl = blocks.swap()
    found = check(rtl, blocks.swapped, inputs(rtl))
    assert found.agrees, found.sentences
    assert found.data_latencies == (0,)
    assert len(found.outcomes) == 2


def test_one_bit_of_one_constant_is_found(wrong):
    found = check_built(wrong, blocks.multiplied_and_added, inputs(wrong.rtl))
    assert not found.agrees
    first = found.outcomes[0].first
    assert (first.event, first.port.name, first.element, first.expected, first.found) == (0, "z", (0,), 5, 4)
    assert "event 0, port z, element 0: expected 5 (0x0000000000000005), found 4" in " ".join(found.sentences)


def test_another_latency_than_the_stated_one_is_measured(right):
    stated = replace(right, rtl=blocks.multiply_add(latency=2))
    found = check_built(stated, blocks.multiplied_and_added, inputs(right.rtl))
    assert not found.agrees
    assert found.valid_latencies == found.data_latencies == (3,)
    assert (
        "stated latency in clock cycles is 2; measured from the valid bits: 3, from the data: 3." in found.sentences[1]
    )


def test_a_pipeline_that_stalls_in_gaps_is_found():
    rtl = blocks.multiply_add("always @(posedge clk) begin", "always @(posedge clk) if (in_valid) begin")
    found = check(rtl, blocks.multiplied_and_added, inputs(rtl))
    back_to_back, scattered, _ = found.outcomes
    assert back_to_back.agrees  # with an event at every clock it never stalls; the last ones are like the idle bus
    assert scattered.differing_events > 100
    assert not found.agrees


def test_a_reset_that_clears_nothing_is_found():
    rtl = blocks.multiply_add("if (rst) valid <= 0; else", "")
    found = check(rtl, blocks.multiplied_and_added, inputs(rtl))
    assert [outcome.agrees for outcome in found.outcomes] == [True, True, False]
    assert found.outcomes[2].wrong_valid == 3
    assert "out_valid is wrong in 3 cycles" in found.sentences[-1]


def test_outputs_that_repeat_leave_the_latency_open_and_say_so(right):
    still = {"x": np.zeros((20, 3), np.int64), "y": np.zeros((20, 2, 1), np.int64)}
    found = check_built(right, blocks.multiplied_and_added(still), still)
    assert found.agrees
    assert found.valid_latencies == (3,)
    assert 3 in found.data_latencies
    assert len(found.data_latencies) > 1
    assert "outputs repeat" in found.sentences[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": np.zeros((0, 3), int), "y": np.zeros((0, 2, 1), int)}, "no events"),
        ({"y": np.zeros((4, 2, 1), int)}, "'x' is not among"),
        ({"x": np.zeros((4, 3)), "y": np.zeros((4, 2, 1), int)}, "takes integers"),
        ({"x": np.full((4, 3), 64), "y": np.zeros((4, 2, 1), int)}, "from -64 to 63, found 64 to 64"),
        ({"x": np.zeros((4, 3), int), "y": np.zeros((5, 2, 1), int)}, "different numbers of events"),
    ],
)
def test_events_that_do_not_fit_are_refused_before_anything_is_built(change, said):
    with pytest.raises(EventsError, match=said):
        check(blocks.multiply_add(), blocks.multiplied_and_added, change)


def test_as_many_expected_outputs_as_events():
    rtl = blocks.multiply_add()
    events = inputs(rtl, 5)
    expected = {name: values[1:] for name, values in blocks.multiplied_and_added(events).items()}
    with pytest.raises(EventsError, match="one for each"):
        check(rtl, expected, events)
