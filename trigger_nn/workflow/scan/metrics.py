"""What a finished trial is weighed by: decisions of the emulator on the test events, and the estimate."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.events.storage.dataset import Sample
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.estimate.values import RESOURCES
from trigger_nn.program.operations.base import Constant
from trigger_nn.program.operations.products import SumOfProducts
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe, TrainingSpec
from trigger_nn.studies.classes import compare_classifiers
from trigger_nn.studies.comparison import SPLIT
from trigger_nn.studies.rates import efficiency, working_point
from trigger_nn.studies.scans.effects import with_threshold
from trigger_nn.workflow.performance import EMULATOR
from trigger_nn.workflow.workspace import Workspace, estimated, load_scores

FLOAT = "float"


def measured(workspace: Workspace, signal: str | None, rate: float) -> dict[str, Any]:
    """Metrics as `studies.scans.values.Trial` has them, epochs, losses, and what they rest on.

    Args:
        workspace: whose steps are up to date until `emulate`.
        signal: whose efficiency is quoted, None of a classifier.
        rate: Hz of that signal's trigger alone.
    """
    sample, program = workspace.sample(), Program.load(workspace.path("program.h5"))
    scores, _ = load_scores(workspace, program)
    found = estimated(workspace, program)
    decisions = of_signal(sample, workspace.recipe, scores, signal, rate) if signal else _of_classes(
        sample, workspace.recipe, scores
    )  # fmt: skip
    return {
        "metrics": decisions | of_estimate(found) | of_weights(program),
        **_trained(workspace.path("losses.json"), workspace.recipe.training),
        "digest": program.digest,
        "test_events": len(sample.splits[SPLIT]),
        "why": _too_large(found),
    }


def of_signal(
    sample: Sample, recipe: ModelRecipe, scores: Mapping[str, np.ndarray], signal: str, rate: float
) -> dict[str, float]:
    """Efficiency at the rate, emulated and float; `background_events`: effective ones that the rate rests on.

    `efficiency_at_lower_rate` and `efficiency_at_higher_rate` are those at the rate less and plus its own statistical
    error, which is that of the threshold; both join the interval. `rate_hz`: the highest not above `rate`.
    """
    background, wanted = sample.select(SPLIT, *recipe.events.backgrounds), sample.select(SPLIT, signal)
    rates = sample.splits[SPLIT].rate[background].astype(np.float64)
    output = recipe.events.signals.index(signal)

    def at(network: str, target: float) -> tuple[Any, Any]:
        values = scores[network][:, output]
        point = working_point(values[background], rates, target)
        return point, efficiency(values[wanted] > point.threshold)

    point, own = at(EMULATOR, rate)
    error = 1 / np.sqrt(max(point.effective, 1.0))
    lower, higher = (at(EMULATOR, rate * factor)[1].value for factor in (max(0.0, 1 - error), 1 + error))
    value, low, high = with_threshold((own.value, own.low, own.high), lower, higher)
    return {
        "efficiency": value, "efficiency_low": low, "efficiency_high": high,
        "float_efficiency": at(FLOAT, rate)[1].value,
        "efficiency_at_lower_rate": lower, "efficiency_at_higher_rate": higher,
        "background_events": point.effective, "rate_hz": point.rate,
    }  # fmt: skip


def _of_classes(sample: Sample, recipe: ModelRecipe, scores: Mapping[str, np.ndarray]) -> dict[str, float]:
    compared = compare_classifiers(sample, recipe, {name: scores[name] for name in (FLOAT, EMULATOR)})
    plain, own = (network.accuracy for network in compared.networks)
    return {
        "accuracy": own.value, "accuracy_low": own.low, "accuracy_high": own.high, "float_accuracy": plain.value
    }  # fmt: skip


def of_estimate(found: Estimate) -> dict[str, float]:
    """Latency, pace and resources."""
    resources = {name: float(found.total(name)) for name in RESOURCES}
    return {"latency_ns": found.latency, "cycles": found.cycles, "interval": found.interval} | resources


def of_weights(program: Program) -> dict[str, float]:
    """Weights and biases that are not zero, and the bits of their types together."""
    constants = [
        constant for op in program.operations if isinstance(op, SumOfProducts) for constant in (op.weights, op.bias)
    ]
    kept = [_not_zero(constant) for constant in constants]
    bits = sum(count * constant.type.width for count, constant in zip(kept, constants, strict=True))
    return {"weights": float(sum(kept)), "weight_bits": float(bits)}


def _not_zero(constant: Constant) -> int:
    return int(np.count_nonzero(constant.mantissa))


def _trained(path: Path, spec: TrainingSpec) -> dict[str, Any]:
    """Epochs, and the losses of the networks that were kept."""
    losses = json.loads(path.read_text())
    plain, quantized = losses["float"], losses["QKeras"]
    return {"epochs": [len(plain), len(quantized)], "loss": [min(plain), min(quantized[spec.ramp :])]}


def _too_large(found: Estimate) -> str:
    """A sentence if it does not fit the part."""
    shares = {resource: found.share(resource) for resource in RESOURCES}
    largest = max(shares, key=lambda resource: shares[resource])
    if shares[largest] <= 1:
        return ""
    return (
        f"It does not fit {found.device.name}: it takes {100 * shares[largest]:.0f} % of its {largest.upper()}; share "
        "more (hardware.reuse_factor, strategy), or take fewer bits."
    )
