"""What differs is named: event, port, element, bit; in values, in every format, and from the command line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import Typer
from typer.testing import CliRunner

from tests.handoff.vectors.designs import design, real
from tests.handoff.vectors.test_patterns import cut, delayed
from trigger_nn.cli.compare import compare
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.vectors import make_vectors, vector_files
from trigger_nn.handoff.vectors.captured import compare_files
from trigger_nn.handoff.vectors.compare import compare_vectors
from trigger_nn.handoff.vectors.emp import pattern_text, read_patterns
from trigger_nn.handoff.vectors.layout import Layout
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port
from trigger_nn.recipe import HandoffSpec, PatternSpec

SPEC = HandoffSpec(random_vectors=20)
PORTS = (Port("a", (2, 3), Fixed(True, 10, 6)), Port("b", (1,), Fixed(False, 70, 70)))


def values(events=20, seed=3):
    rng = np.random.default_rng(seed)
    wide = [[(int(x) << 35) + int(y)] for x, y in rng.integers(0, 1 << 35, (events, 2))]
    return {"a": rng.integers(-512, 512, (events, 2, 3)), "b": np.array(wide, object)}


def test_equal_values_are_equal():
    result = compare_vectors(PORTS, values(), values())
    assert result.equal
    assert result.sentences == ("20 events, 140 values compared, 0 differ",)


@given(st.integers(0, 19), st.sampled_from([("a", 6, 10), ("b", 1, 70)]), st.data())
def test_one_flipped_bit_is_named(event, where, data):
    name, size, width = where
    element, bit = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, width - 1))
    found = values()
    flat = found[name].reshape(20, -1)
    signed = name == "a"
    pattern = (int(flat[event, element]) & ((1 << width) - 1)) ^ (1 << bit)
    flat[event, element] = pattern - (1 << width) if signed and pattern >> (width - 1) else pattern
    result = compare_vectors(PORTS, values(), found)
    (one,) = result.first
    assert (one.event, one.port.name, one.bits) == (event, name, (bit, bit))
    assert one.element == ((element // 3, element % 3) if name == "a" else (element,))
    assert (result.differing, result.differing_events, result.equal) == (1, 1, False)


def test_a_difference_is_a_sentence():
    found = values()
    expected = values()
    expected["a"][7, 1, 2], found["a"][7, 1, 2] = 21, -21
    (one,) = compare_vectors(PORTS, expected, found).first
    assert str(one) == (
        "event 7, port a, element (1, 2): bits 1 to 9 differ; expected 015 = 1.3125, found 3eb = -1.3125"
    )


def test_first_differences_come_by_event_and_are_limited():
    found = values()
    found["b"][4:, 0] += 1
    found["a"][9, 0, 0] ^= 1
    result = compare_vectors(PORTS, values(), found, keep=7)
    assert [(one.event, one.port.name) for one in result.first[:5]] == [(n, "b") for n in range(4, 9)]
    assert [(one.event, one.port.name) for one in result.first[5:]] == [(9, "a"), (9, "b")]
    assert result.differing == 17


@pytest.mark.parametrize("shift", [-7, -1, 1, 5])
def test_a_capture_that_starts_elsewhere_is_compared_as_it_lies(shift):
    ours, theirs = values(), {n: np.roll(x, -shift, axis=0) for n, x in values().items()}
    kept = slice(0, 20 - shift) if shift > 0 else slice(0, 20)
    found = {n: x[kept] for n, x in theirs.items()}
    if shift < 0:
        found["a"][:-shift] = 1
    result = compare_vectors(PORTS, ours, found)
    assert (result.offset, result.differing, result.equal) == (shift, 0, False)
    way = f"starts {abs(shift)} events {'later' if shift > 0 else 'earlier'}"
    assert any(way in sentence for sentence in result.sentences)
    assert len(result.missing) == abs(shift)
    assert result.missing == (tuple(range(shift)) if shift > 0 else tuple(range(20 + shift, 20)))
    assert result.extra == (() if shift > 0 else tuple(range(-shift)))
    assert result.agrees == (shift > 0)


def test_a_shifted_capture_with_one_flip_names_the_expected_event():
    found = {n: x[3:].copy() for n, x in values().items()}
    found["a"][2, 0, 1] ^= 4
    result = compare_vectors(PORTS, values(), found)
    assert result.offset == 3
    assert [(one.event, one.bits) for one in result.first] == [(5, (2, 2))]


@pytest.mark.parametrize("event", [0, 10, 19])
def test_a_flip_among_equal_events_is_no_shift(event):
    port = Port("fires", (1,), Fixed(False, 1, 1))
    found = np.zeros((20, 1), np.int64)
    found[event] = 1
    result = compare_vectors((port,), {"fires": np.zeros((20, 1), np.int64)}, {"fires": found})
    assert (result.offset, result.differing, result.first[0].event) == (0, 1, event)


def test_missing_and_extra_events_are_named():
    short = compare_vectors(PORTS, values(), {n: x[:15] for n, x in values().items()})
    assert (short.missing, short.equal, short.agrees) == ((15, 16, 17, 18, 19), False, True)
    assert "5 expected events are missing: 15-19" in short.sentences
    long = compare_vectors(PORTS, {n: x[:19] for n, x in values().items()}, values())
    assert (long.extra, long.equal, long.agrees) == ((19,), False, False)
    none = compare_vectors(PORTS, values(), {n: x[:0] for n, x in values().items()})
    assert not none.agrees


def test_ports_that_do_not_fit_are_refused():
    with pytest.raises(HandoffError, match="Port 'b' is not among the captured ones"):
        compare_vectors(PORTS, values(), {"a": values()["a"]})
    with pytest.raises(HandoffError, match="different numbers of events"):
        compare_vectors(PORTS, values(), {"a": values()["a"], "b": values()["b"][:3]})


@pytest.fixture(scope="module")
def made():
    return make_vectors(design(), real(100), SPEC)


@pytest.fixture(scope="module")
def bundle(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    return Bundle.sealed(vector_files(design(), made, SPEC)).write(folder)


def run(*arguments):
    app = Typer()
    app.command()(compare)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


SOURCES = {
    "hex": ("vectors/design/expected/score.hex", "score.hex"),
    "mem": ("vectors/mem/design_out_score.mem", "design_out_score.mem"),
    "dat": ("vectors/dat/tb_output_predictions.dat", "out.dat"),
    "emp": ("vectors/patterns/expected_001.txt", "tx_001.txt"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_expected_files_agree_with_themselves(kind, bundle, tmp_path):
    source, name = SOURCES[kind]
    (tmp_path / name).write_bytes((bundle / source).read_bytes())
    done = run(bundle, tmp_path / name)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"AGREES  {name}")
    assert " 0 differ" in done.output


def altered(kind, text, made):
    """The text of a file with bit 3 of element 1 of port score flipped in event 120, and that event's score."""
    port, score = design().outputs[0], int(made.design.expected["score"][120, 1])
    other = score ^ 8
    assert port.type.minimum <= other <= port.type.maximum
    lines = text.splitlines()
    if kind == "hex":
        words = lines[120].split()
        lines[120] = f"{words[0]} {int(words[1], 16) ^ 8:03x}"
    elif kind == "mem":
        lines[121] = f"{int(lines[121], 16) ^ (8 << 11):06x}"
    elif kind == "dat":
        words = lines[120].split()
        lines[120] = " ".join([words[0], str(other / 32), *words[2:]])
    else:
        frame = 9 * (120 - 113)  # 113 events were in the file before
        board = read_patterns(text)
        board.words[frame, 0] ^= np.uint64(8 << 11)
        return pattern_text(delayed(board, 31))
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("kind", SOURCES)
def test_one_flipped_bit_in_a_file_is_named(kind, bundle, made, tmp_path):
    source, name = SOURCES[kind]
    (tmp_path / name).write_bytes(altered(kind, (bundle / source).read_text(), made))
    done = run(bundle, tmp_path / name)
    assert done.exit_code == 1
    assert "1 differ in 1 events" in done.output
    assert "event 120, port score, element 1: bit 3 differs" in done.output
    (result,) = json.loads(run(bundle, tmp_path / name, "--json").output)
    assert (result["differing"], result["equal"]) == (1, False)
    (one,) = result["first"]
    assert (one["event"], one["element"], one["lowest_bit"], one["highest_bit"]) == (120, [1], 3, 3)
    assert one["expected"]["mantissa"] == made.design.expected["score"][120, 1]


def test_captures_are_compared_with_the_patterns_of_their_number(bundle, tmp_path):
    paths = []
    for number in (0, 1):
        board = read_patterns((bundle / f"vectors/patterns/expected_{number:03d}.txt").read_text())
        path = tmp_path / f"capture{number}.txt"  # without a number of three digits their order counts
        path.write_bytes(pattern_text(delayed(board, 5 + number)))
        paths.append(path)
    assert run(bundle, *paths).exit_code == 0
    assert run(bundle, *reversed(paths)).exit_code == 1
    (tmp_path / "tx_007.txt").write_bytes(paths[0].read_bytes())
    with pytest.raises(HandoffError, match="pattern file 007, but the bundle has 2"):
        compare_files(Bundle.read(bundle).files, [tmp_path / "tx_007.txt"])


def test_a_buffer_cut_by_the_latency_misses_its_last_events(bundle, tmp_path):
    board = read_patterns((bundle / "vectors/patterns/expected_000.txt").read_text())
    path = tmp_path / "tx_000.txt"
    path.write_bytes(pattern_text(cut(delayed(board, 40), slice(0, 1024))))
    done = run(bundle, path)
    assert done.exit_code == 1
    assert "4 expected events are missing: 109-112" in done.output
    assert run(bundle, path, "--partial").exit_code == 0


def test_the_first_version_of_the_format_is_read_too(bundle, tmp_path):
    board = read_patterns((bundle / "vectors/patterns/expected_000.txt").read_text())
    path = tmp_path / "tx_000.txt"
    path.write_bytes(pattern_text(delayed(replace(board, format="EMPv1"), 9)))
    assert run(bundle, path).exit_code == 0


def test_captures_of_chosen_events_are_named_by_their_vectors(made, tmp_path):
    spec = HandoffSpec(random_vectors=20, patterns=PatternSpec(frames=40))  # 4 events a file
    folder = Bundle.sealed(vector_files(design(), made, spec)).write(tmp_path / "few")
    layout = Layout.parse((folder / "vectors/patterns/layout.json").read_bytes())
    assert (len(layout.events), layout.files) == (64, 16)
    numbers = layout.events_of(9)
    assert numbers[3] - numbers[0] > 3
    board = read_patterns((folder / "vectors/patterns/expected_009.txt").read_text())
    board.words[9 * 2, 0] ^= np.uint64(8 << 11)
    path = tmp_path / "tx_009.txt"
    path.write_bytes(pattern_text(cut(delayed(board, 5), slice(0, 36))))
    (result,) = compare_files(Bundle.read(folder).files, [path])
    assert (result.first, result.last) == (numbers[0], numbers[3])
    assert result.comparison.missing == (numbers[3],)
    (one,) = result.comparison.first
    assert (one.event, one.element, one.bits, one.expected) == (
        numbers[2], (1,), (3, 3), made.design.expected["score"][numbers[2], 1],
    )  # fmt: skip
    assert f"event {numbers[2]}, port score, element 1: bit 3 differs" in result.comparison.sentences[-1]


def test_a_zip_and_a_named_port_will_do(bundle, tmp_path):
    archive, capture = tmp_path / "tiny.zip", tmp_path / "simulation.hex"
    archive.write_bytes(Bundle.read(bundle).zip())
    capture.write_bytes((bundle / "vectors/design/expected/relu.hex").read_bytes())
    assert run(archive, capture, "--port", "relu").exit_code == 0
    with pytest.raises(HandoffError, match="holds one of the output ports 'score', 'relu', 'decision'"):
        compare_files(Bundle.read(archive).files, [capture])
    with pytest.raises(HandoffError, match="no output port 'rely'"):
        compare_files(Bundle.read(archive).files, [capture], "rely")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gone.txt", None, "There is no captured file"),
        ("odd.txt", "what\n", "is of no known format"),
        ("score.hex", "001 00g\n", "line 1: '00g' is no bit pattern"),
        ("out.dat", "1 2 3\n", "line 1: an event is 7 numbers, found 3"),
        ("tx.txt", "ID: x0\nMetadata\n", "line 2: expected a line with 'Metadata"),
        ("tx.txt", "ID: \xff\n", "can't be read as text"),
    ],
)
def test_files_that_can_not_be_read_are_named(name, text, says, bundle, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(HandoffError, match=says) as caught:
        compare_files(Bundle.read(bundle).files, [tmp_path / name])
    assert name in str(caught.value)


def test_a_bundle_without_vectors_is_refused(tmp_path):
    with pytest.raises(HandoffError, match=r"has no vectors/patterns/layout\.json"):
        compare_files({}, [tmp_path / "x.txt"])
