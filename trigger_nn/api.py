"""The public functions, each a few lines over the rooms: what a notebook calls."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn.engines.emulator import Emulator, Inputs
from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.events.inputs import column_for, mantissas_for
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.design import Threshold
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.estimate import estimate as _estimate
from trigger_nn.passes.exact import needs_double
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import hardware_spec
from trigger_nn.studies.agreement import Agreement, compare_with_cpp
from trigger_nn.studies.divergence import Decision, Divergence, find_divergence
from trigger_nn.workflow.origin import recorded_hardware

if TYPE_CHECKING:
    from trigger_nn.frontend.compile import Compiled
    from trigger_nn.hardware.lint import Finding
    from trigger_nn.hardware.rtl.block import Rtl
    from trigger_nn.recipe import StudySpec
    from trigger_nn.studies.certificate.values import Certificate
    from trigger_nn.workflow.study import Studied


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


Types = Fixed | str


def compile(  # noqa: A001
    model: Any, input_type: Types | Mapping[str, Types], name: str = "network", **hardware: Any
) -> "Compiled":
    """Compile a QKeras or Keras 2 `model`; keywords are those of a recipe's [hardware].

    `input_type` is that of all its inputs, or of each by name. Returns `frontend.compile.Compiled`: its `.program` is
    saved, loaded and emulated; `.choices` and `.losses` say what was decided, `.config` is hls4ml's configuration with
    the types that were chosen.

    Raises:
        UnsupportedLayerError, PrecisionError, RecipeError: see `frontend.compile.compile_model`.
    """
    from trigger_nn.frontend.compile import compile_model

    if isinstance(input_type, Mapping):
        kind: Fixed | dict[str, Fixed] = {port: _fixed(one) for port, one in input_type.items()}
    else:
        kind = _fixed(input_type)
    folder = tempfile.mkdtemp(prefix="trigger_nn_")
    try:
        compiled = compile_model(model, name, kind, Path(folder), hardware_spec(**hardware))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(compiled.graph, shutil.rmtree, folder, ignore_errors=True)  # hls4ml's project, once verified
    return compiled


def _fixed(kind: Types) -> Fixed:
    return Fixed.parse(kind) if isinstance(kind, str) else kind


def lower(graph: Any, name: str = "network") -> Program:
    """The Program of a ModelGraph that hls4ml 1.3.0 made of a Keras 2 or QKeras model for Vitis or Vivado.

    For those who configure hls4ml themselves: the graph is taken as it is, types and all.

    Raises:
        UnsupportedLayerError: a layer that can't be lowered, why, and the nearest that can.
    """
    from trigger_nn.frontend.lowering import lower as lower_graph

    return lower_graph(graph, name)


def diverge(
    compiled: "Compiled", model: Any, inputs: Inputs, float_model: Any = None, thresholds: tuple[float, ...] = ()
) -> Divergence:
    """Where `model`, hls4ml's C++ (if there is a g++) and a `float_model` part from the emulator, and decisions change.

    Layers are matched by name. `thresholds` of the first output decide; without them the largest output does.
    """
    from trigger_nn.frontend.layers import layer_outputs
    from trigger_nn.hardware.csim import trace

    program, emulator = compiled.program, Emulator(compiled.program)
    numbers = _by_port(program, inputs)
    names = compiled.counterparts
    sides: dict[str, Mapping[str, np.ndarray]] = {}
    for side, one in (("float Keras", float_model), ("QKeras", model)):
        if one is not None:
            double = one is model and needs_double(program)
            found = layer_outputs(one, list(names.values()), [numbers[n] for n in one.input_names], double)
            sides[side] = {op: found[layer] for op, layer in names.items() if layer in found}
    if shutil.which("g++"):
        sides["hls4ml's C++"] = trace(compiled.graph, list(numbers.values())).layers
    return find_divergence(program, emulator.cast(numbers), sides, Decision(thresholds), ("float Keras",))


def verify(compiled: "Compiled", inputs: Inputs) -> Agreement:
    """Compare the emulator with hls4ml's C++ (built by g++) on `inputs`, every layer, bit for bit.

    `inputs` are numbers, (events, ...); of several inputs a mapping by name.

    Raises:
        MismatchError: at the first layer, event and element that differ. ToolNotFound: there is no g++.
    """
    from trigger_nn.hardware.csim import trace

    numbers = _by_port(compiled.program, inputs)
    ours = Emulator(compiled.program).trace(numbers)
    return compare_with_cpp(compiled.program, ours, trace(compiled.graph, list(numbers.values())))


def _by_port(program: Program, inputs: Inputs) -> dict[str, np.ndarray]:
    """Numbers by port, in the order of the firmware's ports."""
    given = inputs if isinstance(inputs, Mapping) else {program.inputs[0].name: inputs}
    missing = [port.name for port in program.inputs if port.name not in given]
    if missing:
        ports = ", ".join(port.name for port in program.inputs)
        raise EventsError(f"Input {missing[0]!r} is missing; give one array for each of the ports {ports}.")
    return {port.name: np.asarray(given[port.name]) for port in program.inputs}


def study(
    program: Program, paths: str | Path | Sequence[str | Path], spec: "StudySpec | str | Path | None" = None, *,
    out: str | Path | None = None, signals: Sequence[str] = (), backgrounds: Sequence[str] = (),
    classes: Sequence[str] = (), **options: Any,
) -> "Studied":  # fmt: skip
    """Rates, efficiencies and all that follows of `program` on the events at `paths`; `.study` holds the tables.

    `spec` is what is asked (a value, or a TOML file); without it what the program records, as far as the events can
    answer. What each output is for is named where the program does not record it. With `out` the page and its tables
    are written there. `options` are those of `workflow.study.study`.

    Raises:
        EventsError, RecipeError, ToolNotFound: see `workflow.study.study`.
    """
    from trigger_nn.workflow.asking import load_study, recorded_study, roles_of
    from trigger_nn.workflow.pages.study import study_page, write_study
    from trigger_nn.workflow.study import study as run

    files = (paths,) if isinstance(paths, str | Path) else tuple(paths)
    asked = load_study(Path(spec)) if isinstance(spec, str | Path) else spec
    roles, options = roles_of(program, signals, backgrounds, classes), {"strict": asked is not None} | options
    found = run(program, tuple(map(Path, files)), asked or recorded_study(program), roles=roles, **options)
    if out is not None:
        write_study(found, study_page(found, program), Path(out))
    return found


def certify(
    program: Program, sample: Sample, model: Any = None, float_model: Any = None, second: Program | None = None, *,
    rates_khz: Sequence[float] = (), signals: Sequence[str] = (), backgrounds: Sequence[str] = (),
    classes: Sequence[str] = (), **options: Any,
) -> "Certificate":  # fmt: skip
    """Which decisions differ between emulator of `program`, its QKeras `model`, a `float_model`, a `second` program.

    On the test split of `sample`, at `rates_khz`; `options` are those of `workflow.certificate.gathered`.

    Raises:
        EventsError: the events do not fit, or nothing says what the outputs are for.
    """
    from trigger_nn.workflow.asking import roles_of
    from trigger_nn.workflow.certificate import Others, certified

    roles = roles_of(program, signals, backgrounds, classes)
    return certified(program, sample, Others(float_model, model, second), roles, tuple(rates_khz), **options)


def estimate(program: Program, clock_period: float = 5.0, part: str = "xcvu13p-flga2577-2-e") -> Estimate:
    """Latency and resources of `program`, estimated before synthesis."""
    return _estimate(program, clock_period, part)


def lint(program: Program, spacing: float = 25.0) -> "tuple[Finding, ...]":
    """What the vendor's tools would refuse or do badly, errors first; `spacing` is ns from one event to the next."""
    from trigger_nn.hardware.lint import lint as look
    from trigger_nn.hardware.lint.streams import stream_facts

    hardware = recorded_hardware(program)
    return look(program, hardware, spacing, stream_facts(program, hardware))


def rtl(program: Program, clock_period: float = 5.0, part: str = "xcvu13p-flga2577-2-e", **choices: Any) -> "Rtl":
    """`program` as RTL for a clock of `clock_period` ns; keywords are those of `workflow.rtl.Asked`.

    `hardware.simulation.check` holds it against an emulator, `hardware.synthesis.synthesise` counts its cells.

    Raises:
        UnsupportedLayerError: too large for `part` or to be unrolled. ToolNotFound: alkaid is not installed.
    """
    from trigger_nn.workflow.rtl import Asked, written

    return written(program, Asked(clock_period, part, **choices))


def bundle(
    compiled: "Compiled",
    inputs: Inputs,
    input_meaning: str = "",
    output_meaning: str = "",
    thresholds: tuple[Threshold, ...] = (),
    builder: bool = False,
    **handoff: Any,
) -> Bundle:
    """What the firmware engineer receives, `inputs` (numbers, (events, ...)) among the test vectors; `.write(folder)`.

    `thresholds` are decided in firmware, one bit each; `builder` puts what makes the input of raw data in front, where
    the program's provenance names a view that has one; keywords are those of a recipe's [handoff].

    Raises:
        EventsError, HandoffError, UnsupportedLayerError: see `workflow.handoff.compiled_bundle`.
    """
    from trigger_nn.workflow.handoff import compiled_bundle

    texts = {"in": input_meaning, "out": output_meaning}
    return compiled_bundle(compiled, _by_port(compiled.program, inputs), texts, thresholds, builder, handoff)
