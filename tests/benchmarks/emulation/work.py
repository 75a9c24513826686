"""How much arithmetic a network is, and how much this machine can do: multiply-adds of float32 matrix products."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_info

from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, EinsumDense, Gru, Lstm, Operation
from trigger_nn.program.program import Program

SIDE = 2048  # of the square matrices: 8.6e9 multiply-adds a product


def multiply_adds(program: Program) -> int:
    """Products of an input or state with a weight, for one event; weights that are zero count as well."""
    shapes = {port.name: port.shape for port in program.inputs} | {op.name: op.shape for op in program.operations}
    return sum(_products(op, [shapes[name] for name in op.inputs]) for op in program.operations)


def zero_share(program: Program) -> float:
    """Share of the weights that are zero."""
    weights = [mantissa.ravel() for op in program.operations for mantissa in _weights(op)]
    return float(np.mean(np.concatenate(weights) == 0)) if weights else 0.0


def matrix_product(threads: int) -> tuple[Callable[[], object], int]:
    """A product of two large float32 matrices by numpy's BLAS on `threads` threads, and its multiply-adds."""
    random = np.random.default_rng(1)
    a, b = (random.random((SIDE, SIDE), np.float32) for _ in range(2))
    result = np.empty_like(a)
    libraries = ThreadpoolController()

    def multiply() -> None:
        with libraries.limit(limits=threads, user_api="blas"):
            np.matmul(a, b, out=result)

    return multiply, SIDE**3


def blas() -> str:
    """Which BLAS numpy has, and for which processor it chose its kernels."""
    found = [
        library for library in threadpool_info() if library["user_api"] == "blas" and "numpy" in library["filepath"]
    ]
    return ", ".join(f"{lib['internal_api']} {lib['version']} ({lib.get('architecture', '?')})" for lib in found)


def _products(op: Operation, inputs: list[tuple[int, ...]]) -> int:
    match op:
        case Dense():
            rows = int(np.prod(inputs[0])) // op.weights.mantissa.shape[0]
            return rows * op.weights.mantissa.size
        case Conv2D():
            return int(np.prod(op.shape[:-1])) * op.weights.mantissa.size
        case DepthwiseConv2D():
            return int(np.prod(op.shape[:-1])) * op.weights.mantissa.size
        case EinsumDense():
            return int(np.prod(op.shape)) * op.weights.mantissa.shape[1]
        case Lstm() | Gru():
            steps = inputs[0][0]
            return _products(op.kernel, [inputs[0]]) + steps * op.recurrent.weights.mantissa.size
        case _:
            return 0


def _weights(op: Any) -> Iterable[np.ndarray]:
    cells = (op.kernel, op.recurrent) if isinstance(op, Lstm | Gru) else (op,)
    return [cell.weights.mantissa for cell in cells if hasattr(cell, "weights")]
