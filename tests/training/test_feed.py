"""The same events through tf.data as through the stream itself."""

import numpy as np
import pytest

from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import Events, Sample, write_sample
from trigger_nn.events.storage.stream import Mixture, Source
from trigger_nn.program.fixed import Fixed
from trigger_nn.training.feed import tf_dataset

ET = Quantity("et", "GeV", Fixed(False, 10, 4), 0.5)
FEATURES = (Quantity("pt", "GeV", Fixed(False, 12, 10), 0.25), Quantity("eta", "1", Fixed(True, 8, 1), 0.05))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    rng = np.random.default_rng(1)
    columns = {
        "image": rng.integers(0, 1024, (300, 4, 3)),
        "features": np.stack([rng.integers(0, 4096, 300), rng.integers(-128, 128, 300)], axis=-1),
        "wide": np.full(300, 2**30),
    }
    meanings = {
        "image": Column((4, 3), (ET,), {}),
        "features": Column((2,), FEATURES, {}),
        "wide": Column((), (Quantity("n", "count", Fixed(False, 31, 31)),), {}),
    }
    weights = rng.normal(size=300).astype("f4")
    events = Events(np.zeros(300, "u1"), np.zeros(300, "f4"), weights, columns)
    path = tmp_path_factory.mktemp("feed") / "sample.h5"
    write_sample(path, Sample(("a",), meanings, {"train": events}, {}), 1)
    return path


def mixture(path, *columns):
    return Mixture((Source(path, columns, 1, None), Source(path, columns, 0, 0.5)), "train", 1, 64, 2)


def test_tf_data_gives_what_the_stream_gives(path):
    feed = mixture(path, "image")
    found = list(tf_dataset(feed, 50, 2, values=False).as_numpy_iterator())
    wanted = list(feed.batches(50, 2))
    assert len(found) == len(wanted)
    for (image, label, weight), batch in zip(found, wanted, strict=True):
        assert image.dtype == batch.columns["image"].dtype == np.uint16
        assert np.array_equal(image, batch.columns["image"])
        assert np.array_equal(label, batch.label)
        assert np.array_equal(weight, batch.weight)


def test_values_are_those_of_the_port(path):
    feed = mixture(path, "image")
    for types, fraction in ((None, 6), (Fixed(False, 10, 7), 3), ({"image": Fixed(False, 10, 12)}, -2)):
        image = next(tf_dataset(feed, 50, types=types).as_numpy_iterator())[0]
        assert image.dtype == np.float32
        assert np.array_equal(image, next(feed.batches(50)).columns["image"] * 2.0**-fraction)


def test_several_columns_go_by_name_each_place_with_its_type(path):
    feed = mixture(path, "features", "image")
    inputs, _, _ = next(tf_dataset(feed, 300).as_numpy_iterator())
    batch = next(feed.batches(300))
    assert list(inputs) == ["features", "image"]
    assert np.array_equal(inputs["features"], batch.columns["features"] * [2.0**-2, 2.0**-7])


def test_keras_trains_on_it(path):
    from trigger_nn.frontend.legacy import keras

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    assert np.isfinite(model.fit(tf_dataset(mixture(path, "image"), 64), verbose=0).history["loss"][0])


def test_what_can_not_be_fed_is_refused_at_once(path):
    with pytest.raises(EventsError, match="No type is given for column 'image'"):
        tf_dataset(mixture(path, "image"), 10, types={"met": Fixed(False, 8, 8)})
    with pytest.raises(EventsError, match="float32 can't hold"):
        tf_dataset(mixture(path, "wide"), 10)
    with pytest.raises(EventsError, match="no column 'none'"):
        tf_dataset(mixture(path, "none"), 10)
    with pytest.raises(EventsError, match="batch of 0"):
        tf_dataset(mixture(path, "image"), 0)


def test_an_interrupted_feed_leaves_no_file_open(path):
    import h5py

    iterator = iter(tf_dataset(mixture(path, "image"), 10))
    next(iterator)
    h5py.File(path, "r+").close()  # HDF5 refuses to write what is open for reading
    del iterator
