"""Samples are made whole: the same on one and on two processes, stage by stage, and every mistake is a sentence."""

import contextlib
import json
import math
import os
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from pydantic import TypeAdapter

from trigger_nn.errors import EventsError, RecipeError, TriggerNNError
from trigger_nn.events.generation.particles import read_particles
from trigger_nn.events.generation.processes import CATALOGUE, LIGHTEST_NEUTRALINO, Process, catalogued
from trigger_nn.events.generation.pythia import Generator
from trigger_nn.events.production import cache as stage
from trigger_nn.events.production.cache import read_collisions
from trigger_nn.events.production.make import make_sample
from trigger_nn.events.production.specification import SampleRecipe, load_sample_recipe
from trigger_nn.events.storage.dataset import concatenate
from trigger_nn.events.storage.shards import read_manifest, read_sample
from trigger_nn.events.views.values import View

pytest.importorskip("pythia8mc", reason="Pythia 8 is not installed (extra `sim`)")
pytest.importorskip("fastjet", reason="FastJet is not installed (extra `sim`)")

SPLITS = ("train", "validation", "test")
TOWERS = {"eta_bins": 40, "phi_bins": 24}
PILEUP = {"mean": 5.0, "library": {"train": 60, "validation": 30, "test": 60}}
FEW = {"train": 12, "validation": 4, "test": 10}
ZERO_BIAS = {"name": "zero_bias", "kind": "zero_bias", "rate": "crossings", "events": FEW}
QCD = {"name": "qcd", "kind": "qcd", "parameters": {"minimum_pt_hat": 20.0}, "rate": "stitched", "events": FEW}
MET = {"met": {"kind": "missing_momentum"}}
VIEWS = {"image": {"kind": "event_image", "eta_bins": 10, "phi_bins": 12}, "jet_pt": {"kind": "trigger_jets"}} | MET
EVERY_VIEW = {
    "image": {"kind": "event_image", "eta_bins": 10, "phi_bins": 12, "channels": ["total", "hadronic"]},
    "flow": {"kind": "event_image", "source": "candidates", "channels": ["charged", "photon", "neutral"]},
    "jets_image": {"kind": "event_image", "source": "jets", "channels": ["all"], "jet_minimum": 10.0},
    "candidates": {"kind": "constituents", "count": 12, "features": ["pt", "eta", "phi", "type", "charge"]},
    "waveform": {"kind": "waveform"},
    "pulse": {"kind": "pulse_energy"},
    "jet_pt": {"kind": "trigger_jets", "minimum": 10.0},
    "met": {"kind": "missing_momentum"},
    "ht": {"kind": "scalar_sum", "minimum": 10.0},
    "egamma": {"kind": "electron_photon", "minimum": 2.0},
    "jets": {"kind": "jets", "minimum": 10.0},
}
JET_VIEWS = {
    "features": {"kind": "jet_features"},
    "image": {"kind": "jet_image"},
    "constituents": {"kind": "constituents", "features": ["pt", "eta", "phi", "type", "charge"]},
    "jet": {"kind": "jets", "count": 1, "radius": 0.8},
}
JETS = {"radius": 0.8, "count": 2, "minimum": 60.0, "maximum": 1600.0}
QUARKS = {"name": "quarks", "kind": "quark_jets", "events": {"train": 8, "validation": 3, "test": 4},
          "parameters": {"minimum_pt_hat": 100.0, "maximum_pt_hat": 0.0}}  # fmt: skip


def recipe_of(**changes):
    """A tiny recipe; `changes` replace its tables."""
    plain = {
        "name": "tiny", "seed": 3, "hard_above": 20.0, "shard": 6, "pileup": PILEUP, "detector": {"towers": TOWERS},
        "processes": [ZERO_BIAS, QCD], "views": VIEWS,
    }  # fmt: skip
    return SampleRecipe.model_validate(plain | changes)


def of_jets(**changes):
    return recipe_of(**{"pileup": {}, "jets": JETS, "processes": [QUARKS], "views": JET_VIEWS} | changes)


def quiet(what, done, total):
    """Say nothing."""


def made(recipe, out, cache, workers=1):
    return make_sample(recipe, out, cache, workers, quiet)


def state(folder):
    """Every file below `folder` with its time of change."""
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def arrays(path):
    """Every array of a sample, as bytes with its type."""
    found = {}
    for split, events in read_sample(path).splits.items():
        every = {"process": events.process, "rate": events.rate, "weight": events.weight, **events.columns}
        found |= {(split, name): (values.dtype, values.shape, values.tobytes()) for name, values in every.items()}
    return found


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One cache for all, so that Pythia's soft tables (4 s) are made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def crossings(cache, tmp_path_factory):
    """The tiny sample, made on one process."""
    return made(recipe_of(), tmp_path_factory.mktemp("crossings") / "sample", cache)


# --- the same again ----------------------------------------------------------------------------------------------


def test_a_sample_is_the_same_on_one_process_and_on_two(cache, crossings, tmp_path):
    shutil.copytree(cache / "particles", tmp_path / "cache" / "particles")
    for path in (tmp_path / "cache" / "particles").rglob("*.h5"):
        path.unlink()  # the soft tables stay; all events are generated again
    two = made(recipe_of(), tmp_path / "sample", tmp_path / "cache", workers=2)
    assert arrays(two) == arrays(crossings)
    assert read_manifest(two) == read_manifest(crossings)  # with the SHA-256 of every shard


def test_a_sample_has_the_events_asked_for(crossings):
    sample = read_sample(crossings)
    for split, count in FEW.items():
        assert sample.select(split, "qcd").sum() == count
        assert 0 < sample.select(split, "zero_bias").sum() <= count  # those without a hard collision
    manifest = read_manifest(crossings)
    assert {s.process for s in manifest.shards} == {"zero_bias", "qcd"}
    assert max(s.events for s in manifest.shards) == 6
    assert sample.provenance["recipe"] == recipe_of().model_dump(mode="json")
    assert sample.provenance["generated"]["library/train"]["collisions"] == 60


def test_a_file_holds_the_events_of_the_folder_shuffled(cache, crossings, tmp_path):
    file = read_sample(made(recipe_of(), tmp_path / "sample.h5", cache))
    folder = read_sample(crossings)
    for split, events in folder.splits.items():

        def rows(sample, split=split):
            found = sample.splits[split]
            return [found.columns["image"][i].tobytes() + found.rate[i].tobytes() for i in range(len(found))]

        assert sorted(rows(file)) == sorted(rows(folder))
        assert rows(file) != rows(folder)
        assert len(events) == len(file.splits[split])


def test_splits_share_neither_library_nor_signal(cache, crossings):
    files = sorted((cache / "library").rglob("library-*.h5"))
    assert {path.name.split("-")[1] for path in files} == set(SPLITS)
    seen = {}
    for path in files:
        library = read_collisions(path)
        for i in range(len(library)):
            rows = slice(*library.offsets[i : i + 2])
            if rows.stop - rows.start > 5:  # nearly empty ones, of elastic kind, may be alike
                key = library.channel[rows].tobytes() + library.energy[rows].tobytes()
                assert seen.setdefault(key, path.name) == path.name
    assert len(seen) > 50


# --- stages -------------------------------------------------------------------------------------------------------


def test_an_interrupted_command_goes_on_where_it_stopped(cache, crossings, tmp_path):
    own = tmp_path / "cache"
    shutil.copytree(cache, own)
    made(recipe_of(), tmp_path / "first", own)
    manifest = next((own / "views").rglob("manifest.json"))
    folder = manifest.parent
    lost = folder / read_manifest(folder).shards[1].file
    before = state(own)
    lost.unlink()
    manifest.unlink()
    (folder / "shards" / ".half.h5.x.part").write_bytes(b"left by a killed command")
    os.utime(folder / "shards" / ".half.h5.x.part", (0, 0))
    again = made(recipe_of(), tmp_path / "second", own)
    after = state(own)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {lost.relative_to(own), manifest.relative_to(own)}
    assert arrays(again) == arrays(crossings)


def test_measured_pedestals_are_kept_for_the_next_command(cache, tmp_path):
    recipe = recipe_of(views={"image": VIEWS["image"] | {"subtract": True}})
    first = made(recipe, tmp_path / "first", cache)
    assert arrays(made(recipe, tmp_path / "second", cache)) == arrays(first)


def test_pedestals_of_a_recipe_are_used(tmp_path):
    table = "[views.image]\nkind = 'event_image'\nsubtract = true\neta_bins = 2\npedestals = [[3, 5]]\n"
    text = "name = 'x'\nseed = 1\n[[processes]]\nname = 'a'\nkind = 'ttbar'\nevents = {train=1, validation=0, test=0}\n"
    (tmp_path / "recipe.toml").write_text(text + table)
    assert load_sample_recipe(tmp_path / "recipe.toml").views["image"].pedestals == ((3, 5),)


def test_measured_pedestals_stand_in_the_view(crossings):
    view = read_sample(crossings).column("jet_pt").view
    assert len(view["pedestals"]) == TOWERS["eta_bins"]
    assert sum(view["pedestals"]) > 0


@pytest.mark.parametrize("changes", [
    {"pileup": PILEUP | {"mean": 8.0}},
    {"pileup": PILEUP | {"out_of_time": [{"offset": -1, "share": 0.1}]}},
    {"detector": {"towers": TOWERS, "off": ["smearing"]}},
    {"views": MET},
    {"units": {"tower_lsb": 0.25}},
])  # fmt: skip
def test_what_lies_behind_the_particles_generates_none(cache, crossings, tmp_path, changes):
    before = state(cache / "particles")
    other = made(recipe_of(**changes), tmp_path / "sample", cache)
    assert state(cache / "particles") == before
    assert len(before) > 6
    if "views" not in changes:
        assert arrays(other) != arrays(crossings)


def test_another_seed_generates_other_particles(cache, crossings, tmp_path):
    processes = [{"name": "photons", "kind": "prompt_photons", "events": FEW}]
    seeds = (recipe_of(seed=seed, pileup={}, processes=processes, views=MET, shard=12) for seed in (3, 4))
    one, two = (made(recipe, tmp_path / str(recipe.seed), cache) for recipe in seeds)
    assert arrays(one) != arrays(two)


# --- rates --------------------------------------------------------------------------------------------------------


def test_stitched_rates_are_all_colliding_bunches(cache, tmp_path):
    """Crossings without a hard collision, and those made with one, are all crossings there are."""
    counts = {"train": 0, "validation": 0, "test": 1500}
    pileup = {"mean": 60.0, "library": {"train": 0, "validation": 0, "test": 1000}}
    processes = [ZERO_BIAS | {"events": counts}, QCD | {"events": counts | {"test": 400}}]
    recipe = recipe_of(pileup=pileup, processes=processes, views=MET, shard=500, detector={"towers": {"eta_bins": 10,
                       "phi_bins": 12}})  # fmt: skip
    sample = read_sample(made(recipe, tmp_path / "sample", cache, workers=2))
    events, facts = sample.splits["test"], sample.provenance["generated"]
    section = {name: facts[f"{name}/test"]["cross_section_mb"] for name in ("qcd", "library")}
    expected = 1000 * section["qcd"] / section["library"]
    hard = np.count_nonzero(read_particles(next((cache / "particles").rglob("library-test-*-1000.h5"))).pt_hat > 20)
    # Four standard deviations: of a Poisson count, and of the cross section.
    error = facts["qcd/test"]["cross_section_error_mb"] / section["qcd"]
    assert abs(hard - expected) < 4 * math.hypot(math.sqrt(expected), expected * error)
    # Given the library, the number k of hard pile-up collisions is Poisson: zero bias has k = 0, and 1 / (k + 1) of a
    # crossing with one more hard collision counts. The sum is 1 where the library's mean is that of the cross section.
    mean, own = 60 * expected / 1000, 60 * hard / 1000
    masks = {name: sample.select("test", name) for name in sample.processes}
    rates = {name: float(events.rate[mask].sum(dtype="f8")) / 31e6 for name, mask in masks.items()}
    alone = math.exp(-own)
    assert abs(rates["zero_bias"] - alone) < 4 * math.sqrt(alone * (1 - alone) / 1500)
    weights = np.concatenate([read_particles(path).weight for path in (cache / "particles").rglob("qcd-test-*-400.h5")])
    chances = [alone * own**k / math.factorial(k) for k in range(30)]
    share, square = (sum(p / (k + 1) ** power for k, p in enumerate(chances)) for power in (1, 2))
    spread = mean * math.sqrt((weights**2).sum()) / weights.sum() * math.sqrt(square - share**2)
    assert abs(rates["qcd"] - mean * share) < 4 * spread
    assert 4 * spread < mean * (1 - share)  # so that crossings counted twice would be seen


def test_a_rate_of_cross_section_is_that_of_its_collisions(cache, crossings, tmp_path):
    processes = [QCD | {"rate": "cross_section"}]
    sample = read_sample(made(recipe_of(processes=processes, views=MET), tmp_path / "sample", cache))
    for split, events in sample.splits.items():
        facts = sample.provenance["generated"]
        ratio = facts[f"qcd/{split}"]["cross_section_mb"] / facts[f"library/{split}"]["cross_section_mb"]
        assert events.rate.sum(dtype="f8") == pytest.approx(31e6 * 5.0 * ratio, rel=1e-6)  # kept in single precision
        assert np.ptp(events.rate / events.weight) < 1e-6 * (events.rate / events.weight).max()


# --- folders ------------------------------------------------------------------------------------------------------


def test_a_folder_of_something_else_is_refused(tmp_path, cache):
    (tmp_path / "thesis.tex").write_text("hello")
    before = state(tmp_path)
    with pytest.raises(EventsError, match="holds files that are no event sample; choose another folder"):
        made(recipe_of(), tmp_path, cache)
    assert state(tmp_path) == before


def test_a_sample_takes_the_place_of_a_sample(cache, crossings, tmp_path):
    made(recipe_of(views=MET), tmp_path / "sample", cache)
    made(recipe_of(), tmp_path / "sample", cache)
    assert arrays(tmp_path / "sample") == arrays(crossings)


def test_a_damaged_sample_is_mended_by_making_it_again(cache, crossings, tmp_path):
    out = made(recipe_of(seed=5, pileup={}, processes=[QUARKS], views=MET), tmp_path / "sample", cache)
    before = arrays(out)
    with h5py.File(out / read_manifest(out).shards[0].file, "r+") as file:
        file["train/met"][0] += 1
    made(recipe_of(seed=5, pileup={}, processes=[QUARKS], views=MET), out, cache)
    assert arrays(out) == before


# --- mistakes -----------------------------------------------------------------------------------------------------


def process(**changes):
    return {"name": "a", "kind": "ttbar", "events": FEW} | changes


MISTAKES = [
    ({"processes": [process(kind="higgs")]}, "there is no process 'higgs'; known: zero_bias, inelastic, qcd"),
    ({"processes": [process(parameters={"mass": 3.0})]}, "process 'ttbar' has no parameter 'mass'; it has: none"),
    ({"processes": [process(kind="qcd")]}, "process 'qcd' needs the parameter 'minimum_pt_hat'; add it"),
    ({"processes": [process(kind="")]}, "give either `kind`, a process of the catalogue, or `settings`"),
    ({"processes": [process(settings=["Top:all = on"])]}, "give either `kind`"),
    ({"processes": [process(kind="", settings=["Top:all = on"], parameters={"x": 1.0})]}, "`parameters` belong to a"),
    ({"processes": [process(rate="crossings")]}, "kind 'zero_bias' and rate 'crossings' belong together"),
    ({"processes": [process(kind="zero_bias")]}, "kind 'zero_bias' and rate 'crossings' belong together"),
    ({"processes": [process(), process(kind="z_ee")]}, "two processes have the same name; name each differently"),
    ({"processes": [ZERO_BIAS], "pileup": {}}, "rates need pile-up.*set pileup.mean"),
    ({"processes": [QCD], "pileup": {"mean": 0.0}}, "rates need pile-up.*set pileup.mean"),
    ({"processes": [process(rate="cross_section")], "pileup": {}}, "rates need pile-up.*set pileup.mean"),
    ({"processes": [process(name="library")]}, "no process can be called 'library'"),
    ({"pileup": {"mean": 5.0}}, "pileup.library.train holds no collision"),
    ({"views": JET_VIEWS}, r"view 'features' is of jets, so the sample needs a table \[jets\]"),
    ({"jets": JETS}, r"view 'image' is of crossings, but the rows of this sample are jets; remove \[jets\]"),
    ({"views": {}}, "at least 1 item"),
    ({"processes": []}, "at least 1 item"),
    ({"detector": {"off": ["gravity"]}}, "detector.off.0: Input should be 'acceptance', 'bending'"),
    ({"views": {"i": {"kind": "picture"}}}, "views.i: .*'event_image'"),
    ({"views": {"i": {"kind": "jet_image", "steps": ["pixelate", "centre"]}}, "jets": JETS}, "in this order"),
    ({"detectors": {}}, "unknown key 'detectors'; did you mean 'detector'"),
]  # fmt: skip


def toml(value):
    """Plain data as a TOML value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + "}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@pytest.mark.parametrize(("changes", "says"), MISTAKES)
def test_a_mistake_in_a_recipe_is_one_sentence(tmp_path, changes, says):
    plain = {"name": "tiny", "seed": 3, "pileup": PILEUP, "processes": [process()], "views": VIEWS} | changes
    path = tmp_path / "recipe.toml"
    path.write_text("".join(f"{key} = {toml(value)}\n" for key, value in plain.items()))
    with pytest.raises(RecipeError, match=says) as refusal:
        load_sample_recipe(path)
    assert "\n" not in str(refusal.value)


def test_the_same_recipe_without_a_mistake_is_read(tmp_path):
    plain = {"name": "tiny", "seed": 3, "pileup": PILEUP, "processes": [process()], "views": VIEWS}
    (tmp_path / "recipe.toml").write_text("".join(f"{key} = {toml(value)}\n" for key, value in plain.items()))
    assert load_sample_recipe(tmp_path / "recipe.toml").processes[0].process() == catalogued("ttbar", {})


def test_a_view_that_does_not_fit_the_towers_is_refused_before_anything_is_made():
    with pytest.raises(ValueError, match=r"7 x 12 cells can't be made of 40 x 24 towers"):
        recipe_of(views={"image": {"kind": "event_image", "eta_bins": 7}})
    with pytest.raises(ValueError, match="needs at least 7 rings"):
        recipe_of(detector={"towers": TOWERS | {"eta_bins": 5}}, views={"jets": {"kind": "trigger_jets"}})


NONE_OF_TRAIN = {"train": 0, "validation": 3, "test": 3}


@pytest.mark.parametrize("changes", [
    pytest.param({"pileup": {}, "processes": [process(kind="z_ee")], "views": {"j": {"kind": "trigger_jets"}}},
                 id="pedestals without pile-up"),
    pytest.param({"pileup": {}, "processes": [process(kind="z_ee")],
                  "views": {"j": {"kind": "trigger_jets"}, "c": {"kind": "constituents"}}},
                 id="pedestals and candidates without pile-up"),
    pytest.param({"pileup": PILEUP | {"library": PILEUP["library"] | {"train": 0}},
                  "processes": [process(kind="z_ee", events=NONE_OF_TRAIN)], "views": {"j": {"kind": "trigger_jets"}}},
                 id="pedestals without a training library"),
    pytest.param({"pileup": {}, "jets": JETS, "processes": [QUARKS | {"events": NONE_OF_TRAIN}], "views": JET_VIEWS},
                 id="features without training jets"),
])  # fmt: skip
def test_a_recipe_that_is_read_is_made_or_refused_in_a_sentence(cache, tmp_path, changes):
    with contextlib.suppress(TriggerNNError):
        made(recipe_of(**changes), tmp_path / "sample", cache)


# --- processes ----------------------------------------------------------------------------------------------------

NEEDED = {"qcd": {"minimum_pt_hat": 50.0}}
INVISIBLE = ("vbf_invisible", "tth_invisible", "zh_invisible", "gluino_pair", "w_enu")


def generated(process, cache, events=5):
    """A few events at 14 TeV, one batch; soft ones with the table that the cache has."""
    table = next((cache / "particles").rglob("multiparton.init")) if process.name == "inelastic" else None
    (batch,) = Generator(process, 14000.0, 1, table).batches(events)
    return batch


def transverse(events, which):
    """Sum of pT (GeV) as vectors over `which` particles of each event: its magnitude."""
    event = events.event()[which]
    sums = (np.bincount(event, (events.pt * f(events.phi))[which], len(events)) for f in (np.cos, np.sin))
    return np.hypot(*sums)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_process_gives_events_whose_momentum_balances(kind, cache, crossings):
    events = generated(catalogued(kind, NEEDED.get(kind, {})), cache)
    assert len(events) == 5
    assert np.all(np.diff(events.offsets) > 0)
    assert np.all(np.isfinite(events.weight) & (events.weight > 0))
    # Pythia balances in doubles to 1e-6 of a GeV; single precision, as the cache keeps, would still give 1e-3.
    assert transverse(events, np.ones(len(events.pt), bool)).max() < 1e-3
    visible = ~np.isin(np.abs(events.pdg_id), (12, 14, 16, LIGHTEST_NEUTRALINO))
    if kind in INVISIBLE:
        assert np.median(transverse(events, visible)) > 10
    charges = np.bincount(events.event(), events.charge, len(events))
    assert np.array_equal(charges, np.full(5, 2.0))  # of two protons


def test_hard_processes_are_as_hard_as_asked(cache):
    tops = generated(catalogued("boosted_top", {"minimum_pt_hat": 500.0, "maximum_pt_hat": 600.0}), cache)
    assert tops.pt_hat.min() >= 500
    assert tops.pt_hat.max() <= 600
    weighted = generated(catalogued("qcd", {"minimum_pt_hat": 50.0}), cache, 200)
    assert weighted.pt_hat.min() >= 50
    assert weighted.pt_hat.max() > 150  # biased to high pT
    # The bias is undone by the weight, (pTHat / 50)^-4 but for a constant: seen to 0.6 % over a factor of 81.
    undone = weighted.weight * (weighted.pt_hat / 50) ** 4
    assert undone == pytest.approx(np.full(200, np.median(undone)), rel=0.01)


def test_a_process_of_plain_settings_is_made(cache, tmp_path):
    settings = ["WeakSingleBoson:ffbar2gmZ = on", "23:onMode = off", "23:onIfAny = 13", "PhaseSpace:mHatMin = 80"]
    processes = [{"name": "z_mumu", "settings": settings, "events": {"train": 4, "validation": 0, "test": 0}}]
    recipe = recipe_of(pileup={}, processes=processes, views=MET)
    sample = read_sample(made(recipe, tmp_path / "sample", cache))
    assert sample.processes == ("z_mumu",)
    assert len(sample.splits["train"]) == 4
    assert sample.provenance["settings"] == {"z_mumu": settings}
    file = next(path for path in cache.rglob("z_mumu-train-*.h5"))
    assert np.count_nonzero(np.abs(read_particles(file).pdg_id) == 13) >= 8


def test_gluinos_take_their_masses_from_slha(cache):
    process = catalogued("gluino_pair", {"mass": 1000.0, "neutralino_mass": 400.0})
    assert "1.000000E+03" in process.slha
    events = generated(process, cache)
    assert np.bincount(events.event(), events.pdg_id == LIGHTEST_NEUTRALINO, 5).tolist() == [2] * 5


@pytest.mark.parametrize(("process", "says"), [
    (Process("odd", ("NoSuch:thing = on",), ""), "not know the setting 'NoSuch:thing = on' of process 'odd'"),
    (Process("none", ("HardQCD:all = on", "PhaseSpace:pTHatMin = 20000"), ""), "could not initialise process 'none'"),
    (replace(catalogued("gluino_pair", {}), slha="BLOCK NONSENSE"), "could not initialise process 'gluinos'"),
])  # fmt: skip
def test_what_pythia_refuses_is_one_sentence(process, says, cache):
    with pytest.raises(TriggerNNError, match=says):
        generated(process, cache)


# --- views --------------------------------------------------------------------------------------------------------


def in_range_and_not_empty(sample):
    """All numbers lie in the range of their quantities, and no column is all zero."""
    for name, column in sample.columns.items():
        values = concatenate(list(sample.splits.values()))[name]
        low, high = column.bounds()
        assert values.shape[1:] == column.shape
        assert np.all((values >= low) & (values <= high))
        assert np.any(values), name


def rebuilt(sample, recipe):
    """The views of the file as values again."""
    return {name: TypeAdapter(View).validate_json(json.dumps(c.view)) for name, c in sample.columns.items()}


def test_every_view_of_crossings_is_made(cache, crossings, tmp_path):
    top = {"name": "ttbar", "kind": "ttbar", "events": FEW}
    recipe = recipe_of(processes=[ZERO_BIAS, top, process(kind="z_ee", name="z_ee")], views=EVERY_VIEW, shard=12)
    sample = read_sample(made(recipe, tmp_path / "sample", cache))
    assert set(sample.columns) == set(EVERY_VIEW)
    in_range_and_not_empty(sample)
    kinds = concatenate(list(sample.splits.values()))["candidates"][..., 3]
    assert set(np.unique(kinds)) >= {1, 4, 5}
    found = rebuilt(sample, recipe)
    for name, view in recipe.views.items():
        measured = {"pedestals", "eta_max"}
        assert found[name].model_dump(exclude=measured) == view.model_dump(exclude=measured)
        assert found[name].model_dump(mode="json") == dict(sample.column(name).view)
    assert len(found["ht"].pedestals) == 40
    assert (found["image"].eta_max, found["flow"].eta_max) == (5.0, 2.4)


def test_every_view_of_jets_is_made(cache, tmp_path):
    sample = read_sample(made(of_jets(), tmp_path / "sample", cache))
    in_range_and_not_empty(sample)
    assert len(sample.splits["train"]) > 8  # two jets an event, some of which are out of range
    found = rebuilt(sample, of_jets())
    assert len(found["features"].offsets) == len(found["features"].shifts) == 16
    for name, view in of_jets().views.items():
        measured = {"offsets", "shifts"}
        assert found[name].model_dump(exclude=measured) == view.model_dump(exclude=measured)
    jets = sample.splits["train"]["jet"][:, 0]
    assert sample.column("jet").quantities[0].value(jets[:, 0]).min() >= 60


def test_without_quantization_views_keep_their_range(cache, tmp_path):
    top = {"name": "ttbar", "kind": "ttbar", "events": FEW}
    views = {name: EVERY_VIEW[name] for name in ("image", "pulse", "met", "egamma")}
    ends = []
    for off in ([], ["quantization"]):
        detector = {"towers": TOWERS, "off": off}
        recipe = recipe_of(pileup={}, processes=[top], views=views, detector=detector)
        sample = read_sample(made(recipe, tmp_path / f"{len(off)}", cache))
        ends.append([c.quantities[0].value(c.bounds()[1])[0] for c in sample.columns.values()])
    assert ends[1] == pytest.approx(ends[0], rel=0.01)


# --- what a cold reading found --------------------------------------------------------------------------------------


def test_a_copy_that_was_interrupted_can_be_repeated(cache, tmp_path):
    out = made(recipe_of(), tmp_path / "sample", cache)
    (out / "manifest.json").unlink()
    with pytest.raises(TriggerNNError, match="no event sample"):  # not known to be ours
        made(recipe_of(), out, cache)
    (out / ".unfinished").touch()  # as an interrupt leaves it
    (out / "shards" / "old.h5").touch()
    made(recipe_of(), out, cache)
    assert not (out / ".unfinished").exists()
    assert not (out / "shards" / "old.h5").exists()
    assert read_sample(out).processes


@pytest.mark.parametrize(("changes", "says"), [
    ({"hard_above": 30.0}, "must be kind 'qcd' with minimum_pt_hat = hard_above"),
    ({"processes": [ZERO_BIAS, QCD, QCD | {"name": "more"}]}, "only one process can be stitched"),
    ({"processes": [ZERO_BIAS, {"name": "top", "kind": "ttbar", "rate": "stitched", "events": FEW}]}, "must be kind"),
    ({"views": {"i": {"kind": "event_image", "eta_bins": 20, "eta_max": 1.5}}}, "reaches as far as they do"),
    ({"views": {"i": {"kind": "event_image", "eta_bins": 20, "pedestals": [[1, 2]]}}}, "20 pedestals"),
    ({"views": {"j": {"kind": "trigger_jets", "pedestals": [1, 2]}}}, "40 pedestals, one a ring"),
    ({"centre_of_mass_energy": 14.0}, "greater than or equal to 500"),
])  # fmt: skip
def test_what_can_be_known_early_is_refused_early(changes, says):
    with pytest.raises(ValueError, match=says):
        recipe_of(**changes)


@pytest.mark.parametrize(("changes", "says"), [
    ({"views": {"f": {"kind": "jet_features", "constituents": 200}}}, "at most 128 constituents"),
    ({"views": {"f": {"kind": "jet_features", "offsets": [1], "shifts": [1]}}}, "16 offsets and as many shifts"),
    ({"views": {"j": {"kind": "jets"}}}, "count = 1, radius = 0.8"),
    ({"units": {"phi_steps": 5760}}, "over 511 steps"),
    ({"units": {"candidate_bits": 16}}, "at most 14 candidate_bits"),
])  # fmt: skip
def test_what_does_not_fit_jets_is_refused_early(changes, says):
    with pytest.raises(ValueError, match=says):
        of_jets(**changes)


def test_every_earlier_stage_decides_where_later_ones_are_kept(monkeypatch):
    before = {name: stage.digest(name, "cause") for name in stage.STAGE_VERSIONS}
    monkeypatch.setitem(stage.STAGE_VERSIONS, "library", 99)
    after = {name: stage.digest(name, "cause") for name in stage.STAGE_VERSIONS}
    assert [before[name] == after[name] for name in ("particles", "library", "views")] == [True, False, False]


def test_a_place_of_the_wrong_kind_is_refused_before_anything_is_made(cache, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.h5").mkdir()
    for name in ("file", "folder.h5"):
        with pytest.raises(TriggerNNError, match="give the name of"):
            made(recipe_of(), tmp_path / name, cache)
