"""One model, compared: the C++ with the reference engine, that with the native one; every layer, for exact equality."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.proof.build import Run, run_projects, write_project
from tests.proof.difference import first_difference
from tests.proof.engines import Agreement, Choice, Tensors, compare_engines
from tests.proof.unit import Project
from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import TriggerNNError, UnsupportedLayerError
from trigger_nn.frontend import graph as frontend
from trigger_nn.frontend.lowering import lower
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program

EXACT_BITS = 53  # what a double carries; wider layers are left out

EQUAL, MISMATCH, REFUSED, HLS4ML, UNSTABLE = "equal", "mismatch", "refused", "hls4ml", "unstable"


@dataclass(frozen=True)
class Comparison:
    """The verdict on one model.

    `status`: "equal" (`values` were compared); "mismatch" (`message` names the first layer in the C++'s order, the
    event, the element and both values; also an emulator that raised or lacks a layer); "refused" (ours, `message` is
    the sentence); "hls4ml" (it can't convert, write, compile or run the model: `stage`); "unstable" (two runs of the
    same C++ differ, so there is nothing to equal; `message` names the first such layer).

    `values` are those of the C++. `targets` are those of the native engine that equal the reference engine's, by
    target of `choice`; `left` are operations that the native engine leaves to the reference engine, as (kind, reason).
    """

    status: str
    values: int = 0
    stage: str = ""
    layer: str = ""
    message: str = ""
    choice: Choice = "best"
    targets: Mapping[str, int] = field(default_factory=dict)
    left: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A model ready to be compared: its graph (or the failure to make it) and its events, one array an input."""

    name: str
    graph: Any
    events: tuple[np.ndarray, ...]
    failure: Comparison | None = None


def check_model(
    model: Any,
    config_changes: Mapping[str, Mapping[str, Any]] | None = None,
    backend: str = "Vitis",
    io_type: str = "io_parallel",
    input_types: Mapping[str, str] | str = "fixed<16,6>",
    events: int = 24,
    seed: int = 0,
) -> Comparison:
    """Compare one Keras 2 or QKeras `model`.

    `config_changes` go, layer by layer, over hls4ml's own configuration by name, for example
    {"dense": {"Precision": {"accum": "fixed<12,4,RND,SAT>"}, "Strategy": "Resource", "ReuseFactor": 2}};
    the key "Model" changes the model's entry. `input_types` is one type for every input, or types by input layer.
    """
    graph_or_failure = make_graph(model, "m0", backend, io_type, config_changes or {}, input_types)
    if isinstance(graph_or_failure, Comparison):
        return graph_or_failure
    arrays = draw_events(graph_or_failure, np.random.default_rng(seed), events)
    return compare([Candidate("m0", graph_or_failure, arrays)])[0]


def make_graph(
    model: Any,
    name: str,
    backend: str,
    io_type: str,
    changes: Mapping[str, Mapping[str, Any]],
    input_types: Mapping[str, str] | str = "fixed<16,6>",
    own_namespace: bool = True,
) -> Any:
    """hls4ml's ModelGraph after its flow, in a namespace of its own; or the Comparison that says why there is none."""
    frontend._complete_hls4ml()
    try:
        with frontend._quiet():
            architecture = frontend._Architecture(model)
            config = frontend.config_from_keras_model(architecture, granularity="name", backend=backend)
            _change(config, changes)
            _set_inputs(config, model, input_types)
            project = frontend.create_config(
                output_dir="unused",
                project_name=name,
                backend=backend,
                io_type=io_type,
                namespace=name if own_namespace else None,
            )
            graph = frontend.keras_v2_to_hls(project | {"HLSConfig": config, "KerasModel": model})
            graph.apply_flow(graph.config.backend.get_default_flow())
    except Exception as error:  # hls4ml raises whatever it likes
        return Comparison(HLS4ML, stage="convert", message=f"{type(error).__name__}: {error}"[:600])
    return graph


def _change(config: dict[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Entries of `changes` over those of `config`, `Precision` type by type."""
    for name, entry in changes.items():
        target = config["Model"] if name == "Model" else config["LayerName"].setdefault(name, {})
        for key, value in entry.items():
            if isinstance(value, Mapping):
                target[key] = dict(target.get(key, {})) | dict(value)
            else:
                target[key] = value
        # hls4ml 1.3.0 ignores the types of tables among the precisions, but takes them as attributes of the layer.
        types = entry.get("Precision", {})
        target |= {f"{key}_t": types[key] for key in frontend.TABLE_TYPES if key in types and name != "Model"}


def _set_inputs(config: dict[str, Any], model: Any, types: Mapping[str, str] | str) -> None:
    for name in model.input_names:
        kind = types if isinstance(types, str) else types.get(name)
        if kind is not None:
            config["LayerName"].setdefault(name, {}).setdefault("Precision", {})["result"] = kind


def draw_events(graph: Any, rng: np.random.Generator, count: int) -> tuple[np.ndarray, ...]:
    """Numbers for every input of `graph`, (count, ...): uniform over its type, with its ends and zero."""
    return tuple(_values(variable, rng, count) for variable in graph.get_input_variables())


def _values(variable: Any, rng: np.random.Generator, count: int) -> np.ndarray:
    kind = Fixed.parse(str(variable.type.precision))
    shape = (count, *(int(size) for size in variable.shape))
    mantissas = rng.integers(kind.minimum, kind.maximum, shape, endpoint=True)
    ends = rng.choice([kind.minimum, kind.maximum, 0], shape)
    mantissas = np.where(rng.random(shape) < 0.1, ends, mantissas)
    mantissas[0], mantissas[1] = kind.minimum, kind.maximum
    return mantissas * 2.0 ** (kind.integer - kind.width)


def compare(candidates: Sequence[Candidate], choice: Choice = "best", folder: Path | None = None) -> list[Comparison]:
    """Compare models, all built together; one verdict each, in order. `choice` is of the native engine's targets."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="proof_") as scratch:
            return compare(candidates, choice, Path(scratch))
    verdicts: dict[str, Comparison] = {c.name: c.failure for c in candidates if c.failure is not None}
    projects: list[Project] = []
    ready: list[Candidate] = []
    for candidate in (c for c in candidates if c.failure is None):
        try:
            projects.append(write_project(candidate.graph, candidate.name, folder))
            ready.append(candidate)
        except Exception as error:  # hls4ml raises whatever it likes
            message = f"{type(error).__name__}: {error}"[:600]
            verdicts[candidate.name] = Comparison(HLS4ML, stage="write", message=message)
    runs = run_projects(projects, [candidate.events for candidate in ready], folder) if projects else []
    for candidate, run in zip(ready, runs, strict=True):
        verdicts[candidate.name] = verdict(candidate, run, choice)
    return [verdicts[candidate.name] for candidate in candidates]


def verdict(candidate: Candidate, run: Run | None, choice: Choice = "best") -> Comparison:
    """The C++'s run of a candidate against ours, then our engines; without a run, the engines alone.

    A model that the C++ fails on is no concern of ours; one that we refuse is refused.
    """
    if candidate.failure is not None:
        return candidate.failure
    if run is not None and run.failure:
        return Comparison(HLS4ML, stage=run.stage, message=run.failure)
    try:
        program = lower(candidate.graph, candidate.name)
        events = dict(zip((port.name for port in program.inputs), candidate.events, strict=True))
        found = None if run is None else _against_cpp(candidate, run, program, events)
        return found or _between_engines(program, events, choice, 0 if run is None else _size(run, program))
    except UnsupportedLayerError as error:
        return Comparison(REFUSED, message=str(error))
    except Exception as error:
        kind = "raised" if isinstance(error, TriggerNNError) else "crashed"
        return Comparison(MISMATCH, message=f"the emulator {kind}: {type(error).__name__}: {error}"[:600])


def _against_cpp(candidate: Candidate, run: Run, program: Program, events: Tensors) -> Comparison | None:
    """The verdict where the reference engine does not equal the C++."""
    return _difference(candidate, run, Emulator(program, run_reference).trace(events), program)


def _between_engines(program: Program, events: Tensors, choice: Choice, values: int) -> Comparison:
    """The verdict on the native engine, which the C++'s `values` equal if it equals the reference engine."""
    found: Agreement = compare_engines(program, events, choice)
    status = MISMATCH if found.difference else EQUAL
    return Comparison(status, values, "", found.layer, found.difference, choice, found.values, found.left)


def _difference(candidate: Candidate, run: Run, ours: Mapping[str, np.ndarray], program: Any) -> Comparison | None:
    """The first layer, in the C++'s order, that differs; then outputs, by the port that stands for each."""
    # Outputs last: they are layers as well, but a model may hand out what is not traced.
    outputs = {port.name: value for port, value in zip(program.outputs, run.outputs.values(), strict=True)}
    for layer, theirs in [*run.layers.items(), *outputs.items()]:
        if layer not in ours and layer not in outputs:
            if layer in _configured(candidate.graph):
                return Comparison(
                    MISMATCH, layer=layer, message=f"layer {layer!r} is missing from the emulator's trace"
                )
            continue
        values = ours.get(layer)
        if values is None or not _exact(program, layer):
            continue
        values = np.asarray(values, np.float64).reshape(len(values), -1)
        found = first_difference(theirs, values)
        if found and not run.stable:
            return Comparison(UNSTABLE, layer=layer, message=f"{found}; but two runs of the C++ differ")
        if found:
            return Comparison(MISMATCH, layer=layer, message=found)
    return None


def _configured(graph: Any) -> set[str]:
    """Layers of the model itself, in contrast to those that hls4ml put in."""
    return set(graph.config.config["HLSConfig"].get("LayerName", {}))


def _exact(program: Any, layer: str) -> bool:
    try:
        return program.type_of(layer).width <= EXACT_BITS
    except KeyError:
        return False


def _size(run: Run, program: Any) -> int:
    names = {operation.name for operation in program.operations}
    return sum(value.size for name, value in run.layers.items() if name in names and _exact(program, name))
