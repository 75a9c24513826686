"""The block that comes out: names, ports, stages, what is refused; in Verilator on a network with convolutions."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.program.one_operation import node
from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.rtl import alkaid
from trigger_nn.hardware.rtl.block import bus_width
from trigger_nn.hardware.rtl.lower import Cut, replayed, rtl, stage_delay
from trigger_nn.hardware.rtl.names import identifier, named
from trigger_nn.hardware.rtl.size import refuse_large
from trigger_nn.hardware.simulation.check import check
from trigger_nn.hardware.simulation.corners import corner_inputs
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Dense
from trigger_nn.program.program import Port, Program
from trigger_nn.workflow.rtl import Asked, emulated, simulated, written

BYTE = Fixed(True, 8, 4)
PART = "xcvu13p-flga2577-2-e"


def dense(rows, columns, bits=4, name="net"):
    weights = np.random.default_rng(0).integers(-(1 << bits) + 1, 1 << bits, (rows, columns))
    wide = Fixed(True, 30, 15)
    layer = Dense(
        **node((columns,), wide), accumulator=wide, reuse_factor=1,
        weights=Constant(weights, Fixed(True, bits + 1, 1)), bias=Constant(np.arange(columns), Fixed(True, 12, 8)),
    )  # fmt: skip
    return Program(name, (Port("in0", (rows,), BYTE),), (layer,), ("out",))


@pytest.mark.parametrize(("seed", "clock"), [(2, 4.0), (5, 2.0), (11, 6.25)])
def test_a_convolutional_network_cycle_by_cycle(seed, clock):
    program = network(seed).program
    block = written(program, Asked(clock, PART))
    found = simulated(program, block, None, 400)
    assert found.agrees, found.sentences
    assert found.latency == block.latency


def test_combinational():
    program = network(8).program
    block = written(program, Asked(5.0, PART, combinational=True))
    assert block.latency == 0
    assert simulated(program, block, None, 300).agrees


def test_cuts_are_bits_of_a_port_of_their_own():
    program = network(1).program
    cuts = [Cut(0, 0), Cut(3, -40), Cut(1, program.outputs[0].type.maximum)]
    block = rtl(program, 5.0, name="cut", cuts=cuts)
    assert [port.name for port in block.outputs] == [program.output_names[0], "decision"]
    scores = emulated(program, rtl(program, 5.0))

    def expected(inputs):
        values = next(iter(scores(inputs).values()))
        bits = np.stack([values[:, cut.element] > cut.mantissa for cut in cuts], axis=1).astype(np.int64)
        return {block.outputs[0].name: values, "decision": bits}

    inputs = corner_inputs(block.inputs, np.random.default_rng(0), 500)
    assert len(np.unique(expected(inputs)["decision"][:, 0])) == 2
    assert check(block, expected, inputs).agrees


def test_one_altered_bit_of_one_constant_is_found():
    program = dense(3, 2)
    block = rtl(program, 5.0)
    path, text = next((p, t.decode()) for p, t in block.files.items() if re.search(r"shift_adder #\(.*'b", t.decode()))
    number = re.search(r"\((v\d+\[\d+:0\],\d+'b)([01]+)", text)
    flipped = number[2][:-1] + ("1" if number[2][-1] == "0" else "0")
    altered = text[: number.start(2)] + flipped + text[number.end(2) :]
    fault = replace(block, files=block.files | {path: altered.encode()})
    inputs = corner_inputs(block.inputs, np.random.default_rng(0), 200)
    assert check(block, emulated(program, block), inputs).agrees
    assert not check(fault, emulated(program, block), inputs).agrees


def test_the_same_program_has_the_same_text():
    program = network(4).program
    assert rtl(program, 3.0).files == rtl(program, 3.0).files


@pytest.mark.parametrize("language", ["verilog", "vhdl"])
def test_all_modules_carry_the_name_of_the_block(language):
    block = rtl(network(3).program, 3.0, name="mine", language=language)
    text = "\n".join(content.decode() for content in block.files.values())
    modules = re.findall(r"^(?:module|entity) (\w+)", text, re.MULTILINE)
    assert len(modules) == len(set(modules))
    assert all(module.startswith("mine") for module in modules)
    assert list(block.files)[-1].startswith("mine.")


def test_a_faster_clock_takes_more_stages():
    program = network(0).program
    slow, fast = rtl(program, 6.25), rtl(program, 2.0)
    assert 0 < slow.latency < fast.latency
    assert slow.depth == fast.depth
    assert slow.latency >= slow.depth / slow.stage
    assert slow.digest != fast.digest


def test_a_clock_too_fast_for_an_adder_is_refused():
    assert stage_delay(5.0, 20.0) == 4.0
    with pytest.raises(RecipeError, match=r"choose 1\.51 ns or more"):
        stage_delay(1.0)


def test_what_is_too_large_is_refused_with_its_size_and_a_remedy():
    with pytest.raises(UnsupportedLayerError, match=r"would take about [\d,]+ LUT.*layer 'out'.*Prune the weights to"):
        refuse_large(dense(64, 64, 7), 5.0, PART, largest=20_000)
    small = refuse_large(dense(4, 4), 5.0, PART)
    assert 0 < small.total("lut") < 2000


def test_values_beyond_what_a_float_holds_are_refused():
    program = dense(3, 2)
    wide = Program("wide", (Port("in0", (3,), Fixed(True, 60, 30)),), program.operations, ("out",))
    with pytest.raises(UnsupportedLayerError, match="52 bits"):
        rtl(wide, 5.0)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("dense1", "dense1"), ("output", "output_port"), ("a-b/c.d", "a_b_c_d"), ("_x__y_", "x_y"), ("1st", "port_1st"),
     ("Signal", "Signal_port"), ("interface", "interface_port"), ("cross", "cross_port"), ("vunit", "vunit_port"),
     ("tri1", "tri1_port"), ("", "unnamed"), ("größe", "gr_e")],
)  # fmt: skip
def test_names(name, wanted):
    assert identifier(name) == wanted


def test_names_that_become_alike_are_told_apart():
    ports = tuple(Port(name, (1,), BYTE) for name in ("a-b", "a.b", "A_B", "clk"))
    assert [port.name for port in named(ports)] == ["a_b", "a_b_2", "A_B_3", "clk_port"]


def test_the_width_of_a_bus():
    assert bus_width(Port("x", (3, 4, 2), Fixed(False, 7, 3))) == 168


@pytest.mark.parametrize("language", ["verilog", "vhdl"])
def test_outputs_that_no_input_changes(language):
    made = dense(3, 2)
    layer = replace(
        made.operations[0], weights=Constant(np.zeros((3, 2), np.int64), Fixed(True, 5, 1)),
        bias=Constant(np.array([3, -5]), Fixed(True, 12, 8)),
    )  # fmt: skip
    program = replace(made, operations=(layer,))
    for combinational in (False, True):
        block = written(program, Asked(5.0, PART, language=language, combinational=combinational))
        assert list(block.files) == [f"net.{'v' if language == 'verilog' else 'vhd'}"]
        if language == "verilog":
            assert simulated(program, block, None, 50).agrees
        else:
            assert '"111111111111111101100000000000"' in block.files["net.vhd"].decode()


@pytest.mark.parametrize("clock", [1.6, 2.5, 5.0])
@pytest.mark.parametrize("seed", [0, 3, 4, 11])
def test_no_stage_takes_more_than_the_clock_leaves_or_one_operation(seed, clock):
    program = network(seed).program
    given, found = replayed(program)
    logic = alkaid.canonical_sort(alkaid.traced(list(given), list(found)))
    ends = [op.latency for op in logic.ops]
    own = [op.latency - max((ends[i] for i in op.input_ids), default=0.0) for op in logic.ops]
    timed, count, longest = alkaid.staged(logic, stage_delay(clock))
    assert longest <= max(stage_delay(clock), max(own)) + 1e-9
    # alkaid's own cut of what was timed: the longest way through each of its stages
    machine = alkaid.to_pipeline(timed, n_stages=count, verbose=False, reg_inp=False, reg_out=True)
    assert len(machine.logic) == count
    slowest = 0.0
    for stage in machine.logic.values():
        plain = alkaid.add_surrogate(stage, _skip_op8_cost=True)
        slowest = max(slowest, *(op.latency for op in plain.ops))
    assert slowest == pytest.approx(longest)
    assert rtl(program, clock).longest == pytest.approx(longest)


@pytest.mark.parametrize("name", ["table", "mux", "m", "shift_adder", "event", "jet__tagger_"])
def test_a_model_may_have_any_name(name):
    program = replace(network(8).program, name=name)
    block = written(program, Asked(5.0, PART))
    text = "\n".join(content.decode() for content in block.files.values())
    modules = re.findall(r"^module (\w+)", text, re.MULTILINE)
    assert len(modules) == len(set(modules))
    assert all(module == block.name or module.startswith(f"{block.name}_") for module in modules)


def test_models_named_as_words_and_primitives_simulate():
    for name in ("event", "mux"):
        program = replace(network(8).program, name=name)
        assert simulated(program, written(program, Asked(5.0, PART)), None, 20).agrees


def test_a_refusal_names_the_layer():
    program = dense(3, 2)
    wide = Program("wide", (Port("in0", (3,), Fixed(True, 51, 30)),), program.operations, ("out",))
    with pytest.raises(UnsupportedLayerError, match=r"Layer .out. of program .wide.: .*52 bits"):
        rtl(wide, 5.0)


@pytest.mark.parametrize("clock", [0.0, -1.0, float("inf"), float("nan")])
def test_clocks_that_can_not_be(clock):
    with pytest.raises(RecipeError, match="can't be; give one above 0"):
        rtl(dense(2, 2), clock)
