"""Yosys on blocks whose cells can be counted on paper; results that are kept; limits; errors."""

import time
from dataclasses import replace

import pytest

from tests.hardware.synthesis import blocks
from trigger_nn.errors import ToolFailed, ToolNotFound
from trigger_nn.hardware.synthesis import (
    CAVEAT,
    LimitReached,
    Limits,
    Options,
    Stage,
    SynthesisError,
    synthesise,
    tool,
)

pytest.importorskip("pyosys")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A folder in which results are kept from one test to the next."""
    return tmp_path_factory.mktemp("synthesis")


def never(*_):
    raise AssertionError("the tool was run")


def test_an_adder_and_its_kept_result(shared, monkeypatch):
    passes = []
    made = synthesise(blocks.adder(), progress=passes.append, folder=shared)
    # Three ranks of 16, 9 and 9 bits, each with a valid bit; a table a bit for the XOR, none elsewhere.
    assert made.ff == 37
    assert made.luts == (0, 8, 0, 0, 0, 0)
    assert (made.lut, made.least_lut) == (8, 4)
    # Nine bits of carry chain, of four each; of eight each in UltraScale+.
    assert (made.carry4, made.carry8) == (3, 2)
    assert (made.inverters, made.srl, made.muxf, made.dsp, made.bram_18k, made.others) == (0, 0, 0, 0, 0, {})
    # A table into the chain, that is crossed to its last CARRY4.
    assert made.stages == (Stage(17, 0, 0, 0), Stage(10, 2, 1, 3), Stage(10, 0, 0, 0))
    assert not made.feedback
    assert made.used.lut == 8
    assert made.used.ff == 37
    assert {"SYNTH_XILINX", "ABC"} <= set(passes)

    monkeypatch.setattr(tool, "run", never)
    assert synthesise(blocks.adder(), folder=shared) == made
    other = replace(blocks.adder(), files={"adder.v": blocks.adder().files["adder.v"] + b"// changed\n"})
    with pytest.raises(AssertionError, match="was run"):
        synthesise(other, folder=shared)
    with pytest.raises(AssertionError, match="was run"):
        synthesise(blocks.adder(), options=Options(dsp=False), folder=shared)


def test_a_damaged_result_is_made_again(tmp_path, monkeypatch):
    made = synthesise(blocks.counter(), folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text()[:-40])
    monkeypatch.setattr(tool, "run", never)
    with pytest.raises(AssertionError, match="was run"):
        synthesise(blocks.counter(), folder=tmp_path)
    assert made.feedback
    # Four bits that depend on themselves through a table and a chain: one stage for all five flip-flops.
    assert [(stage.registers, stage.levels) for stage in made.stages] == [(5, 2)]


def test_tables_of_six_inputs_and_their_depth(tmp_path):
    made = synthesise(blocks.two_stages(), folder=tmp_path)
    # Six inputs are one table; the parity of twelve is two levels of at least three tables.
    assert made.stages == (Stage(14, 1, 1, 0), Stage(3, 2, 2, 0))
    assert made.luts[5] >= 1
    assert sum(made.luts) == 5  # the table of six, in_valid & ~rst, three for the parity
    assert made.ff == 17


def test_products_of_variables_become_dsp_by_the_rule(tmp_path):
    # 12 x 12 bits is one slice of 27 x 18; 4 x 4 bits has a product of 8, and 9 is the least.
    assert synthesise(blocks.products(), folder=tmp_path).dsp == 1
    without = synthesise(blocks.products(), options=Options(dsp=False), folder=tmp_path)
    assert without.dsp == 0
    assert without.lut > 100


def test_tables_go_where_they_are_asked_to(tmp_path):
    logic = synthesise(blocks.table(6), folder=tmp_path)
    assert (logic.bram_18k, logic.ff) == (0, 17)  # a word and its valid bit
    assert logic.luts[5] == 16  # 64 words: a table of six inputs a bit
    block = synthesise(blocks.table(10), options=Options(tables="block"), folder=tmp_path)
    assert (block.bram_18k, block.ff) == (1, 1)  # 1,024 x 16 bits are 16 of its 18 kbit; the word's register is inside
    assert block.lut < 5
    for made in (logic, block):  # six registers in a row are one shift register, and still six stages
        assert made.srl == 1
        assert len(made.stages) == 6


def test_time_is_bounded(tmp_path):
    began = time.monotonic()
    with pytest.raises(LimitReached, match=r"stopped after 0\.2 s.*more seconds"):
        synthesise(blocks.adder(), Limits(seconds=0.2), folder=tmp_path)
    assert time.monotonic() - began < 5
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded(tmp_path):
    with pytest.raises(LimitReached, match=r"more than 0\.1 GiB.*allow more"):
        synthesise(blocks.adder(), Limits(memory=0.1), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_first_error_of_yosys_is_told(tmp_path):
    with pytest.raises(ToolFailed, match=r"refuses the block \(broken\.v:3: syntax error, unexpected ';'\)"):
        synthesise(blocks.broken(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_vhdl_is_refused(tmp_path):
    with pytest.raises(SynthesisError, match="adder is vhdl, and Yosys reads Verilog"):
        synthesise(replace(blocks.adder(), language="vhdl"), folder=tmp_path)


def test_a_missing_tool_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "installed", lambda _: "not installed")
    with pytest.raises(ToolNotFound, match=r"pip install 'trigger_nn\[synthesis\]'"):
        synthesise(blocks.adder(), folder=tmp_path)


def test_the_caveat_stands_beside_the_figures(shared, capsys):
    from trigger_nn.cli import synthesis as cli_synthesis

    made = synthesise(blocks.adder(), folder=shared)
    cli_synthesis.print_synthesis(made)
    printed = capsys.readouterr().out
    assert CAVEAT in printed
    assert made.digest in printed
