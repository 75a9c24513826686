"""Turned events: every copy another one of the detector's symmetries, all of them together as much as the original."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.conftest import GOLDEN
from trigger_nn.cli import app
from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.check import check_sample
from trigger_nn.events.storage.dataset import Events, Sample, write_sample
from trigger_nn.events.storage.shards import read_manifest, read_sample
from trigger_nn.events.turning import SOURCE, original, symmetries, turned
from trigger_nn.program.fixed import Fixed

ROWS, COLUMNS = 3, 4
ET = Quantity("et", "GeV", Fixed(False, 10, 10), 0.5)


def silent(*_):
    pass


def column(shape, kind, quantity=ET):
    return Column(shape, (quantity,), {"kind": kind} if kind else {})


def sample_of(events=5, columns=None):
    rng = np.random.default_rng(3)
    columns = columns or {
        "image": column((ROWS, COLUMNS), "event_image"),
        "layers": column((ROWS, COLUMNS, 2), "event_image"),
        "met": column((), "missing_momentum"),
    }
    splits = {
        split: Events(
            np.arange(events, dtype=np.uint8) % 2, np.full(events, 8, np.float32), np.ones(events, np.float32),
            {name: rng.integers(0, 900, (events, *c.shape)) for name, c in columns.items()},
        )
        for split in ("train", "test")
    }  # fmt: skip
    return Sample(("soft", "hard"), columns, splits, {"seed": 1})


@pytest.fixture
def path(tmp_path):
    write_sample(tmp_path / "few.h5", sample_of())
    return tmp_path / "few.h5"


def by_hand(image, turn, across, around):
    """One turned and mirrored image, cell by cell."""
    made = np.empty_like(image)
    for row in range(ROWS):
        for place in range(COLUMNS):
            to_row = ROWS - 1 - row if across else row
            to_place = (-place if around else place) + turn
            made[to_row, to_place % COLUMNS] = image[row, place]
    return made


def all_by_hand(image):
    return {
        by_hand(image, turn, across, around).tobytes()
        for turn in range(COLUMNS)
        for across in (False, True)
        for around in (False, True)
    }


def test_all_copies_are_all_turns_and_mirrors(path, tmp_path):
    assert turned(path, tmp_path / "many", 4 * COLUMNS, 1, silent) == 2 * 5 * 4 * COLUMNS
    before, after = read_sample(path), read_sample(tmp_path / "many")
    for split, events in before.splits.items():
        for number in range(len(events)):
            own = after.splits[split].take(after.splits[split][SOURCE] == number)
            for name in ("image", "layers"):
                found = {image.tobytes() for image in own[name]}
                assert found == all_by_hand(events[name][number].astype(own[name].dtype))
                assert np.array_equal(own[name][0], events[name][number])
            assert np.all(own["met"] == events["met"][number])
            assert np.all(own.process == events.process[number])
            assert own.rate.sum() == events.rate[number]
            assert np.all(own.weight == events.weight[number])


def test_images_of_one_event_turn_together(path, tmp_path):
    turned(path, tmp_path / "many", 7, 1, silent)
    before, after = read_sample(path).splits["test"], read_sample(tmp_path / "many").splits["test"]
    for number in range(len(before)):
        pairs = {
            (by_hand(before["image"][number], *how).tobytes(), by_hand(before["layers"][number], *how).tobytes())
            for how in np.ndindex(COLUMNS, 2, 2)
        }
        own = after.take(after[SOURCE] == number)
        kinds = before["image"].dtype, before["layers"].dtype
        found = {
            (i.astype(kinds[0]).tobytes(), k.astype(kinds[1]).tobytes())
            for i, k in zip(own["image"], own["layers"], strict=True)
        }
        assert len(found) == 7
        assert found <= pairs


def test_the_seed_decides(path, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        turned(path, tmp_path / name, 3, seed, silent)
    a, b, c = (read_sample(tmp_path / name).splits["test"]["image"] for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("rows", "columns", "count"), [(1, 1, 1), (2, 1, 2), (1, 2, 2), (2, 2, 4), (1, 5, 10), (20, 12, 48)]
)
def test_symmetries_are_distinct(rows, columns, count):
    places = symmetries(rows, columns)
    assert len(places) == count
    assert np.array_equal(places[0], np.arange(rows * columns))


def test_blocks_do_not_renumber_events(path, tmp_path, monkeypatch):
    monkeypatch.setattr("trigger_nn.events.turning.MEMORY", 1)
    turned(path, tmp_path / "many", 2, 1, silent)
    test = read_sample(tmp_path / "many").splits["test"]
    assert sorted(test[SOURCE]) == sorted([*range(5)] * 2)
    before = read_sample(path).splits["test"]
    for number in range(5):
        first = test.take(test[SOURCE] == number)["image"][0]
        assert np.array_equal(first, before["image"][number])


def test_what_is_written_is_a_sound_sample(path, tmp_path):
    turned(path, tmp_path / "many", 5, 1, silent)
    assert check_sample(tmp_path / "many", silent).events == 50
    manifest = read_manifest(tmp_path / "many")
    assert {(shard.split, shard.process) for shard in manifest.shards} == {
        (split, process) for split in ("train", "test") for process in ("soft", "hard")
    }
    assert manifest.provenance == {"seed": 1, "turned": {"sample": "few.h5", "copies": 5, "seed": 1}}
    assert original(read_sample(tmp_path / "many").columns) == SOURCE
    assert original(read_sample(path).columns) is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["few.h5", "many"]


@pytest.mark.parametrize("copies", [0, 4 * COLUMNS + 1])
def test_more_copies_than_symmetries_are_refused(path, tmp_path, copies):
    with pytest.raises(EventsError, match=rf"16 turns and mirrors, itself among them, not {copies}; ask for 1 to 16"):
        turned(path, tmp_path / "many", copies, 1, silent)


def test_jets_are_refused(tmp_path):
    write_sample(tmp_path / "jets.h5", sample_of(columns={"features": column((16,), "jet_features")}))
    with pytest.raises(EventsError, match="holds no image of whole events"):
        turned(tmp_path / "jets.h5", tmp_path / "many", 2, 1, silent)


@pytest.mark.parametrize(
    "other",
    [column((4,), "constituents"), column((), "", replace(ET, name="phi")), column((), "", replace(ET, unit="rad"))],
)
def test_columns_that_would_have_to_turn_are_refused(tmp_path, other):
    columns = {"image": column((ROWS, COLUMNS), "event_image"), "other": other}
    write_sample(tmp_path / "few.h5", sample_of(columns=columns))
    with pytest.raises(EventsError, match="column 'other' would have to turn"):
        turned(tmp_path / "few.h5", tmp_path / "many", 2, 1, silent)


def test_copies_are_not_copied_again(path, tmp_path):
    turned(path, tmp_path / "many", 2, 1, silent)
    with pytest.raises(EventsError, match="column 'source' would have to turn"):
        turned(tmp_path / "many", tmp_path / "more", 2, 1, silent)


def test_what_is_there_is_not_overwritten(path, tmp_path):
    (tmp_path / "many").mkdir()
    with pytest.raises(EventsError, match="exists already"):
        turned(path, tmp_path / "many", 2, 1, silent)


def test_nothing_is_left_of_what_fails(path, tmp_path):
    def stop(*_):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        turned(path, tmp_path / "many", 2, 1, stop)
    assert [p.name for p in tmp_path.iterdir()] == ["few.h5"]


def test_the_shipped_network_scores_the_first_copy_as_the_original(sample, tmp_path):
    from trigger_nn import Emulator, Program
    from trigger_nn.events.inputs import mantissas_for

    program = Program.load(GOLDEN / "event_image_program.h5")
    few = replace(sample, splits={"test": sample.splits["test"].take(slice(0, 50))})
    write_sample(tmp_path / "few.h5", few)
    turned(tmp_path / "few.h5", tmp_path / "many", 4, 1, silent)
    after = read_sample(tmp_path / "many").splits["test"]

    def scores(events):
        return Emulator(program).predict_mantissas(
            {"image": mantissas_for(events["image"], sample.column("image"), program.inputs[0])}
        )

    own = scores(after)
    for number, wanted in enumerate(scores(few.splits["test"])):
        assert np.array_equal(own[after[SOURCE] == number][0], wanted)


def test_the_verb_writes_a_sample_and_describes_it(path, tmp_path):
    done = CliRunner().invoke(app, ["events", "turn", str(path), str(tmp_path / "many"), "--copies", "3", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert sum(row["events"] for row in told["counts"]) == 30
    assert "source" in told["columns"]
    again = CliRunner().invoke(app, ["events", "turn", str(path), str(tmp_path / "many")])
    assert isinstance(again.exception, EventsError)
