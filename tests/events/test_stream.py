"""Streams of several samples: every event once, rates, seeds, bounded memory, refusals."""

import itertools
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_nn.errors import EventsError, RecipeError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import Events, Sample, write_sample
from trigger_nn.events.storage.shards import Manifest, describe, read_manifest, write_manifest
from trigger_nn.events.storage.stream import Mixture, Source, parse, shares
from trigger_nn.program.fixed import Fixed

NUMBER = Column((), (Quantity("number", "count", Fixed(False, 24, 24)),), {})
IMAGE = Column((4, 3), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.5),), {})


def events_of(first, count, process=0, image=IMAGE):
    """Events whose number and image say which they are; processes alternate if `process` is None."""
    number = np.arange(first, first + count)
    kind = number % 2 if process is None else np.full(count, process)
    images = np.broadcast_to((number % 1000)[:, None, None], (count, *image.shape))
    columns = {"number": number, "image": images, "unused": number}
    return Events(kind.astype("u1"), np.zeros(count, "f4"), np.full(count, 1 + first % 7, "f4"), columns)


def sample_of(events, processes=("a", "b"), image=IMAGE, split="train"):
    return Sample(processes, {"number": NUMBER, "image": image, "unused": NUMBER}, {split: events}, {})


def write_folder(folder, counts, first=0, processes=("a", "b"), image=IMAGE):
    """A sample folder: shard i holds `counts[i]` events of process i % 2."""
    shards = []
    for i, count in enumerate(counts):
        path = folder / f"train_{i}.h5"
        write_sample(path, sample_of(events_of(first, count, i % 2, image), processes, image), 1)
        shards.append(describe(path, folder, "train", processes[i % 2]))
        first += count
    write_manifest(folder, Manifest("test", tuple(shards), {}))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("stream") / "one", (700, 300, 500, 1))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Processes b and c, so that names and indices differ from the first sample's."""
    return write_folder(tmp_path_factory.mktemp("stream") / "two", (250, 250), 10_000, ("b", "c"))


def source(path, rate=None, label=0, processes=None, columns=("number", "image")):
    return Source(path, columns, label, rate, processes)


def numbers(batches):
    return np.concatenate([batch.columns["number"] for batch in batches])


@given(size=st.integers(1, 700), block=st.integers(40, 900), buffer=st.integers(1, 5), shuffle=st.booleans())
def test_without_rates_every_event_comes_once_an_epoch(folder, other, size, block, buffer, shuffle):
    mixture = Mixture((source(folder), source(other, label=1)), "train", 3, block, buffer)
    batches = list(mixture.batches(size, shuffle=shuffle))
    assert np.array_equal(np.sort(numbers(batches)), np.r_[0:1501, 10_000:10_500])
    assert {len(batch) for batch in batches[:-1]} <= {size}
    for batch in batches:
        assert np.array_equal(batch.label, batch.columns["number"] >= 10_000)
        assert np.array_equal(batch.source, batch.label)
        assert np.array_equal(batch.columns["image"][:, 0, 0], batch.columns["number"] % 1000)
        assert batch.columns["image"].shape == (len(batch), 4, 3)


def test_weights_and_processes_stay_with_their_events(folder, other):
    mixture = Mixture((source(folder), source(other)), "train")
    assert mixture.processes == ("a", "b", "c")
    wanted = {
        0: (0, 0),
        700: (1, 0),
        1000: (0, 6),
        1500: (1, 2),
        10_000: (1, 4),
        10_250: (2, 2),
    }  # first: process, weight
    firsts = np.array(sorted(wanted))
    for batch in mixture.batches(100):
        shard = firsts[np.searchsorted(firsts, batch.columns["number"], side="right") - 1]
        assert batch.process.tolist() == [wanted[i][0] for i in shard]
        assert batch.weight.tolist() == [1 + wanted[i][1] for i in shard]


def test_without_shuffle_files_keep_their_order(folder, other):
    stream = numbers(Mixture((source(folder), source(other)), "train", block=64).batches(333, shuffle=False))
    assert np.array_equal(stream, np.r_[0:1501, 10_000:10_500])


def test_the_seed_decides_the_stream(folder, other):
    def stream(seed, epochs=1):
        return numbers(Mixture((source(folder), source(other, 0.5)), "train", seed, 64, 2).batches(50, epochs))

    one, two = stream(1), stream(1, 2)
    assert np.array_equal(one, stream(1))
    assert not np.array_equal(one, stream(2)[: len(one)])
    assert np.array_equal(two[: len(one)], one)  # the first epoch of several is the same
    second = two[len(one) :]
    assert np.array_equal(np.sort(second[second < 10_000]), np.arange(1501))
    assert not np.array_equal(second[:100], one[:100])
    alone = numbers(Mixture((source(folder),), "train", 1, 64, 2).batches(1501, 2))
    assert not np.array_equal(alone[:1501], alone[1501:])


def test_shuffling_reaches_over_shards(folder):
    """With blocks of 100 in buffers of 8, the first 400 of 1501 events come from at least three of four shards."""
    first = next(Mixture((source(folder),), "train", 5, 100).batches(400)).columns["number"]
    assert len(set(np.searchsorted([700, 1000, 1500], first, side="right"))) >= 3
    assert np.mean(np.diff(first.astype(int)) == 1) < 0.05


def test_a_rate_beside_all_events(folder, other):
    """Each event is of the rated source with chance 2/3: 3 * 1501 events are expected, 500 of them there are."""
    mixture = Mixture((source(folder), source(other, 2.0)), "train", 1, 64)
    batches = list(mixture.batches(128))
    stream = numbers(batches)
    assert np.array_equal(np.sort(stream[stream < 10_000]), np.arange(1501))
    assert stream[-1] < 10_000  # the epoch ends with the last of these
    rated = stream[stream >= 10_000]
    # A negative binomial count: mean 1501 * 2, variance 1501 * 2 * 3; five standard deviations.
    assert abs(len(rated) - 3002) < 5 * np.sqrt(1501 * 6)
    times = np.bincount(rated - 10_000, minlength=500)
    assert times.max() - times.min() <= 1  # each pass has every event once
    first, second = rated[:500], rated[500:1000]
    assert not np.array_equal(first, second)
    share = np.array([np.mean(batch.source) for batch in batches[:-1]])
    assert share.std() < 2 * np.sqrt(2 / 9 / 128)  # every batch is mixed


def test_all_rates_end_with_the_first_exhausted(folder, other):
    mixture = Mixture((source(folder, 1.0), source(other, 3.0)), "train", 2, 64)
    batches = list(mixture.batches(100))
    stream = numbers(batches)
    assert len(np.unique(stream)) == len(stream)
    assert np.array_equal(np.sort(stream[stream >= 10_000]), np.arange(10_000, 10_500))
    # 500 of the second at a chance of 3/4: the first gives 500 / 3, variance 500 * (1/3) * (4/3), plus those before the
    # draw that ends the epoch; five standard deviations.
    assert abs(np.count_nonzero(stream < 10_000) - 500 / 3) < 5 * np.sqrt(500 * 4 / 9) + 5
    for seed in range(20):  # the first short batch is the last
        lengths = [len(b) for b in Mixture(mixture.sources, "train", seed, 512).batches(100)]
        assert set(lengths[:-1]) == {100}
    assert len(numbers(mixture.batches(100, epochs=3))) > 2.5 * len(stream)


def test_the_share_of_a_rate_is_binomial(folder, other):
    """Two rates 1 : 1 over 900 events: the share of either is one half within five standard deviations."""
    for seed in range(5):
        batch = next(Mixture((source(folder, 2.0), source(other, 2.0)), "train", seed).batches(900))
        assert abs(np.mean(batch.source) - 0.5) < 5 * np.sqrt(0.25 / 900)


def test_only_the_processes_asked_for(folder, other, tmp_path):
    mixture = Mixture((source(folder, processes=("b",)), source(other, processes=("b",))), "train")
    assert np.array_equal(np.sort(numbers(mixture.batches(64))), np.r_[700:1000, 1500:1501, 10_000:10_250])
    write_sample(tmp_path / "mixed.h5", sample_of(events_of(0, 501, None)))
    one = Mixture((source(tmp_path / "mixed.h5", processes=("b",)),), "train", block=50)
    assert np.array_equal(np.sort(numbers(one.batches(64))), np.arange(1, 501, 2))


def test_memory_is_bounded_by_the_buffers(tmp_path):
    """A sample of 32 MB in shards of 4 MB; 2 buffers of 2 blocks of 0.25 MB, one batch, and what reading needs."""
    column = Column((16, 16), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.5),), {})
    write_folder(tmp_path, (8192,) * 8, image=column)
    mixture = Mixture((source(tmp_path, columns=("image",)),), "train", 1, 512, 2)
    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in mixture.batches(256)) == 8 * 8192
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_columns_that_are_not_asked_for_are_not_read(folder):
    batch = next(Mixture((source(folder, columns=("image",)),), "train").batches(5))
    assert list(batch.columns) == ["image"]
    assert batch.columns["image"].dtype == np.uint16


def test_an_interrupted_stream_leaves_no_file_open(folder):
    stream = Mixture((source(folder),), "train", block=50).batches(10)
    next(stream)
    for path in folder.glob("*.h5"):
        h5py.File(path, "r+").close()  # HDF5 refuses to write what is open for reading
    next(stream)
    del stream


@pytest.mark.parametrize("image", [
    Column((4, 3), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.25),), {}),
    Column((4, 3), (Quantity("et", "MeV", Fixed(False, 10, 10), 0.5),), {}),
    Column((4, 3), (Quantity("pt", "GeV", Fixed(False, 10, 10), 0.5),), {}),
    Column((3, 4), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.5),), {}),
])  # fmt: skip
def test_numbers_of_another_meaning_are_refused(folder, tmp_path, image):
    write_folder(tmp_path, (20,), image=image)
    with pytest.raises(EventsError, match=r"column 'image' of .* mixed with"):
        Mixture((source(folder), source(tmp_path)), "train").batches(5)


def test_refusals_come_before_the_first_batch(folder, tmp_path):
    def refused(match, *sources, split="train", size=5, **choices):
        with pytest.raises(EventsError, match=match):
            Mixture(sources, split, **choices).batches(size)

    refused("at least one source")
    refused("no column 'images'", source(folder, columns=("images",)))
    refused("ask all for the same", source(folder), source(folder, columns=("image",)))
    refused("no process 'c'", source(folder, processes=("c",)))
    refused("no events of a, b in 'test'", source(folder), split="test")
    refused("rate -1", source(folder, -1.0))
    refused("no events file", source(tmp_path / "none.h5"))
    refused("batch of 0", source(folder), size=0)
    refused("block and buffer", source(folder), block=0)
    write_sample(tmp_path / "one.h5", sample_of(events_of(0, 5)))
    refused("no split 'test'", source(tmp_path / "one.h5"), split="test")
    refused("no events of b", source(tmp_path / "one.h5", processes=("b",)))


def test_a_damaged_shard_ends_the_stream(tmp_path):
    write_folder(tmp_path, (50, 50))
    with h5py.File(tmp_path / "train_1.h5", "r+") as file:
        file["train/image"].attrs["x"] = 1
        del file["train/number"]
    with pytest.raises(EventsError, match=r"train_1.h5 is truncated or damaged"):
        list(Mixture((source(tmp_path),), "train").batches(10))
    (tmp_path / "train_1.h5").write_bytes(b"not HDF5")
    with pytest.raises(EventsError, match=r"train_1.h5 is truncated or damaged"):
        Mixture((source(tmp_path),), "train").batches(10)
    (tmp_path / "train_1.h5").unlink()
    with pytest.raises(EventsError, match=r"no events file at .*train_1.h5"):
        Mixture((source(tmp_path),), "train").batches(10)


def test_a_shard_of_another_length_than_listed_is_refused(tmp_path):
    write_folder(tmp_path, (50, 50))
    assert read_manifest(tmp_path).shards[1].events == 50
    write_sample(tmp_path / "train_1.h5", sample_of(events_of(50, 40, 1)))
    with pytest.raises(EventsError, match="holds 40 events, its manifest lists 50"):
        Mixture((source(tmp_path),), "train").batches(10)


def test_the_short_form_is_read():
    parsed = parse([["a.h5", "image", 1], ["b", ["image", "met"], 0, 2], ["c", ["image"], 0, None]])
    assert parsed[0] == source(parsed[0].path, None, 1, None, ("image",))
    assert parsed[1].columns == ("image", "met")
    assert [entry.rate for entry in parsed] == [None, 2.0, None]


@pytest.mark.parametrize(("entry", "match"), [
    ("a.h5", r"is not \[file, columns, label, rate, processes\]"),
    (["a.h5", "image"], r"is not \[file"),
    ([3, "image", 0], "the file 3"),
    (["a.h5", [], 0], r"the columns \[\]"),
    (["a.h5", [1], 0], r"the columns \[1\]"),
    (["a.h5", "image", 0.5], "the label 0.5"),
    (["a.h5", "image", True], "the label True"),
    (["a.h5", "image", 0, 0], "the rate 0"),
    (["a.h5", "image", 0, "half"], "the rate 'half'"),
    (["a.h5", "image", 0, float("nan")], "the rate nan"),
    (["a.h5", "image", 0, None, [3]], r"the processes \[3\]"),
])  # fmt: skip
def test_a_wrong_entry_is_named(entry, match):
    with pytest.raises(RecipeError, match="sources, entry 1: .*" + match):
        parse([["a.h5", "image", 1], entry])


@pytest.mark.parametrize("nothing", [[], "a.h5", None, {"file": "a.h5"}])
def test_no_list_of_sources_is_refused(nothing):
    with pytest.raises(RecipeError, match="must be a list"):
        parse(nothing)


@given(cuts=st.lists(st.integers(0, 2000), max_size=5), seed=st.integers(0, 2**40))
def test_shares_do_not_depend_on_the_blocks(cuts, seed):
    edges = [0, *sorted(cuts), 2000]
    parts = [shares(last - first, (0.5, 0.2, 0.3), seed, first) for first, last in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), shares(2000, (0.5, 0.2, 0.3), seed))


def test_shares_have_their_sizes():
    chosen = shares(100_000, (0.5, 0.0, 0.2, 0.3, 0.0), 1)
    counts = np.bincount(chosen, minlength=5) / 100_000
    # Five standard deviations of a binomial share, at most 0.5 * sqrt(1 / 100000) each.
    assert np.all(np.abs(counts - (0.5, 0, 0.2, 0.3, 0)) < 5 * 0.5 / np.sqrt(100_000))
    assert counts[1] == counts[4] == 0
    assert np.mean(chosen == shares(100_000, (0.5, 0.0, 0.2, 0.3, 0.0), 2)) < 0.45  # 0.38 if independent
