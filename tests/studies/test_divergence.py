"""Where two sides part, and at which layer a decision changes; what changed between two programs."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from trigger_nn import terminal
from trigger_nn.cli import programs as cli_programs
from trigger_nn.cli.check import check
from trigger_nn.errors import EventsError, MismatchError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Concatenate, Constant, Dense, Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.studies.difference import difference, output_changes
from trigger_nn.studies.divergence import Decision, find_divergence

KIND, WIDE = Fixed(True, 8, 4), Fixed(True, 12, 8)


def program(weight=2, result=KIND):
    weights = Constant(np.array([[weight], [-2]]), Fixed(True, 4, 3))  # 1 and -1
    dense = Dense(
        name="d", inputs=("r",), shape=(1,), type=WIDE, weights=weights, bias=Constant(np.array([0]), KIND),
        accumulator=WIDE, reuse_factor=1,
    )  # fmt: skip
    relu = Relu(name="r", inputs=("x",), shape=(2,), type=KIND)
    cast = Cast(name="out", inputs=("d",), shape=(1,), type=result)
    return Program("small", (Port("x", (2,), KIND),), (relu, dense, cast), ("out",))


def sides():
    """Three events in numbers; the other side's relu gives 1 more for the first element of event 1."""
    relu = np.array([[1.0, 0.5], [1.0, 1.5], [0.0, 2.0]])
    other = relu + np.array([[0, 0], [1.0, 0], [0, 0]])
    dense = other[:, :1] - other[:, 1:]
    inputs = {"x": (relu * 16).astype(np.int64)}
    return inputs, {"r": other, "d": dense, "out": dense}


def test_first_layer_first_element_and_the_layer_that_flips():
    inputs, other = sides()
    side = find_divergence(program(), inputs, {"other": other}).sides[0]
    assert side.first_layer == "r"
    relu = side.layers[0]
    assert (relu.values, relu.differing, relu.first, relu.scale) == (6, 1, (1, 0), 1.0)
    assert (relu.largest, relu.largest_lsb) == (1.0, 16.0)
    assert (side.flipped, dict(side.flips), side.first_flip) == (1, {"r": 1}, "r")


def test_the_flip_is_laid_to_the_layer_that_makes_it():
    inputs, other = sides()
    same_relu = inputs["x"] / 16
    side = find_divergence(program(), inputs, {"other": other | {"r": same_relu}}).sides[0]
    assert (side.first_layer, side.first_flip) == ("d", "d")


def test_equal_sides_part_nowhere():
    inputs, _ = sides()
    relu = inputs["x"] / 16
    dense = relu[:, :1] - relu[:, 1:]
    side = find_divergence(program(), inputs, {"same": {"r": relu, "out": dense}}).sides[0]
    assert (side.first_layer, side.first_flip, side.flipped) == (None, None, 0)
    assert [layer.layer for layer in side.layers] == ["r", "out"]


def test_a_twin_scaled_by_a_power_of_two_is_compared_in_scale():
    inputs, _ = sides()
    numbers = {"r": inputs["x"] / 64}
    found = find_divergence(program(), inputs, {"float": numbers, "C++": numbers}, scaled=("float",))
    float_layer, cpp_layer = (side.layers[0] for side in found.sides)
    assert (float_layer.scale, float_layer.differing) == (4.0, 0)
    assert (cpp_layer.scale, cpp_layer.differing, cpp_layer.largest) == (1.0, 5, 1.5)


@pytest.mark.parametrize(("odd", "largest"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "inf")])
@pytest.mark.parametrize("scaled", [(), ("other",)])
def test_what_is_no_number_differs_and_is_shown(odd, largest, scaled, capsys):
    """NaN in event 2, in a layer and in the output, where our decision is not to fire."""
    inputs, _ = sides()
    relu = inputs["x"] / 16
    dense = relu[:, :1] - relu[:, 1:]
    relu[2, 0] = dense[2] = odd
    found = find_divergence(program(), inputs, {"other": {"r": relu, "out": dense}}, scaled=scaled)
    (side,) = found.sides
    assert [(layer.differing, layer.first, layer.scale) for layer in side.layers] == [(1, (2, 0), 1), (1, (2, 0), 1)]
    assert [str(layer.largest) for layer in side.layers] == [largest, largest]
    assert side.flipped == int(odd == np.inf)
    cli_programs.print_divergence(found)
    assert capsys.readouterr().out.count(largest) >= 2
    told = json.loads(json.dumps(terminal.finite(asdict(found)), allow_nan=False))
    assert told["sides"][0]["layers"][0]["largest"] == largest


def test_nan_in_a_layer_may_flip_a_decision():
    """We fire on event 0 alone; NaN, which no type holds, is put into the program as 0, and does not fire."""
    inputs, _ = sides()
    relu = inputs["x"] / 16
    dense = relu[:, :1] - relu[:, 1:]
    relu[0, 0] = dense[0] = np.nan
    side = find_divergence(program(), inputs, {"other": {"r": relu, "out": dense}}).sides[0]
    assert (side.flipped, dict(side.flips)) == (1, {"r": 1})


def test_a_decision_flips_where_it_becomes_the_other_sides():
    """Ours is output 0; the first layer of the side makes it 1, the second 2, which is what the side decides."""
    kind = {"shape": (3,), "type": KIND}
    cast = [Cast(name=name, inputs=(source,), **kind) for name, source in (("a", "x"), ("b", "a"), ("c", "b"))]
    chain = Program("chain", (Port("x", (3,), KIND),), tuple(cast), ("c",))
    ours, first, last = np.array([[[3, 2, 1]], [[0, 2, 1]], [[0, 2, 3]]])
    side = find_divergence(chain, {"x": ours * 16}, {"other": {"a": first, "b": last, "c": last}}).sides[0]
    assert (side.flipped, dict(side.flips)) == (1, {"b": 1})


def test_what_the_outputs_type_can_not_hold_flips_at_the_output():
    inputs, _ = sides()
    relu = inputs["x"] / 16
    dense = relu[:, :1] - relu[:, 1:]
    dense[1] = 2.0**-20
    side = find_divergence(program(), inputs, {"other": {"r": relu, "out": dense}}).sides[0]
    assert (side.flipped, dict(side.flips)) == (1, {"out": 1})


def test_a_side_without_the_output_has_no_decisions(capsys):
    inputs, other = sides()
    found = find_divergence(program(), inputs, {"other": {"r": other["r"]}})
    assert (found.sides[0].flipped, dict(found.sides[0].flips)) == (None, {})
    assert json.loads(json.dumps(asdict(found)))["sides"][0]["flipped"] is None
    cli_programs.print_divergence(found)
    assert "decisions not compared" in capsys.readouterr().out


def test_decisions_on_more_outputs_than_an_integer_has_bits():
    wide = np.zeros((2, 70))
    wide[1, [3, 69]] = 1
    assert np.argwhere(Decision((0.5,))(wide)).tolist() == [[1, 3], [1, 69]]
    assert Decision((0.5,)).differs(wide, np.zeros((2, 70))).tolist() == [False, True]
    joined = Concatenate(name="y", inputs=("x", "x"), shape=(70,), type=KIND, axis=0)
    many = Program("many", (Port("x", (35,), KIND),), (joined,), ("y",))
    side = find_divergence(many, {"x": np.zeros((2, 35), np.int64)}, {"other": {"y": wide}}, Decision((0.5,))).sides[0]
    assert (side.flipped, dict(side.flips)) == (1, {"y": 1})


def test_sides_without_common_layers_are_refused():
    inputs, _ = sides()
    with pytest.raises(MismatchError, match="other"):
        find_divergence(program(), inputs, {"other": {"unknown": np.zeros((3, 2))}})


@pytest.mark.parametrize(
    ("thresholds", "outputs", "expected"),
    [
        ((), [[1, 3, 2], [3, 1, 3]], [[0, 1, 0], [1, 0, 0]]),
        ((), [[-1], [0], [0.1]], [[0], [0], [1]]),
        ((2.0,), [[1, 3], [2, 2]], [[0, 1], [0, 0]]),
        ((0.5, 4.0), [[1, 3]], [[1, 0]]),
        ((), [[np.nan, -1], [np.nan, -np.inf], [np.nan, np.nan]], [[0, 1], [0, 1], [0, 0]]),
        ((0.5,), [[np.nan, 1]], [[0, 1]]),
    ],
)
def test_decisions(thresholds, outputs, expected):
    assert Decision(thresholds)(np.array(outputs, float)).tolist() == np.array(expected, bool).tolist()


def test_thresholds_that_do_not_fit():
    with pytest.raises(EventsError, match="2 thresholds"):
        Decision((1.0, 2.0))(np.zeros((1, 3)))


def test_difference_names_types_weights_and_topology():
    found = {(c.where, c.what): (c.before, c.after) for c in difference(program(), program(3, WIDE)).changes}
    assert found["out", "type"] == ("fixed<8,4>", "fixed<12,8>")
    assert found["d", "weights"] == ("1 of 2 values differ", "by up to 0.5")
    assert found["output 0", "port"][0].startswith("out (1,) fixed<8,4>")
    renamed = program()
    relu = replace(renamed.operations[0], name="q")
    shorter = replace(renamed, operations=(relu, replace(renamed.operations[1], inputs=("q",)), renamed.operations[2]))
    found = {(c.where, c.what): (c.before, c.after) for c in difference(program(), shorter).changes}
    assert found["r", "operation"] == ("Relu", "none")
    assert found["q", "operation"] == ("none", "Relu")
    assert found["d", "inputs"] == ("('r',)", "('q',)")


def test_equal_programs_do_not_differ():
    assert difference(program(), program()).changes == ()


def changed(before, after):
    """All that differs, and that something does just when the digests do."""
    found = difference(before, after)
    assert bool(found.changes) == (before.digest != after.digest)
    return [(c.where, c.what, c.before, c.after) for c in found.changes]


def test_difference_names_all_that_the_digest_knows():
    old = program()
    assert changed(old, replace(old, name="large")) == [("program", "name", "small", "large")]
    whole = replace(old, inputs=(replace(old.inputs[0], whole=True),))
    (port,) = changed(old, whole)
    assert port[:3] == ("input 0", "port", "x (2,) fixed<8,4>")
    assert port[3] == "x (2,) fixed<8,4>, declared as a whole number"
    other = Cast(name="other", inputs=("x",), shape=(2,), type=KIND)
    one, two = (
        replace(old, operations=ops)
        for ops in ((other, *old.operations), (old.operations[0], other, *old.operations[1:]))
    )
    assert changed(one, two) == [("program", "order of operations", "other, r", "r, other")]
    dense = replace(old.operations[1], reuse_factor=1.0)
    assert changed(old, replace(old, operations=(old.operations[0], dense, old.operations[2])))[0][:2] == (
        "program",
        "digest",
    )


@pytest.mark.parametrize("kind", [Fixed(True, 62, 62), Fixed(True, 61, 62)])
def test_weights_of_62_bits_differ_in_their_last(kind):
    """Also where the other's LSB is worth 2."""

    def large(weights):
        first, dense, last = program().operations
        return replace(program(), operations=(first, replace(dense, weights=weights), last))

    values = np.array([[2**60 - 1], [-(2**60)]])
    old = large(Constant(values, Fixed(True, 62, 62)))
    shift = 62 - kind.width
    new = large(Constant((values >> shift) + [[0], [1]], kind))
    expected = ("1 of 2 values differ", "by up to 1") if not shift else ("2 of 2 values differ", "by up to 2")
    assert ("d", "weights", *expected) in changed(old, new)


def test_outputs_and_decisions_on_events():
    inputs, _ = sides()
    (change,) = output_changes(program(), program(3), inputs, Decision((0.5,)))
    assert (change.events, change.differing, change.largest, change.decisions) == (3, 2, 0.5, 1)
    assert output_changes(program(), program(3), inputs)[0].decisions == 0  # -0.5 becomes 0, which is not above 0
    other = replace(program(), inputs=(Port("x", (2,), WIDE),))
    with pytest.raises(EventsError, match="input ports"):
        output_changes(program(), other, inputs)


# The command line.


def run(function, *arguments):
    app = typer.Typer(rich_markup_mode=None)
    app.command()(function)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bracketed(name="[bold]net", result=KIND):
    """A program whose names rich's markup would swallow, as it would :smile:."""
    relu, dense, cast = program().operations
    relu, dense = replace(relu, name="[red]r"), replace(dense, name=":smile:", inputs=("[red]r",))
    cast = replace(cast, name="[/]out", inputs=(":smile:",), type=result)
    return Program(name, program().inputs, (relu, dense, cast), ("[/]out",))


def test_names_with_brackets_are_printed_whole(tmp_path, capsys):
    bracketed().save(tmp_path / "a.h5")
    bracketed(result=WIDE).save(tmp_path / "b.h5")
    np.save(tmp_path / "x.npy", np.array([[7.0, -8.0]]))
    names = ("[red]r", ":smile:", "[/]out")
    shown = run(cli_programs.show, tmp_path / "a.h5")
    assert shown.exit_code == 0, shown.output
    checked = run(check, tmp_path / "a.h5", "--events", tmp_path / "x.npy")
    for output in (shown.output, checked.output):
        assert all(name in output for name in ("[bold]net", *names)), output
    done = run(cli_programs.diff, tmp_path / "a.h5", tmp_path / "b.h5", "--events", tmp_path / "x.npy")
    assert done.exit_code == 1
    assert done.output.count("[/]out") >= 3, done.output
    inputs, other = sides()
    cli_programs.print_divergence(find_divergence(bracketed(), inputs, {"[b]QKeras": {"[red]r": other["r"]}}))
    printed = capsys.readouterr().out
    assert printed.count("[red]r") == 2, printed
    assert printed.count("[b]QKeras") == 2, printed


def test_diff_ends_with_0_only_if_the_digests_agree(tmp_path):
    bracketed().save(tmp_path / "a.h5")
    bracketed("other").save(tmp_path / "b.h5")
    same = run(cli_programs.diff, tmp_path / "a.h5", tmp_path / "a.h5")
    assert (same.exit_code, "no difference" in same.output) == (0, True)
    renamed = run(cli_programs.diff, tmp_path / "a.h5", tmp_path / "b.h5")
    assert (renamed.exit_code, "no difference" in renamed.output) == (1, False)
    assert "[bold]net" in renamed.output
