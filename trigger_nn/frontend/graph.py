"""Keras model -> hls4ml ModelGraph, by the reader for Keras 2; the only module that imports hls4ml.

hls4ml 1.3.0 chooses its reader by the version of the package `keras`, which is 3 beside TensorFlow 2.21 even for a
Keras 2 model, so its public `convert_from_keras_model` can't be used: the Keras 2 reader is called directly.
"""

import contextlib
import copy
import io
import json
import re
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import hls4ml
import numpy as np
from hls4ml.backends.vivado.passes.distributed_arithmetic import DistributedArithmeticCodegen
from hls4ml.converters.keras_v2_to_hls import (
    get_supported_keras_layers,
    keras_v2_to_hls,
    register_keras_v2_layer_handler,
)
from hls4ml.model.layers import layer_map
from hls4ml.utils.config import config_from_keras_model, create_config

from trigger_nn.errors import HandoffError, RecipeError, ToolNotFound, TriggerNNError, UnsupportedLayerError
from trigger_nn.files import read_tree
from trigger_nn.frontend.lowering.distributed import FACTORS
from trigger_nn.frontend.readers import read_einsum_dense
from trigger_nn.recipe import HardwareSpec, LayerSpec

HLS4ML_VERSION = hls4ml.__version__
IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
# Names of attributes that hls4ml gives its layers beside those it lists: a layer's output is an attribute too.
UNLISTED = ("perm", "perm_str", "dim", "strategy", "implementation", "precision", "data_format", "class_name", "name")
TABLE_TYPES = ("table", "exp_table", "inv_table", "inv_inp", "inp_norm")


def _complete_hls4ml() -> None:
    """What hls4ml 1.3.0 lacks, for as long as this process lives: a reader of EinsumDense, and a name numpy dropped.

    numpy 2 has no `product`, with which hls4ml writes power-of-two weights.
    """
    if "EinsumDense" not in get_supported_keras_layers():
        register_keras_v2_layer_handler("EinsumDense", read_einsum_dense)
    if not hasattr(np, "product"):
        setattr(np, "product", np.prod)  # noqa: B010


class _Architecture(dict[str, Any]):
    """A model's architecture that also hands out its layers: what makes hls4ml take its Keras 2 road."""

    def __init__(self, model: Any) -> None:
        super().__init__(json.loads(model.to_json()))
        self.get_layer = model.get_layer


Config = dict[str, Any]


def default_config(model: Any, hardware: HardwareSpec) -> Config:
    """hls4ml's configuration by layer name, with every type that no quantizer sets left to `auto`, and traces on.

    Raises:
        UnsupportedLayerError: hls4ml itself does not know a layer, or a layer's name can't name anything in C++.
    """
    _complete_hls4ml()
    _refuse_shared_layers(model)
    with _quiet(), _readable_refusal(model):
        config: Config = config_from_keras_model(
            _Architecture(model),
            granularity="name",
            backend=hardware.backend,
            default_reuse_factor=hardware.reuse_factor,
        )  # fmt: skip
    _refuse_names(model)
    config["Model"]["Strategy"] = hardware.strategy
    for name, layer in config["LayerName"].items():
        layer["Trace"] = True
        if "ParallelizationFactor" in layer:
            layer["ParallelizationFactor"] = hardware.parallelization_factor
        if "Strategy" in layer:
            layer["Strategy"] = hardware.strategy
        _override(name, layer, hardware.layers.get(name))
    unknown = sorted(set(hardware.layers) - set(config["LayerName"]))
    if unknown:
        raise RecipeError(
            f"hardware.layers names {unknown[0]!r}, which hls4ml does not know; it knows: "
            f"{', '.join(config['LayerName'])}."
        )
    return config


def _refuse_shared_layers(model: Any) -> None:
    """hls4ml 1.3.0 converts the first call of a layer, and takes its result for that of every other."""
    for layer in model.layers:
        calls = sum(f"{layer.name}_ib-{i}" in model._network_nodes for i in range(len(layer.inbound_nodes)))
        if calls > 1:
            raise UnsupportedLayerError(
                f"Layer {layer.name!r} is called {calls} times, but hls4ml {HLS4ML_VERSION} would call it once and "
                "reuse the result; make one layer for each call, with the same weights."
            )


def _refuse_names(model: Any) -> None:
    """hls4ml writes the names of layers into its C++ as they are."""
    for layer in model.layers:
        if not re.fullmatch(IDENTIFIER, layer.name):
            raise UnsupportedLayerError(
                f"Layer {layer.name!r} ({type(layer).__name__}) can't name a type in hls4ml's C++; give it a name of "
                "letters, digits and _, no digit first."
            )


def _override(name: str, layer: dict[str, Any], asked: LayerSpec | None) -> None:
    """Write what the recipe asks of one layer into its configuration."""
    if asked is None:
        return
    known = layer.get("Precision", {})
    unknown = sorted(set(asked.precision) - set(known))
    if unknown:
        raise RecipeError(
            f"hardware.layers gives layer {name!r} a type for {unknown[0]!r}; it has types for: {', '.join(known)}."
        )
    layer["Precision"] = known | asked.precision
    # hls4ml 1.3.0 ignores the types of tables among the precisions, but takes them as attributes of the layer.
    layer |= {f"{key}_t": kind for key, kind in asked.precision.items() if key in TABLE_TYPES}
    settings = {
        "Strategy": asked.strategy,
        "ReuseFactor": asked.reuse_factor,
        "ParallelizationFactor": asked.parallelization_factor,
        "TableSize": asked.table_size,
        "Implementation": asked.implementation,
    }
    layer.update({key: value for key, value in settings.items() if value is not None})


def build_graph(model: Any, name: str, config: Config, hardware: HardwareSpec, output: Path) -> Any:
    """The ModelGraph after the flow of its backend; its project will be written to `output`."""
    with _quiet(), _readable_refusal(model), kept_factors():
        project = create_config(
            output_dir=str(output),
            project_name=name,
            backend=hardware.backend,
            part=hardware.part,
            clock_period=hardware.clock_period,
            io_type=hardware.io_type,
        )
        project["HLSConfig"] = copy.deepcopy(config)  # hls4ml writes into it
        project["KerasModel"] = model
        graph = keras_v2_to_hls(project)
        graph.apply_flow(graph.config.backend.get_default_flow())
    return graph


@contextlib.contextmanager
def kept_factors() -> Iterator[None]:
    """While it lasts, hls4ml keeps weights and biases that it gives to da4ml, and later drops, on their layers.

    Raises:
        ToolNotFound: a layer wants distributed arithmetic, and da4ml is not installed.
    """
    write = DistributedArithmeticCodegen.transform

    def keep_and_write(self: Any, model: Any, layer: Any) -> Any:
        if find_spec("da4ml") is None:
            raise ToolNotFound(
                f"Layer {layer.name!r} has strategy 'distributed_arithmetic', for which hls4ml needs da4ml; "
                "pip install 'trigger_nn[da]', or choose strategy 'latency'."
            )
        kernel, bias = layer.attributes["weight"].data, layer.attributes["bias"].data
        # Here they still are in the order of Keras; later passes transpose them for other strategies.
        layer.set_attr(FACTORS, (np.array(kernel).reshape(-1, kernel.shape[-1]), np.array(bias).ravel()))
        try:
            return write(self, model, layer)
        except (AssertionError, ValueError) as error:
            raise UnsupportedLayerError(
                f"Layer {layer.name!r} ({layer.class_name}) can't have strategy 'distributed_arithmetic': {error}; "
                "choose 'latency' for it under hardware.layers."
            ) from error

    with patch.object(DistributedArithmeticCodegen, "transform", keep_and_write):
        yield


def project_files(graph: Any) -> dict[str, bytes]:
    """The firmware of the HLS project as hls4ml writes it, by relative path; `graph` is as before afterwards.

    The top function is `nn::network` whatever the graph's name, without traces; weights are initialisers in
    `firmware/weights/*.h`, for g++ and for synthesis alike. Scripts, benches and Python's bridge are left out.

    Raises:
        HandoffError: the graph was made in a namespace of its own.
    """
    if graph.config.get_writer_config().get("Namespace") is not None:
        raise HandoffError(
            "The graph was made with a Namespace in its WriterConfig, which its generated code refers to; make it "
            "without, the bundle has namespaces of its own."
        )
    with tempfile.TemporaryDirectory() as folder, _quiet(), _written_as_part(graph.config, folder):
        graph.write()
        files = read_tree(Path(folder) / "firmware")
    return {f"firmware/{path}": content for path, content in files.items()}


@contextlib.contextmanager
def _written_as_part(config: Any, folder: str) -> Iterator[None]:
    """While it lasts, hls4ml writes to `folder` what can be a part of a larger design (see `handoff.hls`)."""
    kept = config.config, config.writer_config, config.trace_output
    config.config = {**kept[0], "OutputDir": folder, "ProjectName": "network", "KerasModel": None}
    config.writer_config = {**kept[1], "Namespace": "nn", "WriteWeightsTxt": False, "WriteTar": False}
    config.trace_output = False
    try:
        yield
    finally:
        config.config, config.writer_config, config.trace_output = kept


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """hls4ml reports progress by print and warnings; only errors are for the user."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _readable_refusal(model: Any) -> Iterator[None]:
    """hls4ml refuses a model with a bare Exception, KeyError or assertion; turn it into a sentence."""
    try:
        yield
    except TriggerNNError:
        raise
    except Exception as error:
        reason = str(error).removeprefix("ERROR: ") or type(error).__name__
        raise UnsupportedLayerError(
            f"hls4ml {HLS4ML_VERSION} can't convert the model: {reason}; {_suspect(model)}docs/coverage.md says which "
            "layers and options it takes, and what to use instead of others."
        ) from error


def _suspect(model: Any) -> str:
    """A layer called like an attribute of hls4ml's layers may have written over it, which no refusal of hls4ml says."""
    taken = {attribute.name for kind in layer_map.values() for attribute in kind.expected_attributes} | {*UNLISTED}
    found = [layer.name for layer in model.layers if layer.name in taken]
    return f"layer {found[0]!r} has the name of an attribute in hls4ml, so rename it first; " if found else ""
