"""What a well-formed Program obeys: names in order, shapes that fit, tables and weights of their own types."""

from typing import assert_never

import numpy as np

from trigger_nn.errors import ProgramError
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Relu,
    Reshape,
    Scale,
    Softmax,
    Window,
)
from trigger_nn.program.program import Program


def check(program: Program) -> Program:
    """Return `program` if it is well formed.

    Raises:
        ProgramError: names the first operation that breaks a rule, what it has and what it should have.
    """
    known = {port.name: port.shape for port in program.inputs}
    for operation in program.operations:
        for name in operation.inputs:
            if name not in known:
                raise ProgramError(f"Layer {operation.name!r} reads {name!r}, which nothing before it yields.")
        if operation.name in known:
            raise ProgramError(f"Two tensors are called {operation.name!r}; names must differ.")
        expected = _expected_shape(operation, [known[name] for name in operation.inputs])
        if operation.shape != expected:
            raise ProgramError(
                f"Layer {operation.name!r} has shape {operation.shape}, but its inputs make it {expected}."
            )
        for constant in _constants(operation):
            _in_range(operation, constant)
        known[operation.name] = operation.shape
    for name in program.output_names:
        if name not in known:
            raise ProgramError(f"Output {name!r} is yielded by no layer.")
    return program


def _expected_shape(operation: Operation, inputs: list[tuple[int, ...]]) -> tuple[int, ...]:
    shape = inputs[0]
    match operation:
        case Dense():
            rows, outputs = operation.weights.mantissa.shape
            return (outputs,) if shape == (rows,) else ()
        case Conv2D():
            height, width, channels, filters = operation.weights.mantissa.shape
            fits = len(shape) == 3 and shape[2] == channels and operation.window.size == (height, width)
            return (*_slid(operation.window, shape), filters) if fits else ()
        case MaxPool2D() | AveragePool2D():
            return (*_slid(operation.window, shape), shape[-1]) if len(shape) == 3 else ()
        case Scale():
            return shape if operation.scale.mantissa.shape[-1] in (1, shape[-1]) else ()
        case Cast() | Relu() | Lookup():
            return shape
        case Softmax():
            return shape if len(shape) == 1 else ()
        case Reshape():
            return operation.shape if np.prod(operation.shape) == np.prod(shape) else ()
        case Concatenate():
            parts = list(shape)
            parts[operation.axis] = sum(other[operation.axis] for other in inputs)
            return tuple(parts)
        case _:
            assert_never(operation)


def _slid(window: Window, shape: tuple[int, ...]) -> tuple[int, int]:
    top, bottom, left, right = window.padding
    rows = (shape[0] + top + bottom - window.size[0]) // window.stride[0] + 1
    return rows, (shape[1] + left + right - window.size[1]) // window.stride[1] + 1


def _constants(operation: Operation) -> list[Constant]:
    return [value for value in vars(operation).values() if isinstance(value, Constant)]


def _in_range(operation: Operation, constant: Constant) -> None:
    if constant.type.width > 62:
        raise ProgramError(
            f"Layer {operation.name!r} has {constant.type} constants; files hold up to 62 bits, use fewer."
        )
    if not constant.mantissa.size:
        raise ProgramError(f"Layer {operation.name!r} has an empty constant; report this with the model.")
    low, high = int(constant.mantissa.min()), int(constant.mantissa.max())
    if low < constant.type.minimum or high > constant.type.maximum:
        raise ProgramError(f"Layer {operation.name!r} has constants {low}..{high} outside their type {constant.type}.")
