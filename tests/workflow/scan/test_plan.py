"""Keys and values of a scan are tried on the recipes before anything runs."""

import copy
import shutil

import pytest

from tests.workflow.scan.recipes import BASE, written
from trigger_nn.errors import RecipeError
from trigger_nn.workflow.scan.keys import varied
from trigger_nn.workflow.scan.plan import ALL_EFFECTS, load_plan, relative, series_of
from trigger_nn.workflow.workspace import embedded_sample

LAYER = "network.layers.dense1.weights.bits"


def plan(tmp_path, *axes, **changes):
    return load_plan(written(tmp_path, axes=list(axes), **changes))


def axis(key, *values):
    return {"key": key, "values": list(values)}


def test_values_are_set_deep_inside_and_the_base_stays_as_it_was():
    before = copy.deepcopy(BASE)
    found = varied(
        BASE, {"network.convolutions.0.filters": 7, "network.dense": (8, 4), "hardware.layers.dense1.reuse_factor": 2}
    )
    assert found["network"]["convolutions"][0]["filters"] == 7
    assert found["network"]["dense"] == [8, 4]
    assert found["hardware"]["layers"] == {"dense1": {"reuse_factor": 2}}
    assert before == BASE


def test_what_a_layers_key_does_not_name_is_the_networks_even_if_that_is_varied_too():
    found = varied(BASE, {"network.layers.dense1.activations.bits": 4, "network.activations.integer": 1})
    assert found["network"]["layers"]["dense1"]["activations"] == {"bits": 4, "integer": 1}


def test_a_default_grid_keeps_its_integer_bits_when_its_width_is_varied():
    assert varied(BASE, {"network.bias.bits": 12})["network"]["bias"] == {"bits": 12, "integer": 3}


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ([axis("network.wieghts.bits", 4)], "network.wieghts.bits can't be 4.*did you mean 'weights'"),
        ([axis("network.weights.bits", 4, 40)], "network.weights.bits can't be 40"),
        ([axis("network.convolutions.3.filters", 4)], "there is no entry '3'; the base has 1"),
        ([axis("network.dense.bits", 4)], "there is no entry 'bits'"),
        ([axis("name.bits", 4)], "name.bits: what is before 'bits' is 'tiny'"),
        ([axis("network.layers.dense9.weights.bits", 4)], "no layer 'dense9'"),
        ([axis("training.epochs", 0)], "training.epochs can't be 0"),
        ([axis("name", "mine")], "name can't be varied"),
        ([axis("events.file", "few.h5", "more.h5")], "events.file is 'more.h5', and there is no"),
    ],
)
def test_wrong_keys_and_values_are_sentences(tmp_path, axes, says):
    with pytest.raises(RecipeError, match=says):
        plan(tmp_path, *axes)


def test_a_value_may_need_one_of_another_axis(tmp_path):
    deeper = plan(tmp_path, axis("network.dense", [4], [4, 4]), axis("network.layers.dense2.weights.bits", 3))
    assert deeper.spec.axes[1].values == (3,)


def test_the_signal_must_be_one_of_the_base(tmp_path):
    assert plan(tmp_path, axis(LAYER, 3)).signal == "hh4b"
    with pytest.raises(RecipeError, match="no signal 'ttbar', it has hh4b"):
        plan(tmp_path, axis(LAYER, 3), signal="ttbar")
    with pytest.raises(RecipeError, match="no accuracy"):
        plan(tmp_path, axis(LAYER, 3), objectives=[{"metric": "accuracy"}])


def test_a_classifier_is_weighed_by_accuracy(tmp_path):
    events = {"file": "embedded:jets", "view": "features", "classes": ["quark", "gluon"]}
    base = BASE | {"events": events, "network": {"dense": [4]}}
    found = load_plan(written(tmp_path, base, axes=[axis(LAYER, 3)]))
    assert [one.metric for one in found.objectives] == ["accuracy", "latency_ns", "lut"]


def test_a_grid_is_every_combination_and_several_keys_take_one_value(tmp_path):
    both = {"keys": ["network.weights.bits", "network.bias.bits"], "values": [4, 6]}
    found = plan(tmp_path, axis("network.dense", [4], [8]), both)
    (series,) = series_of(found)
    assert [tuple(point.values()) for point in series.points()] == [((4,), 4), ((4,), 6), ((8,), 4), ((8,), 6)]
    wanted = {"network.dense": (4,), "network.weights.bits": 6, "network.bias.bits": 6}
    assert series.by_key({"network.dense": (4,), "network.weights.bits": 6}) == wanted


def sample_recipe(folder):
    """The recipe that the embedded images were made of."""
    shutil.copy(embedded_sample().with_suffix(".toml"), folder / "events.toml")
    return "events.toml"


def test_effects_are_switched_off_one_by_one_beside_the_base(tmp_path):
    finer = {"name": "granularity", "keys": {"sample.views.image.eta_bins": 50}}
    effects = {"off": ["bending", "smearing"], "variants": [finer], "seeds": [1, 2]}
    found = plan(tmp_path, sample=sample_recipe(tmp_path), effects=effects)
    (series,) = series_of(found)
    points = list(series.points())
    assert [point["effect"] for point in points[:4]] == [ALL_EFFECTS, "bending", "smearing", "granularity"]
    assert len(points) == 8
    _, base = found.recipes(series.by_key(points[0]))
    _, straight = found.recipes(series.by_key(points[1]))
    model, fine = found.recipes(series.by_key(points[7]))
    assert (base.detector.off, straight.detector.off) == ((), ("bending",))
    assert (fine.views["image"].eta_bins, model["training"]["seed"]) == (50, 2)


def test_a_granularity_that_towers_can_not_have_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"eta_bins can't be 33.*towers"):
        plan(tmp_path, axis("sample.views.image.eta_bins", 33), sample=sample_recipe(tmp_path))


def test_paths_are_counted_from_the_trial(tmp_path):
    assert relative("embedded:jets", tmp_path, tmp_path / "a") == "embedded:jets"
    assert relative("few.h5", tmp_path, tmp_path / "out" / "trials" / "0000") == "../../../few.h5"


def test_events_that_are_not_there_are_told_before_anything_runs(tmp_path):
    path = written(tmp_path)
    (tmp_path / "few.h5").unlink()
    with pytest.raises(RecipeError, match=r"events\.file is 'few.h5', and there is no"):
        load_plan(path)


def test_events_that_are_made_can_not_be_varied_as_a_file(tmp_path):
    with pytest.raises(RecipeError, match=r"events\.file can't be varied, the events are made by"):
        plan(tmp_path, axis("events.file", "few.h5"), sample=sample_recipe(tmp_path))
