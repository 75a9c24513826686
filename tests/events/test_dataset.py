"""Events on disk: what is written comes back, and what is damaged or means something else is refused."""

import json
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import column_for
from trigger_nn.events.production.specification import load_sample_recipe
from trigger_nn.events.quantities import Column, Quantity, check_same, from_json, to_json
from trigger_nn.events.storage.check import check_sample
from trigger_nn.events.storage.dataset import Events, Sample, concatenate, narrowed, write_sample
from trigger_nn.events.storage.shards import (
    MANIFEST,
    Manifest,
    blocks,
    describe,
    description_of,
    length,
    one_event,
    read_manifest,
    read_sample,
    tally,
    write_manifest,
)  # fmt: skip
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.workflow.workspace import embedded_sample

SPLITS = ("train", "validation", "test")
ET = Quantity("et", "GeV", Fixed(False, 10, 10), 0.5)
ETA = Quantity("eta", "1", Fixed(True, 12, 12), 0.1)
COLUMNS = {
    "image": Column((4, 3), (ET,), {"kind": "event_image", "bits": 10}),
    "jets": Column((2, 2), (replace(ET, name="pt"), ETA), {"kind": "jets"}),
    "met": Column((), (replace(ET, name="missing_pt"),), {"kind": "missing_momentum"}),
}


def events_of(count, seed):
    """Random events of processes `a` and `b` in turn."""
    rng = np.random.default_rng(seed)
    jets = np.stack([rng.integers(0, 1024, (count, 2)), rng.integers(-2048, 2048, (count, 2))], axis=-1)
    columns = {"image": rng.integers(0, 1024, (count, 4, 3)), "jets": jets, "met": rng.integers(0, 1024, count)}
    process = (np.arange(count) % 2).astype(np.uint8)
    return Events(process, rng.uniform(1, 9, count).astype("f4"), rng.normal(1, 1, count).astype("f4"), columns)


def small(**splits):
    """A sample of 20, 10 and 30 events."""
    sizes = dict(zip(SPLITS, (20, 10, 30), strict=True))
    made = {split: events_of(count, seed) for seed, (split, count) in enumerate(sizes.items())}
    return Sample(("a", "b"), COLUMNS, made | splits, {"made": "by a test"})


def no_progress(what, done, total):
    """Say nothing."""


def same_events(one, other):
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("process", "rate", "weight"))
    assert one.columns.keys() == other.columns.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one.columns)


@pytest.fixture
def path(tmp_path):
    write_sample(tmp_path / "events.h5", small())
    return tmp_path / "events.h5"


# --- whole files ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read(path):
    found, made = read_sample(path), small()
    assert (found.processes, found.columns, found.provenance) == (made.processes, made.columns, made.provenance)
    for split in SPLITS:
        same_events(found.splits[split], made.splits[split])
    assert found.lsb("image") == 0.5
    assert np.array_equal(found.select("test", "b"), np.arange(30) % 2 == 1)
    with pytest.raises(EventsError, match="no column 'images'; they have: image, jets, met"):
        found.column("images")
    with pytest.raises(EventsError, match="no column 'images'"):
        found.splits["test"]["images"]


def test_a_split_of_no_events_is_written_and_read(tmp_path):
    write_sample(tmp_path / "events.h5", small(validation=events_of(0, 0)))
    assert len(read_sample(tmp_path / "events.h5").splits["validation"]) == 0


def test_the_same_sample_is_the_same_file(path, tmp_path):
    write_sample(tmp_path / "again.h5", small())
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_events_are_joined_and_taken():
    one, two = events_of(5, 1), events_of(4, 2)
    both = concatenate([one, two])
    same_events(both.take(slice(0, 5)), one)
    same_events(both.take(np.arange(5, 9)), two)
    same_events(both.take(np.arange(9) < 5), one)


def column_of(signed, width, **bounds):
    return Column((), (Quantity("x", "1", Fixed(signed, width, width), **bounds),), {})


@pytest.mark.parametrize(("signed", "width", "kind"), [
    (False, 8, "u1"), (False, 9, "u2"), (False, 16, "u2"), (False, 17, "u4"), (False, 33, "u8"), (True, 9, "i2"),
    (True, 8, "i1"), (True, 10, "i2"), (True, 16, "i2"), (True, 32, "i4"),
])  # fmt: skip
def test_integers_are_kept_in_the_narrowest_type(signed, width, kind):
    assert narrowed(np.zeros(3, np.int64), column_of(signed, width)).dtype == np.dtype(kind)


@given(signed=st.booleans(), width=st.integers(2, 40))
def test_narrowing_loses_nothing(signed, width):
    column = column_of(signed, width)
    ends = np.concatenate(column.bounds())
    assert np.array_equal(narrowed(ends, column), ends)


def test_real_numbers_are_kept_in_single_precision():
    real = Column((), (Quantity("pt", "GeV", None),), {})
    assert narrowed(np.array([1.5, -2.25]), real).tolist() == [1.5, -2.25]
    assert narrowed(np.zeros(3), real).dtype == np.float32
    assert narrowed(np.zeros(3), column_of(False, 16, maximum=200)).dtype == np.uint8


# --- files of schema 1 ------------------------------------------------------------------------------------------


def schema_1(path, **changed):
    """A file as schema 1 had it; `changed` replaces arrays of the test split."""
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file.attrs.update({"format": "trigger_nn events", "schema": 1, "processes": ["zero_bias", "hh4b"], "lsb": 0.5,
                           "bits": 10, "eta_max": 5.0, "provenance": json.dumps({"old": True})})  # fmt: skip
        for split in SPLITS:
            arrays = {
                "image": rng.integers(0, 1024, (6, 20, 12)).astype(np.uint16),
                "process": np.array([0, 1] * 3, np.uint8),
                "rate": np.array([2, 0] * 3, "f4"),
                "jet_pt": rng.integers(0, 900, (6, 8)).astype(np.uint16),
                "met": rng.integers(0, 900, 6).astype(np.uint16),
            }
            for name, values in (arrays | (changed if split == "test" else {})).items():
                file[f"{split}/{name}"] = values
    return path


def test_files_of_schema_1_keep_loading(tmp_path):
    path = schema_1(tmp_path / "old.h5")
    sample = read_sample(path)
    with h5py.File(path) as file:
        for name in ("image", "jet_pt", "met"):
            assert np.array_equal(sample.splits["test"][name], file[f"test/{name}"][()])
    assert str(sample.column("image").quantities[0]) == "et in counts of 0.5 GeV (ufixed<10,10>)"
    assert sample.column("image").shape == (20, 12)
    assert sample.column("image").view["kind"] == "event_image"
    assert (sample.column("jet_pt").shape, sample.column("met").shape) == ((8,), ())
    assert sample.processes == ("zero_bias", "hh4b")
    assert sample.provenance == {"old": True}
    assert sample.splits["test"].weight.tolist() == [2, 0, 2, 0, 2, 0]  # weights were not kept: rates stand for them
    assert one_event(path, "test", 1, "hh4b").process == "hh4b"
    assert check_sample(path, no_progress).events == 18


def test_a_damaged_file_of_schema_1_is_refused(tmp_path):
    path = schema_1(tmp_path / "old.h5", image=np.full((6, 20, 12), 1024, np.uint16))
    with pytest.raises(EventsError, match="test/image leaves the range 0 to 1023 of 'et' at event 0"):
        read_sample(path)


# --- bad files ---------------------------------------------------------------------------------------------------


def swap(path, name, values):
    """Put `values` into the place of a dataset."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def all_blocks(path):
    return [events for split in SPLITS for events in blocks(path, split, 7)]


def refused(path, match):
    """Both readers refuse, the whole one and the one in blocks."""
    with pytest.raises(EventsError, match=match):
        read_sample(path)
    with pytest.raises(EventsError, match=match):
        all_blocks(path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.95])
def test_a_truncated_file_is_one_sentence(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "truncated or damaged")


def test_no_file_and_a_foreign_file(path, tmp_path):
    refused(tmp_path / "none.h5", "no events file at .*none.h5; make one with")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    refused(tmp_path / "other.h5", "not an events file of this package")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["rate", "weight"])
def test_a_number_that_is_none_is_found(path, name, value):
    values = getattr(small().splits["test"], name).copy()
    values[17] = value
    swap(path, f"test/{name}", values)
    with pytest.raises(EventsError, match=f"test/{name} is not finite at event 17"):
        read_sample(path)


@pytest.mark.parametrize(("name", "change", "says"), [
    ("rate", lambda v: -v, "negative at event 0"),
    ("rate", lambda v: v[:, None] * [1, 1], "shape"),
    ("rate", lambda v: v[:7], "shape"),
    ("weight", lambda v: v.astype("S4"), "not numbers"),
    ("process", lambda v: v.astype(np.int8) - 1, "negative"),
    ("process", lambda v: v + 9, "does not list"),
    ("process", lambda v: v.astype("f4"), "not integer counts"),
])  # fmt: skip
def test_wrong_values_beside_the_columns_are_found(path, name, change, says):
    swap(path, f"test/{name}", change(getattr(small().splits["test"], name)))
    with pytest.raises(EventsError, match=says):
        read_sample(path)


@pytest.mark.parametrize(("name", "change", "says"), [
    ("image", lambda v: v[:, :2], "shape"),
    ("image", lambda v: v[:5], "shape"),
    ("image", lambda v: v.astype(float), "float64, not integer counts"),
    ("image", lambda v: v + 1024, "leaves the range 0 to 1023 of 'et' at event 0"),
    ("image", lambda v: v - 1024, "leaves the range"),
    ("jets", lambda v: v[:, 0], "shape"),
    ("jets", lambda v: v[..., ::-1], "leaves the range"),  # eta is signed, pT is not
    ("met", lambda v: v.astype("S8"), "not integer counts"),
    ("met", lambda v: 3, "damaged|shape"),
])  # fmt: skip
def test_wrong_columns_are_found(path, name, change, says):
    swap(path, f"validation/{name}", change(small().splits["validation"][name]))
    refused(path, says)


def test_one_number_out_of_range_is_named(path):
    values = small().splits["test"]["jets"].copy()
    values[21, 1, 1] = 2048
    swap(path, "test/jets", values)
    with pytest.raises(EventsError, match=r"test/jets leaves the range .* at event 21; saturate"):
        read_sample(path)


@pytest.mark.parametrize(("name", "value"), [
    ("provenance", "no json"), ("provenance", "3"), ("columns", "no json"), ("columns", "[1]"), ("schema", "two"),
    ("columns", '{"image": {"shape": [4, 3], "quantities": [], "view": {}}}'),
    ("columns", '{"image": {"shape": [4, 3], "quantities": [{"name": "et"}], "view": {}}}'),
    ("columns", json.dumps({"image": to_json(COLUMNS["image"])}).replace("ufixed<10,10>", "float")),
    ("columns", json.dumps({"image": to_json(COLUMNS["image"])}).replace('"lsb"', '"step"')),
])  # fmt: skip
def test_wrong_attributes_are_found(path, name, value):
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
    refused(path, "damaged|quantities do not fit")


@pytest.mark.parametrize("name", ["processes", "columns", "provenance", "schema"])
def test_a_missing_attribute_is_damage(path, name):
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
    refused(path, "damaged")


@pytest.mark.parametrize("name", ["image", "rate", "process"])
def test_a_missing_array_is_damage(path, name):
    with h5py.File(path, "r+") as file:
        del file[f"test/{name}"]
    refused(path, "damaged")


def test_a_file_of_a_newer_schema_is_refused(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = 3
    refused(path, "schema 3, newer than 2; update")


# --- folders of shards --------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """The small sample with each process of each split in a file."""
    whole, entries = small(), []
    for split in SPLITS:
        for number, process in enumerate(whole.processes):
            events = whole.splits[split].take(whole.splits[split].process == number)
            target = tmp_path / "sample" / "shards" / f"{split}-{process}.h5"
            write_sample(target, replace(whole, splits={split: events}))
            entries.append(describe(target, tmp_path / "sample", split, process))
    write_manifest(tmp_path / "sample", Manifest("small", tuple(entries), dict(whole.provenance)))
    return tmp_path / "sample"


def test_a_folder_holds_what_its_shards_hold(folder):
    found, made = read_sample(folder), small()
    for split, events in made.splits.items():
        order = np.argsort(events.process, kind="stable")
        same_events(found.splits[split], events.take(order))
    manifest = read_manifest(folder)
    assert [(s.file, s.events) for s in manifest.shards][:2] == [("shards/train-a.h5", 10), ("shards/train-b.h5", 10)]
    weights = made.splits["train"].weight[::2]
    assert manifest.shards[0].sum_of_weights == weights.sum(dtype="f8")
    assert manifest.provenance == made.provenance
    assert length(folder, "test") == 30


def test_an_altered_byte_is_found(folder):
    path = folder / "shards" / "test-b.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for read in (read_sample, lambda f: check_sample(f, no_progress)):
        with pytest.raises(
            EventsError, match=r"test-b.h5 is not the file that manifest.json lists \(SHA-256 differs\)"
        ):
            read(folder)


def test_a_missing_shard_is_found(folder):
    (folder / "shards" / "train-b.h5").unlink()
    for read in (read_sample, lambda f: check_sample(f, no_progress)):
        with pytest.raises(EventsError, match=r"train-b.h5 is missing, but manifest.json lists it"):
            read(folder)
    with pytest.raises(EventsError, match=r"no events file at .*train-b.h5"):
        list(blocks(folder, "train", 5))


def test_a_shard_of_other_columns_is_refused(folder):
    other = small()
    column = replace(COLUMNS["met"], quantities=(replace(COLUMNS["met"].quantities[0], lsb=0.25),))
    path = folder / "shards" / "test-b.h5"
    write_sample(path, replace(other, columns=COLUMNS | {"met": column}, splits={"test": other.splits["test"]}))
    shards = tuple(describe(folder / s.file, folder, s.split, s.process) for s in read_manifest(folder).shards)
    write_manifest(folder, replace(read_manifest(folder), shards=shards))
    with pytest.raises(EventsError, match=r"test-b.h5 has other columns than the shards before it"):
        read_sample(folder)


@pytest.mark.parametrize(("content", "says"), [
    ("no json", "damaged"), ("[]", "damaged"), ('{"schema": 2}', "damaged"), ('{"schema": 3}', "newer than 2"),
    ('{"schema": 2, "name": "x", "shards": [{"file": "x"}], "provenance": {}}', "damaged"),
])  # fmt: skip
def test_a_damaged_manifest_is_one_sentence(folder, content, says):
    (folder / MANIFEST).write_text(content)
    for read in (read_sample, description_of, tally):
        with pytest.raises(EventsError, match=says):
            read(folder)


def test_a_folder_without_a_manifest_is_no_sample(folder):
    (folder / MANIFEST).unlink()
    for read in (read_sample, description_of):
        with pytest.raises(EventsError, match="so it is no event sample"):
            read(folder)


@pytest.mark.parametrize("read", [read_sample, description_of])
def test_a_manifest_of_no_shards_is_refused(tmp_path, read):
    write_manifest(tmp_path, Manifest("none", (), {}))
    with pytest.raises(EventsError, match="lists no shard"):
        read(tmp_path)


@pytest.mark.parametrize("size", [1, 7, 10, 1000])
def test_blocks_are_the_events_in_order(folder, path, size):
    for place, most in ((folder, min(size, 15)), (path, size)):
        parts = list(blocks(place, "test", size))
        assert max(map(len, parts)) <= most
        same_events(concatenate(parts), read_sample(place).splits["test"])


def test_blocks_of_a_split_that_is_not_there(folder, path):
    for place in (folder, path):
        with pytest.raises(EventsError, match="no split 'tests'"):
            list(blocks(place, "tests", 5))


def test_the_tally_counts_events_and_rates(folder, path):
    events = small().splits["train"]
    for place in (folder, path):
        counted = {(t.split, t.process): t for t in tally(place)}
        assert [(s, p) for s, p in counted] == [(s, p) for s in SPLITS for p in "ab"]
        assert counted["train", "b"].events == 10
        assert counted["train", "b"].rate == pytest.approx(float(events.rate[1::2].sum(dtype="f8")), rel=1e-12)


def test_one_event_is_found_by_its_number(folder, path):
    events = small().splits["test"]
    found = one_event(path, "test", 13)
    assert found.process == "b"
    assert found.columns == COLUMNS
    for name in COLUMNS:
        assert np.array_equal(found.values[name], events[name][13])
        for place in (path, folder):
            assert np.array_equal(one_event(place, "test", 6, "b").values[name], events[name][13])
    with pytest.raises(EventsError, match="no process 'c'; it has: a, b"):
        one_event(path, "test", 0, "c")
    with pytest.raises(EventsError, match="has 15 events of process 'b' in 'test'"):
        one_event(folder, "test", 15, "b")
    with pytest.raises(EventsError, match="no split 'tests'"):
        one_event(path, "tests", 0)


def test_no_event_has_a_negative_number(path):
    with pytest.raises(EventsError):
        one_event(path, "test", -1)


def test_the_description_is_all_but_the_events(folder, path):
    for place in (folder, path):
        found = description_of(place)
        assert (found.processes, found.columns, found.splits) == (("a", "b"), COLUMNS, {})


# --- whole samples checked ---------------------------------------------------------------------------------------


def test_a_sound_sample_is_read_to_its_end(folder, path):
    for place in (folder, path):
        seen = []
        found = check_sample(place, lambda what, done, total, seen=seen: seen.append((done, total)))
        assert found.events == 60
        assert seen[-1] == (60, 60)


def test_an_event_in_two_splits_is_refused(tmp_path):
    made = small()
    twin = concatenate([made.splits["test"], made.splits["train"].take(slice(3, 4))])
    write_sample(tmp_path / "events.h5", small(test=twin))
    with pytest.raises(EventsError, match=r"'train' and in 'test', .* events 3 and 30"):
        check_sample(tmp_path / "events.h5", no_progress)
    twice = concatenate([made.splits["test"], made.splits["test"].take(slice(3, 4))])
    write_sample(tmp_path / "events.h5", small(test=twice))
    assert check_sample(tmp_path / "events.h5", no_progress).events == 61  # in one split it may stand twice


def test_empty_events_may_stand_in_two_splits(tmp_path):
    made = small()
    nothing = {name: np.zeros_like(values[:1]) for name, values in made.splits["test"].columns.items()}
    empty = replace(made.splits["test"].take(slice(0, 1)), columns=nothing)
    splits = {split: concatenate([made.splits[split], empty]) for split in SPLITS}
    write_sample(tmp_path / "events.h5", small(**splits))
    assert check_sample(tmp_path / "events.h5", no_progress).events == 63


def test_saturation_and_unlike_rates_are_said(tmp_path):
    made = small()
    full = made.splits["train"].columns | {"met": np.full(20, 1023)}
    loud = replace(made.splits["train"], columns=full, rate=np.full(20, 1e4, "f4"))
    write_sample(tmp_path / "events.h5", small(train=loud))
    said = check_sample(tmp_path / "events.h5", no_progress).said
    assert any("'met'" in s and "saturated" in s for s in said)
    assert any("different rates" in s and "200 kHz" in s for s in said)


# --- the embedded sample ------------------------------------------------------------------------------------------


def test_the_embedded_sample_is_small_whole_and_of_its_recipe(sample):
    assert embedded_sample().stat().st_size < 3_000_000
    recipe = load_sample_recipe(embedded_sample().with_suffix(".toml"))
    assert sample.provenance["recipe"] == recipe.model_dump(mode="json")
    for split, events in sample.splits.items():
        for name in sample.processes:
            mask = sample.select(split, name)
            assert mask.sum() > 200
            assert (events.rate[mask] > 0).all() == (name in ("zero_bias", "qcd"))
        # Zero bias and QCD together are all colliding bunches. Five standard deviations: of the sum of rates, and of
        # the number of hard collisions in the library, which decides how many crossings are zero bias.
        notes = sample.provenance["generated"]
        library = notes[f"library/{split}"]
        ratio = notes[f"qcd/{split}"]["cross_section_mb"] / library["cross_section_mb"]
        hard = 200 * ratio / np.sqrt(ratio * library["collisions"])
        sigma = np.hypot(np.sqrt((events.rate.astype(float) ** 2).sum()) / 31e6, hard)
        assert abs(events.rate.sum() / 31e6 - 1) < 5 * sigma


def test_the_embedded_splits_share_no_event():
    assert check_sample(embedded_sample(), no_progress).events > 10_000


# --- what numbers mean --------------------------------------------------------------------------------------------


def test_a_quantity_truncates_and_saturates():
    eta = Quantity("eta", "1", Fixed(True, 4, 4), 0.5, 1.0)
    assert eta.quantize(np.array([1.0, 1.49, 1.5, 0.99, -50, 50])).tolist() == [0, 0, 1, -1, -8, 7]
    assert eta.value(np.array([-8, 0, 7])).tolist() == [-3.0, 1.0, 4.5]
    assert str(eta) == "eta in counts of 0.5 from 1 (fixed<4,4>)"
    assert replace(eta, minimum=-2, maximum=3).quantize(np.array([-50.0, 50])).tolist() == [-2, 3]


@given(st.integers(-2048, 2047), st.sampled_from([0.5, 0.1, 2 * np.pi / 1440, 1e-3]), st.floats(-5, 5))
def test_the_middle_of_a_step_has_its_count(count, lsb, offset):
    quantity = Quantity("x", "1", Fixed(True, 12, 12), lsb, offset)
    assert quantity.quantize(quantity.value(np.array([count])) + lsb / 2).tolist() == [count]


@pytest.mark.parametrize("column", [*COLUMNS.values(), Column((3,), (Quantity("pt", "GeV", None),), {})])
def test_columns_survive_json(column):
    assert from_json(json.loads(json.dumps(to_json(column)))) == column


def test_quantities_must_fit_the_shape():
    for shape, count in (((4, 3), 2), ((), 2), ((2,), 3)):
        with pytest.raises(EventsError, match=rf"{count} quantities do not fit a column of shape"):
            Column(shape, (ET,) * count, {})


PT, PHI = Quantity("pt", "GeV", Fixed(False, 10, 10), 0.5), Quantity("phi", "rad", Fixed(True, 12, 12), 0.01)
WANTED = Column((5, 2), (PT, PHI), {})


@pytest.mark.parametrize(("found", "says"), [
    (Column((5, 2), (replace(PT, type=None, lsb=1.0), PHI), {}), "pt in GeV at place 0.*divide by 0.5 GeV and"),
    (Column((5, 2), (replace(PT, unit="MeV"), PHI), {}), "convert MeV to GeV"),
    (Column((5, 2), (PT, replace(PHI, unit="degree")), {}), "at place 1.*convert degree to rad"),
    (Column((5, 2), (replace(PT, lsb=0.25), PHI), {}), "counts of 0.25 GeV .* 0.5 GeV.*make the events again"),
    (Column((5, 2), (replace(PT, offset=1.0), PHI), {}), "from 1 .*make the events again"),
    (Column((5, 2), (replace(PT, type=Fixed(False, 12, 12)), PHI), {}), "ufixed<12,12>.*ufixed<10,10>"),
    (Column((5, 2), (PHI, PT), {}), "put the features into the order"),
    (Column((5, 2), (PT,), {}), "put the features into the order"),
    (Column((4, 2), (PT, PHI), {}), r"shape \(4, 2\) where \(5, 2\) is wanted"),
])  # fmt: skip
def test_each_difference_of_meaning_is_one_sentence(found, says):
    check_same(WANTED, WANTED, "here")
    with pytest.raises(EventsError, match=f"^here: .*{says}"):
        check_same(found, WANTED, "here")


def test_one_quantity_for_all_is_the_same_as_each_alike():
    check_same(Column((5, 2), (PT, PT), {}), Column((5, 2), (PT,), {}), "here")
    check_same(Column((5, 2), (PT,), {}), Column((5, 2), (PT, PT), {}), "here")


# --- where events meet a program ----------------------------------------------------------------------------------


def program(**made):
    ports = (Port("image", (4, 3, 1), Fixed(False, 10, 10)),)
    return Program("found", ports, (), (), {"events": made} if made else {})


def with_column(**changes):
    """The small sample with another meaning of `image`."""
    column = COLUMNS["image"]
    view = changes.pop("view", column.view)
    return replace(small(), columns={"image": replace(column, quantities=(replace(ET, **changes),), view=view)})


def test_a_program_takes_the_column_it_was_made_for():
    made = {"view": "jets", "column": to_json(COLUMNS["jets"])}
    assert column_for(small(), program(**made)) == "jets"
    with pytest.raises(EventsError, match="no column 'jets'"):
        column_for(with_column(), program(**made))


@pytest.mark.parametrize("made", [{"view": "image", "column": to_json(COLUMNS["image"])}, {"lsb_gev": 0.5}, {}])
def test_numbers_in_gev_are_refused_by_any_program(made):
    with pytest.raises(EventsError, match=r"hold et in GeV.*(counts of|divide by)") as refusal:
        column_for(with_column(type=None, lsb=1.0), program(**made))
    assert "'image' of program 'found'" in str(refusal.value)
    assert column_for(with_column(), program(**made)) == "image"


@pytest.mark.parametrize(("changes", "says"), [
    ({"lsb": 0.25}, "counts of 0.25 GeV"),
    ({"type": Fixed(False, 12, 12)}, "ufixed<12,12>"),
    ({"view": {"kind": "event_image", "bits": 12}}, "the events' view has bits = 12, the model's 10"),
])  # fmt: skip
def test_another_meaning_is_refused(changes, says):
    made = {"view": "image", "column": to_json(COLUMNS["image"])}
    with pytest.raises(EventsError, match=says):
        column_for(with_column(**changes), program(**made))


def test_measured_parameters_may_differ():
    """Pedestals follow the sample, they do not change what a count means."""
    made = {"view": "image", "column": to_json(replace(COLUMNS["image"], view={"pedestals": [[1]]}))}
    assert column_for(with_column(view={"pedestals": [[2]]}), program(**made)) == "image"


def test_programs_of_earlier_versions_know_their_least_count():
    assert column_for(with_column(), program(lsb_gev=0.5)) == "image"
    with pytest.raises(EventsError, match=r"count in 0.25 GeV.*made for counts of 0.5 GeV"):
        column_for(with_column(lsb=0.25), program(lsb_gev=0.5))
    with pytest.raises(EventsError, match="12-bit numbers"):
        column_for(with_column(type=Fixed(False, 12, 12)), program())


def test_a_copied_folder_is_the_same_sample(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    for split in SPLITS:
        same_events(read_sample(tmp_path / "copy").splits[split], read_sample(folder).splits[split])
