"""The sides that an emulator is held against: Keras models and other programs, their scores and their layers."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.files import sha256
from trigger_nn.passes.exact import needs_double
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Port, Program
from trigger_nn.workflow.emulate import block_size

Progress = Callable[[str, int, int], None]
AT_ONCE = 1 << 14  # events that go through Keras between two reports


@dataclass(frozen=True)
class KerasSide:
    """A Keras or QKeras model beside a program whose input it takes; `double` computes in float64."""

    model: Any
    program: Program
    double: bool = False

    @classmethod
    def of(cls, name: str, model: Any, program: Program, quantized: bool) -> "KerasSide":
        """`model`, called `name`, if it fits the program.

        Raises:
            EventsError: it takes another input, or has other outputs.
        """
        one_each = len(model.inputs) == len(model.outputs) == 1
        shapes = [tuple(tensor.shape[1:]) for tensor in (*model.inputs, *model.outputs)]
        ports = program.inputs[0], program.outputs[0]
        if not one_each or shapes[0] != ports[0].shape or _size(shapes[1]) != _size(ports[1].shape):
            raise EventsError(
                f"The {name} model {model.name!r} has shapes {', '.join(map(str, shapes))}, program {program.name!r} "
                f"{', '.join(str(port.shape) for port in ports)}; give the model of the same network."
            )
        return cls(model, program, quantized and needs_double(program))

    @property
    def what(self) -> str:
        """Which model it is, by its weights."""
        weights = b"".join(np.ascontiguousarray(part).tobytes() for part in self.model.get_weights())
        return f"{self.model.name}, weights {sha256(weights)[:12]}"

    def scores(self, mantissas: np.ndarray, progress: Progress, what: str) -> np.ndarray:
        """Outputs as float64 (events, outputs), from mantissas of the program's input."""
        name, parts = str(self.model.output_names[0]), []
        for start in range(0, len(mantissas), AT_ONCE):
            found = self._outputs([name], mantissas[start : start + AT_ONCE])[name]
            parts.append(found.reshape(len(found), -1).astype(np.float64))
            progress(what, min(start + AT_ONCE, len(mantissas)), len(mantissas))
        return np.concatenate(parts)

    def layers(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """Layers as numbers (events, ...), by the names of the program's operations that yield the same."""
        from trigger_nn.frontend.compile import folded_normalisations
        from trigger_nn.frontend.layers import counterparts

        names = counterparts(self.program, self.model, folded_normalisations(self.model, self.program))
        found = self._outputs(list(names.values()), mantissas)
        return {operation: found[layer] for operation, layer in names.items() if layer in found}

    def _outputs(self, names: Sequence[str], mantissas: np.ndarray) -> dict[str, np.ndarray]:
        from trigger_nn.frontend.layers import layer_outputs

        numbers = to_float(mantissas.astype(np.int64), self.program.inputs[0].type)
        return layer_outputs(self.model, names, [numbers.astype(np.float32)], self.double)


@dataclass(frozen=True)
class ProgramSide:
    """A program, which takes the mantissas of `port`, the emulator's."""

    program: Program
    port: Port

    @classmethod
    def of(cls, program: Program, like: Program) -> "ProgramSide":
        """`program`, if it takes the input of `like` and has its outputs.

        Raises:
            EventsError: it does not, or one of them has several inputs or outputs.
        """
        for one in (like, program):
            if (len(one.inputs), len(one.outputs)) != (1, 1):
                raise EventsError(
                    f"Program {one.name!r} has {len(one.inputs)} inputs and {len(one.outputs)} outputs; a certificate "
                    "is for programs with one of each."
                )
        mine, other = (program.inputs[0], program.outputs[0]), (like.inputs[0], like.outputs[0])
        if (mine[0].shape, mine[0].type) != (other[0].shape, other[0].type):
            raise EventsError(
                f"The second program {program.name!r} takes {mine[0].shape} {mine[0].type}, program {like.name!r} "
                f"{other[0].shape} {other[0].type}; compile it for the same input."
            )
        told = [list(one.provenance.get("outputs", [])) for one in (program, like)]
        if mine[1].shape != other[1].shape or (all(told) and told[0] != told[1]):
            raise EventsError(
                f"The second program {program.name!r} has outputs {', '.join(told[0]) or mine[1].shape}, program "
                f"{like.name!r} {', '.join(told[1]) or other[1].shape}; give one that decides the same."
            )
        return cls(program, like.inputs[0])

    @property
    def what(self) -> str:
        """Which program it is."""
        return f"{self.program.name}, program {self.program.digest[:12]}"

    def scores(self, mantissas: np.ndarray, progress: Progress, what: str) -> np.ndarray:
        """Outputs as float64 (events, outputs)."""
        emulator, parts, block = Emulator(self.program), [], block_size(self.program, "native")
        for start in range(0, len(mantissas), block):
            found = emulator.predict_mantissas(self._given(mantissas[start : start + block]))
            parts.append(to_float(found.reshape(len(found), -1), self.program.outputs[0].type))
            progress(what, min(start + block, len(mantissas)), len(mantissas))
        return np.concatenate(parts)

    def layers(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """Every operation's result as numbers, by its name."""
        found = Emulator(self.program).trace_mantissas(self._given(mantissas))
        return {name: to_float(values, self.program.type_of(name)) for name, values in found.items()}

    def speed(self, mantissas: np.ndarray, seconds: float = 1.0) -> float:
        """Events/s of the emulator on all cores, measured for at least `seconds` over these events again and again.

        Reading them is not in it, nor is making the machine code.
        """
        engine, keep = NativeEngine(narrow=True), self.program.output_names
        given = self._given(np.resize(mantissas, (block_size(self.program, "native"), *mantissas.shape[1:])))
        engine(self.program, given, keep)
        events, began = 0, time.monotonic()
        while (passed := time.monotonic() - began) < seconds or not events:
            engine(self.program, given, keep)
            events += len(next(iter(given.values())))
        return events / passed

    def _given(self, mantissas: np.ndarray) -> Mapping[str, np.ndarray]:
        return {self.program.inputs[0].name: mantissas}


def model_at(path: Path) -> Any:
    """The Keras or QKeras model at `path`.

    Raises:
        TriggerNNError: it is missing, or no model.
    """
    from trigger_nn.frontend.legacy import load_model

    if not path.is_file():
        raise TriggerNNError(f"There is no model at {path}; give a Keras 2 or QKeras model in HDF5.")
    try:
        return load_model(str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TriggerNNError(
            f"{path} is no Keras 2 or QKeras model in HDF5 ({reason}); write it with model.save(path)."
        ) from None


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
