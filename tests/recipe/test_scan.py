"""Recipes of scans: every mistake is a sentence that names its key."""

import pytest

from trigger_nn.errors import RecipeError
from trigger_nn.recipe.part import validated
from trigger_nn.recipe.scan import ScanSpec, load_scan_spec

AXIS = {"key": "network.weights.bits", "values": [4, 6]}


def spec(**changes):
    return validated({"name": "some", "base": "recipe.toml", "axes": [AXIS]} | changes, ScanSpec, "scan.toml")


def test_values_keep_their_kinds():
    found = spec(axes=[{"key": "a", "values": [1, 2.5, "x", True, [3, 4]]}])
    assert list(map(repr, found.axes[0].values)) == ["1", "2.5", "'x'", "True", "(3, 4)"]


def test_several_keys_take_one_value():
    axis = spec(axes=[{"keys": ["a.b", "c.d"], "values": [1]}]).axes[0]
    assert (axis.name, axis.all_keys) == ("a.b", ("a.b", "c.d"))


def test_a_variant_can_set_a_list():
    found = spec(effects={"variants": [{"name": "flow", "keys": {"sample.views.image.channels": ["charged"]}}]},
                 sample="events.toml")  # fmt: skip
    assert found.effects.changes == {"flow": {"sample.views.image.channels": ("charged",)}}


def test_the_usual_direction_can_be_turned():
    found = spec(objectives=[{"metric": "efficiency"}, {"metric": "lut"}, {"metric": "dsp", "better": "larger"}])
    assert [one.direction for one in found.objectives] == ["larger", "smaller", "larger"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"axes": []}, r"\[\[axes\]\] or \[effects\]"),
        ({"axes": [{"values": [1]}]}, "either key, or keys"),
        ({"axes": [{"key": "a"}]}, "a needs either values, or low and high"),
        ({"axes": [AXIS | {"step": 2}]}, "network.weights.bits: step and log belong to low and high"),
        ({"axes": [AXIS | {"values": [4, 4]}]}, "network.weights.bits names a value twice"),
        ({"axes": [AXIS, AXIS]}, "network.weights.bits is varied by two axes"),
        ({"axes": [{"key": "a", "low": 1, "high": 2}]}, "a: a grid needs values"),
        ({"axes": [{"key": "a", "low": 2, "high": 2}], "method": "optuna"}, "a: low must be below high"),
        ({"axes": [{"key": "a", "low": 0, "high": 2, "log": True}], "method": "optuna"}, "a: log needs low above 0"),
        ({"axes": [{"key": k, "values": list(range(50))} for k in "ab"]}, "2,500 points"),
        ({"axes": [{"key": "sample.seed", "values": [1]}]}, "sample.seed is of the sample's recipe"),
        ({"effects": {"off": ["bending"]}}, "sample.detector.off is of the sample's recipe"),
        ({"effects": {"off": ["bendin"]}, "sample": "s.toml"}, "effects.off.0"),
        ({"effects": {"off": ["bending", "bending"]}, "sample": "s.toml"}, "name each once"),
        ({"objectives": [{"metric": "speed"}]}, "objectives.0.metric"),
        ({"objectives": [{"metric": "lut"}, {"metric": "lut"}]}, "an objective is named twice"),
        ({"method": "random"}, "method"),
        ({"worker": 2}, "did you mean 'workers'"),
    ],
)
def test_mistakes_are_sentences(changes, says):
    with pytest.raises(RecipeError, match=says):
        spec(**changes)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(RecipeError, match="no recipe at"):
        load_scan_spec(tmp_path / "none.toml")
