"""Names of layers that hls4ml's C++ or hls4ml itself can't bear, and inputs that an embedding can't take."""

import pytest

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.legacy import keras
from trigger_nn.program.fixed import Fixed

layers = keras.layers


def compiled(model, kind, folder):
    return compile_model(model, "net", kind, folder)


@pytest.mark.parametrize("name", ["a-b", "a.b", "a/b", "1a"])
def test_a_name_that_can_not_stand_in_cpp_is_refused(tmp_path, name):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name=name)])
    with pytest.raises(UnsupportedLayerError, match=f"Layer '{name}' \\(Dense\\) can't name a type"):
        compiled(model, Fixed(False, 8, 4), tmp_path)


def test_the_name_of_an_input_counts_too(tmp_path):
    given = keras.Input((4,), name="in-x")
    with pytest.raises(UnsupportedLayerError, match="Layer 'in-x'"):
        compiled(keras.Model(given, layers.Dense(2)(given)), Fixed(False, 8, 4), tmp_path)


@pytest.mark.parametrize("name", ["A", "a_1", "dense__1"])
def test_other_names_stay(tmp_path, name):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name=name)])
    assert [op.name for op in compiled(model, Fixed(False, 8, 4), tmp_path).program.operations] == [name]


def test_a_layer_called_like_an_attribute_of_hls4ml_is_the_suspect(tmp_path):
    model = keras.Sequential([layers.Input((4, 3)), layers.Permute((2, 1), name="perm"), layers.Dense(2)])
    with pytest.raises(UnsupportedLayerError, match="layer 'perm' has the name of an attribute in hls4ml, so rename"):
        compiled(model, Fixed(False, 8, 4), tmp_path)


def test_a_negative_input_of_an_embedding_is_told(tmp_path):
    given = keras.Input((3,))
    model = keras.Model(given, layers.Flatten()(layers.Embedding(4, 2)(given)))
    losses = compiled(model, Fixed(True, 3, 3), tmp_path).losses
    assert any("its input can be negative (fixed<3,3>)" in loss for loss in losses)
    assert not any("negative" in loss for loss in compiled(model, Fixed(False, 2, 2), tmp_path).losses)
