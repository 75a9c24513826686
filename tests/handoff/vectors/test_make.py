"""The events that are chosen, what is expected of them, and the files they become."""

import json

import numpy as np
import pytest

from tests.handoff.vectors.designs import DECISIONS, Doubler, design, network, real
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, HandoffError
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors import make_vectors, vector_files, vectors_in
from trigger_nn.handoff.vectors.cases import Space, corner_cases, distinct, random_cases, sparse_cases
from trigger_nn.handoff.vectors.hexadecimal import read_hex
from trigger_nn.handoff.vectors.values import DRAWN, REAL
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.program import Port
from trigger_nn.recipe import HandoffSpec, HardwareSpec, PatternSpec

SPEC = HandoffSpec(random_vectors=20, layers=True)


@pytest.fixture(scope="module")
def vectors():
    return make_vectors(design(), real(), SPEC)


@pytest.fixture(scope="module")
def built():
    return make_vectors(design(Doubler()), real(), SPEC)


def group(block, name):
    (found,) = [g for g in block.groups if g.name == name]
    return slice(found.first, found.first + found.count)


def test_the_reference_engine_expects_the_same(vectors):
    wanted = run_reference(network(), vectors.design.inputs, ("score", "relu", "hidden"))
    assert np.array_equal(vectors.design.expected["score"], wanted["score"])
    assert np.array_equal(vectors.design.expected["relu"], wanted["relu"])
    assert np.array_equal(vectors.layers["hidden"], wanted["hidden"])
    fires = [wanted["score"][:, d.element] > d.mantissa for d in DECISIONS]
    assert np.array_equal(vectors.design.expected["decision"], np.stack(fires, axis=1))
    assert vectors.network is None


def test_groups_follow_each_other_and_real_events_are_kept_as_they_are(vectors):
    ends = [g.first + g.count for g in vectors.design.groups]
    assert [g.first for g in vectors.design.groups] == [0, *ends[:-1]]
    assert ends[-1] == vectors.design.events
    assert np.array_equal(vectors.design.inputs["x"][group(vectors.design, REAL)], real()["x"])
    assert [g.name for g in vectors.design.groups][-3:] == list(DRAWN)
    assert sum(g.count for g in vectors.design.groups[-3:-1]) == 20


def test_no_corner_case_is_there_twice(vectors, built):
    for block in (vectors.design, built.design, built.network):
        values = next(iter(block.inputs.values()))[: block.corners]
        assert len(np.unique(values.reshape(len(values), -1), axis=0)) == block.corners
        assert block.corners > 20


def test_both_ends_of_everything_are_reached(vectors):
    score, relu = vectors.design.expected["score"], vectors.design.expected["relu"]
    every = np.stack(np.meshgrid(*[[-64, 63]] * 4), axis=-1).reshape(-1, 4)
    best = run_reference(network(), {"x": every}, ("score",))["score"]  # corners of the input's cube
    corners = vectors.design.corners  # an event that a simpler group has is not in that of the driven ones again
    assert np.all(score[:corners].max(axis=0) >= best.max(axis=0))
    assert np.all(score[:corners].min(axis=0) <= best.min(axis=0))
    assert relu.max(axis=0).tolist() == [31, 31, 31]  # saturated
    hidden = vectors.layers["hidden"][:corners]
    extremes = run_reference(network(), {"x": every}, ("hidden",))["hidden"]  # of a linear layer these are all
    assert (hidden.max(), hidden.min()) == (extremes.max(), extremes.min())


def test_scores_just_above_and_at_each_threshold(vectors):
    for decision in DECISIONS:
        score = vectors.design.expected["score"][:, decision.element] - decision.mantissa
        fires = vectors.design.expected["decision"][:, DECISIONS.index(decision)] == 1
        assert score[fires].min() == 1
        assert score[~fires].max() == 0


def test_same_arguments_same_bytes(vectors):
    again = make_vectors(design(), real(), SPEC)
    assert vector_files(design(), again, SPEC) == vector_files(design(), vectors, SPEC)
    other = make_vectors(design(), real(), SPEC, seed=5)
    assert not np.array_equal(other.design.inputs["x"], again.design.inputs["x"])


@pytest.mark.parametrize("builder", [None, Doubler()])
def test_vectors_are_read_back_and_give_the_same_files(builder, vectors, built):
    made, whole = (built if builder else vectors), design(builder)
    files = vector_files(whole, made, SPEC)
    found = vectors_in(whole, files, SPEC)
    assert found.design.groups == made.design.groups
    assert np.array_equal(found.design.expected["score"], made.design.expected["score"])
    assert list(found.layers) == ["hidden", "relu", "sums", "score"]
    assert vector_files(whole, found, SPEC) == files


def test_a_builder_gives_both_blocks_their_vectors(built):
    whole = design(Doubler())
    towers = built.design.inputs["towers"]
    assert towers.shape[1:] == (2, 2)
    assert (towers.min(), towers.max()) == (0, 63)
    seen = Doubler().build({"towers": towers})
    assert np.array_equal(built.design.expected["score"], run_reference(network(), {"x": seen}, ("score",))["score"])
    assert set(built.network.expected) == {"score", "relu"}  # decisions are the block's
    assert set(built.design.expected) == {"score", "relu", "decision"}
    assert np.array_equal(built.network.inputs["x"][group(built.network, REAL)], real()["x"])
    undone = np.clip(Doubler().undo(real()["x"])["towers"], 0, 63)
    assert np.array_equal(towers[group(built.design, REAL)], undone)
    events = json.loads(vector_files(whole, built, SPEC)["vectors/events.json"])
    assert (events["events"], events["network_events"]) == (built.design.events, built.network.events)


def test_files_of_a_design(vectors):
    files = vector_files(design(), vectors, SPEC)
    names = {path.removeprefix("vectors/") for path in files}
    assert names == {
        "README.md", "events.json", "dat/tb_input_features.dat", "dat/tb_output_predictions.dat",
        "design/inputs/x.hex", "design/expected/score.hex", "design/expected/relu.hex", "design/expected/decision.hex",
        "mem/design_in_x.mem", "mem/design_out_score.mem", "mem/design_out_relu.mem", "mem/design_out_decision.mem",
        "layers/hidden.hex", "layers/relu.hex", "layers/sums.hex", "layers/score.hex",
        "patterns/layout.json", "patterns/inputs_000.txt", "patterns/expected_000.txt",
    }  # fmt: skip
    port = Port("score", (2,), Fixed(True, 11, 6))
    text = files["vectors/design/expected/score.hex"].decode()
    assert np.array_equal(read_hex(text, port), vectors.design.expected["score"])
    assert files["vectors/dat/tb_output_predictions.dat"].decode().splitlines()[0] == "0 0 0 0 0 0 1"
    page = files["vectors/README.md"].decode()
    assert f"{vectors.design.events} events for the whole block." in page
    assert "| `relu` | `ufixed<5,3,RND,SAT>` | 0 to 31 | 0 to 31 |" in page
    assert "The links run at 360 MHz, so events follow each other after 9 frames = 25 ns." in page
    assert "takes an event every 5 ns" in page
    assert "One instance keeps up with them." in page
    assert "with `--partial`" in page


def test_a_page_says_how_many_instances_take_the_events(vectors):
    slow = Design(network(), HardwareSpec(clock_period=60.0), None, DECISIONS)
    page = vector_files(slow, vectors, SPEC)["vectors/README.md"].decode()
    assert "it takes 3 instances in turn, behind an event distributor" in page
    assert "`event_spacing = 22` in the recipe's" in page
    assert "keeps up" not in page
    few = HandoffSpec(layers=True, patterns=PatternSpec(frames=18))
    page = vector_files(slow, vectors, few)["vectors/README.md"].decode()
    assert "`event_spacing = 22` in the recipe's `[handoff.patterns]`, and `frames` no lower." in page
    assert f"The files hold 32 of the {vectors.design.events} events, some of every group" in page


def test_corner_cases_of_two_ports():
    space = Space((Port("a", (2, 2), Fixed(True, 4, 4)), Port("b", (1,), Fixed(False, 3, 0))))
    cases = dict(corner_cases(space))
    assert cases["all at the minimum, all at the maximum"].tolist() == [[-8, -8, -8, -8, 0], [7, 7, 7, 7, 7]]
    assert cases["minimum and maximum as on a checkerboard"][0].tolist() == [-8, 7, 7, -8, 0]
    assert cases["one least significant bit up and down, everywhere"].tolist() == [[1, 1, 1, 1, 1], [-1, -1, -1, -1, 0]]
    assert cases["one element at the maximum"].tolist() == np.diag([7] * 5).tolist()
    assert cases["one element at the minimum"][3].tolist() == [0, 0, 0, -8, 0]
    assert [3, 3, 3, 3, 3] in cases["all at and around powers of two"].tolist()
    split = space.split(cases["one element at the maximum"])
    assert split["a"].shape == (5, 2, 2)
    assert np.array_equal(space.join(split), cases["one element at the maximum"])


def test_hot_elements_are_sixty_four_at_most_the_first_and_the_last_among_them():
    hot = dict(corner_cases(Space((Port("x", (1000,), Fixed(False, 4, 4)),))))["one element at the maximum"]
    assert hot.shape == (64, 1000)
    assert (hot[0, 0], hot[-1, -1]) == (15, 15)


def test_a_range_that_saturates_symmetrically_ends_where_casts_end():
    kind = Fixed(True, 4, 4, Rounding.TRN, Overflow.SAT_SYM)
    lows = dict(corner_cases(Space((Port("x", (2,), kind),))))["all at the minimum, all at the maximum"]
    assert lows.tolist() == [[-7, -7], [7, 7]]


@pytest.mark.parametrize("width", [3, 62, 100])
def test_random_events_fill_the_range(width):
    space = Space((Port("x", (16,), Fixed(True, width, 4)),))
    events = random_cases(space, 200, np.random.default_rng(1))
    assert events.min() >= -(1 << (width - 1))
    assert events.max() < 1 << (width - 1)
    assert {int(x) >> (width - 3) for x in events.flat} == set(range(-4, 4))
    sparse = sparse_cases(space, 50, np.random.default_rng(1))
    assert (sparse != 0).sum(axis=1).max() <= 2
    assert (sparse != 0).any()


def test_wide_ports_have_all_cases():
    cases = dict(distinct(corner_cases(Space((Port("x", (2,), Fixed(True, 100, 50)),)))))
    powers = cases["all at and around powers of two"].tolist()
    assert len(powers) > 300
    assert all(-(1 << 99) <= x < 1 << 99 and x == y for x, y in powers)
    assert [-(1 << 66) - 1] * 2 in powers


def test_a_design_whose_input_is_wider_than_a_machine_word():
    wide = Design(network(width=80), HardwareSpec())
    events = np.array([[1 << 78, -(1 << 79), 0, 5]], object)
    made = make_vectors(wide, {"x": events}, HandoffSpec(random_vectors=6))
    assert made.design.inputs["x"].max() == (1 << 79) - 1
    assert np.array_equal(made.design.inputs["x"][-1:], events)
    files = vector_files(wide, made)
    assert vector_files(wide, vectors_in(wide, files)) == files
    assert files["vectors/design/inputs/x.hex"].splitlines()[-1].split()[0] == b"4" + b"0" * 19


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"x": np.zeros((0, 4), np.int64)}, "at least one event"),
        ({}, "Input 'x' is missing"),
        ({"x": np.zeros((3, 5), np.int64)}, "shape"),
        ({"x": np.full((3, 4), 64)}, "mantissas -64..63"),
        ({"x": np.zeros((3, 4))}, "integer mantissas"),
    ],
)
def test_events_that_do_not_fit_are_refused(events, says):
    with pytest.raises(EventsError, match=says):
        make_vectors(design(), events)


@pytest.mark.parametrize("damage", ["missing", "text", "key", "events", "short", "groups"])
def test_damaged_vectors_are_refused(vectors, damage):
    files = vector_files(design(), vectors, SPEC)
    events, score = "vectors/events.json", "vectors/design/expected/score.hex"
    if damage == "missing":
        del files[score]
    elif damage == "text":
        files[score] = files[score].replace(b"0", b"\xff", 1)
    elif damage == "short":
        files[score] = files[score][: files[score].rindex(b"\n", 0, -1) + 1]
    else:
        old, new = {
            "key": (b"groups", b"grips"),
            "events": (b'"events": ', b'"events": 1'),
            "groups": (b'"count": 2', b'"count": 3'),
        }[damage]
        files[events] = files[events].replace(old, new, 1)
    with pytest.raises(HandoffError):
        vectors_in(design(), files, SPEC)


def test_too_few_links_are_refused(vectors):
    spec = HandoffSpec(patterns=PatternSpec(words_per_event=1, output_links=()))
    assert vector_files(design(), vectors, spec)
    wide = Design(network(width=32), HardwareSpec())
    made = make_vectors(wide, {"x": np.zeros((1, 4), np.int64)}, HandoffSpec(random_vectors=0))
    with pytest.raises(HandoffError, match="2 words of 64 an event"):
        vector_files(wide, made, HandoffSpec(patterns=PatternSpec(words_per_event=1, input_links=(3,))))
