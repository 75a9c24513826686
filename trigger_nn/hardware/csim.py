"""hls4ml's own C++ emulation: the generated project built with g++, event by event. The stranger we are held against."""

import contextlib
import io
from typing import Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.errors import ToolFailed


def trace(graph: Any, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Build `graph`'s project and run it on `inputs` (numbers, (events, ...)): every traced layer by name, float64.

    Building takes ten seconds or so. Doubles carry every value of up to 53 bits exactly.

    Raises:
        ToolNotFound: there is no g++.
        ToolFailed: g++ refused the project.
    """
    toolchain.find("g++")
    events = np.ascontiguousarray(inputs, np.float64)
    single = len(events) == 1  # hls4ml drops the axis of events then, and miscounts inputs
    events = np.concatenate([events, events]) if single else events
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            outputs, layers = graph.trace(events)
    except Exception as error:  # hls4ml raises a bare Exception when its build script fails
        raise ToolFailed(f"hls4ml's C++ project could not be built or run with g++: {error}") from error
    names = [variable.name for variable in graph.get_output_variables()]
    layers = {name: np.asarray(value) for name, value in layers.items()}
    layers |= _outputs(outputs, names)
    return {name: value[:1] if single else value for name, value in layers.items()}


def _outputs(outputs: Any, names: list[str]) -> dict[str, np.ndarray]:
    arrays = outputs if isinstance(outputs, list) else [outputs]
    return {f"output {name}": np.asarray(array) for name, array in zip(names, arrays, strict=True)}
