"""Where things lie: rows of tensors in a thread's own memory, weights and tables in memory that all threads read."""

from dataclasses import dataclass, field

import numpy as np

from trigger_nn.engines.native.code.rows import row_bytes
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.target import Target

ALIGNMENT = 64


def low_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """Integers modulo 2^bits (32 or 64), as the machine's signed ones."""
    if values.dtype == object:
        values = np.array([int(v) & ((1 << 64) - 1) for v in values.ravel()], np.uint64).reshape(values.shape)
    return values.astype(np.int64).astype(np.int64 if bits == 64 else np.int32)


@dataclass(frozen=True)
class Buffer:
    """Rows of a tensor: byte offset of the first, and what each holds."""

    offset: int
    kind: str


@dataclass
class Memory:
    """Hands out offsets."""

    target: Target
    size: int = 0
    buffers: dict[Node, Buffer] = field(default_factory=dict)
    constants: bytearray = field(default_factory=bytearray)
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def rows(self, count: int, kind: str) -> Buffer:
        """Room for `count` rows."""
        return Buffer(self.reserve(count * row_bytes(kind, self.target)), kind)

    def reserve(self, size: int) -> int:
        """Room for `size` bytes."""
        offset = self.size
        self.size += -(-size // ALIGNMENT) * ALIGNMENT
        return offset

    def table(self, values: np.ndarray) -> int:
        """Offset of `values` among the constants; the same for the same values."""
        data = np.ascontiguousarray(values).tobytes()
        key = (values.dtype.str, data)
        if key not in self._known:
            self._known[key] = len(self.constants)
            self.constants += data + b"\0" * (-len(data) % ALIGNMENT)
        return self._known[key]
