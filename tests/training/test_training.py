"""Training on a slice of the embedded events: it learns, it is reproducible, and folding changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from trigger_nn.errors import RecipeError
from trigger_nn.events.inputs import network_input
from trigger_nn.frontend.legacy import keras
from trigger_nn.recipe import NetworkSpec, load_model_recipe
from trigger_nn.training.architectures import float_network, quantized_network
from trigger_nn.training.fit import targets, train, weights
from trigger_nn.training.folding import fold, transfer


@pytest.fixture(scope="module")
def recipe():
    loaded = load_model_recipe(Path(ROOT / "models/event_image/recipe.toml"))
    training = loaded.training.model_copy(update={"epochs": 4, "quantized_epochs": 2})
    return loaded.model_copy(update={"training": training})


@pytest.fixture(scope="module")
def few(sample):
    return replace(sample, splits={split: events.take(slice(1500)) for split, events in sample.splits.items()})


@pytest.fixture(scope="module")
def trained(few, recipe):
    return train(few, recipe, lambda *_: None)


def test_it_learns(trained):
    assert trained.float_losses[-1] < 0.9 * np.log(2) * 5 / 6  # a sixth of the targets do not count
    assert min(trained.quantized_losses) < 0.9 * np.log(2) * 5 / 6


def test_same_seed_same_weights(trained, few, recipe):
    again = train(few, recipe, lambda *_: None)
    for one, other in ((trained.float_model, again.float_model), (trained.quantized_model, again.quantized_model)):
        assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_targets_and_weights(few, recipe):
    wanted, weight = targets(few, "train", recipe), weights(few, "train", recipe)
    hh4b, vbf, background = (few.select("train", *names) for names in (("hh4b",), ("vbf_inv",), ("zero_bias", "qcd")))
    assert (wanted[hh4b] == [1, -1]).all()
    assert (wanted[vbf] == [-1, 1]).all()
    assert (wanted[background] == [0, 0]).all()
    assert np.isclose(weight[hh4b].sum(), weight[few.select("train", "qcd")].sum())
    assert np.isclose(weight.mean(), 1)


def test_folding_keeps_the_network(few, recipe):
    """With the quantizers taken away, the twin computes what the float network computes."""
    keras.utils.set_random_seed(1)
    x = network_input(few, few.splits["test"]["image"][:200], recipe.events)
    model = float_network(recipe.network, x.shape[1:], 2)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if "norm" in layer.name:
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    twin = quantized_network(recipe.network, x.shape[1:], 2)
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    values = keras.Model(model.input, [model.get_layer(n).output for n in names]).predict(x, verbose=0)
    transfer(
        fold(model), {n.removesuffix("_relu"): v for n, v in zip(names, values, strict=True)}, twin, recipe.network
    )
    plain = x
    for layer in twin.layers[1:]:
        if layer.name == "flatten":
            plain = plain.reshape(len(plain), -1)
        elif layer.name.endswith("_relu"):
            plain = np.maximum(plain, 0)
        elif layer.name.endswith("_pool"):
            plain = keras.layers.MaxPooling2D(2)(plain).numpy()
        elif layer.get_weights():
            kernel, bias = layer.get_weights()
            plain = (keras.backend.conv2d(plain, kernel).numpy() if kernel.ndim == 4 else plain @ kernel) + bias
    assert np.allclose(plain, model.predict(x, verbose=0), rtol=1e-3, atol=1e-3)  # float32 sums in another order


def test_batches_larger_than_the_sample_still_train(few, recipe):
    training = recipe.training.model_copy(update={"batch_size": 100_000})
    found = train(few, recipe.model_copy(update={"training": training}), lambda *_: None)
    assert np.isfinite(found.float_losses).all()


def test_kernel_larger_than_the_image_is_refused(few, recipe):
    conv = recipe.network.convolutions[0].model_copy(update={"kernel": 30})
    network = recipe.network.model_copy(update={"convolutions": (conv,)})
    with pytest.raises(RecipeError, match="smaller kernels"):
        train(few, recipe.model_copy(update={"network": network}), lambda *_: None)


def test_image_without_convolutions_trains(few, recipe):
    network = recipe.network.model_copy(update={"convolutions": ()})
    assert train(few, recipe.model_copy(update={"network": network}), lambda *_: None).quantized_model.output_shape == (
        None,
        2,
    )


def test_tagger_needs_no_convolution(recipe):
    spec = recipe.network.model_copy(update={"convolutions": (), "dense": (64, 32, 32)})
    model = quantized_network(spec, (16,), 5)
    assert [layer.name for layer in model.layers][:2] == ["features", "dense1"]
    assert model.output_shape == (None, 5)


def sparse(recipe, share, **network):
    training = recipe.training.model_copy(update={"pruning": share, "epochs": 1, "quantized_epochs": 3})
    spec = recipe.network.model_copy(update=network)
    return recipe.model_copy(update={"training": training, "network": spec})


def test_pruning_leaves_the_share_asked_for_in_every_kernel(few, recipe):
    found = train(few, sparse(recipe, 0.6), lambda *_: None)
    layers = [layer for layer in found.quantized_model.layers if layer.get_weights()]
    assert [layer.name for layer in layers] == ["conv1", "conv2", "dense1", "score"]
    for layer in layers:
        kernel, _ = layer.get_weights()
        assert int((kernel != 0).sum()) == round(0.4 * kernel.size), layer.name
    floats = found.float_model.get_layer("dense1").get_weights()[0]
    assert (floats != 0).all()


def test_only_epochs_with_the_whole_share_are_kept(few, recipe):
    """A share of nearly all makes later epochs worse; the best of the first ones would not be pruned enough."""
    found = train(few, sparse(recipe, 0.99), lambda *_: None)
    kernel, _ = found.quantized_model.get_layer("dense1").get_weights()
    assert int((kernel != 0).sum()) == round(0.01 * kernel.size)


def test_a_layer_has_its_own_grid(recipe):
    own = {"conv2": {"weights": {"bits": 3, "integer": 1}, "activations": {"bits": 5, "integer": 2}}}
    spec = NetworkSpec.model_validate(recipe.network.model_dump() | {"layers": own})
    model = quantized_network(spec, (22, 14, 1), 2)
    kernels = {layer.name: layer.kernel_quantizer_internal for layer in model.layers if layer.get_weights()}
    assert {name: (grid.bits, grid.integer) for name, grid in kernels.items()} == {
        "conv1": (6, 0), "conv2": (3, 1), "dense1": (6, 0), "score": (6, 0)
    }  # fmt: skip
    relu = [model.get_layer(f"{name}_relu").quantizer for name in ("conv1", "conv2", "dense1")]
    assert [(grid.bits, grid.integer) for grid in relu] == [(8, 4), (5, 2), (8, 4)]


def test_a_layers_own_range_decides_how_its_weights_are_scaled(few, recipe):
    """The last kernel takes back what earlier layers were multiplied by, so scaling changes no decision."""
    keras.utils.set_random_seed(1)
    wide = {"dense1": {"weights": {"bits": 8, "integer": 3}, "activations": {"bits": 8, "integer": 6}}}
    spec = NetworkSpec.model_validate(recipe.network.model_dump() | {"layers": wide})
    model = float_network(spec, (22, 14, 1), 2)
    tops = {name: np.full(9, 1.0) for name in ("conv1", "conv2", "dense1")}
    plain, own = (quantized_network(s, (22, 14, 1), 2) for s in (recipe.network, spec))
    transfer(fold(model), tops, plain, recipe.network)
    transfer(fold(model), tops, own, spec)
    gain = own.get_layer("dense1").get_weights()[0] / plain.get_layer("dense1").get_weights()[0]
    back = own.get_layer("score").get_weights()[0] / plain.get_layer("score").get_weights()[0]
    assert np.allclose(gain, gain.flat[0])
    assert gain.flat[0] > 1
    assert np.allclose(back * gain.flat[0], 1)
