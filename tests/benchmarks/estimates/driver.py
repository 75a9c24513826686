"""Run by an interpreter that has rule4ml: networks as JSON on stdin, rule4ml's answers as JSON on stdout.

Nothing of ours is imported here, nor rule4ml before it is known to be there. Exit code 3: rule4ml can't be imported.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module, metadata, resources
from itertools import product
from typing import Any

MISSING = 3
TARGETS = ("LUT", "FF", "DSP", "CYCLES")


def main() -> int:
    """Answer one request."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    request = json.load(sys.stdin)
    try:
        with redirect_stdout(sys.stderr):  # stdout is for the answer alone
            wrappers, keras = import_module("rule4ml.models.wrappers"), import_module("keras")
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return MISSING
    with redirect_stdout(sys.stderr):
        models = [_model(keras, network) for network in request["networks"]]
        answers = [
            row for generation in request["generations"]
            for row in _generation(wrappers, generation, request["networks"], models)
        ]  # fmt: skip
    versions = {name: metadata.version(name) for name in ("rule4ml", "keras", "torch", "torch_geometric")}
    sys.stdout.write(json.dumps({"versions": versions, "answers": answers}))
    return 0


def _generation(wrappers: Any, generation: Any, networks: Any, models: Any) -> Iterator[dict[str, Any]]:
    """Answers of one set of weights for all networks and readings of their widths."""
    estimator = wrappers.MultiModelWrapper()
    for target in TARGETS:
        estimator.add_model_wrapper(_loaded(wrappers, generation["name"], target))
    for width, readings in _asked(networks, generation["together"]):
        asked = {networks[index]["program"]: models[index] for index, _ in readings}
        settings = {"strategy": "latency", "precision": f"ap_fixed<{width}, {width // 2}>", "reuse_factor": 1}
        configs = [{"board": board, "model": settings} for board in generation["boards"]]
        frame = estimator.predict(list(asked.values()), hls_configs=configs, **generation["tools"])
        found = {(row["Model"], row["Board"]): row for row in frame.to_dict("records")}
        for (index, reading), board in product(readings, generation["boards"]):
            row = found[networks[index]["program"], board]
            yield {
                "program": networks[index]["program"], "generation": generation["name"], "board": board,
                "reading": reading, "said": {target: float(row[target]) for target in TARGETS},
            }  # fmt: skip


def _asked(networks: Any, together: bool) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """What goes into one call: a width in bits, places of networks and the readings that say so.

    All networks of that width, if they may be asked `together`, which saves minutes.
    """
    found: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for index, network in enumerate(networks):
        for reading, width in network["bits"].items():
            found.setdefault((width, -1 if together else index), []).append((index, reading))
    return ((width, readings) for (width, _), readings in found.items())


def _loaded(wrappers: Any, generation: str, target: str) -> Any:
    folder = resources.files("rule4ml.models") / "weights"
    for suffix, kind in (("h5", wrappers.KerasModelWrapper), ("pt", wrappers.TorchModelWrapper)):
        weights = folder / generation / f"{target}.weights.{suffix}"
        if weights.is_file():
            loaded = kind()
            loaded.load(str(folder / generation / f"{target}.config.json"), str(weights))
            return loaded
    raise FileNotFoundError(f"this rule4ml has no weights {generation}/{target}")


def _model(keras: Any, network: Any) -> Any:
    """A float Keras model of these sizes: rule4ml looks at no weight."""
    value = inputs = keras.layers.Input(shape=(network["inputs"],))
    for layer in network["layers"]:
        value = keras.layers.Dense(layer["neurons"], activation=layer["activation"])(value)
    model = keras.Model(inputs=inputs, outputs=value, name=network["program"])
    model.build((None, network["inputs"]))
    return model


if __name__ == "__main__":
    sys.exit(main())
