"""The native engine: programs as machine code, threads over blocks of events, the reference engine where that fails."""

import math
import os
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np

from trigger_nn.engines.checks import check_ranges, check_shapes, finite
from trigger_nn.engines.native.code.memory import low_bits
from trigger_nn.engines.native.code.numbers import LARGEST
from trigger_nn.engines.native.compiled import Array, Compiled, Form
from trigger_nn.engines.native.machine import runnable
from trigger_nn.engines.native.stages import Stage, compiled_stages
from trigger_nn.engines.native.target import Target
from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.program import Port, Program

EXACT = 53  # bits that float64 holds


class NativeEngine:
    """Runs programs as machine code, which is made when a program is first seen.

    `threads` defaults to the cores that this process may use, `target` to the best that the processor can run.
    Tensors are int64, or with `narrow` the narrowest integers that hold their types: less to write, quicker to keep.
    """

    def __init__(self, threads: int | None = None, target: Target | None = None, narrow: bool = False) -> None:
        """Nothing is compiled yet."""
        self.threads = threads or cores()
        self.target = target or runnable()[0]
        self.narrow = narrow
        self._making = Lock()
        self._known: dict[tuple[int, tuple[str, ...]], tuple[Program, tuple[Stage, ...]]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Made anew where it is unpickled or copied: code stays in its process."""
        return NativeEngine, (self.threads, self.target, self.narrow)

    def __call__(
        self, program: Program, inputs: Mapping[str, np.ndarray], keep: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Tensors named in `keep`, as mantissas (events, ...), from mantissas of every input port.

        Raises:
            EventsError: a mantissa is out of its port's range.
        """
        check_shapes(program, inputs)
        tensors = {port.name: inputs[port.name] for port in program.inputs}
        for stage in self.stages(program, keep):
            if stage.code is None:
                given = {port.name: _plain(port, tensors[port.name]) for port in stage.program.inputs}
                tensors |= run_reference(stage.program, given, stage.program.output_names)
            else:
                tensors |= self._mantissas(stage.program, stage.code, tensors)
        return {name: self._as_wanted(tensors[name], program.type_of(name)) for name in keep}

    def numbers(
        self, program: Program, inputs: Mapping[str, np.ndarray], keep: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Tensors named in `keep` as float64, from numbers for every input port.

        Raises:
            EventsError: a number is not finite.
        """
        check_shapes(program, inputs)
        stages = self.stages(program, keep)
        types = {name: program.type_of(name) for name in keep}
        simple = len(stages) == 1 and all(castable(port) for port in program.inputs)
        direct = stages[0].code if simple else None
        if direct and all(kind.width <= EXACT and abs(kind.fraction) <= LARGEST for kind in types.values()):
            given = [port for port in program.inputs if port.name in direct.assembly.given]
            arrays = {port.name: Array(contiguous(inputs[port.name]), port.type) for port in given}
            forms = {name: Form("f64", kind.fraction) for name, kind in types.items()}
            made = direct.run(_events(inputs), arrays, forms, self.threads)
            if made is not None:
                return {name: values.reshape(len(values), *program.shape_of(name)) for name, values in made.items()}
        cast = {port.name: port.cast(finite(port, inputs[port.name])) for port in program.inputs}
        return {name: to_float(values, types[name]) for name, values in self(program, cast, keep).items()}

    def stages(self, program: Program, keep: tuple[str, ...]) -> tuple[Stage, ...]:
        """The program's machine code, made if it is not known yet."""
        key = (id(program), keep)
        with self._making:  # or one thread could drop the code that another runs
            if key not in self._known:
                self._known[key] = program, compiled_stages(program, keep, self.target)
            return self._known[key][1]

    def _form(self, kind: Fixed) -> Form:
        return Form.narrowest(kind) if self.narrow else Form()

    def _as_wanted(self, values: np.ndarray, kind: Fixed) -> np.ndarray:
        """Tensors of the reference engine, and inputs, as narrow as others."""
        narrow = self.narrow and values.dtype != object
        return values.astype(Form.narrowest(kind).dtype, copy=False) if narrow else values

    def _mantissas(self, program: Program, code: Compiled, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        arrays = {}
        for port in (port for port in program.inputs if port.name in code.assembly.given):
            values = tensors[port.name]
            wide = values.dtype == object
            if wide:
                check_ranges(port, values)
            arrays[port.name] = Array(contiguous(low_bits(values, 64) if wide else values), checked=wide)
        forms = {name: self._form(program.type_of(name)) for name in code.assembly.made}
        made = code.run(_events(tensors), arrays, forms, self.threads)
        if made is None:
            for port in program.inputs:
                check_ranges(port, tensors[port.name])
            raise AssertionError("the machine code found a mantissa out of range, and numpy none")
        return {name: values.reshape(len(values), *program.shape_of(name)) for name, values in made.items()}


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plain(port: Port, mantissas: np.ndarray) -> np.ndarray:
    """As the reference engine takes them."""
    check_ranges(port, mantissas)
    return mantissas if mantissas.dtype == object else mantissas.astype(np.int64)


def _events(tensors: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(tensors.values())))


def castable(port: Port) -> bool:
    """Whether the code can cast numbers to the port's type as `Port.cast` does."""
    return not port.whole and abs(port.type.fraction) <= LARGEST and port.type.width < 64


def contiguous(values: np.ndarray) -> np.ndarray:
    """(events, elements) as they lie in memory, of a type that the code reads."""
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    elif values.dtype.itemsize in (2, 16) and values.dtype.kind == "f":
        values = values.astype(np.float64)
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(native).reshape(len(values), math.prod(values.shape[1:]))
