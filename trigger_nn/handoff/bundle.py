"""The bundle: everything a firmware engineer receives, as a value {path: bytes} before it is a folder.

Same program, same vectors, same tools: same bytes. Written in one rename.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import EventsError, UnsupportedLayerError
from trigger_nn.files import sha256, write_tree
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.program.program import Port, Program

# Written by hls4ml for its Python bridge, or holding this machine's paths: no business of the firmware's.
LEFT_OUT = ("build_lib.sh", "_bridge.cpp", "hls4ml_config.yml", ".so", ".o", ".tar.gz")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the only date in the archive, and the earliest that a zip can hold


@dataclass(frozen=True)
class Bundle:
    """Files by relative path."""

    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 over every path and content."""
        return sha256("".join(f"{path} {sha256(self.files[path])}\n" for path in sorted(self.files)).encode())

    def write(self, folder: Path) -> Path:
        """Write the bundle as `folder`, replacing an older bundle there, in one rename; the folder is returned.

        Raises:
            TriggerNNError: `folder` holds something else, or the file system refuses.
        """
        write_tree(folder, self.files, marker="manifest.json")
        return folder

    def zip(self) -> bytes:
        """The bundle as a zip archive whose bytes depend on the files alone."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(self.files):
                archive.writestr(zipfile.ZipInfo(path, EPOCH), self.files[path], zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


@dataclass(frozen=True)
class Threshold:
    """A score's integer threshold: fire when the mantissa is above it. `rate` in Hz, `element` of the output port."""

    signal: str
    element: int
    rate: float
    mantissa: int
    efficiency: float


@dataclass(frozen=True)
class HandoffFacts:
    """What the README and manifest say beyond the program: meaning of ports, estimate, versions, thresholds."""

    input_meaning: str
    output_meaning: str
    estimate: Estimate
    part: str
    clock_period: float
    versions: Mapping[str, str]
    thresholds: tuple[Threshold, ...] = ()
    agreement: str = "No comparison was recorded when this bundle was written; `make check` makes one."


def make_bundle(
    program: Program, project: Mapping[str, bytes], inputs: np.ndarray, program_file: bytes, facts: HandoffFacts
) -> Bundle:
    """Assemble the bundle.

    Args:
        program: what the firmware must do.
        project: hls4ml's written HLS project, by relative path.
        inputs: mantissas of the input port, (events, *shape), that become test vectors.
        program_file: the program as saved, so that the bundle can be emulated again.
        facts: for the README and manifest.

    Raises:
        EventsError: no event to make vectors of.
        UnsupportedLayerError: the program has several inputs or outputs, or is for io_stream.
    """
    if len(program.inputs) != 1 or len(program.outputs) != 1:
        raise UnsupportedLayerError(
            f"Program {program.name!r} has {len(program.inputs)} inputs and {len(program.outputs)} outputs, the bench "
            "knows one of each; join them in the model with Concatenate."
        )
    if program.provenance.get("hardware", {}).get("io_type") == "io_stream":
        raise UnsupportedLayerError(
            f"Program {program.name!r} was compiled for io_stream, whose ports are FIFOs that the bench does not drive "
            "yet; compile it with io_parallel."
        )
    if not len(inputs):
        raise EventsError("A bundle without test vectors can't be checked; give at least one event.")
    expected = Emulator(program).predict_mantissas({program.inputs[0].name: inputs})
    values = _template_values(program, facts, len(inputs))
    files = {f"hls/{path}": content for path, content in project.items() if not path.endswith(LEFT_OUT)}
    files[f"hls/{program.name}_test.cpp"] = _render("bench.cpp.j2", values)
    files["hls/tb_data/inputs.txt"] = _vectors(inputs)
    files["hls/tb_data/expected.txt"] = _vectors(expected)
    files["Makefile"] = _render("Makefile.j2", values)
    files["README.md"] = _render("README.md.j2", values)
    files["program.h5"] = program_file
    files["manifest.json"] = _manifest(program, facts, files, len(inputs))
    return Bundle(files)


def _vectors(mantissas: np.ndarray) -> bytes:
    """One event a line, mantissas in decimal, elements in the order of the port."""
    return "".join(" ".join(map(str, row)) + "\n" for row in mantissas.reshape(len(mantissas), -1).tolist()).encode()


def _template_values(program: Program, facts: HandoffFacts, events: int) -> dict[str, Any]:
    return {
        "program": program,
        "facts": facts,
        "estimate": facts.estimate,
        "events": events,
        "input": program.inputs[0],
        "output": program.outputs[0],
        "input_size": _size(program.inputs[0]),
        "output_size": _size(program.outputs[0]),
        "lsb_in": 2.0 ** -program.inputs[0].type.fraction,
        "lsb_out": 2.0 ** -program.outputs[0].type.fraction,
    }


def _size(port: Port) -> int:
    return int(np.prod(port.shape))


def _render(name: str, values: Mapping[str, Any]) -> bytes:
    loader = jinja2.PackageLoader("trigger_nn.handoff", "templates")
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False
    )
    return environment.get_template(name).render(values).encode()


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "shape": list(port.shape), "type": str(port.type), "elements": _size(port)}


def _manifest(program: Program, facts: HandoffFacts, files: Mapping[str, bytes], events: int) -> bytes:
    content = {
        "name": program.name,
        "program_digest": program.digest,
        "part": facts.part,
        "clock_period_ns": facts.clock_period,
        "inputs": [_port(p) | {"meaning": facts.input_meaning} for p in program.inputs],
        "outputs": [_port(p) | {"meaning": facts.output_meaning} for p in program.outputs],
        "vectors": events,
        "thresholds": [vars(threshold) for threshold in facts.thresholds],
        "estimate": {
            "cycles": facts.estimate.cycles,
            "latency_ns": facts.estimate.latency,
            "bunch_crossings": facts.estimate.bunch_crossings,
            "interval_cycles": facts.estimate.interval,
            **{resource: facts.estimate.total(resource) for resource in ("lut", "ff", "dsp", "bram")},
        },
        "agreement": facts.agreement,
        "versions": dict(facts.versions),
        "provenance": dict(program.provenance),
        "files": {path: sha256(files[path]) for path in sorted(files)},
    }
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
