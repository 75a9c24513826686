"""What the replay counts, beside what is counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hardware.estimate.nets import BYTE, dense, filtered, network, one_dense, pooled
from trigger_nn.hardware.estimate.delays import adder
from trigger_nn.hardware.estimate.digits import csd_digits, distinct_products, odd_part, unshared
from trigger_nn.hardware.estimate.ledger import BINS
from trigger_nn.hardware.estimate.replay import replay
from trigger_nn.hardware.estimate.tables import table_luts
from trigger_nn.hardware.estimate.widths import bits, dsp_slices
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Lookup, Merge, MergeKind, Relu
from trigger_nn.program.program import Port, Program

NIBBLE = Fixed(False, 4, 4)


def fewest_digits(n):
    """Least number of signed powers of two that sum to n, by trying."""
    reach, found = {0}, 0
    while n not in reach:
        reach |= {r + s * 2**k for r in reach for k in range(8) for s in (1, -1)}
        found += 1
    return found


def test_csd_digits_are_fewest():
    numbers = np.arange(-40, 41)
    assert csd_digits(numbers).tolist() == [fewest_digits(int(n)) for n in numbers]


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_bits_hold_both_ends(low, span):
    high = low + span
    width = int(bits(np.array(low), np.array(high)))
    least, most = (-(1 << width - 1), (1 << width - 1) - 1) if low < 0 else (0, (1 << width) - 1)
    assert least <= low
    assert high <= most
    narrower = width - 1
    assert low < -(1 << max(narrower - 1, 0)) or high >= (1 << max(narrower - (low < 0), 0)) or width == 0 or low == -1


def test_a_sum_of_two_products_is_three_adders():
    """3 x + 5 y = 4 x - x + 4 y + y: four terms, two levels."""
    found = replay(one_dense([[3], [5]], NIBBLE))
    assert (found.work.adders, found.work.adder_bits, found.work.lonely_bits) == (3, 12, 12)
    step = adder((4 + 7) / 2)  # operands of 4 bits, a sum below 2^7
    assert found.times == (pytest.approx(2 * step),)
    assert (found.shared, found.outputs) == ((0.0,), 7)  # one column shares with none


def test_powers_of_two_and_zeros_are_wires():
    work = replay(one_dense([[4, 0], [0, -2]], NIBBLE)).work
    assert (work.adders, work.adder_bits, work.sum_bits, work.clip_bits) == (0, 0, 0, 0)


def test_a_bias_is_an_addition_of_a_known_number():
    work = replay(one_dense([[3]], NIBBLE, bias=[5])).work
    assert (work.adders, work.constant_bits) == (1, 6)  # 5 to 50


def test_a_comparison_is_a_difference_and_a_choice():
    work = replay(pooled(8, 2)).work
    assert (work.sum_bits, work.select_bits) == (16 * 3 * 8, 16 * 3 * 8)


def test_padding_takes_no_adders():
    """Of 36 windows of 3 x 3 ones, 16 are whole, 16 at a side hold 6 pixels, 4 at a corner hold 4."""
    work = replay(filtered(np.ones((3, 3, 1, 1), np.int64))).work
    assert work.adders == 16 * 8 + 16 * 5 + 4 * 3


def test_what_no_output_needs_is_not_built():
    both = one_dense([[3, 5]], NIBBLE)
    reader = dense("e", "d", [[1], [0]], both.operations[0].type)
    used = replay(replace(both, operations=(*both.operations, reader), output_names=("e",)))
    assert [work.adders for work in used.works] == [1, 0]
    assert replay(both).work.adders == 2


def test_roundings_and_saturation():
    source = Fixed(True, 12, 8)
    program = Program(
        "r", (Port("x", (2,), source),),
        (Relu(name="r", inputs=("x",), shape=(2,), type=Fixed(False, 6, 4, Rounding.RND_CONV, Overflow.SAT)),), ("r",),
    )  # fmt: skip
    work = replay(program).work
    assert work.round_bits == 2 * (11 - 2)  # 11 bits after the relu, of which two go
    assert work.clip_bits == 2 * (11 + 6)  # the relu, then one side of the type
    cut = replace(program.operations[0], type=Fixed(False, 9, 7))
    assert replay(replace(program, operations=(cut,))).work.round_bits == 0


def test_products_of_variables():
    """Two signed bytes take one slice each; the product of 30 and 8 bits takes two, of single bits none."""
    assert replay(product(Fixed(True, 8, 8), Fixed(True, 8, 8), 3)).work.dsp == 3
    assert replay(product(Fixed(True, 8, 8), Fixed(True, 30, 30), 1)).work.dsp == 2
    assert replay(product(Fixed(False, 1, 1), Fixed(True, 30, 30), 1)).work.dsp == 0
    assert replay(product(Fixed(False, 4, 4), Fixed(False, 4, 4), 1)).work.dsp == 0
    assert replay(product(Fixed(True, 8, 8), Fixed(True, 8, 8), 3)).work.product_bits == 192


def product(left, right, count):
    kind = Fixed(True, left.width + right.width, left.integer + right.integer)
    merge = Merge(name="m", inputs=("x", "y"), shape=(count,), type=kind, kind=MergeKind.MULTIPLY)
    return Program("p", (Port("x", (count,), left), Port("y", (count,), right)), (merge,), ("m",))


def test_dsp_rule_is_that_of_the_tool_for_wide_operands():
    """18 + 17 bits of the narrow and 27 of the wide side are the last that two slices take."""
    width = np.array([27, 28, 44, 45])
    signed = np.ones((2, 4), bool)
    assert dsp_slices(width, np.full(4, 18), signed, width + 18).tolist() == [1, 2, 2, 3]
    assert dsp_slices(width, np.full(4, 19), signed, width + 19).tolist() == [2, 4, 4, 6]


@pytest.mark.parametrize(
    ("table", "luts"),
    [
        (np.zeros(64, int), 0),  # constant
        (np.arange(64) % 2, 1),
        (np.arange(64), 6),
        (np.arange(128) // 64, 1),  # one bit, constant in both halves: a multiplexer
        (np.tile(np.arange(64) % 2, 4), 1),  # four blocks that are one
        (np.concatenate([np.arange(64) % 2, 1 - np.arange(64) % 2]), 2),  # a block and its complement, a multiplexer
    ],
)
def test_tables(table, luts):
    assert table_luts(table) == luts


def test_a_table_is_built_for_the_entries_that_are_reached():
    """An index of two bits, about the middle of the table, reads four entries: one LUT for each bit that differs."""
    table = Constant(np.arange(1024) % 4, Fixed(False, 2, 2))
    lookup = Lookup(name="t", inputs=("x",), shape=(3,), type=Fixed(False, 2, 2), table=table, span=1024)
    work = replay(Program("t", (Port("x", (3,), Fixed(False, 2, 2)),), (lookup,), ("t",))).work
    assert (work.table_luts, work.table_bits, work.lookups) == (3 * 2, 3 * 4 * 2, 3)


def test_distinct_products_are_built_once():
    assert odd_part(np.array([0, 1, -6, 12, 5])).tolist() == [0, 1, 3, 3, 5]
    assert distinct_products(np.array([[3, 6, -12, 1], [0, 5, 3, 2]])).tolist() == [3, 3, 5]


def test_more_columns_share_more():
    rng = np.random.default_rng(0)
    shares = [unshared(rng.integers(-31, 32, (16, columns))) for columns in (1, 4, 16, 64)]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)


def test_bits_alive_are_held_from_first_to_last_use():
    """x waits for 3 y + 5 z, of 7 bits; half-way all of x (8 bits) is alive."""
    inputs = Port("x", (1,), BYTE), Port("y", (2,), NIBBLE)
    slow = dense("s", "y", [[3], [5]], NIBBLE)
    merge = Merge(name="m", inputs=("s", "x"), shape=(1,), type=Fixed(True, 10, 10), kind=MergeKind.ADD)
    found = replay(Program("w", inputs, (slow, merge), ("m",)))
    middle = int(found.times[0] / found.times[1] * BINS) - 1
    assert found.alive[:, 0, middle].sum() == pytest.approx(8)
    assert found.alive[:, 1, middle].sum() == pytest.approx(2 * (4 + 1))  # two sums of one level


def test_a_replay_is_quick_and_the_same_every_time():
    first, second = replay(network(3, (64, 64, 32, 5))), replay(network(3, (64, 64, 32, 5)))
    assert first.works == second.works
    assert np.array_equal(first.alive, second.alive)
