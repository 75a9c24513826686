"""Where two sides part, and at which layer a decision changes; what changed between two programs."""

from dataclasses import replace

import numpy as np
import pytest

from trigger_nn.errors import EventsError, MismatchError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Constant, Dense, Relu
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
    layer = find_divergence(program(), inputs, {"float": {"r": inputs["x"] / 64}}).sides[0].layers[0]
    assert (layer.scale, layer.differing) == (4.0, 0)


def test_sides_without_common_layers_are_refused():
    inputs, _ = sides()
    with pytest.raises(MismatchError, match="other"):
        find_divergence(program(), inputs, {"other": {"unknown": np.zeros((3, 2))}})


@pytest.mark.parametrize(
    ("thresholds", "outputs", "expected"),
    [((), [[1, 3, 2]], [1]), ((), [[-1], [0]], [0, 1]), ((2.0,), [[1, 3]], [2]), ((0.5, 4.0), [[1, 3]], [1])],
)
def test_decisions(thresholds, outputs, expected):
    assert Decision(thresholds)(np.array(outputs, float)).tolist() == expected


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


def test_outputs_and_decisions_on_events():
    inputs, _ = sides()
    (change,) = output_changes(program(), program(3), inputs)
    assert (change.events, change.differing, change.largest, change.decisions) == (3, 2, 0.5, 1)
    other = replace(program(), inputs=(Port("x", (2,), WIDE),))
    with pytest.raises(EventsError, match="input ports"):
        output_changes(program(), other, inputs)
