"""Events of other programs: values that go into a file come out as the counts that direct quantization gives."""

import importlib
import os
from dataclasses import replace
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import GOLDEN
from trigger_nn.errors import EventsError, RecipeError, ToolNotFound
from trigger_nn.events.foreign.mapping import ForeignMapping, columns_of, load_mapping, shipped_mapping
from trigger_nn.events.foreign.read import read_foreign, read_foreign_blocks
from trigger_nn.events.inputs import column_for, is_image
from trigger_nn.events.quantities import Quantity, to_json
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.events.storage.stream import shares
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program

FORMATS = ("root", "hdf5", "npy", "parquet")
SUFFIX = {"root": ".root", "hdf5": ".h5", "npy": ".npz", "parquet": ".parquet"}
PT = Quantity("pt", "GeV", Fixed(False, 10, 10), 0.5)
PHI = Quantity("phi", "rad", Fixed(True, 11, 11), 2 * np.pi / 1440, nearest=True)
MET = Quantity("missing_pt", "GeV", Fixed(False, 12, 12), 0.25)


def feature(branch, quantity, unit=None, **more):
    """A feature that makes `quantity` of `branch`."""
    made = {"unit": unit or quantity.unit, "lsb": quantity.lsb, "bits": quantity.type.width}
    return {"branch": branch, "signed": quantity.type.signed, **made, **more}


JETS = {"count": 3, "features": {"pt": feature("Jet_pt", PT), "phi": feature("Jet_phi", PHI)}}


def mapping(form="hdf5", columns=None, **more):
    tree = {"tree": "Events"} if form == "root" else {}
    columns = columns or {"jets": JETS, "met": {"features": {"missing_pt": feature("MET_pt", MET)}}}
    return ForeignMapping.model_validate({
        "format": form, "process": "ttbar", "columns": columns, **tree, **({"split": "test"} | more),
    })  # fmt: skip


def one(branch, quantity=PT, **more):
    return {"column": {"features": {quantity.name: feature(branch, quantity, **more)}}}


def write(folder, form, branches):
    """One small file: lists of lists become jagged branches, arrays stay."""
    path = folder / f"events{SUFFIX[form]}"
    jagged = {n: v for n, v in branches.items() if isinstance(v, list)}
    plain = {n: v for n, v in branches.items() if n not in jagged}
    if form == "root":
        lists = {n: ak.values_astype(ak.Array([[0.0], *v])[1:], np.float64) for n, v in jagged.items()}
        with uproot.recreate(path) as file:
            types = {n: np.dtype((v.dtype, v.shape[1:])) for n, v in plain.items()}
            tree = file.mktree("Events", dict.fromkeys(lists, "var * float64") | types)
            tree.extend({**lists, **plain})
    elif form == "hdf5":
        with h5py.File(path, "w") as file:
            for name, values in jagged.items():
                place = file.create_dataset(name, (len(values),), h5py.vlen_dtype(np.float64))
                for i, value in enumerate(values):
                    place[i] = np.array(value, np.float64)
            for name, values in plain.items():
                file[name] = values
    elif form == "parquet":
        lists = {n: pa.array(v, pa.list_(pa.float64())) for n, v in jagged.items()}
        pyarrow.parquet.write_table(pa.table(lists | {n: pa.array(list(v)) for n, v in plain.items()}), path)
    else:
        np.savez(path, **plain)
    return path


# --- round trips -------------------------------------------------------------------------------------------------

JET = st.tuples(st.floats(-10, 1000), st.floats(-3.14, 3.14))
EVENT = st.tuples(st.lists(JET, max_size=5), st.floats(0, 2000))


def hardest(jets, count=3):
    ordered = sorted(jets, key=lambda jet: -jet[0])[:count]  # stable, as the columns are
    return ordered + [(0.0, 0.0)] * (count - len(ordered))


@pytest.mark.parametrize("form", ["root", "hdf5", "parquet"])
@settings(max_examples=15)
@given(events=st.lists(EVENT, min_size=1, max_size=12), step=st.integers(1, 15))
def test_lists_come_out_as_direct_quantization_gives_them(tmp_path_factory, form, events, step):
    branches = {
        "Jet_pt": [[pt for pt, _ in jets] for jets, _ in events],
        "Jet_phi": [[phi for _, phi in jets] for jets, _ in events],
        "MET_pt": np.array([met for _, met in events]),
    }
    path = write(tmp_path_factory.mktemp("round"), form, branches)
    sample = read_foreign(path, mapping(form), step)
    table = np.array([hardest(jets) for jets, _ in events])
    wanted = np.stack([PT.quantize(table[..., 0]), PHI.quantize(table[..., 1])], axis=-1)
    assert np.array_equal(sample.splits["test"]["jets"], wanted)
    assert np.array_equal(sample.splits["test"]["met"], MET.quantize(branches["MET_pt"]))
    outside = np.count_nonzero((table[..., 0] < 0) | (table[..., 0] >= 512))
    assert sample.provenance["saturated"] == {
        "jets.pt": outside, "jets.phi": 0, "met.missing_pt": np.count_nonzero(branches["MET_pt"] >= 1024),
    }  # fmt: skip
    blocks = list(read_foreign_blocks(path, mapping(form), step))
    assert {len(block) for block in blocks[:-1]} <= {step}
    assert np.array_equal(np.concatenate([block["met"] for block in blocks]), sample.splits["test"]["met"])


@given(values=st.lists(st.floats(-100, 1000, width=32), min_size=1, max_size=30), form=st.sampled_from(FORMATS))
@settings(max_examples=30)
def test_numbers_come_out_as_direct_quantization_gives_them(tmp_path_factory, values, form):
    path = write(tmp_path_factory.mktemp("round"), form, {"MET_pt": np.array(values, np.float32)})
    sample = read_foreign(path, mapping(form, one("MET_pt", MET)), 7)
    assert np.array_equal(sample.splits["test"]["column"], MET.quantize(np.array(values, np.float32)))


@pytest.mark.parametrize("form", FORMATS)
def test_tables_are_lists_of_equal_length(tmp_path, form):
    table = np.array([[1.0, 7.5, 3.0], [2.0, 2.5, 600.0]])
    path = write(tmp_path, form, {"Jet_pt": table, "Jet_phi": table / 1000})
    found = read_foreign(path, mapping(form, {"jets": JETS})).splits["test"]["jets"]
    assert found[..., 0].tolist() == [[15, 6, 2], [1023, 5, 4]]
    assert found[0, :, 1].tolist() == [2, 1, 0]  # 0.0075 and 0.003 rad in counts of 0.0044, to nearest


def test_the_sample_can_be_stored(tmp_path):
    path = write(tmp_path, "hdf5", {"MET_pt": np.arange(50.0)})
    sample = read_foreign(path, mapping(columns=one("MET_pt", MET)))
    write_sample(tmp_path / "sample.h5", sample)
    stored = read_sample(tmp_path / "sample.h5")
    assert stored.columns == sample.columns == columns_of(mapping(columns=one("MET_pt", MET)))
    assert stored.columns["column"].quantities == (MET,)
    assert stored.processes == ("ttbar",)
    assert stored.provenance == sample.provenance
    assert stored.provenance["file"] == "events.h5"
    assert len(stored.provenance["sha256"]) == 64
    assert set(stored.provenance["packages"]) == {"h5py", "numpy", "trigger_nn"}
    assert ForeignMapping.model_validate(stored.provenance["mapping"]) == mapping(columns=one("MET_pt", MET))


@pytest.mark.parametrize(("unit", "per_gev"), [("GeV", 1), ("MeV", 1000), ("TeV", 0.001)])
def test_energies_are_converted(tmp_path, unit, per_gev):
    gev = np.arange(0, 1000, 0.5)  # every edge of a count, where a rounding error would show
    path = write(tmp_path, "hdf5", {"MET_pt": gev * per_gev if unit != "TeV" else gev / 1000})
    found = read_foreign(path, mapping(columns=one("MET_pt", MET, unit=unit)), 100).splits["test"]["column"]
    assert np.count_nonzero(found != gev * 4) <= (20 if unit == "TeV" else 0)  # x / 1000 * 1000 is not always x


@pytest.mark.parametrize(("unit", "value", "ours", "counts"), [
    ("deg", 90, "rad", 157), ("cm", 1.55, "mm", 1550), ("m", 0.0155, "mm", 1550), ("mm", 15.5, "mm", 1550),
    ("ns", 2.5, "ns", 250), ("e", 1, "e", 100), ("1", 0.125, "1", 12), ("count", 3, "count", 300),
])  # fmt: skip
def test_other_units_are_converted(tmp_path, unit, value, ours, counts):
    path = write(tmp_path, "hdf5", {"x": np.array([value, value])})
    sample = read_foreign(path, mapping(columns=one("x", Quantity("x", unit, Fixed(True, 16, 16), 0.01))))
    assert sample.columns["column"].quantities[0].unit == ours
    assert sample.splits["test"]["column"].tolist() == [counts, counts]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_shares_split_by_event_whatever_the_step(tmp_path, step):
    path = write(tmp_path, "hdf5", {"x": np.arange(500.0)})
    number = Quantity("x", "1", Fixed(False, 16, 16))
    parts = {"train": 0.5, "validation": 0.2, "test": 0.3}
    sample = read_foreign(path, mapping(columns=one("x", number), split=None, shares=parts, seed=4), step)
    chosen = shares(500, tuple(parts.values()), 4)
    for i, split in enumerate(parts):
        assert np.array_equal(sample.splits[split]["column"], np.flatnonzero(chosen == i))


def test_arrays_places_and_weights(tmp_path):
    """An image an event, one feature of a table of constituents, and the generator's weight."""
    rng = np.random.default_rng(1)
    image, table = rng.uniform(0, 100, (20, 5, 4)), rng.uniform(0, 100, (20, 6, 3))
    path = write(tmp_path, "npy", {"image": image, "table": table, "weight": np.arange(20.0) - 5})
    columns = {
        "image": {"shape": [5, 4], "features": {"et": feature("image", PT)}},
        "constituents": {"count": 2, "features": {"pt": feature("table", PT, index=1)}},
        "first": {"features": {"a": feature("weight", PT), "b": feature("weight", MET)}},
    }
    events = read_foreign(path, mapping("npy", columns, weight={"branch": "weight"}), 7).splits["test"]
    assert np.array_equal(events["image"], PT.quantize(image))
    assert np.array_equal(events["constituents"], PT.quantize(-np.sort(-table[..., 1], axis=1)[:, :2]))
    assert events["first"].shape == (20, 2)
    assert np.array_equal(events.weight, np.arange(20) - 5)


def test_fields_of_structured_arrays_are_branches(tmp_path):
    array = np.array([(1.0, 2.0), (3.0, 4.0)], [("pt", "f4"), ("met", "f4")])
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", array["met"])
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["table"] = array
    for name, form, branch in (("a.npy", "npy", "met"), ("b.npy", "npy", "array"), ("c.h5", "hdf5", "table/met")):
        sample = read_foreign(tmp_path / name, mapping(form, one(branch, MET)))
        assert sample.splits["test"]["column"].tolist() == [8, 16]


def test_records_in_parquet_are_branches(tmp_path):
    jets = pa.array([[{"pt": 3.0}, {"pt": 5.0}], []], pa.list_(pa.struct([("pt", pa.float32())])))
    pyarrow.parquet.write_table(pa.table({"Jet": jets}), tmp_path / "a.parquet")
    columns = {"jets": {"count": 2, "features": {"pt": feature("Jet.pt", PT)}}}
    assert read_foreign(tmp_path / "a.parquet", mapping("parquet", columns)).splits["test"]["jets"].tolist() == [
        [10, 6],
        [0, 0],
    ]


def test_our_own_files_can_be_mapped(tmp_path, sample):
    write_sample(tmp_path / "own.h5", sample, 1)
    values = sample.splits["test"]["image"]
    count = Quantity("et", "GeV", Fixed(False, 10, 10), 1.0)
    columns = {
        "image": {"shape": list(values.shape[1:]), "features": {"counts": feature("test/image", count, "count")}}
    }
    assert np.array_equal(read_foreign(tmp_path / "own.h5", mapping(columns=columns)).splits["test"]["image"], values)


def test_an_image_sums_deposits(tmp_path):
    """One deposit in each cell, phi beyond the turn, eta outside; sums, not deposits, are truncated."""
    deposits = [
        [(-4.99, -3.1, 0.3), (-4.6, -3.2 + 2 * np.pi, 5.0), (-4.99, -3.1, 0.3)],  # cell 0, the last of phi, cell 0
        [(5.0, 0, 9.0), (-5.01, 0, 9.0), (4.99, 3.2, 2.0)],  # outside, outside, the first of phi
        [(0.01, 0.01, 1000.0)],
        [],
    ]
    branches = {name: [[d[i] for d in event] for event in deposits] for i, name in enumerate(("eta", "phi", "et"))}
    path = write(tmp_path, "root", branches)
    image = {"eta": "eta", "phi": "phi", "et": "et", "unit": "GeV"}
    image |= {"eta_bins": 20, "phi_bins": 12, "eta_max": 5.0, "lsb": 0.5, "bits": 10}
    sample = read_foreign(path, mapping("root", {"image": {"image": image}}), 2)
    wanted = np.zeros((4, 20, 12))
    wanted[0, 0, 0], wanted[0, 0, 11], wanted[1, 19, 0], wanted[2, 10, 6] = 1, 10, 4, 1023
    assert np.array_equal(sample.splits["test"]["image"], wanted)
    assert sample.provenance["saturated"] == {"image.et": 1}


# --- refusals ----------------------------------------------------------------------------------------------------


def refused(match, path, given_mapping):
    with pytest.raises(EventsError, match=match) as caught:
        read_foreign(path, given_mapping, 2)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_a_missing_branch_names_the_nearest(tmp_path, form):
    path = write(tmp_path, form, {"PuppiMET_pt": np.ones(3), "MET_phi": np.ones(3), "run": np.ones(3)})
    refused("no branch 'MET_pt'; .* nearest are: .*PuppiMET_pt", path, mapping(form, one("MET_pt", MET)))


@pytest.mark.parametrize("form", FORMATS)
def test_files_of_another_format_are_refused(tmp_path, form):
    path = tmp_path / "file"
    refused("There is no file at", path, mapping(form))
    for content in (b"", b"nothing of the kind", bytes(1000)):
        path.write_bytes(content)
        refused(f"can't be read as {form} .*; copy it again, or set the mapping's `format`", path, mapping(form))
    whole = write(tmp_path, form, {"MET_pt": np.random.default_rng(1).uniform(0, 9, 5000)}).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused("can't be read as", path, mapping(form, one("MET_pt", MET)))


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_without_events_is_refused(tmp_path, form):
    refused("holds no events", write(tmp_path, form, {"MET_pt": np.empty(0)}), mapping(form, one("MET_pt", MET)))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_with_its_event(tmp_path, form, value):
    values = np.array([1, 2, 3, value, 5])
    path = write(tmp_path, form, {"MET_pt": values, "table": np.stack([np.ones(5), values], axis=-1)})
    refused("'MET_pt' is not finite at event 3", path, mapping(form, one("MET_pt", MET)))
    columns = {"jets": {"count": 1, "features": {"pt": feature("table", PT)}}}
    refused("'table' is not finite at event 3", path, mapping(form, columns))


@pytest.mark.parametrize("form", ["root", "hdf5", "parquet"])
def test_wrong_shapes_are_refused(tmp_path, form):
    branches = {"pt": [[1.0], [2.0, 3.0], [], [1.0]], "eta": [[1.0], [2.0, 3.0], [4.0], []], "met": np.ones(4)}
    path = write(tmp_path, form, branches)
    refused("'pt' holds a list .* one number is wanted; give the column a `count`", path, mapping(form, one("pt")))
    jets = {"count": 2, "features": {"pt": feature("met", PT)}}
    refused("'met' holds one number .* a list is wanted; name a branch of lists", path, mapping(form, {"jets": jets}))
    jets = {"count": 2, "features": {"pt": feature("pt", PT), "eta": feature("eta", PT)}}
    refused("'eta' and 'pt' hold lists of differing length at event 2", path, mapping(form, {"jets": jets}))
    refused("'pt' holds not exactly one number at event 1", path, mapping(form, one("pt", single=True)))
    refused("'pt' has no place 2", path, mapping(form, one("pt", index=2)))
    image = {"shape": [2], "features": {"pt": feature("pt", PT)}}
    refused("'pt' holds lists for every event, not shape", path, mapping(form, {"image": image}))


def test_tables_of_another_kind_are_refused(tmp_path):
    path = write(tmp_path, "npy", {"image": np.ones((4, 3, 2)), "text": np.array(["a"] * 4), "short": np.ones(3)})
    refused(
        "'image' holds an array", path, mapping("npy", {"jets": {"count": 2, "features": {"pt": feature("image", PT)}}})
    )
    refused(
        r"shape \(3, 2\) .* not shape \(2, 3\)",
        path,
        mapping("npy", {"a": {"shape": [2, 3], **one("image")["column"]}}),
    )
    refused("'text' holds <U1, not numbers", path, mapping("npy", one("text")))
    both = {"a": one("short")["column"], "b": {"shape": [3, 2], **one("image")["column"]}}
    refused("'image' has 4 events, 'short' 3; name branches of the same events", path, mapping("npy", both))
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    refused("can't be read as npy", tmp_path / "objects.npy", mapping("npy", one("array")))


def test_missing_values_of_parquet_are_refused(tmp_path):
    columns = {"met": pa.array([1.0, 2.0, 3.0, None]), "pt": pa.array([[1.0], [], [2.0, None], []])}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    refused("'met' has a missing value at event 3", tmp_path / "a.parquet", mapping("parquet", one("met")))
    jets = {"jets": {"count": 2, "features": {"pt": feature("pt", PT)}}}
    refused("'pt' has a missing value at event 2", tmp_path / "a.parquet", mapping("parquet", jets))


def test_a_wrong_tree_names_those_there_are(tmp_path):
    path = write(tmp_path, "root", {"MET_pt": np.ones(3)})
    refused("no tree 'Delphes'; .* one of: Events", path, mapping("root", tree="Delphes"))


def with_stated_unit(folder, form, unit):
    """A file of one branch that itself says which unit it is in."""
    path = write(folder, form, {"MET_pt_stated": np.ones(3)})
    if form == "hdf5":
        with h5py.File(path, "r+") as file:
            file["MET_pt_stated"].attrs["unit"] = unit
    elif form == "parquet":
        field = pa.field("MET_pt_stated", pa.float64(), metadata={"unit": unit})
        table = pa.table({"MET_pt_stated": [1.0] * 3}, schema=pa.schema([field]))
        pyarrow.parquet.write_table(table, path)
    else:
        with uproot.recreate(path, compression=None) as file:
            file.mktree("Events", {"MET_pt_stated": "f8"}).extend({"MET_pt_stated": np.ones(3)})
        title = f"MET [{unit}]".ljust(len("MET_pt_stated/D")).encode()  # uproot can't set titles, so in place
        content = path.read_bytes()
        assert content.count(b"MET_pt_stated/D") == 1
        path.write_bytes(content.replace(b"MET_pt_stated/D", title))
    return path


@pytest.mark.parametrize("form", ["root", "hdf5", "parquet"])
def test_a_unit_that_the_file_contradicts_is_refused(tmp_path, form):
    path = with_stated_unit(tmp_path, form, "MeV")
    wrong = mapping(form, one("MET_pt_stated", MET))
    refused("says that branch 'MET_pt_stated' is in 'MeV', the mapping says 'GeV'", path, wrong)
    read_foreign(path, mapping(form, one("MET_pt_stated", MET, unit="MeV")))


@pytest.mark.parametrize(("change", "match"), [
    ({"unit": "GEV"}, "unit 'GEV' is not known; known here: GeV, MeV, TeV, rad, deg, mm, cm, m, ns, e, count, 1"),
    ({"unit": "rad"}, "'missing_pt' can't be in 'rad'; choose one of GeV, MeV, TeV"),
    ({"lsb": 0}, "lsb: Input should be greater than 0"),
    ({"bits": 64}, "bits"),
    ({"branches": "x"}, "unknown key"),
])  # fmt: skip
def test_mistakes_in_a_feature_are_sentences(tmp_path, change, match):
    entries = {"branch": "MET_pt", "unit": "GeV", "lsb": 0.5, "bits": 10} | change
    text = "\n".join(f"{key} = {value!r}" for key, value in entries.items())
    head = 'format = "hdf5"\nprocess = "a"\nsplit = "test"\n[columns.met.features.missing_pt]\n'
    (tmp_path / "mapping.toml").write_text(head + text)
    with pytest.raises(RecipeError, match=match) as caught:
        load_mapping(tmp_path / "mapping.toml")
    assert "columns.met" in str(caught.value)


IMAGE = {"eta": "a", "phi": "b", "et": "c", "unit": "GeV", "eta_bins": 2, "phi_bins": 2, "eta_max": 5.0, "lsb": 1.0}


@pytest.mark.parametrize(("change", "match"), [
    ({"format": "csv"}, "format"),
    ({"format": "root"}, "`tree` names the tree"),
    ({"tree": "Events"}, "`tree` names the tree"),
    ({"split": None}, "either `split` or `shares`"),
    ({"shares": {"train": 1.0}}, "either `split` or `shares`"),
    ({"split": None, "shares": {"train": 0.5}}, "must add up to 1"),
    ({"columns": {}}, "columns"),
    ({"columns": {"weight": JETS}}, "can't be called 'weight'"),
    ({"columns": {"jets": {"count": 3}}}, "either features or an image"),
    ({"columns": {"jets": JETS | {"shape": (3,)}}}, "exclude each other"),
    ({"columns": {"jets": {"features": JETS["features"], "shape": (3,)}}}, "one feature"),
    ({"columns": {"image": {"image": IMAGE | {"bits": 8, "unit": "mm"}}}}, "can't be in 'mm'"),
])  # fmt: skip
def test_mappings_that_make_no_sense_are_refused(change, match):
    entries = mapping().model_dump(exclude_none=True) | change
    with pytest.raises(ValueError, match=match):
        ForeignMapping.model_validate(entries)


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    def gone(name):
        raise ImportError(f"No module named {name!r}")

    path = write(tmp_path, "root", {"MET_pt": np.ones(3)})
    monkeypatch.setattr(importlib, "import_module", gone)
    with pytest.raises(ToolNotFound, match=r"needs uproot .*pip install 'trigger_nn\[readers\]'"):
        read_foreign(path, mapping("root"))


def test_files_are_closed_again(tmp_path, monkeypatch):
    """Also when the blocks are not read to the end."""
    path = write(tmp_path, "hdf5", {"MET_pt": np.ones(30)})
    blocks = read_foreign_blocks(path, mapping(columns=one("MET_pt", MET)), 10)
    next(blocks)
    blocks.close()
    h5py.File(path, "r+").close()  # HDF5 refuses to write what is open for reading


# --- real files --------------------------------------------------------------------------------------------------


def real(name):
    folder = os.environ.get("TRIGGER_NN_FIXTURES") or Path(__file__).parents[2] / ".venv" / "fixtures"
    path = Path(folder) / name
    if not path.is_file():
        pytest.skip(f"{path} is not there; get it with: python tests/fetch_fixtures.py {folder}")
    return path


def truncated(array, lsb, count):
    """Awkward lists -> (events, count) counts, by awkward's own padding."""
    return np.floor(ak.to_numpy(ak.fill_none(ak.pad_none(array, count, clip=True), 0.0)).astype(float) / lsb)


def test_shipped_mappings_are_named():
    with pytest.raises(EventsError, match="choose one of delphes, nanoaod"):
        shipped_mapping("cms")


@pytest.mark.parametrize("step", [7, 1000])
def test_real_nanoaod(step):
    path = real("nano_dy.root")
    sample = read_foreign(path, load_mapping(shipped_mapping("nanoaod")), step)
    events = sample.splits["test"]
    with uproot.open(path) as file:
        tree = file["Events"]
        pt, muons, met = (tree[name].array() for name in ("Jet_pt", "Muon_pt", "PuppiMET_pt"))
        phi, charge = tree["Jet_phi"].array(), tree["Muon_charge"].array()
    assert len(events) == len(pt) == 40
    jets = events["jets"]
    assert np.all(np.diff(jets[..., 0]) <= 0)
    assert np.array_equal(jets[..., 0], truncated(pt, 0.25, 8))
    assert np.array_equal(jets[..., 2], np.floor(truncated(phi, np.pi / 720 / 2**20, 8) / 2**20 + 0.5))  # to nearest
    assert np.array_equal(events["met"], np.floor(ak.to_numpy(met).astype(float) / 0.5))
    assert np.array_equal(events["muons"][..., 0], truncated(muons, 0.25, 4))
    assert np.array_equal(events["muons"][..., 3], truncated(charge, 1, 4))
    # Z decays: two muons over 20 GeV have opposite charge.
    pairs = events["muons"][np.count_nonzero(events["muons"][..., 0] > 80, axis=1) == 2]
    assert len(pairs)
    assert np.all(pairs[:, 0, 3] * pairs[:, 1, 3] == -1)
    assert set(sample.provenance["saturated"].values()) == {0}


def test_root_and_parquet_of_the_same_events_agree():
    from_root = read_foreign(real("nano_dy.root"), load_mapping(shipped_mapping("nanoaod")))
    entries = load_mapping(shipped_mapping("nanoaod")).model_dump(exclude={"tree"}) | {"format": "parquet"}
    from_parquet = read_foreign(real("nano_dy.parquet"), ForeignMapping.model_validate(entries), 9)
    assert from_root.columns == from_parquet.columns
    for name, values in from_root.splits["test"].columns.items():
        assert np.array_equal(values, from_parquet.splits["test"][name])


@pytest.mark.parametrize("step", [7, 1000])
def test_real_delphes(step):
    path = real("delphes.root")
    entries = load_mapping(shipped_mapping("delphes")).model_dump()
    given_mapping = ForeignMapping.model_validate(entries | {"weight": {"branch": "Event.Weight", "single": True}})
    sample = read_foreign(path, given_mapping, step)
    events = sample.splits["test"]
    with uproot.open(path) as file:
        tree = file["Delphes"]
        names = ("Jet.PT", "MissingET.MET", "Tower.ET", "Tower.Eta", "Tower.Phi", "Event.Weight")
        pt, met, et, eta, phi, weight = (tree[name].array() for name in names)
    assert len(events) == len(pt) == 25
    assert np.all(np.diff(events["jets"][..., 0]) <= 0)
    assert np.array_equal(events["jets"][..., 0], truncated(pt, 0.25, 8))
    assert np.array_equal(events["met"], np.floor(ak.to_numpy(met[:, 0]).astype(float) / 0.5))
    assert np.array_equal(events.weight, ak.to_numpy(weight[:, 0]))
    image = events["towers_image"] * 0.5
    inside = np.abs(eta) < 5
    whole = ak.to_numpy(ak.sum(ak.values_astype(et[inside], np.float64), axis=1))
    hit = [
        len(set(zip(e // 0.5, (p + np.pi) // (np.pi / 6), strict=True)))
        for e, p in zip(eta[inside], phi[inside], strict=True)
    ]
    lost = whole - image.sum(axis=(1, 2))
    assert np.all(lost >= 0)  # truncation takes less than one count from each cell that was hit, and adds none
    assert np.all(lost < 0.5 * np.array(hit) + 1e-9)
    assert np.median(image.sum(axis=(1, 2)) / whole) > 0.6
    # The hardest jet is where the image is: its cell or a neighbour holds most of its pT.
    for picture, (jet_pt, jet_eta, jet_phi) in zip(
        image, events["jets"][:, 0] * [0.25, np.pi / 720, np.pi / 720], strict=True
    ):
        if jet_pt > 40 and abs(jet_eta) < 4:
            row, column = int((jet_eta + 5) / 0.5), int((jet_phi + np.pi) / (np.pi / 6))
            near = np.roll(picture, 6 - column, axis=1)[max(row - 1, 0) : row + 2, 5:8]
            assert near.sum() > 0.5 * jet_pt


def test_a_converted_image_is_an_image_and_says_what_it_covers(tmp_path):
    deposits = {"eta": [[0.1, -1.0], [2.4]], "phi": [[0.0, 3.1], [-3.1]], "et": [[5.0, 7.0], [9.0]]}
    path = write(tmp_path, "parquet", deposits)
    spec = {"eta": "eta", "phi": "phi", "et": "et", "unit": "GeV", "eta_bins": 20, "phi_bins": 12, "eta_max": 2.5,
            "lsb": 0.5, "bits": 10}  # fmt: skip
    sample = read_foreign(path, mapping("parquet", {"image": {"image": spec}}))
    column = sample.column("image")
    assert is_image(column)
    assert column.view["eta_max"] == 2.5
    program = Program.load(GOLDEN / "event_image_program.h5")
    made = replace(column, view=dict(column.view) | {"eta_max": 5.0})
    program = replace(program, provenance={"events": {"view": "image", "column": to_json(made)}})
    with pytest.raises(EventsError, match=r"eta_max = 2\.5, the model's 5\.0"):
        column_for(sample, program)
