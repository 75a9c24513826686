"""Keys of single layers and of pruning: what may be, what is refused, and what recipes without them stay."""

import pytest

from trigger_nn.errors import RecipeError
from trigger_nn.recipe.network import NetworkSpec, QuantizerSpec, TrainingSpec
from trigger_nn.recipe.part import validated

CONVOLUTION = {"filters": 2}


def network(**layers):
    return validated({"convolutions": [CONVOLUTION], "dense": [8, 4], "layers": layers}, NetworkSpec, "recipe")


def test_layers_are_named_in_order():
    assert network().layer_names == ("conv1", "dense1", "dense2", "score")


def test_a_layers_own_grid_comes_before_the_networks():
    own = {"weights": {"bits": 3, "integer": 1}}
    found = network(dense2=own)
    assert found.quantizer("dense2", "weights") == QuantizerSpec(bits=3, integer=1)
    assert found.quantizer("dense2", "bias") == found.bias
    assert found.quantizer("dense1", "weights") == found.weights


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ({"dense3": {}}, "no layer 'dense3'; the network has conv1, dense1, dense2, score"),
        ({"score": {"activations": {"bits": 4}}}, "network.output"),
        ({"conv1": {"weight": {"bits": 4}}}, "unknown key 'layers.conv1.weight'"),
        ({"conv1": {"weights": {"bits": 40}}}, "layers.conv1.weights.bits"),
    ],
)
def test_wrong_layers_are_refused(layers, says):
    with pytest.raises(RecipeError, match=says):
        network(**layers)


@pytest.mark.parametrize("share", [-0.1, 1.0, 0.995])
def test_only_a_share_can_be_pruned(share):
    with pytest.raises(RecipeError, match="pruning"):
        validated({"epochs": 1, "quantized_epochs": 1, "pruning": share}, TrainingSpec, "recipe")


def test_keys_that_were_not_asked_for_are_not_written():
    plain = TrainingSpec(epochs=1, quantized_epochs=1)
    assert set(plain.model_dump()) == {"seed", "epochs", "quantized_epochs", "batch_size", "learning_rate"}
    assert plain.model_copy(update={"pruning": 0.5}).model_dump()["pruning"] == 0.5
    assert "layers" not in NetworkSpec(dense=(8,)).model_dump()
    assert network(dense1={"bias": {"bits": 4}}).model_dump()["layers"]["dense1"]["bias"]["bits"] == 4


def test_pruning_has_half_of_the_quantized_epochs_to_grow():
    spec = TrainingSpec(epochs=1, quantized_epochs=9, pruning=0.5)
    assert spec.ramp == 4
    assert spec.model_copy(update={"pruning": 0.0}).ramp == 0
