"""The public functions, each a few lines over the rooms: what a notebook calls."""

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import TriggerNNError
from trigger_nn.events.inputs import column_for, mantissas_for
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.handoff.bundle import Bundle, HandoffFacts, make_bundle
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.estimate import estimate as _estimate
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec, hardware_spec
from trigger_nn.studies.agreement import Agreement, compare_with_cpp

if TYPE_CHECKING:
    from trigger_nn.frontend.compile import Compiled


def load_model(path: str | Path) -> Any:
    """Read a Keras 2 or QKeras model from HDF5.

    Raises:
        TriggerNNError: there is no such file.
    """
    from trigger_nn.frontend.legacy import load_model as load

    if not Path(path).is_file():
        raise TriggerNNError(f"There is no model at {path}; give the path of a Keras 2 or QKeras model in HDF5.")
    return load(str(path))


def read_events(path: str | Path | None = None) -> Sample:
    """Read an events file or folder; without a path the embedded event images, `embedded:jets` the embedded jets."""
    from trigger_nn.workflow.workspace import EMBEDDED, events_at

    return read_sample(events_at(EMBEDDED if path is None else str(path), Path()))


def network_inputs(sample: Sample, program: Program, split: str = "test") -> np.ndarray:
    """Events of `split` as the numbers that `program`'s input takes, (events, *port shape), float64.

    Raises:
        EventsError: shape, unit, or what one count is worth do not fit the program's input.
    """
    name, port = column_for(sample, program), program.inputs[0]
    return to_float(mantissas_for(sample.splits[split][name], sample.column(name), port), port.type)


def compile(model: Any, input_type: Fixed | str, name: str = "network", **hardware: Any) -> "Compiled":  # noqa: A001
    """Compile a QKeras or Keras 2 `model` whose input has `input_type`; keywords are those of a recipe's [hardware].

    Returns `frontend.compile.Compiled`: its `.program` is saved, loaded and emulated; `.choices` and `.losses` say
    what was decided.

    Raises:
        UnsupportedLayerError, PrecisionError, RecipeError: see `frontend.compile.compile_model`.
    """
    from trigger_nn.frontend.compile import compile_model

    kind = Fixed.parse(input_type) if isinstance(input_type, str) else input_type
    folder = tempfile.mkdtemp(prefix="trigger_nn_")
    compiled = compile_model(model, name, kind, Path(folder), hardware_spec(**hardware))
    weakref.finalize(compiled.graph, shutil.rmtree, folder, ignore_errors=True)  # hls4ml's project, once verified
    return compiled


def verify(compiled: "Compiled", inputs: np.ndarray) -> Agreement:
    """Compare the emulator with hls4ml's C++ (built by g++) on `inputs`, every layer, bit for bit.

    Raises:
        MismatchError: at the first layer, event and element that differ. ToolNotFound: there is no g++.
    """
    from trigger_nn.hardware.csim import trace

    ours = Emulator(compiled.program).trace(inputs)
    return compare_with_cpp(compiled.program, ours, trace(compiled.graph, inputs))


def estimate(program: Program, clock_period: float = 5.0, part: str = "xcvu13p-flga2577-2-e") -> Estimate:
    """Latency and resources of `program`, estimated before synthesis."""
    return _estimate(program, clock_period, part)


def bundle(compiled: "Compiled", inputs: np.ndarray, input_meaning: str = "", output_meaning: str = "") -> Bundle:
    """What the firmware engineer receives, `inputs` (numbers, (events, ...)) as test vectors; `.write(folder)` it."""
    from trigger_nn.frontend.graph import project_files
    from trigger_nn.workflow.workspace import versions

    program = compiled.program
    hardware = HardwareSpec(**program.provenance["hardware"])
    facts = HandoffFacts(
        input_meaning or "numbers of the input port's type", output_meaning or "the network's output",
        estimate(program, hardware.clock_period, hardware.part), hardware.part, hardware.clock_period, versions(),
    )  # fmt: skip
    mantissas = Emulator(program).cast(inputs)[program.inputs[0].name]
    return make_bundle(program, project_files(compiled.graph), mantissas, _file(program), facts)


def _file(program: Program) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        return path.read_bytes()
