"""The emulator: numbers in, numbers out, every bit as in the firmware.

Floats live here only: an input being cast to its port's type, a score being read.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from trigger_nn.engines.checks import check_ranges, check_shapes, finite
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Port, Program

Inputs = np.ndarray | Mapping[str, np.ndarray]


class Engine(Protocol):
    """Runs a program on mantissas."""

    def __call__(
        self, program: Program, inputs: Mapping[str, np.ndarray], keep: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Tensors named in `keep`."""


@runtime_checkable
class NumberEngine(Engine, Protocol):
    """An engine that casts numbers itself, and checks mantissas' ranges itself, on the way."""

    def numbers(
        self, program: Program, inputs: Mapping[str, np.ndarray], keep: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Tensors named in `keep` as float64, from numbers for every input port."""


class Emulator:
    """Runs one Program.

    Inputs are numbers, shape (events, *port shape), as `hls_model.predict` takes them; integers that are already
    mantissas of the port go through `predict_mantissas`. A program with several inputs takes a mapping by port name.
    """

    def __init__(self, program: Program, engine: Engine | None = None) -> None:
        """Emulate `program` with `engine`, by default the native one on all cores; any number can live side by side.

        Machine code is made at the first call and kept. The slow and evident `engines.reference.run_reference` gives
        the same bits.
        """
        self.program = program
        self._engine = NativeEngine() if engine is None else engine
        self._numbers_too = self._engine if isinstance(self._engine, NumberEngine) else None

    def predict(self, inputs: Inputs) -> np.ndarray:
        """Outputs as float64, shape (events, *output shape); several outputs are an error, use `trace`.

        Raises:
            EventsError: an input is missing, of another shape, or not finite.
        """
        name = self._output.name
        return self._numbers(inputs, (name,))[name]

    def predict_mantissas(self, mantissas: Mapping[str, np.ndarray]) -> np.ndarray:
        """Output mantissas from input mantissas by port name, each in the range of its port."""
        name = self._output.name
        return self._engine(self.program, self._in_range(mantissas), (name,))[name]

    def outputs_mantissas(self, mantissas: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The mantissas of every output by port name, of a program with any number of them."""
        return self._engine(self.program, self._in_range(mantissas), self.program.output_names)

    def trace(self, inputs: Inputs) -> dict[str, np.ndarray]:
        """Every operation's result as float64, by layer name."""
        return self._numbers(inputs, tuple(op.name for op in self.program.operations))

    def trace_mantissas(self, mantissas: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Every operation's result as mantissas, by layer name."""
        return self._engine(self.program, self._in_range(mantissas), tuple(op.name for op in self.program.operations))

    def cast(self, inputs: Inputs) -> dict[str, np.ndarray]:
        """Numbers to mantissas of the input ports, as the firmware's front end casts them."""
        return {port.name: port.cast(finite(port, x)) for port, x in self._given(inputs)}

    def _given(self, inputs: Inputs) -> list[tuple[Port, np.ndarray]]:
        """Numbers of each port, of the right shape."""
        given = inputs if isinstance(inputs, Mapping) else {self.program.inputs[0].name: inputs}
        arrays = _arrays(self.program, given)
        return [(port, _real(port, arrays[port.name])) for port in self.program.inputs]

    def _numbers(self, inputs: Inputs, keep: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Tensors named in `keep` as float64."""
        if self._numbers_too is not None:
            return self._numbers_too.numbers(self.program, {port.name: x for port, x in self._given(inputs)}, keep)
        mantissas = self._engine(self.program, self.cast(inputs), keep)
        return {name: to_float(value, self.program.type_of(name)) for name, value in mantissas.items()}

    @property
    def _output(self) -> Port:
        if len(self.program.outputs) != 1:
            names = ", ".join(port.name for port in self.program.outputs)
            raise EventsError(f"Program {self.program.name!r} has several outputs ({names}); use Emulator.trace.")
        return self.program.outputs[0]

    def _in_range(self, mantissas: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        checked, arrays = {}, _arrays(self.program, mantissas)
        for port in self.program.inputs:
            x = arrays[port.name]
            if not _whole(x):
                raise EventsError(f"Input {port.name!r} takes integer mantissas here, found {x.dtype}; use predict.")
            if self._numbers_too is not None:
                checked[port.name] = x
            else:
                check_ranges(port, x)
                checked[port.name] = x if x.dtype == object else x.astype(np.int64)
        return checked


def _arrays(program: Program, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every port's numbers, of its shape."""
    arrays = {port.name: _array(port, given[port.name]) for port in program.inputs if port.name in given}
    check_shapes(program, arrays if arrays else given)
    for name, x in arrays.items():
        if x.dtype.kind not in "iufbO":
            raise EventsError(f"Input {name!r} takes real numbers, found {x.dtype}; convert the events.")
    return arrays


def _array(port: Port, values: object, kind: type | None = None) -> np.ndarray:
    """Values as an array, of their own dtype or of `kind`."""
    try:
        return np.asarray(values, kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise EventsError(f"Input {port.name!r} is no array of numbers ({error}); convert the events.") from None


def _real(port: Port, x: np.ndarray) -> np.ndarray:
    """The numbers; those that came as Python objects as float64."""
    return _array(port, x, np.float64) if x.dtype == object else x


def _whole(x: np.ndarray) -> bool:
    if x.dtype == object:
        return all(isinstance(mantissa, int | np.integer) for mantissa in x.flat)
    return x.dtype.kind in "iu"
