"""Events into narrow arrays: the scores are the emulator's, and what stands beside them is what the files say."""

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
    write_sample(tmp_path / "few.h5", few)
    paths = {"mine": [tmp_path / "few.h5", tmp_path / "few.h5"]}
    found = run(program, [tmp_path / "few.h5"], processes=paths)
    assert found.processes == (*few.processes, "mine")
    assert np.array_equal(found.process[600:], np.full(1200, 4))
    assert np.array_equal(found.rate[:600], found.rate[600:1200])


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
    found = run(program, [tmp_path / "many", tmp_path / "few.h5", tmp_path / "many"])
    first, plain, again = found.source[:1800], found.source[1800:2400], found.source[2400:]
    assert np.bincount(first).tolist() == [3] * 600
    assert np.array_equal(plain, np.arange(600, 1200))
    assert np.array_equal(again, first + 1200)
    rates = np.bincount(first, found.rate[:1800], 600)
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
    write_sample(tmp_path / "few.h5", few)
    told = []
    run(program, [tmp_path / "few.h5"] * 2, progress=lambda *what: told.append(what))
    assert told == [("events emulated", 600, 1200), ("events emulated", 1200, 1200)]
