"""Events on links and back, whatever the latency; and what a capture may have wrong."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handoff.vectors.test_formats import ports_and_events
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import size
from trigger_nn.handoff.vectors.emp import pattern_text, read_patterns
from trigger_nn.handoff.vectors.layout import Layout
from trigger_nn.handoff.vectors.patterns import board_of, events_in, layout_of, pattern_files
from trigger_nn.handoff.vectors.values import BlockVectors
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
    return layout_of((WIDE, NARROW), (NARROW,), spec, events)


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
    layout = layout_of(ports, ports, spec, len(values[ports[0].name]))
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
    many = {"narrow": np.zeros((40, 2), np.int64)}
    spec = PatternSpec(words_per_event=1, frames=2)
    layout = layout_of((NARROW,), (NARROW,), spec, 40)
    files = pattern_files(layout, BlockVectors(many, many, ()))
    assert len(files) == 33
    assert (layout.events, layout.events_in_all) == (32, 40)
    assert {files[f"inputs_{n:03d}.txt"] for n in range(16)} == {files["inputs_000.txt"]}
    assert len(read_patterns(files["expected_015.txt"].decode()).words) == 2


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
    ],
)
def test_damaged_layouts_are_refused(old, new):
    text = laid().text().decode()
    assert old in text
    with pytest.raises(HandoffError, match="does not describe a layout"):
        Layout.parse(text.replace(old, new).encode())
