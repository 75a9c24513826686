"""Top bits that the first vectors do not need are looked for, and what is not found is told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handoff.vectors.designs import RELU, dense, real
from trigger_nn.engines.reference import run_reference
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors import make_vectors, vector_files
from trigger_nn.handoff.vectors.driving import TOP_BITS
from trigger_nn.handoff.vectors.readme import reached_by
from trigger_nn.handoff.vectors.top_bits import bits_used, top_bit_events, with_accumulators
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.recipe import HandoffSpec, HardwareSpec

SPEC = HandoffSpec(random_vectors=6)
KIND = Fixed(True, 7, 4)
RNG = np.random.default_rng


@given(st.integers(-(1 << 70), 1 << 70), st.integers(-(1 << 70), 1 << 70))
def test_bits_used_are_the_fewest_that_hold_both_ends(one, other):
    low, high = sorted((one, other))
    bits, signed = bits_used(low, high), low < 0

    def holds(width):
        kind = Fixed(signed, width, 0)
        return kind.minimum <= low and high <= kind.maximum

    assert bits == 0 if low == high == 0 else holds(bits)
    assert bits <= 1 or not holds(bits - 1)


def program():
    """Its `sums` need the top bits only for inputs that turn one rectified unit on and the other off."""
    hidden = dense("hidden", "x", [[15, -15], [-15, 15], [15, -15], [-15, 15]])
    relu = Relu(name="relu", inputs=("hidden",), shape=(2,), type=RELU)
    sums = dense("sums", "relu", [[31], [-31]], Fixed(True, 16, 10))
    small = dense("small", "sums", [[1]], Fixed(True, 3, 3))
    return check(Program("hard", (Port("x", (4,), KIND),), (hidden, relu, sums, small), ("small",)))


def ends(one, events, layer):
    values = run_reference(one, {"x": events}, (layer,))[layer]
    return int(values.min()), int(values.max())


def test_events_are_found_that_need_the_bits():
    one, known = program(), np.zeros((1, 4), np.int64)
    found = top_bit_events(one, known, RNG(1))
    assert ends(one, known, "sums") == (0, 0)
    low, high = ends(one, found, "sums")
    assert bits_used(low, high) == bits_used(-2 * 31 * 31, 2 * 31 * 31) == 12
    assert bits_used(*ends(one, found, "hidden")) == bits_used(-3810, 3810) == 13
    assert np.array_equal(found, top_bit_events(one, known, RNG(1)))


def test_nothing_is_looked_for_where_all_bits_are_needed():
    one = program()
    far = np.array([[63, -64, 63, -64], [-64, 63, -64, 63]])
    assert top_bit_events(one, far, RNG(1)).shape == (0, 4)


def test_a_bit_that_no_event_needs_is_told():
    """Two copies of a unit, of which one is taken from the other: the range is proven wider than it is."""
    hidden = dense("hidden", "x", [[15, 15], [15, 15], [15, 15], [15, 15]])
    sums = dense("sums", "hidden", [[31], [-31]], Fixed(True, 30, 20))
    flat = check(Program("flat", (Port("x", (4,), KIND),), (hidden, sums), ("sums",)))
    design = Design(flat, HardwareSpec())
    made = make_vectors(design, real(5), SPEC)
    (row,) = [row for row in reached_by(design, made.design) if row.layer == "sums"]
    proven = 2 * 31 * (15 * 4 * 63 + 15 * 4 * 64)
    assert (row.low, row.high, row.unused) == (0, 0, 30)
    assert row.proven == (-proven, proven)
    assert row.idle == 30 - bits_used(-proven, proven)
    page = vector_files(design, made, SPEC)["vectors/README.md"].decode()
    assert f"| 0 to 0 | {-proven} to {proven} |  | 30 | {row.idle} |" in page
    assert "no vector does, are left in sums: events that need them were looked for and not found" in page


def test_accumulators_of_other_types_are_driven_too():
    wide = program()
    layers = [replace(op, type=Fixed(True, 4, 4)) if op.name == "sums" else op for op in wide.operations]
    design = Design(check(replace(wide, operations=tuple(layers))), HardwareSpec())
    watched = with_accumulators(design.program)
    assert [op.name for op in watched.operations] == ["hidden", "relu", "sums", "sums accumulator", "small"]
    made = make_vectors(design, real(3), SPEC)
    rows = {row.layer: row for row in reached_by(design, made.design)}
    assert (rows["sums accumulator"].low, rows["sums accumulator"].high) == ends(wide, made.design.inputs["x"], "sums")
    assert (rows["sums accumulator"].low, rows["sums accumulator"].high) == (-1922, 1922)
    assert with_accumulators(program()) == program()


def test_the_group_has_a_name_and_its_events_need_the_bits():
    signs = np.array([1, 1, -1, 1, -1, -1, -1, 1])  # as in none of the corner cases
    sums = dense("sums", "x", 31 * signs[:, None], Fixed(True, 18, 12))
    lost = dense("lost", "sums", [[0]])
    one = check(Program("two", (Port("x", (8,), KIND),), (sums, lost), ("lost",)))
    made = make_vectors(Design(one, HardwareSpec()), {"x": np.zeros((1, 8), np.int64)}, SPEC)
    inputs, most = made.design.inputs["x"], 31 * 4 * (63 + 64)
    (group,) = [g for g in made.design.groups if g.name == TOP_BITS]
    before, driven = inputs[: group.first], inputs[group.first :][: group.count]
    assert bits_used(*ends(one, before, "sums")) < bits_used(-most, most)
    assert bits_used(*ends(one, driven, "sums")) == bits_used(-most, most)


@pytest.mark.parametrize("width", [66, 80])
def test_types_wider_than_a_machine_word_are_driven(width):
    kind = Fixed(True, width, width)
    sums = dense("sums", "x", [[1], [-1]], Fixed(True, width + 8, width + 8))
    one = check(Program("wide", (Port("x", (2,), kind),), (sums,), ("sums",)))
    found = top_bit_events(one, np.zeros((1, 2), object), RNG(2))
    values = [int(row[0]) - int(row[1]) for row in found]
    assert bits_used(min(values), max(values)) == width + 1
