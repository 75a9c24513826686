"""What simulation alone knows of a crossing: its collisions, and what the hard one leaves by itself."""

import numpy as np
import pytest

from tests.events.test_detector import crowd
from trigger_nn.errors import RecipeError
from trigger_nn.events.detector.simulate import simulate
from trigger_nn.events.production.crossings import front_end_of, rows_of
from trigger_nn.events.production.specification import SampleRecipe
from trigger_nn.events.records import Crossings
from trigger_nn.events.views.build import build

VIEWS = {
    "pileup": {"kind": "pileup"},
    "offline_ht": {"kind": "offline_sum", "minimum": 20.0, "eta_max": 2.4},
    "offline_met": {"kind": "offline_missing"},
    "ht": {"kind": "scalar_sum", "minimum": 20.0, "eta_max": 2.4, "pedestals": [0] * 50},
    "met": {"kind": "missing_momentum"},
}


def recipe(mean):
    return SampleRecipe.model_validate({
        "name": "truth", "seed": 1, "views": VIEWS,
        "pileup": {"mean": mean, "library": {"train": 5, "validation": 0, "test": 0}},
        "detector": {"towers": {"eta_bins": 50, "phi_bins": 36, "eta_max": 5.0}},
        "processes": [
            {"name": "jets", "kind": "qcd", "parameters": {"minimum_pt_hat": 50.0},
             "events": {"train": 5, "validation": 0, "test": 0}},
        ],
    })  # fmt: skip


def made(mean, hard=True):
    """Each view of five crossings."""
    spec = recipe(mean)
    collisions = simulate(crowd(), spec.detector, 1)
    library = simulate(crowd(seed=2), spec.detector, 2) if mean else None
    (block,) = rows_of(spec, collisions if hard else None, library, 5, 3)
    return {name: build(view, block.rows, front_end_of(spec)) for name, view in spec.views.items()}


def test_without_pileup_the_trigger_sees_what_offline_sees():
    found = made(0.0)
    assert found["pileup"].tolist() == [0] * 5
    assert found["offline_ht"].sum() > 0
    assert np.array_equal(found["offline_ht"], found["ht"])
    assert np.array_equal(found["offline_met"], found["met"])


def test_pileup_changes_what_the_trigger_sees_and_not_what_offline_sees():
    alone, crowded = made(0.0), made(6.0)
    assert np.array_equal(crowded["offline_ht"], alone["offline_ht"])
    assert np.array_equal(crowded["offline_met"], alone["offline_met"])
    assert not np.array_equal(crowded["met"], alone["met"])
    assert (crowded["pileup"] >= 0).all()
    assert crowded["pileup"].sum() > 0


def test_zero_bias_has_no_hard_collision():
    found = made(6.0, hard=False)
    assert found["offline_ht"].tolist() == found["offline_met"].tolist() == [0] * 5


def test_the_embedded_sample_has_the_pileup_it_was_asked_for(sample):
    events = sample.splits["test"]
    counts = events["pileup"][sample.select("test", "qcd", "hh4b", "vbf_inv")].astype(float)
    assert abs(counts.mean() - 200) < 5 * np.sqrt(200 / len(counts))
    assert abs(counts.var() / 200 - 1) < 0.1
    assert events["offline_ht"][sample.select("test", "zero_bias")].max() == 0
    signal = sample.select("test", "hh4b")
    assert np.corrcoef(events["offline_ht"][signal], events["ht"][signal])[0, 1] > 0.7


@pytest.mark.parametrize("name", ["pileup", "offline_ht", "offline_met"])
def test_truth_that_was_not_made_is_said(name):
    spec = recipe(6.0)
    with pytest.raises(RecipeError, match="none were made"):
        build(spec.views[name], Crossings(np.zeros((2, 2, 50, 36), int)), front_end_of(spec))
