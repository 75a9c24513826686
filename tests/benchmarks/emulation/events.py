"""Random events that span the whole range of every input, both ends included."""

from collections.abc import Mapping

import numpy as np

from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Port, Program

SEED = 20_260_115
MEMORY = 400_000_000  # largest input array in bytes


def mantissas(program: Program, count: int) -> dict[str, np.ndarray]:
    """`count` events by port, (count, *shape), in the narrowest integer type that holds them.

    Event 0 has every input at its lowest, event 1 at its highest; of all other values one in eight is an end.
    """
    random = np.random.default_rng(SEED)
    return {port.name: _of(port, count, random) for port in program.inputs}


def numbers(program: Program, events: Mapping[str, np.ndarray]) -> np.ndarray:
    """What hls4ml, Keras and alkaid are given for `events`: float32 (exact, no input has more than 24 bits)."""
    port = program.inputs[0]
    return to_float(events[port.name], port.type).astype(np.float32)


def most(program: Program) -> int:
    """Events that fit into `MEMORY`."""
    return MEMORY // sum(_bytes(port) for port in program.inputs)


def _of(port: Port, count: int, random: np.random.Generator) -> np.ndarray:
    low, high = port.type.minimum, port.type.maximum
    kind = np.min_scalar_type(low if low < 0 else high)
    values = random.integers(low, high, (count, *port.shape), dtype=kind, endpoint=True)
    dice = random.integers(0, 16, values.shape, dtype=np.uint8)
    values[dice == 0] = low
    values[dice == 1] = high
    values[:1] = low
    values[1:2] = high
    return values


def _bytes(port: Port) -> int:
    kind = np.min_scalar_type(port.type.minimum if port.type.signed else port.type.maximum)
    return int(np.prod(port.shape)) * kind.itemsize
