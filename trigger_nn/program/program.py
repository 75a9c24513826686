"""The Program: ports, operations in order, provenance. A frozen value; everything else is derived from it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trigger_nn.program.fixed import Fixed, from_float
from trigger_nn.program.operations import Constant, Node, Operation

if TYPE_CHECKING:
    from trigger_nn.passes.sanitize import Sanitized


@dataclass(frozen=True)
class Port:
    """An input or output of the firmware: its tensor's name, shape (without events) and type.

    `whole` if the C++ declares it as ap_int or ap_uint.
    """

    name: str
    shape: tuple[int, ...]
    type: Fixed
    whole: bool = False

    def cast(self, numbers: np.ndarray) -> np.ndarray:
        """Mantissas of `numbers`, as the C++'s emulation converts doubles.

        ap_int's constructor from a double (ap_int_base.h) makes 1 of everything between -0.5 and 0.
        """
        if self.whole:
            numbers = np.where((numbers > -0.5) & (numbers < 0), 1.0, numbers)
        return from_float(numbers, self.type)


@dataclass(frozen=True)
class Program:
    """An integer program: `operations` in the order in which they run, from `inputs` to `outputs`.

    `provenance` says where it came from (recipe, tool versions, digests, units); it is not part of the digest.
    """

    name: str
    inputs: tuple[Port, ...]
    operations: tuple[Operation, ...]
    output_names: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The output ports, in order."""
        return tuple(Port(op.name, op.shape, op.type) for op in map(self.operation, self.output_names))

    def operation(self, name: str) -> Operation:
        """The operation that yields tensor `name`; KeyError if there is none."""
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise KeyError(name)

    def type_of(self, name: str) -> Fixed:
        """Type of tensor `name`, an input or an operation's result."""
        return next((port.type for port in self.inputs if port.name == name), None) or self.operation(name).type

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Shape of tensor `name`, without events."""
        return next((port.shape for port in self.inputs if port.name == name), None) or self.operation(name).shape

    @property
    def digest(self) -> str:
        """SHA-256 over name, ports and operations, every weight included."""
        content = [plain(part) for part in (self.name, self.inputs, self.operations, self.output_names)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def save(self, path: str | Path) -> None:
        """Write to one HDF5 file; see `trigger_nn.program.storage`."""
        from trigger_nn.program import storage

        storage.save(self, Path(path))

    @staticmethod
    def load(path: str | Path) -> "Program":
        """Read from HDF5 and verify the digest.

        Raises:
            ProgramError: missing, damaged, or not a program.
        """
        from trigger_nn.program import storage

        return storage.load(Path(path))

    def sanitize(
        self, events: "np.ndarray | Mapping[str, np.ndarray]", difference: float | None = None, keep: int = 3
    ) -> "Sanitized":
        """What every type did to `events` (numbers, as `Emulator.predict` takes them), beside the unbounded twin.

        See `trigger_nn.passes.sanitize.sanitize`, which this calls: the one place where a program knows a pass.

        Raises:
            EventsError: an input is missing, of another shape, not finite, or there are no events.
        """
        from trigger_nn.passes.sanitize import sanitize

        return sanitize(self, events, difference, keep)


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: dataclasses become dictionaries with their class's name, arrays their digest."""
    if isinstance(value, Constant):
        mantissa = np.ascontiguousarray(value.mantissa.astype("<i8"))
        return {
            "class": "Constant",
            "type": plain(value.type),
            "shape": list(mantissa.shape),
            "sha256": hashlib.sha256(mantissa.tobytes()).hexdigest(),
        }
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        # A field at its default is left out, so that an operation may gain one and old programs keep their digests.
        kept = [f for f in fields(value) if not isinstance(value, Node | Port) or getattr(value, f.name) != f.default]
        return {"class": type(value).__name__} | {f.name: plain(getattr(value, f.name)) for f in kept}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value
