"""Trade-offs: which designs there are, what is estimated of them, which of them nothing beats, the files."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.conftest import GOLDEN
from trigger_nn.cli.tradeoffs import app
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, RecipeError
from trigger_nn.hardware.budgets import budget_of, held
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.estimate import Choice, estimate
from trigger_nn.hardware.lint.reuse import valid_reuse_factors
from trigger_nn.passes.coarsen import coarsen
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Conv2D, Dense, DepthwiseConv2D, Strategy, Window
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.studies.divergence import Decision
from trigger_nn.studies.tradeoffs import Axes, LeftOut, Precision, trade_offs
from trigger_nn.studies.tradeoffs.designs import designs
from trigger_nn.studies.tradeoffs.files import as_csv, as_json
from trigger_nn.studies.tradeoffs.pareto import front
from trigger_nn.studies.tradeoffs.values import WAYS

PART, SMALL_PART = "xcvu13p-flga2577-2-e", "xc7vx690tffg1927-2"
PLAIN = Axes(precisions=(Precision(),))
TAGGER, IMAGE = network(12).program, network(2).program  # dense layers; a convolution and dense layers


@pytest.fixture(scope="module")
def table():
    """Of a small network: two clocks, three precisions, a budget that some designs keep, events."""
    axes = Axes(reuse_factors=(1, 2, 4), clock_periods=(2.5, 5.0))
    return trade_offs(TAGGER, PART, axes, budget=budget_of("60"), inputs=events(TAGGER, 500))


def events(program, count, seed=1):
    port = program.inputs[0]
    random = np.random.default_rng(seed)
    return {port.name: random.integers(port.type.minimum, port.type.maximum + 1, (count, *port.shape))}


def dominates(one, other):
    return all(a <= b for a, b in zip(one, other, strict=True)) and one != other


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=30))
def test_the_front_is_what_nothing_dominates(rows):
    found = front(np.array(rows, float))
    assert found.tolist() == [not any(dominates(other, row) for other in rows) for row in rows]


def test_marked_are_those_that_no_other_of_the_same_precision_beats(table):
    def cost(point):
        found = point.estimate
        return round(found.latency, 6), found.total("lut"), found.total("dsp")

    for point in table.points:
        others = [cost(other) for other in table.points if other.precision == point.precision]
        assert point.pareto == (not any(dominates(other, cost(point)) for other in others))
    assert {point.precision for point in table.front} == {Precision(), Precision(1, 1), Precision(2, 2)}
    assert len(table.front) < len(table.points)


def test_what_does_not_fit_the_part_is_never_best():
    program = Program.load(GOLDEN / "event_image_program.h5")
    axes = replace(PLAIN, ways=("latency", "rtl"), reuse_factors=(1,), clock_periods=(5.0,))
    latency, rtl = trade_offs(program, SMALL_PART, axes).points
    assert rtl.estimate.latency < latency.estimate.latency
    assert (rtl.fits, rtl.pareto) == (False, False)
    assert (latency.fits, latency.pareto) == (True, True)


def test_points_are_what_the_estimator_says_of_the_same_choice(table):
    precise = [point for point in table.points if point.precision == Precision()]
    for point in precise:
        period, reuse = point.estimate.clock_period, point.reuse_factor
        if point.way == "rtl":
            assert point.estimate == estimate(TAGGER, period, PART, "rtl", Choice())
        elif point.taken == (reuse,) and point.way != Strategy.UNROLLED:
            choice = Choice("io_parallel", Strategy(point.way), reuse)
            assert point.estimate == estimate(TAGGER, period, PART, "hls", choice)
        assert point.verdict == held(point.estimate, budget_of("60"))
    assert {point.verdict.held for point in precise} == {True, False}
    assert {point.way for point in precise} == set(WAYS)
    coarse = next(point for point in table.points if point.precision == Precision(2, 2) and point.way == "rtl")
    assert coarse.estimate == estimate(coarsen(TAGGER, 2, 2), coarse.estimate.clock_period, PART, "rtl", Choice())


def test_every_design_comes_once_at_every_clock_and_precision(table):
    places = [(point.way, point.reuse_factor, point.estimate.clock_period, point.precision) for point in table.points]
    assert len(set(places)) == len(places)
    built, _ = designs(TAGGER, WAYS, (1, 2, 4), "io_parallel")
    assert len(places) == len(built) * 2 * 3
    layers = [tuple((op.strategy, op.reuse_factor) for op in design.program.operations if isinstance(op, Dense))
              for design in built if design.way != "rtl"]  # fmt: skip
    assert len(set(layers)) == len(layers)


def test_layers_take_the_nearest_factor_that_their_loops_have():
    built, left = designs(TAGGER, ("resource", "latency"), tuple(range(1, 20)), "io_parallel")
    for design in built:
        dense = [op for op in design.program.operations if isinstance(op, Dense)]
        assert {op.strategy for op in dense} == {Strategy(design.way)}
        assert tuple(sorted({op.reuse_factor for op in dense})) == design.taken
        assert design.reuse_factor in design.taken
        for op in dense:
            valid = valid_reuse_factors(*op.weights.mantissa.shape)
            distances = [abs(factor - design.reuse_factor) for factor in valid]
            wanted = valid[distances.index(min(distances))] if design.way == "resource" else design.reuse_factor
            assert op.reuse_factor == wanted
    told = {one.what for one in left}
    named = {f"{design.way}, reuse factor {design.reuse_factor}" for design in built}
    assert told.isdisjoint(named)
    assert len(told) + len(named) == 2 * 19


def test_strategies_that_hls4ml_replaces_are_left_out():
    def ways(io_type, reuse):
        built, left = designs(IMAGE, ("resource", "resource_unrolled"), (reuse,), io_type)
        return [design.way for design in built], left

    assert ways("io_parallel", 1) == (
        ["resource"],
        (LeftOut("resource_unrolled, reuse factor 1", "no layer takes it, hls4ml gives the network resource"),),
    )
    assert ways("io_stream", 2)[0] == ["resource", "resource_unrolled"]
    unrolled = designs(IMAGE, ("resource_unrolled",), (2,), "io_parallel")[0]
    taken = {type(op): op.strategy for design in unrolled for op in design.program.operations if hasattr(op, "weights")}
    assert taken == {Conv2D: Strategy.RESOURCE, Dense: Strategy.UNROLLED}


def depthwise():
    window, kind = Window(size=(1, 2), stride=(1, 1), padding=(0, 0, 0, 0)), Fixed(True, 12, 8)
    layer = DepthwiseConv2D(
        name="deep", inputs=("x",), shape=(1, 3, 2), type=kind, accumulator=kind, reuse_factor=1, window=window,
        partitions=1, weights=Constant(np.full((1, 2, 2), 3), Fixed(True, 4, 4)),
        bias=Constant(np.zeros(2, int), Fixed(True, 2, 2)),
    )  # fmt: skip
    return check(Program("deep", (Port("x", (1, 4, 2), Fixed(True, 4, 4)),), (layer,), ("deep",)))


def test_a_depthwise_convolution_has_no_resource_strategy_in_io_parallel():
    built, left = designs(depthwise(), WAYS, (1, 2), "io_parallel")
    assert [(design.way, design.reuse_factor) for design in built] == [("latency", 1), ("latency", 2), ("rtl", 1)]
    why = {one.what: one.why for one in left}
    assert why["resource, reuse factor 2"] == (
        "hls4ml has no such C++ for the depthwise convolution 'deep' in io_parallel"
    )  # fmt: skip
    assert why["distributed_arithmetic, reuse factor 1"] == "no layer takes it, hls4ml gives the network latency"
    streamed, _ = designs(depthwise(), ("resource",), (2,), "io_stream")
    assert [design.way for design in streamed] == ["resource"]


def test_a_network_without_dense_layers_and_convolutions_is_built_as_rtl_alone():
    program = Program.load(GOLDEN / "second_schema" / "gru.h5")
    table = trade_offs(program, PART, replace(PLAIN, clock_periods=(5.0,), reuse_factors=(1,)))
    assert [point.way for point in table.points] == ["rtl"]
    assert {one.why for one in table.left_out} == {"there is no dense layer or convolution to choose it for"}


def test_a_stream_is_estimated_as_a_stream():
    axes = replace(PLAIN, ways=("latency", "rtl"), reuse_factors=(1,), clock_periods=(5.0,))
    stream = {point.way: point for point in trade_offs(IMAGE, PART, axes, io_type="io_stream").points}
    assert stream["latency"].estimate == estimate(IMAGE, 5.0, PART, "hls", Choice("io_stream", Strategy.LATENCY, 1))
    assert stream["latency"].estimate.interval > 1
    assert stream["rtl"].estimate == estimate(IMAGE, 5.0, PART, "rtl", Choice())


@pytest.mark.parametrize("decision", [Decision(), Decision((0.25,))])
def test_decisions_are_counted_as_in_plain_python(decision):
    inputs = events(TAGGER, 300)
    table = trade_offs(
        TAGGER, PART, replace(PLAIN, precisions=(Precision(), Precision(2, 1)), ways=("rtl",), clock_periods=(5.0,)),
        inputs=inputs, decision=decision,
    )  # fmt: skip

    def scores(program):
        output = program.outputs[0]
        return run_reference(program, inputs, (output.name,))[output.name] * 2.0**-output.type.fraction

    def fires(row):
        if decision.thresholds:
            return [bool(score > decision.thresholds[0]) for score in row]
        return int(np.argmax(row)) if len(row) > 1 else bool(row[0] > 0)

    pairs = zip(scores(TAGGER), scores(coarsen(TAGGER, 2, 1)), strict=True)
    same = sum(fires(one) == fires(other) for one, other in pairs)
    assert 0 < same < 300
    as_it_is, coarse = (table.cost(precision) for precision in (Precision(), Precision(2, 1)))
    assert (as_it_is.same.value, as_it_is.program) == (1.0, TAGGER.digest)
    assert (coarse.same.value, coarse.events, coarse.program) == (same / 300, 300, coarsen(TAGGER, 2, 1).digest)
    assert coarse.same.low < coarse.same.value < coarse.same.high


def test_csv_and_json_hold_every_number_exactly(table):
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    told = json.loads(as_json(table))
    assert len(rows) == len(told["points"]) == len(table.points)
    for row, plain, point in zip(rows, told["points"], table.points, strict=True):
        assert row.keys() == plain.keys()
        for name, cell in row.items():
            if name == "strategy":
                assert cell == plain[name] == point.way
            else:
                assert float(cell) == plain[name], name
        found, same = point.estimate, table.cost(point.precision).same
        assert (plain["latency_ns_low"], plain["latency_ns_high"]) == (point.latency.low, point.latency.high)
        assert (plain["lut"], plain["dsp_share"]) == (found.total("lut"), found.share("dsp"))
        assert (plain["in_budget"], plain["pareto"]) == (point.verdict.held, point.pareto)
        assert (plain["same_decisions"], plain["weight_bits_dropped"]) == (same.value, point.precision.weights)
    assert told["budget"]["limit"] == 60.0
    assert set(told["basis"]) == {"hls", "rtl"}
    assert told["left_out"][0].keys() == {"what", "why"}


def test_without_budget_and_events_their_cells_are_empty():
    bare = trade_offs(TAGGER, PART, replace(PLAIN, ways=("rtl",), clock_periods=(5.0,)))
    row = next(csv.DictReader(io.StringIO(as_csv(bare))))
    assert (row["in_budget"], row["same_decisions"], row["events"]) == ("", "", "0")
    assert json.loads(as_json(bare))["budget"] is None


def test_a_precision_that_can_not_be_had_is_left_out():
    axes = Axes(ways=("rtl",), clock_periods=(5.0,), precisions=(Precision(), Precision(40, 0)))
    table = trade_offs(TAGGER, PART, axes)
    assert [point.precision for point in table.points] == [Precision()]
    assert table.left_out[0].what == "precision -40/0"
    with pytest.raises(
        RecipeError, match=r"^No design is left, ask for others: precision -40/0: .*ask for \d at most\.$"
    ):
        trade_offs(TAGGER, PART, replace(axes, precisions=(Precision(40, 0),)))


def test_what_is_scanned_can_be_and_comes_once():
    assert Axes(reuse_factors=(2, 1, 2)).reuse_factors == (2, 1)
    for wrong, sentence in (
        ({"ways": ("lattency",)}, "There is no strategy 'lattency'; choose among latency, resource"),
        ({"clock_periods": (0.0,)}, "A clock period of 0 ns is none"),
        ({"clock_periods": (float("nan"),)}, "A clock period of nan ns is none"),
        ({"reuse_factors": (4, 0)}, "A reuse factor of 0 is none"),
        (
            {"precisions": (Precision(), Precision(2, -1))},
            "^Weights or activations can't lose -1 bits; give 0 or more.$",
        ),
        ({"precisions": ()}, "The trade-offs have no precisions"),
    ):
        with pytest.raises(RecipeError, match=sentence):
            Axes(**wrong)


def test_refusals_of_the_rooms_below_come_through():
    with pytest.raises(RecipeError, match="clock"):
        trade_offs(TAGGER, PART, replace(PLAIN, clock_periods=(1.0,)))
    with pytest.raises(EventsError, match="no events"):
        trade_offs(TAGGER, PART, replace(PLAIN, clock_periods=(5.0,)), inputs=events(TAGGER, 0))
    with pytest.raises(RecipeError, match="no layer can have this factor"):
        trade_offs(TAGGER, PART, replace(PLAIN, ways=("resource",), reuse_factors=(10_007,)))


def test_a_scaling_reaches_every_point():
    axes = replace(PLAIN, clock_periods=(5.0,), reuse_factors=(1,))
    doubled = trade_offs(TAGGER, PART, axes, adjusted=lambda found: replace(found, layers=found.layers * 2))
    once = trade_offs(TAGGER, PART, axes)
    assert [p.estimate.total("lut") for p in doubled.points] == [2 * p.estimate.total("lut") for p in once.points]


def called(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_verb_prints_the_best_and_writes_three_files(tmp_path):
    TAGGER.save(tmp_path / "p.h5")
    port = TAGGER.inputs[0]
    np.save(tmp_path / "x.npy", events(TAGGER, 200)[port.name] * 2.0**-port.type.fraction)
    scanned = ("--clocks", "2.5,5", "--bits", "0,2/1", "--strategies", "latency,rtl", "--reuse", "1,2")
    asked = (*scanned, "--events", tmp_path / "x.npy", "--budget", "global-trigger")
    done = called(tmp_path / "p.h5", *asked, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "bits -2/-1: " in done.output
    assert "of 200 events decided as before" in done.output
    told = json.loads((tmp_path / "out" / "tradeoffs.json").read_text())
    rows = list(csv.DictReader((tmp_path / "out" / "tradeoffs.csv").open()))
    assert len(rows) == len(told["points"])
    best = sum(point["pareto"] for point in told["points"])
    assert f"{best} of {len(rows)} designs" in done.output
    assert (tmp_path / "out" / "tradeoffs.png").read_bytes().startswith(b"\x89PNG")
    printed = called(tmp_path / "p.h5", *asked, "--out", tmp_path / "out", "--json")
    assert json.loads(printed.output) == told


def test_where_nothing_fits_the_verb_says_what_comes_nearest(tmp_path):
    asked = ("--part", SMALL_PART, "--strategies", "rtl", "--clocks", "5", "--bits", "0", "--out", tmp_path)
    done = called(GOLDEN / "event_image_program.h5", *asked)
    assert done.exit_code == 0, done.output
    (point,) = json.loads((tmp_path / "tradeoffs.json").read_text())["points"]
    share = max(point[f"{resource}_share"] for resource in ("lut", "ff", "dsp", "bram"))
    assert share > 1
    told = " ".join(done.output.split())
    assert f"No design fits {SMALL_PART}: the nearest takes {100 * share:.1f} % of its" in told
    assert "Take a larger part" in told
    assert "designs that no other" not in told


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--clocks", "2.5;5", "--clocks 2.5;5 can't be read"),
        ("--reuse", "1,x", "--reuse 1,x can't be read"),
        ("--bits", "1/", "--bits 1/ can't be read"),
        ("--strategies", "fast", "There is no strategy 'fast'"),
        ("--budget", "none", "There is no budget 'none'"),
    ],
)
def test_the_verb_refuses_in_a_sentence(tmp_path, option, value, sentence):
    TAGGER.save(tmp_path / "p.h5")
    done = called(tmp_path / "p.h5", option, value, "--out", tmp_path)
    assert isinstance(done.exception, RecipeError)
    assert sentence in str(done.exception)
