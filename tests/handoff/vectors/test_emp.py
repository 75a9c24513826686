"""Buffer files of boards, after the formats' documentation and CMSSW's reader."""

import numpy as np
import pytest

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.emp import BoardData, pattern_text, read_patterns

V1 = """\
# captured
Board x0
 Quad/Chan :         q00c0                q17c3
      Link :          000                  071
Frame 0000 :    0v0000000000000000   0v0000000000000000

Frame 0001 :    1v0123456789abcdef   1vFEDCBA9876543210
Frame 0002 :    0v0000000000000000   1v0000000000000001
"""
V1_STROBE = """\
Board CMSSW
 Quad/Chan :        q01c0
      Link :         004
Frame 0000 :  1s1v00000000000000aa
Frame 0001 :  0s1v0000000000000000
Frame 0002 :  1s1v00000000000000bb
"""
V2 = """\
ID: serenity
Metadata: (strobe,) start of orbit, start of packet, end of packet, valid

      Link              004                     005
Frame 0000    0000 0000000000000000    0000 0000000000000000
Frame 0001    1101 0123456789abcdef   11101 fedcba9876543210
# a remark
Frame 0002    0011 0000000000000001   00000 0000000000000000
"""


def test_first_version():
    board = read_patterns(V1)
    assert (board.board, board.format, board.links) == ("x0", "EMPv1", (0, 71))
    assert board.words.tolist() == [[0, 0], [0x0123456789ABCDEF, 0xFEDCBA9876543210], [0, 1]]
    assert board.valid.tolist() == [[False, False], [True, True], [False, True]]
    assert board.strobe.all()
    assert not board.start.any()


def test_first_version_with_strobe():
    board = read_patterns(V1_STROBE)
    assert board.strobe.tolist() == [[True], [False], [True]]
    assert board.valid.all()
    assert pattern_text(board).decode().splitlines()[3:] == [
        "Frame 0000 :   1s1v00000000000000aa",
        "Frame 0001 :   0s1v0000000000000000",
        "Frame 0002 :   1s1v00000000000000bb",
    ]


def test_second_version():
    board = read_patterns(V2)
    assert (board.board, board.format, board.links) == ("serenity", "EMPv2", (4, 5))
    assert board.words[1].tolist() == [0x0123456789ABCDEF, 0xFEDCBA9876543210]
    assert board.orbit.tolist() == [[False, False], [True, True], [False, False]]
    assert board.start.tolist() == [[False, False], [True, True], [False, False]]
    assert board.end.tolist() == [[False, False], [False, False], [True, False]]
    assert board.valid.tolist() == [[False, False], [True, True], [True, False]]
    assert board.strobe.tolist() == [[True, True], [True, True], [True, False]]


def hand_made(kind):
    words = np.array([[0x0123456789ABCDEF], [1]], np.uint64)
    on, off = np.ones((2, 1), bool), np.zeros((2, 1), bool)
    first = np.array([[True], [False]])
    if kind == "EMPv1":
        return BoardData("x0", kind, (71,), words, on, off, off, off, on)
    return BoardData("x0", kind, (71,), words, on, first, ~first, first, on)


def test_writing_the_first_version():
    assert pattern_text(hand_made("EMPv1")).decode() == (
        "Board x0\n"
        " Quad/Chan :         q17c3\n"
        "      Link :          071\n"
        "Frame 0000 :   1v0123456789abcdef\n"
        "Frame 0001 :   1v0000000000000001\n"
    )


def test_writing_the_second_version():
    assert pattern_text(hand_made("EMPv2")).decode() == (
        "ID: x0\n"
        "Metadata: (strobe,) start of orbit, start of packet, end of packet, valid\n"
        "\n"
        "      Link              071\n"
        "Frame 0000    1101 0123456789abcdef\n"
        "Frame 0001    0011 0000000000000001\n"
    )


@pytest.mark.parametrize("text", [V1, V1_STROBE, V2])
def test_what_was_read_is_written_so_that_it_is_read_again(text):
    board = read_patterns(text)
    again = read_patterns(pattern_text(board).decode())
    assert (again.board, again.format, again.links) == (board.board, board.format, board.links)
    for name in ("words", "valid", "start", "end", "orbit", "strobe"):
        assert np.array_equal(getattr(again, name), getattr(board, name)), name


@pytest.mark.parametrize(
    ("text", "old", "new", "says"),
    [
        (V1, "# captured\nBoard x0", "board x0", "line 1: a buffer file begins with 'Board '"),
        (V1, "Quad/Chan :", "Channel :", "line 3: expected a line with ' Quad/Chan :'"),
        (V1, "   071", "   xyz", "line 4: links are numbers, each once, found '"),
        (V1, "   071", "   000", "line 4: links are numbers, each once"),
        (V1, "Frame 0001", "Frame 0003", "line 7: expected 'Frame 0001'"),
        (V1, "1v0123456789abcdef", "1v0123456789abcde", "line 7: '1v0123456789abcde' is no word as EMPv1"),
        (V1, "1v0123456789abcdef", "2v0123456789abcdef", "line 7: '2v"),
        (V1, "   1vFEDCBA9876543210", "", "line 7: 2 links need as many columns, found 1"),
        (V1, "Frame 0002", "Fram 0002", "line 8: expected 'Frame 0002'"),
        (V2, "end of packet, valid", "valid", "line 2: expected a line with 'Metadata:"),
        (V2, "1101 0123", "1101  0123", "line 6: 2 links need as many columns, found 3"),
        (V2, "1101 0123", "111101 0123", "line 6: '111101 0123456789abcdef' is no word as EMPv2"),
        (V2, "0011 0000000000000001", "0011 000000000000000x", "line 8: '0011 000000000000000x'"),
        (V2, "Frame 0000", "Frame 0001", "line 5: expected 'Frame 0000'"),
    ],
)
def test_malformed_files_are_named(text, old, new, says):
    assert old in text
    with pytest.raises(HandoffError) as caught:
        read_patterns(text.replace(old, new), "cap.txt")
    assert str(caught.value).startswith(f"cap.txt, {says}")


@pytest.mark.parametrize(("text", "lines"), [(V1, 1), (V1, 4), (V2, 1), (V2, 2), (V2, 4), ("", 0)])
def test_files_that_were_cut_short_are_refused(text, lines):
    with pytest.raises(HandoffError, match="cut short"):
        read_patterns("\n".join(text.splitlines()[:lines]))
