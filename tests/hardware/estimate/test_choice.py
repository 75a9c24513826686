"""What hls4ml builds in place of what it was asked for, and what of the program's own hardware stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.hardware.estimate.nets import BYTE, PART, filtered, network, one_dense
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate import Choice, estimate
from trigger_nn.hardware.estimate.choice import taken
from trigger_nn.hardware.estimate.streams import fifos
from trigger_nn.hardware.lint.context import Context
from trigger_nn.hardware.lint.dsp import slice_of, slices_a_product
from trigger_nn.hardware.lint.products import products_of
from trigger_nn.hardware.parts import device_of
from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, DepthwiseConv2D, Strategy
from trigger_nn.program.program import Program
from trigger_nn.recipe import hardware_spec

DENSE = one_dense(np.arange(1, 97).reshape(12, 8), Fixed(True, 12, 12))
IMAGE = filtered(np.arange(-4, 5).reshape(3, 3, 1, 1), 6)
GOLDEN = Path(__file__).parents[2] / "golden" / "second_schema"
VIRTEX_7 = "xc7vx690t-ffg1927-2"


def strategies(program, choice):
    made, _ = taken(program, choice)
    return [(operation.strategy, operation.reuse_factor) for operation in made.operations]


@pytest.mark.parametrize(
    ("program", "choice", "found"),
    [
        (DENSE, Choice(strategy=Strategy.RESOURCE, reuse_factor=5), (Strategy.RESOURCE, 4)),
        (DENSE, Choice(strategy=Strategy.UNROLLED, reuse_factor=1), (Strategy.RESOURCE, 1)),
        (DENSE, Choice(strategy=Strategy.UNROLLED, reuse_factor=4), (Strategy.UNROLLED, 4)),
        (DENSE, Choice(strategy=Strategy.DISTRIBUTED, reuse_factor=4), (Strategy.DISTRIBUTED, 1)),
        (DENSE, Choice(strategy=Strategy.LATENCY, reuse_factor=5), (Strategy.LATENCY, 5)),
        (IMAGE, Choice(strategy=Strategy.UNROLLED, reuse_factor=3), (Strategy.RESOURCE, 3)),
        (IMAGE, Choice("io_stream", Strategy.UNROLLED, 3), (Strategy.UNROLLED, 3)),
    ],
)
def test_hls4ml_takes_the_nearest(program, choice, found):
    assert strategies(program, choice) == [found]
    asked = (choice.strategy, choice.reuse_factor)
    assert bool(taken(program, choice)[1]) == (asked != found)


def test_the_estimate_is_of_what_is_built_and_says_so():
    asked, built = (
        estimate(DENSE, 5.0, PART, choice=Choice(strategy=Strategy.RESOURCE, reuse_factor=r)) for r in (5, 4)
    )
    assert asked.layers == built.layers
    assert asked.notes == ("hls4ml builds resource with reuse factor 4 in place of resource with reuse factor 5: d.",)
    assert built.notes == ()


def test_no_choice_leaves_the_program_alone():
    assert taken(DENSE, Choice("io_stream")) == (DENSE, ())


def test_depthwise_convolutions_have_no_resource_strategy_in_parallel():
    conv = IMAGE.operations[0]
    names = ("name", "inputs", "shape", "type", "bias", "accumulator", "reuse_factor", "window", "partitions")
    weights = Constant(conv.weights.mantissa[..., 0], conv.weights.type)
    layer = DepthwiseConv2D(**{name: getattr(conv, name) for name in names}, weights=weights)
    program = replace(IMAGE, operations=(layer,))
    with pytest.raises(RecipeError, match="depthwise convolution 'c'"):
        taken(program, Choice(strategy=Strategy.RESOURCE))
    assert strategies(program, Choice(strategy=Strategy.DISTRIBUTED)) == [(Strategy.LATENCY, 1)]


def compiled(program, **hardware):
    told = {"clock_period": 5.0, "part": PART} | hardware
    return replace(program, provenance={"hardware": told})


def test_the_clock_uncertainty_that_a_program_was_compiled_for():
    tight = compiled(network(2), clock_uncertainty=60.0)
    for road in ("hls", "rtl"):
        told = estimate(network(2), 5.0, PART, road, uncertainty=60.0)
        assert estimate(tight, 5.0, PART, road) == told
        assert told.cycles > estimate(network(2), 5.0, PART, road).cycles
        assert estimate(tight, 5.0, PART, road, uncertainty=27.0) == estimate(network(2), 5.0, PART, road)


@pytest.mark.parametrize("own", [{}, {"reuse_factor": 4}, {"layers": {"it": {"reuse_factor": 4}}}])
def test_streams_keep_what_the_program_was_compiled_for(own):
    """A batch normalisation takes a pack every `reuse_factor` cycles, recorded for all layers or for itself."""
    program = compiled(Program.load(GOLDEN / "batchnormalization.h5"), io_type="io_stream", **own)
    graph = token_graph(program, hardware_spec(**program.provenance["hardware"]))
    (actor,) = (actor for actor in graph.actors if actor.name == "it")
    found = estimate(program, 5.0, PART)
    assert found.layers[0].latency == actor.cycles
    bare = estimate(compiled(program, io_type="io_stream"), 5.0, PART)
    assert (found.cycles > bare.cycles) == bool(own)
    for reuse in (1, 4):  # what is asked for now outweighs all that is recorded
        asked = Choice("io_stream", reuse_factor=reuse)
        assert (
            estimate(program, 5.0, PART, choice=asked).cycles
            == estimate(compiled(program, io_type="io_stream", reuse_factor=reuse), 5.0, PART).cycles
        )


def test_fifos_take_memory_or_shift_registers():
    """The FIFO behind the first of two layers: 1 pack of 16 sums; deeper ones of more than 1,024 bits are block RAM."""
    program = network(3)
    graph = token_graph(program, hardware_spec(io_type="io_stream"))
    layers = tuple(operation.name for operation in program.operations)
    luts, halves = fifos(graph, layers)
    assert sum(luts.values()) == sum(edge.width for edge in graph.fifos) > 0
    assert sum(halves.values()) == 0
    deep = replace(graph, edges=tuple(replace(edge, given=edge.given and 600) for edge in graph.edges))
    luts, halves = fifos(deep, layers)
    assert sum(luts.values()) == 0
    assert sum(halves.values()) >= len(deep.fifos)
    found = estimate(program, 5.0, PART, choice=Choice("io_stream"))
    assert found.total("lut") >= sum(edge.width for edge in graph.fifos)


@pytest.mark.parametrize(
    ("part", "source", "weight"), [(PART, 30, 20), (PART, 24, 20), (VIRTEX_7, 26, 12), (PART, 12, 30)]
)
@pytest.mark.parametrize("strategy", [Strategy.LATENCY, Strategy.RESOURCE])
def test_wide_products_take_as_many_slices_as_the_linter_says(part, source, weight, strategy):
    top = 2 ** (weight - 1)
    program = one_dense([[top - 1, top - 3], [5 - top, 7 - top]], Fixed(True, source, source), strategy=strategy)
    (products,) = products_of(Context(program, hardware_spec(part=part), 25.0))
    assert estimate(program, 5.0, part).total("dsp") == 4 * slices_a_product(products, slice_of(device_of(part)))


def test_a_reuse_factor_shares_multipliers_and_no_sums():
    """64 products of bytes with 3 are one addition each, in 8 sums of 8: sharing leaves the sums, so most of it."""
    rng = np.random.default_rng(4)
    program = one_dense(rng.integers(1, 64, (16, 16)) * 2 + 1, BYTE)
    once, shared, more = (estimate(program, 5.0, PART, choice=Choice(reuse_factor=r)) for r in (1, 4, 16))
    adders = 16 * 15 * BYTE.width  # each at least as wide as an input, a LUT a bit
    assert more.total("lut") >= adders
    assert more.total("lut") <= once.total("lut")
    assert shared.total("lut") <= once.total("lut")
    assert (once.interval, shared.interval, more.interval) == (1, 4, 16)
    wide = one_dense(rng.integers(2**12, 2**13, (8, 8)) * 2 + 1, Fixed(True, 16, 16))
    assert [estimate(wide, 5.0, PART, choice=Choice(reuse_factor=r)).total("dsp") for r in (1, 4)] == [64, 16]


def test_a_layer_of_one_stage_has_its_register():
    program = one_dense([[1, 3], [2, 5]], BYTE)
    found = estimate(program, 25.0, PART)
    assert found.cycles == 1
    assert found.total("ff") == 2 * program.operations[0].type.width
