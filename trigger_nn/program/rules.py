"""What a well-formed Program obeys: names in order, shapes that fit, tables and weights of their own types."""

from trigger_nn.errors import ProgramError
from trigger_nn.program.operations import Constant, Node, Operation
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import expected_shape


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
        expected = expected_shape(operation, [known[name] for name in operation.inputs])
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


def _constants(value: object) -> list[Constant]:
    """All constants of an operation, those of operations inside it too."""
    if isinstance(value, Constant):
        return [value]
    if isinstance(value, tuple):
        return [constant for part in value for constant in _constants(part)]
    if isinstance(value, Node):
        return [constant for part in vars(value).values() for constant in _constants(part)]
    return []


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
