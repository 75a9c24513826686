"""Corner cases hold what they promise, and words carry any mantissa."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import fixed_types, mantissas
from trigger_nn.hardware.simulation.buses import from_words, place, to_words
from trigger_nn.hardware.simulation.corners import corner_inputs, random_words
from trigger_nn.hardware.simulation.latency import latencies_of_data, latencies_of_valid
from trigger_nn.hardware.simulation.runs import scattered, through_reset
from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.program import Port

SHAPES = st.sampled_from([(), (1,), (3,), (2, 2)])
PORTS = st.lists(st.tuples(fixed_types(64), SHAPES), min_size=1, max_size=3).map(
    lambda kinds: tuple(Port(f"port_{i}", shape, kind) for i, (kind, shape) in enumerate(kinds))
)


@given(PORTS)
def test_corners_stay_in_range_and_reach_its_ends(ports):
    events = corner_inputs(ports, np.random.default_rng(0), uniform=4)
    for port in ports:
        values = events[port.name].reshape(-1, int(np.prod(port.shape)))
        for element in values.T.tolist():
            assert (min(element), max(element)) == (port.type.lowest, port.type.maximum)
            assert 0 in element
            assert {1 << bit for bit in range(port.type.width - port.type.signed)} <= set(element)
            if port.type.signed and port.type.width > 1:
                assert -1 in element
    first = ports[0]
    if not first.type.signed:
        return
    # Somewhere the first element alone is at its minimum.
    rows = to_words(ports, events)
    assert any(row[0] == first.type.lowest and not row[1:].any() for row in rows)


@given(PORTS, st.data())
def test_words_carry_every_mantissa(ports, data):
    events = {port.name: data.draw(mantissas(port.type, (2, *port.shape))) for port in ports}
    words = to_words(ports, events)
    assert words.dtype == np.int64
    back = from_words(ports, words)
    for port in ports:
        assert back[port.name].tolist() == events[port.name].tolist()


def test_symmetric_saturation_never_gives_the_types_own_minimum():
    port = Port("x", (8,), Fixed(True, 5, 2, overflow=Overflow.SAT_SYM))
    assert corner_inputs((port,), np.random.default_rng(0))["x"].min() == -15


def test_random_words_use_all_bits():
    ports = (Port("x", (1,), Fixed(False, 64, 64)), Port("y", (1,), Fixed(True, 3, 3)))
    found = from_words(ports, random_words(ports, 2000, np.random.default_rng(0)))
    assert found["x"].max() > (1 << 63) > found["x"].min() >= 0
    assert set(found["y"][:, 0].tolist()) == set(range(-4, 4))


def test_words_are_placed():
    ports = (Port("x", (2, 2), Fixed(True, 5, 2)), Port("y", (), Fixed(True, 5, 2)))
    assert [(place(ports, i).port.name, place(ports, i).element) for i in (0, 3, 4)] == [
        ("x", (0, 0)),
        ("x", (1, 1)),
        ("y", ()),
    ]


@given(st.integers(1, 60), st.integers(0, 2**31))
def test_scattered_events_all_come_once_between_other_neighbours(count, seed):
    words = np.arange(count, dtype=np.int64)[:, None]
    run = scattered(words, (Port("x", (1,), Fixed(True, 20, 20)),), np.random.default_rng(seed))
    assert sorted(run.event[run.valid].tolist()) == list(range(count))
    assert np.array_equal(run.words[run.valid][:, 0], run.event[run.valid])
    both = run.valid[1:] & run.valid[:-1]
    assert not np.any(np.abs(np.diff(run.event))[both] == 1)


def test_a_reset_loses_what_is_in_the_registers():
    answered = through_reset(np.zeros((100, 1), np.int64), 2).answered(2)
    # Rows 0 and 1 have no answer yet; the reset comes with event 2, when events 0 and 1 are in the two registers: row 2
    # still sees event 0, as the reset works after that edge.
    assert answered.tolist() == [-1, -1, 0, -1, -1, 3, 4, 5, 6, 7]


def test_latencies_are_found_and_none_where_there_is_none():
    valid = np.array([1, 0, 1, 1, 0], bool)
    late = np.concatenate([np.zeros(2, bool), valid, np.zeros(4, bool)])
    assert latencies_of_valid(valid, late) == (2,)
    late[-1] = True  # an answer to nothing
    assert latencies_of_valid(valid, late) == ()
    data = np.array([[3], [1], [4], [1], [5]])
    found = np.concatenate([np.full((3, 1), 9), data, np.full((2, 1), 9)])
    assert latencies_of_data(data, found) == (3,)
    assert latencies_of_data(data, np.full((10, 1), 7)) == ()
    assert latencies_of_data(np.zeros((4, 1)), np.zeros((6, 1))) == (0, 1, 2)
