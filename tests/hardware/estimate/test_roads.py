"""Estimates as a whole: both roads, strategies, intervals, and one published design."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.hardware.estimate.nets import BYTE, PART, dense, filtered, network, one_dense
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate import Choice, Figure, estimate
from trigger_nn.hardware.estimate.values import RESOURCES, whole
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import Constant, Dense, Relu, Strategy
from trigger_nn.program.program import Port, Program


def tagger(reuse=1):
    """16-64-32-32-5 with 6-bit weights, half of them zero: the shape of the published jet tagger."""
    rng = np.random.default_rng(0)
    weight, activation = Fixed(True, 6, 1), Fixed(False, 6, 2, Rounding.RND_CONV, Overflow.SAT)
    widths, operations, reads = (16, 64, 32, 32, 5), [], "x"
    for i, (rows, columns) in enumerate(pairwise(widths)):
        mantissa = rng.integers(-31, 32, (rows, columns)) * (rng.random((rows, columns)) < 0.5)
        bias = Constant(np.zeros(columns, np.int64), weight)
        accumulator = covering(-31 * 63 * rows, 31 * 63 * rows, 9)
        node = {"name": f"d{i}", "inputs": (reads,), "shape": (columns,), "type": accumulator}
        operations.append(
            Dense(**node, weights=Constant(mantissa, weight), bias=bias, accumulator=accumulator, reuse_factor=reuse)
        )
        operations.append(Relu(name=f"a{i}", inputs=(f"d{i}",), shape=(columns,), type=activation))
        reads = f"a{i}"
    return Program("tagger", (Port("x", (16,), Fixed(True, 16, 6)),), tuple(operations), (reads,))


def test_order_of_magnitude_of_a_published_tagger():
    """6-bit QKeras tagger at 5 ns: 39,782 LUT, 124 DSP, 55 ns; the estimate claims a factor of 2, no more."""
    found = estimate(tagger(), 5.0, PART)
    figure = found.figure("lut")
    assert figure.low < 39_782 < figure.high
    assert found.figure("dsp").low <= 124 <= found.figure("dsp").high
    assert found.cycles_figure.low * 5.0 < 55 < found.cycles_figure.high * 5.0


def test_reuse_trades_interval_for_logic():
    fast, slow = estimate(tagger(1), 5.0, PART), estimate(tagger(4), 5.0, PART)
    assert (fast.interval, slow.interval) == (1, 4)
    assert slow.total("lut") < fast.total("lut")
    assert slow.cycles > fast.cycles
    assert (fast.instances, slow.instances) == (1, 1)
    assert estimate(tagger(1), 5.0, PART, choice=Choice(reuse_factor=4)) == slow


def test_zero_weights_cost_nothing():
    program = tagger()
    layer = program.operations[0]
    empty = Constant(np.zeros_like(layer.weights.mantissa), layer.weights.type)
    silent = replace(program, operations=(replace(layer, weights=empty), *program.operations[1:]))
    assert estimate(silent, 5.0, PART).layers[0].lut == 0


def test_a_faster_clock_takes_more_cycles_and_registers():
    slow, fast = estimate(tagger(), 10.0, PART, "rtl"), estimate(tagger(), 2.5, PART, "rtl")
    assert fast.cycles > slow.cycles
    assert fast.total("ff") > slow.total("ff")
    assert fast.total("lut") == slow.total("lut")
    assert {layer.interval for layer in fast.layers} == {1}
    for tight in (0.5, 1.4):
        with pytest.raises(RecipeError, match="too short for one adder"):
            estimate(tagger(), tight, PART)


def test_distributed_arithmetic_takes_less_than_products_on_their_own():
    latency, shared = (
        estimate(tagger(), 5.0, PART, choice=Choice(strategy=s)) for s in ("latency", "distributed_arithmetic")
    )
    assert shared.total("lut") < latency.total("lut")
    assert shared.figure("dsp") == Figure(0, 0, 0)
    own = estimate(tagger(), 5.0, PART, "rtl")
    assert shared.total("lut") == own.total("lut")
    assert 0 < shared.cycles <= own.cycles  # our own RTL is cut between operations, HLS where it likes


def test_multipliers_of_the_resource_strategy():
    """96 products of bytes with weights of 12 bits, four times each multiplier: 24 of them, 24 x 12 bits a word."""
    rng = np.random.default_rng(1)
    program = one_dense(rng.integers(-2047, 2048, (12, 8)), Fixed(True, 12, 12), reuse=4, strategy=Strategy.RESOURCE)
    found = estimate(program, 5.0, PART).layers[0]
    assert (found.dsp, found.dsp_range, found.bram, found.interval) == (24, (0, 24), 4, 4)
    at_once = estimate(program, 5.0, PART, choice=Choice(reuse_factor=1)).layers[0]
    assert (at_once.dsp, at_once.bram, at_once.interval) == (96, 0, 1)
    narrow = estimate(one_dense(np.full((12, 8), 3), BYTE, reuse=4, strategy=Strategy.RESOURCE), 5.0, PART).layers[0]
    assert (narrow.dsp, narrow.dsp_range) == (0, (0, 0))


def test_unrolled_multipliers_leave_zeros_out():
    matrix = np.full((12, 8), 1001) * (np.arange(12) % 2)[:, None]
    program = one_dense(matrix, Fixed(True, 12, 12), reuse=4, strategy=Strategy.UNROLLED)
    found = estimate(program, 5.0, PART).layers[0]
    assert (found.dsp, found.bram) == (12, 0)


def test_wide_constants_take_dsp_slices():
    """Of four inputs two have a product with 1001, one of them in two columns and built once; 1024 is wires."""
    program = one_dense([[1001, 1001], [1024, 1001], [3, 5], [0, 1]], Fixed(True, 16, 16))
    found = estimate(program, 5.0, PART).layers[0]
    assert (found.dsp, found.dsp_range) == (2, (0, 2))


def test_partitions_take_turns():
    kernel = np.arange(-4, 5).reshape(3, 3, 1, 1)
    whole_, parts = (estimate(filtered(kernel, 6, turns), 5.0, PART) for turns in (1, 6))
    assert (whole_.interval, parts.interval) == (1, 6)
    assert parts.cycles == whole_.cycles + 5
    assert parts.total("lut") < whole_.total("lut")


def test_streams_compute_one_pixel_at_a_time():
    """At least a cycle for each pixel with its border, and the logic of one window."""
    program = filtered(np.arange(-4, 5).reshape(3, 3, 1, 1), 6)
    unpadded = replace(program.operations[0], window=replace(program.operations[0].window, padding=(0, 0, 0, 0)))
    program = replace(program, operations=(replace(unpadded, shape=(4, 4, 1)),))
    parallel, stream = (estimate(program, 5.0, PART, choice=Choice(io)) for io in ("io_parallel", "io_stream"))
    assert stream.interval >= 36
    assert stream.cycles >= 36
    assert stream.total("lut") < parallel.total("lut") / 8


def test_choices_that_can_not_be_had():
    for choice, told in ((Choice("io_sideways"), "no interface"), (Choice(reuse_factor=-1), "reuse factor of -1")):
        with pytest.raises(RecipeError, match=told):
            estimate(tagger(), 5.0, PART, choice=choice)
    with pytest.raises(RecipeError, match="are hls4ml's"):
        estimate(tagger(), 5.0, PART, "rtl", Choice(reuse_factor=2))


def test_layers_add_up():
    for road in ("hls", "rtl"):
        found = estimate(network(5), 5.0, PART, road)
        assert found.cycles == sum(layer.latency for layer in found.layers)
        for resource in RESOURCES:
            figure = found.figure(resource)
            assert figure.value == found.total(resource)
            assert figure.low <= figure.value <= figure.high
    assert "Yosys" in found.accuracy.basis
    assert found.share_of_slr("lut") == pytest.approx(4 * found.share("lut"))


def test_rounding_up_is_the_same_on_every_machine():
    assert [whole(x) for x in (2.0, 2.0000000001, 1.9999999999, 2.1, 0.0)] == [2, 2, 2, 3, 0]


def test_a_chain_that_ends_early_leaves_the_rest_of_the_pipeline_empty():
    """A layer beside a longer one takes no cycles of its own."""
    x = Port("x", (4,), BYTE)
    long, short = dense("a", "x", np.full((4, 1), 45), BYTE), dense("b", "x", np.full((4, 1), 1), BYTE)
    found = estimate(Program("two", (x,), (long, short), ("a", "b")), 2.5, PART, "rtl")
    assert found.layers[1].latency == 0
