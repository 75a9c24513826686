"""Train the float baseline, then its quantized twin from the baseline's weights; seeds fixed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.errors import RecipeError, TriggerNNError
from trigger_nn.events.inputs import augmented, is_image, network_input
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.frontend.legacy import keras, tf
from trigger_nn.recipe import ModelRecipe
from trigger_nn.training.architectures import float_network, quantized_network
from trigger_nn.training.folding import fold, transfer
from trigger_nn.training.losses import IGNORED, class_crossentropy, masked_crossentropy
from trigger_nn.training.pruning import PruningSteps, pruned

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
    outputs = len(recipe.events.outputs)
    shape = _inputs(sample, "train", recipe, slice(1)).shape[1:]
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
        pruned(twin, recipe.training, _steps(sample, recipe)), sample, recipe, recipe.training.quantized_epochs,
        recipe.training.learning_rate / 3, "quantized", progress, ramp=recipe.training.ramp,
    )  # fmt: skip
    return Trained(baseline, twin, float_losses, quantized_losses)


def targets(sample: Sample, split: str, recipe: ModelRecipe) -> np.ndarray:
    """What each output should say; (events, outputs), float32.

    Of a class's output: 1 for its own, 0 for all others. Of a signal's: 1 for its own, 0 for background, -1 (ignored)
    for other signals.
    """
    if recipe.events.classes:
        return np.stack([sample.select(split, name) for name in recipe.events.classes], axis=1).astype(np.float32)
    signals = recipe.events.signals
    foreign = sample.select(split, *signals)
    columns = [
        np.where(own := sample.select(split, signal), 1.0, np.where(foreign & ~own, IGNORED, 0.0)) for signal in signals
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def weights(sample: Sample, split: str, recipe: ModelRecipe) -> np.ndarray:
    """Training weights, mean 1: each process counts alike, within a background by rate.

    Weighting by rate is what makes the score order events as a trigger at a fixed rate wants them; with the square
    root of the rate instead, the network lost 2 to 4 % of efficiency at 100 and 300 kHz.
    """
    events = sample.splits[split]
    total = np.zeros(len(events))
    for name in recipe.events.named:
        mask = sample.select(split, name)
        own = events.rate[mask].astype(np.float64) if events.rate[mask].sum() > 0 else np.ones(int(mask.sum()))
        total[mask] = own / max(own.sum(), 1e-9)
    return total / total.mean()


def _fit(
    model: Any, sample: Sample, recipe: ModelRecipe, epochs: int, learning_rate: float, what: str, progress: Progress,
    ramp: int = 0,
) -> tuple[float, ...]:  # fmt: skip
    """Losses epoch by epoch; the model is left as it was after the best of them, the first `ramp` not among these."""
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * _steps(sample, recipe), alpha=0.02)
    loss = class_crossentropy if recipe.events.classes else masked_crossentropy
    model.compile(keras.optimizers.legacy.Adam(schedule), loss, weighted_metrics=[])
    rng = np.random.default_rng(recipe.training.seed)
    labels, weight = targets(sample, "train", recipe), weights(sample, "train", recipe)
    validation = _validation(sample, recipe)
    best, kept, losses = np.inf, model.get_weights(), []
    for epoch in range(epochs):
        x = _training_inputs(sample, recipe, rng)
        model.fit(
            x, labels, sample_weight=weight, batch_size=recipe.training.batch_size, verbose=0,
            callbacks=[PruningSteps()],
        )  # fmt: skip
        losses.append(float(model.evaluate(*validation[:2], sample_weight=validation[2], batch_size=1024, verbose=0)))
        if not np.isfinite(losses[-1]):
            raise TriggerNNError(
                f"Training the {what} network diverged in epoch {epoch + 1}; lower training.learning_rate."
            )
        if epoch >= ramp and losses[-1] < best:
            best, kept = losses[-1], model.get_weights()
        progress(what, epoch + 1, epochs)
    model.set_weights(kept)
    return tuple(losses)


def _steps(sample: Sample, recipe: ModelRecipe) -> int:
    """Batches an epoch."""
    return -(-len(sample.splits["train"]) // recipe.training.batch_size)


def _inputs(sample: Sample, split: str, recipe: ModelRecipe, which: slice = slice(None)) -> np.ndarray:
    return network_input(sample, sample.splits[split][recipe.events.view][which], recipe.events)


def _training_inputs(sample: Sample, recipe: ModelRecipe, rng: np.random.Generator) -> np.ndarray:
    """Inputs of one epoch; images turned and mirrored anew."""
    values = sample.splits["train"][recipe.events.view]
    image = is_image(sample.column(recipe.events.view))
    return network_input(sample, augmented(values, rng) if image else values, recipe.events)


def _validation(sample: Sample, recipe: ModelRecipe) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = _inputs(sample, "validation", recipe)
    return x, targets(sample, "validation", recipe), weights(sample, "validation", recipe)


def _activations(model: Any, sample: Sample, recipe: ModelRecipe) -> dict[str, np.ndarray]:
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    x = _inputs(sample, "train", recipe, slice(1000))
    values = keras.Model(model.input, [model.get_layer(name).output for name in names]).predict(x, verbose=0)
    return {n.removesuffix("_relu"): v for n, v in zip(names, values if len(names) > 1 else [values], strict=True)}
