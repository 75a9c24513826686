"""alkaid (da4ml's successor): a Program's sums of products as distributed arithmetic, run by its C++ interpreter.

Its adders mean the same exact integers as ours, so that its outputs must equal ours. What can't be written with its
symbolic arrays, or would take it minutes, is refused with the reason.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from alkaid._binary import alir_interp_run
from alkaid.trace import FVArrayInput, trace

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast, Conv2D, Dense, MaxPool2D, Operation, Relu, Reshape, Softmax
from trigger_nn.program.program import Program


class NotExpressible(Exception):
    """Why alkaid can't run a network."""


def build(program: Program, products: int, most: int) -> Callable[[np.ndarray, int], np.ndarray]:
    """A function of numbers (events, ...) and threads that returns the numbers of the last layer before a softmax.

    Every one of the `products` of an event becomes an adder or two of its own, traced in Python: about 20 s for 50,000.

    Raises:
        NotExpressible: an operation that alkaid lacks, or more than `most` products.
    """
    if products > most:
        raise NotExpressible(f"{products:,} multiply-adds, too many to unroll into adders here (at most {most:,})")
    port = program.inputs[0]
    inputs = FVArrayInput(port.shape)
    tensors = {port.name: _cast(inputs, port.type)}
    *others, last = program.operations
    for op in others if isinstance(last, Softmax) else program.operations:
        tensors[op.name] = _cast(_traced(op, tensors[op.inputs[0]]), op.type)
    # Its own `predict` writes the byte code anew at every call, which would be most of its time.
    code = trace(inputs, tensors[op.name], keep_dead_inputs=True).to_bytecode()
    return lambda numbers, threads: np.asarray(alir_interp_run(code, numbers, threads))


def _cast(values: Any, kind: Fixed) -> Any:
    modes = str(kind.overflow), str(kind.rounding)
    return values.quantize(int(kind.signed), kind.integer - kind.signed, kind.fraction, *modes)


def _traced(op: Operation, x: Any) -> Any:
    match op:
        case Dense():
            return x @ op.weights.values() + op.bias.values()
        case Conv2D():
            return _convolved(op, x)
        case Relu():
            return np.maximum(x, 0)
        case MaxPool2D():
            return _pooled(op, x)
        case Reshape():
            return x.reshape(op.shape)
        case Cast():
            return x
        case _:
            raise NotExpressible(f"{type(op).__name__} is none of its operations")


def _convolved(op: Conv2D, x: Any) -> Any:
    kernel = op.weights.values()
    matrix = kernel.reshape(-1, kernel.shape[-1])
    rows, columns = op.shape[:2]
    patches = [_patch(op.window, x, i, j).reshape(-1) for i in range(rows) for j in range(columns)]
    return (np.stack(patches) @ matrix + op.bias.values()).reshape(op.shape)


def _pooled(op: MaxPool2D, x: Any) -> Any:
    rows, columns, channels = op.shape
    patches = [_patch(op.window, x, i, j).reshape(-1, channels) for i in range(rows) for j in range(columns)]
    return np.max(np.stack(patches), axis=1).reshape(op.shape)


def _patch(window: Any, x: Any, i: int, j: int) -> Any:
    top, left = i * window.stride[0], j * window.stride[1]
    return x[top : top + window.size[0], left : left + window.size[1]]
