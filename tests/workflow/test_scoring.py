"""Events into narrow arrays: the scores are the emulator's, and what stands beside them is what the files say."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.program.test_storage import program as small
from trigger_nn import Emulator, Program
from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import mantissas_for
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import Manifest, describe, write_manifest
from trigger_nn.events.turning import turned
from trigger_nn.workflow.reading import Reading
from trigger_nn.workflow.scoring import scored
from trigger_nn.workflow.workspace import embedded_sample

SIGNALS = ("hh4b", "vbf_inv")
MAPPING = """
format = "npy"
process = "theirs"
split = "test"
weight = { branch = "w" }
[columns.image.features]
a = { branch = "a", unit = "count", lsb = 1.0, bits = 7 }
b = { branch = "b", unit = "count", lsb = 1.0, bits = 7 }
c = { branch = "c", unit = "count", lsb = 1.0, bits = 7 }
[columns.met.features]
missing_pt = { branch = "met", unit = "GeV", lsb = 0.5, bits = 10 }
"""


@pytest.fixture(scope="module")
def program():
    return Program.load(GOLDEN / "event_image_program.h5")


@pytest.fixture(scope="module")
def few(sample):
    return replace(sample, splits={"test": sample.splits["test"].take(slice(0, 600))})


def emulated(program, sample, events):
    x = mantissas_for(events["image"], sample.column("image"), program.inputs[0])
    return Emulator(program).predict_mantissas({"image": x})


def run(program, paths, columns=(), split="test", outputs=SIGNALS, **options):
    return scored(program, paths, Reading(split), columns, outputs, **options)[0]


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_scores_and_all_beside_them_are_those_of_the_file(program, few, tmp_path, engine):
    write_sample(tmp_path / "few.h5", few)
    events = few.splits["test"]
    found, seconds = scored(
        program, [tmp_path / "few.h5"], Reading("test"), ["jet_pt", "ht"], SIGNALS, engine=engine
    )  # fmt: skip
    assert seconds > 0
    assert np.array_equal(found.scores, emulated(program, few, events))
    assert found.scores.dtype == np.int16
    assert found.type == program.outputs[0].type
    assert (found.processes, found.outputs, found.source) == (few.processes, SIGNALS, None)
    for name in ("process", "rate", "weight"):
        assert np.array_equal(getattr(found, name), getattr(events, name))
    assert list(found.columns) == ["jet_pt", "ht"]
    for name, values in found.columns.items():
        assert np.array_equal(values, events[name])
        assert found.meanings[name] == few.column(name)
    assert found.columns["jet_pt"].dtype == np.uint16
    assert found.select("hh4b").sum() == (events.process == few.processes.index("hh4b")).sum()


def folder_of(sample, folder):
    """Shards of one process each, in an order of their own."""
    test, shards = sample.splits["test"], []
    for i, name in reversed(list(enumerate(sample.processes))):
        path = folder / f"{name}.h5"
        write_sample(path, replace(sample, splits={"test": test.take(test.process == i)}))
        shards.append(describe(path, folder, "test", name))
    write_manifest(folder, Manifest("shards", tuple(shards), {}))
    return folder


def test_shards_are_read_in_their_order(program, few, tmp_path):
    found = run(program, [folder_of(few, tmp_path / "shards")], ["met"])
    test = few.splits["test"]
    order = np.concatenate([np.flatnonzero(test.process == i) for i in reversed(range(len(few.processes)))])
    assert np.array_equal(found.process, test.process[order])
    assert np.array_equal(found.columns["met"], test["met"][order])
    assert np.array_equal(found.scores, emulated(program, few, test)[order])


def test_processes_of_several_files_are_numbered_anew(program, few, tmp_path):
    test = few.splits["test"]
    signal = test.take(test.process == 2)
    renamed = replace(few, processes=("hh4b", "other"), splits={"test": replace(signal, process=signal.process * 0)})
    write_sample(tmp_path / "few.h5", few)
    write_sample(tmp_path / "more.h5", renamed)
    found = run(program, [tmp_path / "few.h5", tmp_path / "more.h5"])
    assert found.processes == (*few.processes, "other")
    assert np.array_equal(found.process, np.concatenate([test.process, signal.process]))


def test_a_named_process_is_that_of_all_events_of_its_files(program, few, tmp_path):
    one, two, three = thirds(few, tmp_path)
    found = run(program, [one], processes={"mine": [two, three]})
    assert found.processes == (*few.processes, "mine")
    assert np.array_equal(found.process[200:], np.full(400, 4))
    assert np.array_equal(found.scores[:200], run(program, [one]).scores)


def thirds(sample, folder):
    """Three files that have 200 of the 600 events each."""
    test, paths = sample.splits["test"], [folder / f"third_{i}.h5" for i in range(3)]
    for i, path in enumerate(paths):
        write_sample(path, replace(sample, splits={"test": test.take(slice(200 * i, 200 * (i + 1)))}))
    return paths


def test_rates_that_several_files_bring_are_averaged(program, few, tmp_path):
    test, names = few.splits["test"], few.processes
    paths = thirds(few, tmp_path)
    write_sample(tmp_path / "most.h5", replace(few, splits={"test": test.take(slice(200, 600))}))
    found = run(program, [paths[0], tmp_path / "most.h5"])
    assert found.averaged == ("zero_bias", "qcd")
    for name in names:
        own, first = test.process == names.index(name), np.arange(600) < 200
        share = np.mean(first[own])
        assert np.allclose(found.rate[own & first], test.rate[own & first] * share)
        assert np.allclose(found.rate[own & ~first], test.rate[own & ~first] * (1 - share))
    alone = run(program, [paths[0]])
    assert alone.averaged == ()
    assert np.array_equal(alone.rate, test.rate[:200])


def test_crossings_are_those_of_the_files_that_bring_rates(program, few, tmp_path):
    one, two, three = thirds(few, tmp_path)
    np.save(tmp_path / "bare.npy", np.zeros((5, *program.inputs[0].shape)))
    found = run(program, [one], processes={"more": [tmp_path / "bare.npy"]})
    assert found.crossings == few.provenance["recipe"]["colliding_rate"] == 31e6
    recipe = {**few.provenance["recipe"], "colliding_rate": 40e6}
    test = few.splits["test"].take(slice(200, 400))
    write_sample(two, replace(few, provenance={"recipe": recipe}, splits={"test": test}))
    write_sample(three, replace(few, provenance={}, splits={"test": test}))
    assert run(program, [two]).crossings == 40e6
    assert run(program, [one, two]).crossings is None
    assert run(program, [three]).crossings is None


@pytest.mark.parametrize("second", ["few.h5", "sub/../few.h5", "copy.h5"])
def test_a_file_given_twice_is_refused(program, few, tmp_path, second):
    write_sample(tmp_path / "few.h5", few)
    shutil.copy(tmp_path / "few.h5", tmp_path / "copy.h5")
    (tmp_path / "sub").mkdir()
    with pytest.raises(EventsError, match=r"are the same file, whose events would count twice"):
        run(program, [tmp_path / "few.h5", tmp_path / second])
    with pytest.raises(EventsError, match=r"are the same file"):
        run(program, [tmp_path / "few.h5"], processes={"other": [tmp_path / second]})


def test_plain_numbers_are_of_the_process_that_is_named(tmp_path):
    x = np.random.default_rng(1).uniform(-8, 8, (50, 3))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", x[:20])
    paths = {"soft": [tmp_path / "x.npy"], "hard": [tmp_path / "y.npy"]}
    found = run(small(), [], outputs=("a", "b"), processes=paths)
    emulator = Emulator(small())
    wanted = emulator.predict_mantissas(emulator.cast(x))
    assert np.array_equal(found.scores, np.concatenate([wanted, wanted[:20]]))
    assert found.processes == ("soft", "hard")
    assert np.bincount(found.process).tolist() == [50, 20]
    assert not found.rate.any()
    assert np.all(found.weight == 1)
    with pytest.raises(EventsError, match=r"x.npy does not say which process.*--process NAME="):
        run(small(), [tmp_path / "x.npy"], outputs=("a", "b"))
    with pytest.raises(EventsError, match=r"x.npy does not say what its numbers mean.*'met'"):
        run(small(), [], ["met"], outputs=("a", "b"), processes=paths)
    with pytest.raises(EventsError, match="no events to study"):
        run(small(), [], outputs=("a", "b"))


def test_a_mapping_brings_process_weight_and_columns(tmp_path):
    rng = np.random.default_rng(2)
    x, met, weight = rng.integers(0, 128, (40, 3)), rng.uniform(0, 600, 40), rng.uniform(0.5, 2, 40)
    np.savez(tmp_path / "theirs.npz", a=x[:, 0], b=x[:, 1], c=x[:, 2], met=met, w=weight)
    (tmp_path / "map.toml").write_text(MAPPING)
    reading = Reading("test", mapping=tmp_path / "map.toml")
    found, _ = scored(small(), [tmp_path / "theirs.npz"], reading, ["met"], ("a", "b"))
    assert np.array_equal(found.scores, Emulator(small()).predict_mantissas({"x": x}))
    assert found.processes == ("theirs",)
    assert np.array_equal(found.weight, weight.astype(np.float32))
    assert np.array_equal(found.columns["met"], np.minimum(np.floor(met / 0.5), 1023))
    assert found.meanings["met"].quantities[0].lsb == 0.5


def test_copies_keep_the_number_of_their_event_and_other_files_get_others(program, few, tmp_path):
    write_sample(tmp_path / "few.h5", few)
    turned(tmp_path / "few.h5", tmp_path / "many", 3, 1, lambda *_: None)
    turned(tmp_path / "few.h5", tmp_path / "again", 3, 2, lambda *_: None)
    found = run(program, [tmp_path / "many", tmp_path / "few.h5", tmp_path / "again"])
    first, plain, again = found.source[:1800], found.source[1800:2400], found.source[2400:]
    assert np.bincount(first).tolist() == [3] * 600
    assert np.array_equal(plain, np.arange(600, 1200))
    assert np.array_equal(again, first + 1200)
    rates = np.bincount(first, found.rate[:1800], 600) * 4200 / 1800
    assert np.allclose(rates, few.splits["test"].rate, rtol=1e-6)  # float32 thirds
    assert np.array_equal(found.process[:1800], few.splits["test"].process[first])


@pytest.mark.parametrize(
    ("columns", "outputs", "says"),
    [
        (["jet"], SIGNALS, r"no column 'jet'; it has: image, jet_pt"),
        ([], ("hh4b",), r"has 2 elements, but 1 signals or classes are named \(hh4b\)"),
        ([], (), r"0 signals or classes are named \(none\)"),
    ],
)
def test_what_does_not_fit_is_refused(program, few, tmp_path, columns, outputs, says):
    write_sample(tmp_path / "few.h5", few)
    with pytest.raises(EventsError, match=says):
        run(program, [tmp_path / "few.h5"], columns, outputs=outputs)


def test_columns_that_mean_something_else_are_refused(program, few, tmp_path):
    other = replace(few.column("met"), quantities=(replace(few.column("met").quantities[0], lsb=1.0),))
    write_sample(tmp_path / "few.h5", few)
    write_sample(tmp_path / "other.h5", replace(few, columns={**few.columns, "met": other}))
    with pytest.raises(EventsError, match=r"column 'met' of .*other.h5, studied with .*few.h5"):
        run(program, [tmp_path / "few.h5", tmp_path / "other.h5"], ["met"])


def test_several_outputs_are_refused(program, few, tmp_path):
    several = replace(program, output_names=("score", "output"))
    with pytest.raises(EventsError, match=r"several outputs \(score, output\).*--output"):
        run(several, [embedded_sample()])


def test_progress_counts_all_events(program, few, tmp_path):
    told = []
    run(program, thirds(few, tmp_path)[:2], progress=lambda *what: told.append(what))
    assert told == [("events emulated", 200, 400), ("events emulated", 400, 400)]
