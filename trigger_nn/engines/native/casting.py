"""Numbers to mantissas of a port by machine code, for those who need the mantissas themselves."""

from functools import lru_cache

import numpy as np

from trigger_nn.engines.native.compiled import Array, Compiled, Form, compile_stage
from trigger_nn.engines.native.engine import castable, contiguous, cores
from trigger_nn.engines.native.machine import runnable
from trigger_nn.engines.native.steps.trace import Tracer
from trigger_nn.engines.native.target import Target
from trigger_nn.passes.intervals import full_range
from trigger_nn.program.program import Port

MOST = 63  # bits of a port's type


def cast(port: Port, numbers: np.ndarray, threads: int | None = None) -> np.ndarray | None:
    """What `port.cast` gives for `numbers` (events, *shape) of a numpy number type, as int64.

    None where it can't be done by machine code: a number is not finite or too large, or the port is out of the
    ordinary.
    """
    if not castable(port) or port.type.width > MOST or numbers.dtype.kind not in "fiub":
        return None
    code = _code(Port("numbers", port.shape, port.type), runnable()[0])
    made = code.run(
        len(numbers), {"numbers": Array(contiguous(numbers), port.type)}, {"numbers": Form()}, threads or cores()
    )
    return None if made is None else made["numbers"].reshape(len(numbers), *port.shape)


@lru_cache(maxsize=64)
def _code(port: Port, target: Target) -> Compiled:
    traced = Tracer().given(port.name, port.shape, full_range(port.type, port.shape))
    return compile_stage({port.name: port}, {port.name: (traced, port)}, target)
