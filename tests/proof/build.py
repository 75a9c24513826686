"""hls4ml projects built and run fast: many models in one translation unit, -O0, precompiled headers, one process a run.

The C++ is what hls4ml writes, untouched; only the way to build it differs from hls4ml's own (-O3, one library a
model): integers don't depend on the optimisation level. Every model lives in a namespace of its own (hls4ml's option
`Namespace`), every run is a process of its own, so a failing assertion or a crash stops that model alone and nothing
stays mapped. Each model runs twice, with other garbage on stack and heap and its events in reverse: where the two
differ, the C++ reads memory it never wrote or keeps state between events, and there is no truth to compare with.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.proof.headers import FLAGS, TEMPLATES, precompiled
from tests.proof.unit import Project, bridge, translation_unit
from trigger_nn.frontend import graph as frontend

SECONDS = 120  # a run that takes longer hangs


@dataclass(frozen=True)
class Run:
    """What one model's C++ gave: arrays (events, elements) as float64, by layer name and by output name.

    `failure` says how it failed instead: `stage` is "compile" or "run". `stable` is False if a second run differed.
    """

    outputs: dict[str, np.ndarray]
    layers: dict[str, np.ndarray]
    stable: bool = True
    stage: str = ""
    failure: str = ""


def write_project(graph: Any, name: str, folder: Path) -> Project:
    """Write `graph`, which was made with project and namespace `name`, with every layer traced."""
    for layer in graph.get_layers():
        layer.set_attr("trace", True)
    graph.config.trace_output = True
    graph.config.config["OutputDir"] = str(folder / name)
    graph.config.config.pop("KerasModel", None)
    with frontend._quiet(), _numpy_product():
        graph.write()
    firmware = folder / name / "firmware"
    _keep_generated(firmware / "nnet_utils", name)
    traced = [layer for layer in graph.get_layers() if layer.get_attr("function_cpp", None)]
    backend = str(graph.config.config["Backend"])
    inputs, outputs = graph.get_input_variables(), graph.get_output_variables()
    layers = tuple((layer.name, int(np.prod(layer.get_output_variable().shape))) for layer in traced)
    sizes = tuple(int(np.prod(variable.shape)) for variable in inputs)
    ends = tuple((variable.name, int(np.prod(variable.shape))) for variable in outputs)
    return Project(name, backend, firmware, sizes, ends, layers, bridge(name, inputs, outputs, layers))


@contextlib.contextmanager
def _numpy_product() -> Iterator[None]:
    """hls4ml 1.3.0 writes power-of-two weights with `numpy.product`, which NumPy 2 no longer has."""
    had = hasattr(np, "product")
    if not had:
        setattr(np, "product", np.prod)  # noqa: B010
    try:
        yield
    finally:
        if not had:
            delattr(np, "product")


def run_projects(projects: Sequence[Project], events: Sequence[Sequence[np.ndarray]], folder: Path) -> list[Run]:
    """Build `projects` together and run each on its events: one array (events, ...) of numbers per input."""
    runs: dict[str, Run] = {}
    data = {project.name: arrays for project, arrays in zip(projects, events, strict=True)}
    for backend in sorted({project.backend for project in projects}):
        group = [project for project in projects if project.backend == backend]
        for binary, members in _build(group, runs, folder):
            runs |= {project.name: _run_twice(binary, project, data[project.name], folder) for project in members}
    return [runs[project.name] for project in projects]


def _build(group: list[Project], runs: dict[str, Run], folder: Path) -> list[tuple[Path, list[Project]]]:
    """Binaries and the projects in them; a project that does not compile, alone as well, goes to `runs`."""
    binary = folder / f"unit_{group[0].name}"
    message = _compile(group, binary)
    if not message:
        return [(binary, group)]
    if len(group) == 1:
        runs[group[0].name] = Run({}, {}, stage="compile", failure=_first_error(message))
        return []
    guilty = [project for project in group if re.search(rf"\b{project.name}\b", message)] or group
    rest = [project for project in group if project not in guilty]
    parts = [[project] for project in guilty] + ([rest] if rest else [])
    return [built for part in parts for built in _build(part, runs, folder)]


def _compile(group: list[Project], binary: Path) -> str:
    """Compile into `binary`; the compiler's messages if it failed."""
    headers = precompiled(group[0].backend)
    source = binary.with_suffix(".cpp")
    source.write_text(translation_unit(group))
    include = ("-I", str(headers), "-I", str(headers / "nnet_utils"), "-I", str(TEMPLATES / "vivado" / "ap_types"))
    done = subprocess.run(
        ["g++", *FLAGS, *include, str(source), "-o", str(binary)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stderr or "g++ failed without a word"


def _run_twice(binary: Path, project: Project, arrays: Sequence[np.ndarray], folder: Path) -> Run:
    events = len(arrays[0])
    values = np.concatenate([np.asarray(a, np.float64).reshape(events, -1) for a in arrays], axis=1)
    given = folder / f"{project.name}.in"
    values.tofile(given)
    first = _run_once(binary, project, given, events, 0)
    if isinstance(first, str):
        return Run({}, {}, stage="run", failure=first)
    second = _run_once(binary, project, given, events, 0x55)
    stable = not isinstance(second, str) and np.array_equal(first, second, equal_nan=True)
    names = [*project.outputs, *project.layers]
    parts = np.split(first, np.cumsum([size for _, size in names])[:-1], axis=1)
    count = len(project.outputs)
    outputs = {name: part for (name, _), part in zip(project.outputs, parts[:count], strict=True)}
    layers = {name: part for (name, _), part in zip(project.layers, parts[count:], strict=True)}
    return Run(outputs, layers, stable)


def _run_once(binary: Path, project: Project, given: Path, events: int, garbage: int) -> np.ndarray | str:
    """Results (events, outputs and layers), or how it failed. Weights are read from the working directory."""
    results = given.with_suffix(".out")
    results.unlink(missing_ok=True)
    command = [str(binary), project.name, str(given), str(results), str(events), str(garbage)]
    environment = os.environ | {"MALLOC_PERTURB_": str(garbage)}
    try:
        done = subprocess.run(
            command, cwd=project.firmware, env=environment, capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {SECONDS} s"
    said = (done.stderr + done.stdout).decode(errors="replace").strip()
    if done.returncode or not results.exists():
        asserted = re.search(r"Assertion .*", said)
        return f"exit code {done.returncode}: {asserted[0] if asserted else said[-400:]}"
    return np.fromfile(results).reshape(events, -1)


def _keep_generated(folder: Path, name: str) -> None:
    """Headers come precompiled; of the copies only what hls4ml generated for this project is needed.

    With the option `Namespace`, hls4ml 1.3.0 moves that code out of `nnet` and no longer finds its base classes there.
    """
    for path in folder.iterdir():
        if path.name != "nnet_code_gen.h":
            path.unlink()
    path = folder / "nnet_code_gen.h"
    path.write_text(path.read_text().replace(f"namespace {name} {{", f"namespace {name} {{\nusing namespace nnet;"))


def _first_error(message: str) -> str:
    lines = [line for line in message.splitlines() if "error:" in line or "undefined reference" in line]
    return (lines or message.splitlines())[0][-600:]
