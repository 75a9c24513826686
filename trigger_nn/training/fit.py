"""Train the float baseline, then its quantized twin from the baseline's weights; seeds fixed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.errors import RecipeError, TriggerNNError
from trigger_nn.events.dataset import Sample
from trigger_nn.events.views import augmented, network_input
from trigger_nn.frontend.legacy import keras, tf
from trigger_nn.recipe import ModelRecipe
from trigger_nn.training.architectures import float_network, quantized_network
from trigger_nn.training.folding import fold, transfer
from trigger_nn.training.losses import IGNORED, masked_crossentropy

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """Both networks, and their validation losses epoch by epoch."""

    float_model: Any
    quantized_model: Any
    float_losses: tuple[float, ...]
    quantized_losses: tuple[float, ...]


def train(sample: Sample, recipe: ModelRecipe, progress: Progress) -> Trained:
    """Train both networks of `recipe` on `sample`.

    `progress(what, epoch, epochs)` is called after every epoch. The same recipe and sample give the same weights on
    the same machine; TensorFlow's sums may differ in the last bit on another.
    """
    keras.utils.set_random_seed(recipe.training.seed)
    tf.config.experimental.enable_op_determinism()
    outputs = len(recipe.events.signals)
    shape = network_input(sample, sample.splits["train"].image[:1], recipe.events).shape[1:]
    try:
        baseline = float_network(recipe.network, shape, outputs)
    except ValueError as error:  # Keras: a kernel or pool that is larger than what is left of the image
        raise RecipeError(
            f"network: it can't be built for images {shape[:2]} ({error}); use smaller kernels."
        ) from None
    float_losses = _fit(
        baseline, sample, recipe, recipe.training.epochs, recipe.training.learning_rate, "float", progress
    )
    twin = quantized_network(recipe.network, shape, outputs)
    transfer(fold(baseline), _activations(baseline, sample, recipe), twin, recipe.network)
    quantized_losses = _fit(
        twin, sample, recipe, recipe.training.quantized_epochs, recipe.training.learning_rate / 3, "quantized", progress
    )
    return Trained(baseline, twin, float_losses, quantized_losses)


def targets(sample: Sample, split: str, recipe: ModelRecipe) -> np.ndarray:
    """1 for the output's own signal, 0 for background, -1 (ignored) for other signals; (events, signals), float32."""
    signals = recipe.events.signals
    foreign = sample.select(split, *signals)
    columns = [
        np.where(own := sample.select(split, signal), 1.0, np.where(foreign & ~own, IGNORED, 0.0)) for signal in signals
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def weights(sample: Sample, split: str, recipe: ModelRecipe) -> np.ndarray:
    """Training weights, mean 1: each signal and each background counts alike, within a background by rate.

    Weighting by rate is what makes the score order events as a trigger at a fixed rate wants them; with the square
    root of the rate instead, the network lost 2 to 4 % of efficiency at 100 and 300 kHz.
    """
    events = sample.splits[split]
    total = np.zeros(len(events))
    for name in (*recipe.events.signals, *recipe.events.backgrounds):
        mask = sample.select(split, name)
        own = events.rate[mask].astype(np.float64) if events.rate[mask].sum() > 0 else np.ones(int(mask.sum()))
        total[mask] = own / max(own.sum(), 1e-9)
    return total / total.mean()


def _fit(
    model: Any, sample: Sample, recipe: ModelRecipe, epochs: int, learning_rate: float, what: str, progress: Progress
) -> tuple[float, ...]:
    steps = epochs * -(-len(sample.splits["train"]) // recipe.training.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.02)
    model.compile(keras.optimizers.legacy.Adam(schedule), masked_crossentropy, weighted_metrics=[])
    rng = np.random.default_rng(recipe.training.seed)
    labels, weight = targets(sample, "train", recipe), weights(sample, "train", recipe)
    validation = _validation(sample, recipe)
    best, kept, losses = np.inf, model.get_weights(), []
    for epoch in range(epochs):
        x = network_input(sample, augmented(sample.splits["train"].image, rng), recipe.events)
        model.fit(x, labels, sample_weight=weight, batch_size=recipe.training.batch_size, verbose=0)
        losses.append(float(model.evaluate(*validation[:2], sample_weight=validation[2], batch_size=1024, verbose=0)))
        if not np.isfinite(losses[-1]):
            raise TriggerNNError(
                f"Training the {what} network diverged in epoch {epoch + 1}; lower training.learning_rate."
            )
        if losses[-1] < best:
            best, kept = losses[-1], model.get_weights()
        progress(what, epoch + 1, epochs)
    model.set_weights(kept)
    return tuple(losses)


def _validation(sample: Sample, recipe: ModelRecipe) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = network_input(sample, sample.splits["validation"].image, recipe.events)
    return x, targets(sample, "validation", recipe), weights(sample, "validation", recipe)


def _activations(model: Any, sample: Sample, recipe: ModelRecipe) -> dict[str, np.ndarray]:
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    x = network_input(sample, sample.splits["train"].image[:1000], recipe.events)
    values = keras.Model(model.input, [model.get_layer(name).output for name in names]).predict(x, verbose=0)
    return {n.removesuffix("_relu"): v for n, v in zip(names, values if len(names) > 1 else [values], strict=True)}
