"""Netlists by hand: what counts as a level, as a stage, as a chain."""

import pytest

from trigger_nn.hardware.synthesis.depth import registers_in, stages
from trigger_nn.hardware.synthesis.netlist import ANY, ONE, ZERO, Cell, Netlist, carry8
from trigger_nn.hardware.synthesis.values import Stage, SynthesisError


def lut(out, *before):
    return Cell(f"LUT{len(before)}", {f"I{i}": (net,) for i, net in enumerate(before)}, {"O": (out,)}, {})


def flip_flop(out, data, reset=ZERO):
    return Cell("FDRE", {"C": (0,), "D": (data,), "CE": (ONE,), "R": (reset,)}, {"Q": (out,)}, {})


def carry(sums, outs, select, data=(ZERO,) * 4, below=ZERO):
    inputs = {"S": select, "DI": data, "CI": (below,), "CYINIT": (ZERO,)}
    return Cell("CARRY4", inputs, {"O": sums, "CO": outs}, {})


def shift_register(out, data, address):
    pins = {f"A{i}": (ONE if address >> i & 1 else ZERO,) for i in range(4)}
    return Cell("SRL16E", {"CLK": (0,), "D": (data,), "CE": (ONE,), **pins}, {"Q": (out,)}, {})


def test_a_stage_is_as_deep_as_its_deepest_path():
    cells = (lut(10, 1, 2), lut(11, 10, 3), flip_flop(20, 11), flip_flop(21, 10), lut(12, 20, 21), flip_flop(22, 12))
    assert stages(Netlist(cells, (0, 1, 2, 3), (22,))) == ((Stage(2, 2, 2, 0), Stage(1, 1, 1, 0)), False)


def test_a_path_belongs_to_the_stage_where_it_ends():
    # The reset comes from a port, through two tables, to a register of the second rank.
    cells = (flip_flop(20, 1), lut(10, 2), lut(11, 10), flip_flop(21, 20, reset=11))
    assert stages(Netlist(cells, (0, 1, 2), (21,)))[0] == (Stage(1, 0, 0, 0), Stage(1, 2, 2, 0))


def test_logic_behind_the_last_register_is_a_stage():
    cells = (flip_flop(20, 1), lut(10, 20))
    assert stages(Netlist(cells, (0, 1), (10,)))[0] == (Stage(1, 0, 0, 0), Stage(0, 1, 1, 0))


def test_a_shift_register_is_as_many_stages_as_bits_up_to_its_address():
    cells = (lut(10, 1), shift_register(20, 10, 3), flip_flop(21, 20))
    found, _ = stages(Netlist(cells, (0, 1), (21,)))
    assert found == (Stage(0, 1, 1, 0), *(Stage(0, 0, 0, 0),) * 3, Stage(1, 0, 0, 0))


def test_a_chain_is_one_level_and_goes_up_alone():
    low = carry((10, 11, 12, 13), (14, 15, 16, 17), (1, 2, 3, 4))
    high = carry((30, 31, 32, 33), (34, 35, 36, 37), (5, 6, 7, 8), below=17)
    cells = (low, high, flip_flop(40, 33), flip_flop(41, 10))
    assert stages(Netlist(cells, tuple(range(9)), (40, 41)))[0] == (Stage(2, 1, 0, 2),)
    # Its lowest sum may feed its own highest bit, without a loop.
    folded = carry((10, 11, 12, 13), (14, 15, 16, 17), (1, 2, 3, 10))
    assert stages(Netlist((folded, flip_flop(40, 13)), tuple(range(9)), (40,)))[0] == (Stage(1, 2, 0, 2),)


def test_a_wide_multiplexer_belongs_to_its_tables():
    wide = Cell("MUXF7", {"I0": (10,), "I1": (11,), "S": (3,)}, {"O": (12,)}, {})
    cells = (lut(10, 1), lut(11, 2), wide, flip_flop(20, 12))
    assert stages(Netlist(cells, (0, 1, 2, 3), (20,)))[0] == (Stage(1, 1, 1, 0),)


def test_feedback_leaves_one_stage():
    cells = (lut(10, 1, 20), flip_flop(20, 10), lut(11, 20), lut(12, 11), flip_flop(21, 12))
    assert stages(Netlist(cells, (0, 1), (21,))) == ((Stage(2, 2, 2, 0),), True)


def test_a_loop_of_logic_is_refused():
    with pytest.raises(SynthesisError, match="2 cells of logic feed themselves"):
        stages(Netlist((lut(10, 11), lut(11, 10)), (0,), (10,)))


def test_registers_inside_slices_and_memories():
    assert registers_in(Cell("DSP48E2", {}, {}, {"AREG": 1, "BREG": 2, "MREG": 1, "PREG": 1})) == 4
    assert registers_in(Cell("DSP48E2", {}, {}, {"AREG": 0, "BREG": 0, "MREG": 0, "PREG": 0})) == 0
    assert registers_in(Cell("RAMB18E2", {}, {}, {"DOA_REG": 1})) == 2
    assert registers_in(Cell("SRL16E", {"A0": (7,), "A1": (ZERO,), "A2": (ZERO,), "A3": (ANY,)}, {}, {})) == 16


def test_carry8_are_counted_chain_by_chain():
    nothing = (ANY,) * 4
    long = [carry(nothing, (ANY, ANY, ANY, 100 + i), nothing, below=99 + i if i else ZERO) for i in range(5)]
    short = [carry(nothing, (ANY, ANY, ANY, 200), nothing)]
    assert carry8(Netlist((*long, *short), (), ())) == 3 + 1
