"""The linter as a whole: order, what remedies bring, limits against oracles, hls4ml itself, the page, the verb."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.conftest import GOLDEN, ROOT
from tests.hardware.lint.designs import both_ways, conv, dense, program, relu, repeated
from trigger_nn import Program
from trigger_nn.cli.lint import app
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.lint import Change, Key, Rule, Severity, lint
from trigger_nn.hardware.lint.changes import applied, told
from trigger_nn.hardware.lint.context import Context
from trigger_nn.hardware.lint.dsp import DSP48E1, DSP48E2, DSP58, slice_of, slices
from trigger_nn.hardware.lint.lint import RULES
from trigger_nn.hardware.lint.memories import Memory
from trigger_nn.hardware.lint.reuse import closest, valid_parallelization, valid_reuse_factors
from trigger_nn.hardware.parts import DEVICES, device_of
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Strategy
from trigger_nn.recipe import HardwareSpec, hardware_spec, recipe_of

EVENT_IMAGE = GOLDEN / "event_image_program.h5"


def told_of(found):
    return [(one.rule, one.layer) for one in found]


def test_the_event_image_needs_eleven_bunch_crossings():
    """Its recipe leaves 99 frames at 360 MHz between events: 275 ns, which 54 partitions of 5 ns just keep."""
    made = Program.load(EVENT_IMAGE)
    hardware = recipe_of(made.provenance["hardware"], HardwareSpec, "hardware")
    assert (Rule.INTERVAL, "conv1") in told_of(lint(made, hardware))
    assert (Rule.INTERVAL, "conv1") in told_of(lint(made, hardware, 269.0))
    assert told_of(lint(made, hardware, 275.0)) == [(Rule.UNROLL, "conv2")]


def test_a_remedy_says_what_else_it_breaks():
    """More pixels at once keep up with events, and are more products than a loop may be unrolled to; and back."""
    made = Program.load(EVENT_IMAGE)
    hardware = recipe_of(made.provenance["hardware"], HardwareSpec, "hardware")
    brought = {(one.rule, one.layer): one.brings for one in lint(made, hardware)}
    assert brought[Rule.INTERVAL, "conv2"] == ((Rule.UNROLL, "conv2"),)
    assert brought[Rule.UNROLL, "conv2"] == ((Rule.INTERVAL, "conv2"),)
    assert brought[Rule.INTERVAL, "conv1"] == ()


def test_errors_come_first_and_a_clean_design_yields_nothing():
    clean = program((4,), dense("fc", "x", 4, 4))
    assert lint(clean, hardware_spec()) == ()
    wide = program((5,), dense("fc-1", "x", 5, 4, accumulator=Fixed(True, 50, 20)), kind=Fixed(True, 30, 8))
    severities = [one.severity for one in lint(wide, hardware_spec())]
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.NOTE]


@pytest.mark.parametrize("spacing", [0.0, -25.0, float("nan"), float("inf")])
def test_impossible_spacings_are_refused(spacing):
    with pytest.raises(RecipeError, match="event spacing"):
        lint(program((4,), dense("fc", "x", 4, 4)), hardware_spec(), spacing)


def test_a_clock_without_time_for_an_adder_is_refused():
    made = program((4,), dense("fc", "x", 4, 4))
    with pytest.raises(RecipeError, match=r"A clock of 0\.01 ns leaves no time for an adder; choose 1\.51 ns or more"):
        lint(made, hardware_spec(clock_period=0.01))
    assert lint(made, hardware_spec(clock_period=1.51)) == ()


def test_a_spacing_that_is_a_whole_number_of_cycles_loses_none():
    """25 / 0.1 is 249.99... in binary fractions."""
    made = program((4,), dense("fc", "x", 4, 4))
    periods = [(2.5, 10), (0.1, 250), (25 / 9, 9), (3.0, 8)]
    assert [Context(made, hardware_spec(clock_period=p), 25.0).cycles for p, _ in periods] == [c for _, c in periods]


def test_every_rule_stands_in_the_table_of_the_page_and_no_other():
    rows = re.findall(r"^\| ([a-z_]+) \|", (ROOT / "docs/lint.md").read_text(), re.MULTILINE)
    assert [row for row in rows if row != "rule"] == [str(rule) for rule, _ in RULES]
    assert {rule for rule, _ in RULES} == set(Rule)


# Limits, against oracles.


def test_reuse_and_parallelization_factors_are_those_of_hls4ml():
    from trigger_nn.frontend.graph import hls4ml

    backend = hls4ml.backends.get_backend("Vitis")
    for rows in range(1, 14):
        for sums in range(1, 9):
            valid = backend.get_valid_reuse_factors(rows, sums)
            assert list(valid_reuse_factors(rows, sums)) == valid
            for asked in range(1, rows * sums + 5):
                assert closest(valid, asked) == backend.get_closest_reuse_factor(valid, asked)
    for height, width in ((1, 1), (1, 12), (6, 4), (5, 7)):
        assert list(valid_parallelization(height * width)) == backend.get_valid_conv_partition_splits(height, width)


def pieces(bits, most):
    """Cut a two's complement number into signed top and unsigned lower pieces, one by one."""
    count = 1
    while bits > most:
        bits -= most - 1
        count += 1
    return count


def test_slices_of_a_product():
    for kind in (DSP48E1, DSP48E2, DSP58):
        for one in range(1, 70):
            for other in range(1, 70):
                straight = pieces(one, kind.long) * pieces(other, kind.short)
                turned = pieces(one, kind.short) * pieces(other, kind.long)
                assert slices(one, other, kind) == min(straight, turned)
    # AM004, operation modes of two and four DSP58: 50 x 24 and 47 x 27 take two, 47 x 50 takes four
    assert [slices(*bits, DSP58) for bits in ((27, 24), (50, 24), (47, 27), (47, 50))] == [1, 2, 2, 4]


def test_devices_have_the_slices_of_their_families():
    assert slice_of(device_of("xc7vx690tffg1927-2")) is DSP48E1
    assert slice_of(device_of("xcvu13p-flga2577-2-e")) is DSP48E2
    assert slice_of(replace(DEVICES[0], name="xcvp1802")) is DSP58


@pytest.mark.parametrize(
    ("words", "width", "halves"),
    [(512, 36, 1), (513, 36, 2), (1024, 18, 1), (1024, 19, 2), (2048, 9, 1), (4, 73, 3), (16_384, 1, 1), (4096, 18, 4)],
)
def test_block_rams_of_a_memory(words, width, halves):
    assert Memory("l", "weights", words, width).halves == halves
    assert Memory("l", "weights", words, width, 3).halves == 3 * halves


# Changes.


def test_a_change_is_a_line_of_the_recipe_and_written_into_it():
    change = Change("fc", Key.REUSE_FACTOR, 4)
    assert str(change) == "hardware.layers.fc.reuse_factor = 4"
    hardware = told(told(hardware_spec(), change), Change("fc", Key.RESULT, "fixed<8,3>"))
    assert hardware.layers["fc"].reuse_factor == 4
    assert hardware.layers["fc"].precision == {"result": "fixed<8,3>"}
    with pytest.raises(RecipeError, match="reuse_factor"):
        told(hardware_spec(), Change("fc", Key.REUSE_FACTOR, 0))


def test_a_reuse_factor_for_all_leaves_layers_with_their_own():
    made = program(
        (12,), dense("one", "x", 12, 4, strategy=Strategy.RESOURCE), dense("two", "one", 4, 6),
    )  # fmt: skip
    context = Context(made, hardware_spec(layers={"two": {"reuse_factor": 3}}), 25.0)
    after = applied(context, [Change("", Key.REUSE_FACTOR, 5)])
    assert [op.reuse_factor for op in after.program.operations] == [4, 3]  # 5 is none of 12 x 4: 4 and 6 are as near


def test_a_new_name_is_known_everywhere():
    made = program((4,), dense("fc-1", "x", 4, 4), relu("act", "fc-1", (4,)))
    context = Context(made, hardware_spec(layers={"fc-1": {"reuse_factor": 2}}), 25.0)
    after = applied(context, [Change("fc-1", Key.NAME, "fc_1")])
    assert after.program.operation("act").inputs == ("fc_1",)
    assert after.asked("fc_1").reuse_factor == 2


def keras_model():
    from trigger_nn.frontend.legacy import keras

    x = keras.Input((6, 9, 2), name="x")
    y = keras.layers.Conv2D(3, 3, name="conv")(x)
    y = keras.layers.Flatten(name="flat")(keras.layers.ReLU(name="act")(y))
    return keras.Model(x, keras.layers.Dense(4, name="fc")(y))


def test_changes_make_what_hls4ml_makes_of_them(tmp_path):
    """Lint a compiled model, change its recipe as proposed, compile again: the findings are gone, the rest as foretold.

    28 pixels can't be computed 5 at once, and 18 inputs of 3 sums can't be shared by 5.
    """
    from trigger_nn.frontend.compile import compile_model

    model = keras_model()
    asked = hardware_spec(
        strategy="resource", reuse_factor=5, parallelization_factor=5, layers={"fc": {"strategy": "latency"}}
    )

    def compiled(hardware):
        return compile_model(model, "linted", Fixed(True, 8, 3), tmp_path, hardware).program

    first = compiled(asked)
    found = [one for one in lint(first, asked, 1e6) if one.rule in (Rule.REUSE_FACTOR, Rule.PARALLELIZATION)]
    assert [(one.rule, one.layer, one.severity) for one in found] == [
        (Rule.REUSE_FACTOR, "conv", Severity.WARNING),
        (Rule.PARALLELIZATION, "conv", Severity.WARNING),
        (Rule.REUSE_FACTOR, "fc", Severity.NOTE),
    ]
    changes = [change for one in found for change in one.changes] + [
        Change("fc", Key.STRATEGY, "resource"), Change("fc", Key.ACCUMULATOR, "fixed<30,15>"),
    ]  # fmt: skip
    foretold = applied(Context(first, asked, 1e6), changes)
    second = compiled(foretold.hardware)
    assert not {Rule.REUSE_FACTOR, Rule.PARALLELIZATION} & {one.rule for one in lint(second, foretold.hardware, 1e6)}
    for name in ("conv", "fc"):
        made, expected = second.operation(name), foretold.program.operation(name)
        assert (made.reuse_factor, made.strategy) == (expected.reuse_factor, expected.strategy)
    assert second.operation("conv").partitions == foretold.program.operation("conv").partitions
    assert second.operation("fc").accumulator == foretold.program.operation("fc").accumulator


def test_halves_of_a_layer_are_told_apart_and_mended_under_its_name():
    made = program((5, 40), *both_ways("bi", "x", 5, 40, 32))
    found = [one for one in lint(made, hardware_spec(), 1e6) if one.rule is Rule.UNROLL]
    assert [one.layer for one in found] == ["bi/forward", "bi/backward"]
    assert found[0].changes == (Change("bi", Key.STRATEGY, "resource"), Change("bi", Key.REUSE_FACTOR, 2))
    after = applied(Context(made, hardware_spec(), 1e6), found[0].changes)
    assert Rule.UNROLL not in {one.rule for one in lint(after.program, after.hardware, 1e6)}


def test_steps_of_a_repeated_layer_are_told_of_once():
    made = program((3, 65), *repeated("fc", "x", 3, 65, 64))
    found = [one for one in lint(made, hardware_spec(), 1e6) if one.rule is not Rule.MULTIPLIERS]
    assert told_of(found) == [(Rule.PARTITION, "fc"), (Rule.UNROLL, "fc")]
    after = applied(Context(made, hardware_spec(), 1e6), found[1].changes)
    assert {op.reuse_factor for op in after.program.operations if hasattr(op, "reuse_factor")} == {5}


# The verb.


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_verb_ends_with_1_if_there_is_an_error():
    result = run(EVENT_IMAGE)
    assert result.exit_code == 1
    assert "limit of interval" in result.output
    assert "but then: unroll (conv2)" in " ".join(result.output.split())


def test_the_verb_takes_another_part_and_clock_and_prints_json():
    result = run(EVENT_IMAGE, "--spacing", 275, "--part", "xc7vx690tffg1927-2", "--clock-period", 6.25, "--json")
    told = json.loads(result.output)
    assert result.exit_code == 1  # 54 cycles of 6.25 ns are longer
    assert (told["part"], told["clock_period"], told["spacing"]) == ("xc7vx690tffg1927-2", 6.25, 275.0)
    (interval,) = (one for one in told["findings"] if one["rule"] == "interval")
    assert interval["limit"]["number"] == 44
    assert interval["changes"] == [{"layer": "conv1", "key": "parallelization_factor", "value": 6}]


def test_the_verb_says_when_nothing_is_found(tmp_path):
    made = program((6, 6, 1), conv("conv", "x", (4, 4), 1, 2, partitions=4))
    hardware = hardware_spec(parallelization_factor=4).model_dump()
    replace(made, provenance={"hardware": hardware}).save(tmp_path / "program.h5")
    result = run(tmp_path / "program.h5")
    assert result.exit_code == 0
    assert "nothing found" in result.output


def test_a_program_without_a_recipe_is_held_against_the_defaults(tmp_path):
    program((4,), dense("fc", "x", 4, 4)).save(tmp_path / "program.h5")
    result = run(tmp_path / "program.h5", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["part"] == HardwareSpec().part


def test_the_largest_kernels_take_no_longer_than_a_blink():
    """A remedy is searched among all reuse factors of a layer; a large one has many."""
    import time

    made = program((1024,), dense("fc", "x", 1024, 720), kind=Fixed(True, 8, 3))
    start = time.perf_counter()
    found = lint(made, hardware_spec(backend="Vivado", part="xczu7ev-ffvc1156-2-e"))
    assert time.perf_counter() - start < 10
    assert {one.rule for one in found} >= {Rule.PARTITION, Rule.UNROLL, Rule.MULTIPLIERS}
    assert np.all([one.changes for one in found if one.rule is Rule.UNROLL])
