"""hls4ml's own C++ emulation, the generated project built with g++: the stranger we are held against."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.errors import ToolFailed


@dataclass(frozen=True)
class CppTrace:
    """What the C++ computed, as float64: its outputs in order, and every traced layer by name, (events, ...)."""

    outputs: tuple[np.ndarray, ...]
    layers: Mapping[str, np.ndarray]


def trace(graph: Any, inputs: np.ndarray | Sequence[np.ndarray]) -> CppTrace:
    """Build `graph`'s project and run it on `inputs` (numbers, (events, ...)); several in the order of its ports.

    Building takes ten seconds or so. Doubles carry every value of up to 53 bits exactly.

    Raises:
        ToolNotFound: there is no g++.
        ToolFailed: g++ refused the project.
    """
    toolchain.find("g++")
    given = [inputs] if isinstance(inputs, np.ndarray) else inputs
    events = [np.ascontiguousarray(x, np.float64) for x in given]
    count = len(events[0])
    if count == 1:
        events = [np.concatenate([x, x]) for x in events]  # hls4ml drops the axis of a single event
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            outputs, layers = graph.trace(events if len(events) > 1 else events[0])
    except Exception as error:  # hls4ml raises a bare Exception when its build script fails
        raise ToolFailed(f"hls4ml's C++ project could not be built or run with g++: {error}") from error
    arrays = outputs if isinstance(outputs, list) else [outputs]
    return CppTrace(
        tuple(np.asarray(array)[:count] for array in arrays),
        {name: np.asarray(value)[:count] for name, value in layers.items()},
    )
