"""How long lowering and proving take: `python -m tests.benchmarks.compiler`.

Three networks: the tagger 16-64-32-32-5, the event-image CNN of the shipped recipe, and one of the size of the SVHN
CNN of arXiv:2101.05108 (32x32x3, three convolutions, three dense layers). Conversion is hls4ml's own share (twice: to
learn the topology, and with the types that were chosen); lowering and proving are ours.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower
from trigger_nn.passes.exact import choose_exact_types
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import load_model_recipe
from trigger_nn.training.architectures import quantized_network

RECIPE = Path(__file__).parents[2] / "models" / "event_image" / "recipe.toml"


def _layer(kind: Any, name: str, *size: int, **options: Any) -> Any:
    quantizers = {
        "kernel_quantizer": qkeras.quantized_bits(6, 0, alpha=1),
        "bias_quantizer": qkeras.quantized_bits(8, 2),
    }
    return kind(*size, **quantizers, **options, name=name)


def _tower(shape: tuple[int, ...], filters: Sequence[int], widths: Sequence[int]) -> Any:
    x = inputs = keras.layers.Input(shape, name="inputs")
    for i, count in enumerate(filters, 1):
        x = _layer(qkeras.QConv2D, f"conv{i}", count, 3)(x)
        x = qkeras.QActivation(qkeras.quantized_relu(8, 4), name=f"conv{i}_relu")(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{i}")(x)
    x = keras.layers.Flatten(name="flatten")(x) if filters else x
    for i, width in enumerate(widths, 1):
        x = _layer(qkeras.QDense, f"dense{i}", width)(x)
        x = qkeras.QActivation(qkeras.quantized_relu(8, 4), name=f"dense{i}_relu")(x) if i < len(widths) else x
    return keras.Model(inputs, x)


def networks() -> dict[str, Any]:
    """Models by name."""
    keras.utils.set_random_seed(1)
    return {
        "tagger 16-64-32-32-5": _tower((16,), (), (64, 32, 32, 5)),
        "event image 20x14x1": quantized_network(load_model_recipe(RECIPE).network, (20, 14, 1), 2),
        "SVHN size 32x32x3": _tower((32, 32, 3), (16, 16, 24), (42, 64, 10)),
    }


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def main() -> None:
    """Print one line a network, seconds of each part."""
    print(f"{'network':24}{'whole compile':>15}{'lowering':>10}{'choosing types':>16}{'proving ranges':>16}")
    for name, model in networks().items():
        with tempfile.TemporaryDirectory() as folder:
            whole, compiled = _seconds(lambda: compile_model(model, "net", Fixed(False, 10, 4), Path(folder)))  # noqa: B023
            lowering, program = _seconds(lambda: lower(compiled.graph, "net"))  # noqa: B023
            choosing, _ = _seconds(lambda: choose_exact_types(program, ()))  # noqa: B023
            proving, _ = _seconds(lambda: prove_ranges(program))  # noqa: B023
        print(f"{name:24}{whole:15.2f}{lowering:10.2f}{choosing:16.2f}{proving:16.2f}")


if __name__ == "__main__":
    main()
