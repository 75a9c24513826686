"""Events on links and back, whatever the latency; and what a capture may have wrong."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handoff.vectors.designs import Doubler, design
from tests.handoff.vectors.test_formats import ports_and_events
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import size
from trigger_nn.handoff.vectors.cases import spread
from trigger_nn.handoff.vectors.choice import chosen_events
from trigger_nn.handoff.vectors.emp import pattern_text, read_patterns
from trigger_nn.handoff.vectors.layout import Layout
from trigger_nn.handoff.vectors.pace import interval_of
from trigger_nn.handoff.vectors.patterns import board_of, events_in, layout_of, pattern_files
from trigger_nn.handoff.vectors.values import REAL, BlockVectors, Group
from trigger_nn.hardware.estimate import estimate
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port
from trigger_nn.recipe import PatternSpec

FLAGS = ("words", "valid", "start", "end", "orbit", "strobe")
WIDE = Port("wide", (5,), Fixed(False, 30, 30))  # 150 bits: three words
NARROW = Port("narrow", (2,), Fixed(True, 4, 4))
EVENTS = {"wide": np.arange(20).reshape(4, 5) + (1 << 29), "narrow": np.arange(8).reshape(4, 2) - 8}


def delayed(board, frames, front=True):
    """The board with so many frames more before what it holds, or behind."""
    pad = ((frames, 0) if front else (0, frames), (0, 0))
    flags = {name: np.pad(getattr(board, name), pad) for name in FLAGS}
    flags["strobe"] = np.ones(flags["valid"].shape, bool)
    return replace(board, **flags)


def cut(board, frames):
    return replace(board, **{name: getattr(board, name)[frames] for name in FLAGS})


def laid(events=4, **choices):
    spec = PatternSpec(**({"words_per_event": 2, "event_spacing": 3} | choices))
    return layout_of((WIDE, NARROW), (NARROW,), spec, block(events), 25.0)


def block(events, groups=()):
    values = {"narrow": np.arange(2 * events).reshape(events, 2) % 16 - 8}
    return BlockVectors(values, values, tuple(groups))


@given(ports_and_events(most=3), st.data())
def test_events_come_back_from_any_layout_with_any_latency(case, data):
    ports, values = case
    words = data.draw(st.integers(1, 5))
    spacing = words + data.draw(st.integers(0, 3))
    needed = -(-size(ports) // (64 * words))
    links = data.draw(st.lists(st.integers(0, 90), min_size=needed, max_size=needed, unique=True))
    spec = PatternSpec(
        words_per_event=words,
        event_spacing=spacing,
        input_links=tuple(links),
        format=data.draw(st.sampled_from(["EMPv1", "EMPv2"])),
    )
    layout = layout_of(ports, ports, spec, BlockVectors(values, values, ()), 5.0)
    board = delayed(board_of(values, layout.inputs, layout), data.draw(st.integers(0, 7)))
    found = events_in(read_patterns(pattern_text(board).decode()), layout.inputs)
    assert all(np.array_equal(found[name], x) for name, x in values.items())
    assert Layout.parse(layout.text()).inputs == replace(layout.inputs, ports=tuple(map(plain, ports)))


def plain(port):
    """The port with what a layout keeps of its type."""
    return Port(port.name, port.shape, Fixed(port.type.signed, port.type.width, port.type.integer))


def test_packing_after_the_contract():
    layout = laid(input_links=(7, 3), board="b")
    board = board_of({n: x[:1] for n, x in EVENTS.items()}, layout.inputs, layout)
    one = sum(int(x) << (30 * i) for i, x in enumerate(EVENTS["wide"][0])) + (0x98 << 150)
    mask = (1 << 64) - 1
    assert board.words.tolist() == [[one & mask, one >> 128], [one >> 64 & mask, 0], [0, 0]]
    assert board.valid.tolist() == [[True, True], [True, True], [False, False]]
    assert board.start.tolist() == [[True, True], [False, False], [False, False]]
    assert board.end.tolist() == [[False, False], [True, True], [False, False]]
    assert board.orbit.tolist() == [[True, True], [False, False], [False, False]]
    stored = json.loads(layout.text())["inputs"]
    assert stored["links"] == [7, 3]
    assert [port["first_bit"] for port in stored["ports"]] == [0, 150]
    assert stored["ports"][1]["words"] == [{"link": 3, "word": 0, "low": 22, "high": 29, "port_low": 0, "port_high": 7}]
    assert [(w["link"], w["word"], w["low"], w["high"]) for w in stored["ports"][0]["words"]] == [
        (7, 0, 0, 63), (7, 1, 0, 63), (3, 0, 0, 21),
    ]  # fmt: skip


def test_too_few_links_say_how_many_words_are_needed():
    with pytest.raises(HandoffError, match=r"input ports have 158 bits, 3 words .* name 2 links .*input_links"):
        laid(input_links=(1,))


def test_files_hold_whole_events_and_are_sixteen_at_most():
    groups = [Group("zero", 0, 1), Group("hot", 1, 9), Group(REAL, 10, 30)]
    many = block(40, groups)
    layout = layout_of((NARROW,), (NARROW,), PatternSpec(words_per_event=1, frames=2), many, 25.0)
    files = pattern_files(layout, many)
    assert len(files) == 33
    assert layout.events == (*range(10), *(10 + spread(30, 22)))  # all others fit, so the rest is real
    assert json.loads(files["layout.json"])["events"] == list(layout.events)
    assert layout.events_of(15) == layout.events[30:]
    for number in (0, 15):
        found = events_in(read_patterns(files[f"expected_{number:03d}.txt"].decode()), layout.outputs)
        assert np.array_equal(found["narrow"], many.expected["narrow"][list(layout.events_of(number))])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 200), st.data())
def test_events_are_chosen_of_all_groups_and_at_least_half_are_real(counts, room, data):
    place = data.draw(st.integers(0, len(counts) - 1))
    groups = [Group(REAL if n == place else f"g{n}", sum(counts[:n]), count) for n, count in enumerate(counts)]
    chosen = chosen_events(groups, sum(counts), room)
    assert len(chosen) == min(room, sum(counts))
    assert sorted(set(chosen)) == list(chosen)
    kept = [sum(group.first <= n < group.first + group.count for n in chosen) for group in groups]
    assert 2 * kept[place] >= min(len(chosen), 2 * counts[place])
    others = [(kept[n], counts[n]) for n in range(len(counts)) if n != place]
    most = max((k for k, _ in others), default=0)
    assert all(k == count or k >= most - 1 for k, count in others)  # equal parts, or all of a group


def test_events_without_groups_are_chosen_at_even_distances():
    assert chosen_events((), 9, 3) == (0, 4, 8)
    assert chosen_events((), 3, 9) == (0, 1, 2)


@pytest.mark.parametrize(
    ("mhz", "spacing", "interval", "apart", "instances", "single"),
    [
        (360.0, 9, 25.0, 25.0, 1, 9),
        (360.0, 9, 25.1, 25.0, 2, 10),
        (360.0, 9, 270.0, 25.0, 11, 98),
        (240.0, 6, 2.5, 25.0, 1, 1),
        (320.0, 16, 50.0, 50.0, 1, 16),
    ],
)
def test_a_layout_says_how_fast_events_come(mhz, spacing, interval, apart, instances, single):
    spec = PatternSpec(words_per_event=spacing, link_mhz=mhz)
    layout = layout_of((NARROW,), (NARROW,), spec, block(4), interval)
    stored = json.loads(layout.text())
    assert (stored["link_mhz"], stored["event_spacing_ns"], stored["initiation_interval_ns"]) == (mhz, apart, interval)
    assert (stored["instances"], stored["event_spacing_of_one_instance"]) == (instances, single)
    assert Layout.parse(layout.text()).pace == layout.pace


class Builder(Doubler):
    def facts(self):
        return {"kind": "doubler", "pipeline": {"clocks_per_event": 72}}


def test_the_slower_of_builder_and_network_decides():
    one = design()
    alone = estimate(one.program, one.hardware.clock_period, one.hardware.part)
    assert interval_of(one) == alone.interval * 5.0 == interval_of(design(Doubler()))
    assert interval_of(design(Builder())) == 72 * 5.0


@pytest.mark.parametrize("kind", ["EMPv1", "EMPv2"])
def test_packets_cut_by_the_capture_are_left_out(kind):
    layout = laid(format=kind)
    board = board_of(EVENTS, layout.inputs, layout)
    late = cut(delayed(board, 2), slice(0, 12))  # the last packet loses its second word
    assert np.array_equal(events_in(late, layout.inputs)["wide"], EVENTS["wide"][:3])
    early = cut(board, slice(1, None))  # the first packet loses its first word
    assert np.array_equal(events_in(early, layout.inputs)["narrow"], EVENTS["narrow"][1:])


def test_frames_without_strobe_hold_no_word():
    layout = laid()
    board = board_of(EVENTS, layout.inputs, layout)
    twice = {name: np.repeat(getattr(board, name), 2, axis=0) for name in FLAGS}
    twice["strobe"][1::2] = False
    twice["words"][1::2] = 99
    assert np.array_equal(events_in(replace(board, **twice), layout.inputs)["wide"], EVENTS["wide"])


def flipped(board, name, frame, link):
    changed = getattr(board, name).copy()
    changed[frame, link] = ~changed[frame, link]
    return replace(board, **{name: changed})


@pytest.mark.parametrize(
    ("name", "frame", "says"),
    [
        ("valid", 4, "packet that begins in frame 3 has not 2 valid words"),
        ("end", 4, "packet that begins in frame 3 has not 2 valid words"),
        ("end", 3, "packet that begins in frame 3 has not 2 valid words"),
        ("start", 4, "packet that begins in frame 3 has not 2 valid words"),
        ("start", 3, "frame 3 is valid but in no packet"),
        ("valid", 5, "frame 5 is valid but in no packet"),
    ],
)
def test_wrong_flags_are_named(name, frame, says):
    layout = laid()
    board = board_of(EVENTS, layout.inputs, layout)
    with pytest.raises(HandoffError, match=f"^the file, link 1: the {says}|^the file, link 1: {says}"):
        events_in(flipped(board, name, frame, 1), layout.inputs)


def test_wrong_runs_are_named():
    layout = laid(format="EMPv1")
    board = flipped(board_of(EVENTS, layout.inputs, layout), "valid", 2, 0)
    board = flipped(board, "valid", 4, 0)
    with pytest.raises(HandoffError, match="link 0: 4 words are valid from frame 0, but packets have 2 with a gap"):
        events_in(board, layout.inputs)
    tight = laid(format="EMPv1", event_spacing=2)
    board = board_of(EVENTS, tight.inputs, tight)
    with pytest.raises(HandoffError, match="link 0: 3 words are valid from frame 0, but packets have 2;"):
        events_in(flipped(board, "valid", 3, 0), tight.inputs)


def test_links_that_do_not_begin_together_are_named():
    layout = laid()
    board = board_of(EVENTS, layout.inputs, layout)
    late = delayed(board, 1)
    mixed = {
        n: np.column_stack([getattr(delayed(board, 1, front=False), n)[:, 0], getattr(late, n)[:, 1]]) for n in FLAGS
    }
    with pytest.raises(HandoffError, match="packet 0 begins in frame 1 on link 1, in frame 0 on link 0"):
        events_in(replace(board, **mixed), layout.inputs)


def test_captures_without_the_link_or_without_a_packet_are_refused():
    layout = laid()
    board = board_of(EVENTS, layout.inputs, layout)
    with pytest.raises(HandoffError, match=r"has no link 1; capture links 0, 1\."):
        events_in(replace(board, links=(0, 5)), layout.inputs)
    with pytest.raises(HandoffError, match="no whole packet of 2 valid words"):
        events_in(cut(board, slice(2, 3)), layout.inputs)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"EMPv2"', '"EMPv3"'),
        ('"frames"', '"fraims"'),
        ("{", "["),
        ('"width": 30', '"width": 3000'),
        ('"frames": 1024', '"frames": 1'),
        ('"events": [\n  0,', '"events": [\n  1,'),
        ('"events": [\n  0,', '"events": [\n  -1,'),
        ('"events_in_all": 4', '"events_in_all": 3'),
        ('"link_mhz": 360.0', '"link_mhz": 0'),
        ('"initiation_interval_ns": 25.0', '"initiation_interval_ns": NaN'),
    ],
)
def test_damaged_layouts_are_refused(old, new):
    text = laid().text().decode()
    assert old in text
    with pytest.raises(HandoffError, match="does not describe a layout"):
        Layout.parse(text.replace(old, new).encode())
