"""What a well-formed Program obeys: names in order, shapes that fit, tables and weights of their own types."""

from collections.abc import Iterator, Mapping

from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import (
    BitLookup,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Lstm,
    Node,
    Operation,
)
from trigger_nn.program.operations.activations import ActivationOperation
from trigger_nn.program.operations.recurrent import RecurrentNode, RecurrentOperation
from trigger_nn.program.program import Port, Program
from trigger_nn.program.semantics import expected_shape

Shape = tuple[int, ...]


def check(program: Program) -> Program:
    """Return `program` if it is well formed.

    Raises:
        ProgramError: names the first operation that breaks a rule, what it has and what it should have.
    """
    known = _ports(program)
    for operation in program.operations:
        for name in operation.inputs:
            if name not in known:
                raise ProgramError(f"Layer {operation.name!r} reads {name!r}, which nothing before it yields.")
        if operation.name in known:
            raise ProgramError(f"Two tensors are called {operation.name!r}; names must differ.")
        _operation(operation, [known[name] for name in operation.inputs])
        known[operation.name] = Port(operation.name, operation.shape, operation.type)
    _outputs(program, known)
    return program


def _ports(program: Program) -> dict[str, Port]:
    """Input ports by name."""
    known: dict[str, Port] = {}
    for port in program.inputs:
        if port.name in known:
            raise ProgramError(f"Two inputs are called {port.name!r}; names must differ.")
        known[port.name] = port
    return known


def _outputs(program: Program, known: Mapping[str, Port]) -> None:
    inputs = {port.name for port in program.inputs}
    for name in program.output_names:
        if name not in known:
            raise ProgramError(f"Output {name!r} is yielded by no layer.")
        if name in inputs:
            raise ProgramError(f"Output {name!r} is an input; put a layer that computes something between them.")


def _operation(operation: Operation, sources: list[Port]) -> None:
    """An operation and its constants, given the tensors that it reads."""
    _fits(operation, [source.shape for source in sources])
    if isinstance(operation, RecurrentNode):
        _recurrent(operation, sources[0].shape)
    if isinstance(operation, Dense | Conv2D | DepthwiseConv2D):
        _sums(operation)
    if isinstance(operation, BitLookup):
        _whole_table(operation, sources[0].type)
    for constant in _constants(operation):
        _in_range(operation, constant)


def _fits(operation: Operation, shapes: list[Shape]) -> None:
    """The shape is the one that the inputs make."""
    try:
        expected = expected_shape(operation, shapes)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # constants of another rank
        raise ProgramError(f"Layer {operation.name!r} does not fit its inputs of shapes {shapes} ({error}).") from None
    fits = bool(expected) and min(expected) > 0
    if not fits or operation.shape != expected:
        made = expected if fits else f"impossible (they have the shapes {shapes})"
        raise ProgramError(f"Layer {operation.name!r} has shape {operation.shape}, but its inputs make it {made}.")


def _recurrent(operation: RecurrentOperation, shape: Shape) -> None:
    """What runs inside, at every step, on an input of `shape` (steps, features)."""
    steps, units = shape[0], operation.shape[-1]
    sums = operation.kernel.weights.mantissa.shape[-1]
    products = ((operation.kernel, shape[1], (steps, sums)), (operation.recurrent, units, (sums,)))
    for dense, rows, expected in products:
        _of_cell(operation, dense, expected)
        _fits_row(dense, rows, sums)
        _sums(dense)
    for activation, source in _activations(operation):
        _of_cell(operation, activation, (units,))
        _fits(activation, [(units,)])
        if isinstance(activation, BitLookup):
            _whole_table(activation, source)


def _fits_row(dense: Dense, rows: int, sums: int) -> None:
    """The product of one step, whatever the number of steps."""
    found = dense.weights.mantissa.shape
    if found != (rows, sums):
        raise ProgramError(f"Layer {dense.name!r} has weights of shape {found}; here they must be {(rows, sums)}.")


def _activations(operation: RecurrentOperation) -> Iterator[tuple[ActivationOperation, Fixed]]:
    """Each activation of a cell, and the type of what it is applied to."""
    yield operation.gate, operation.accumulator
    yield operation.candidate, operation.accumulator
    if isinstance(operation, Lstm):
        yield operation.output, operation.type


def _of_cell(operation: RecurrentOperation, part: Node, shape: Shape) -> None:
    if (part.shape, part.type) != (shape, operation.accumulator):
        raise ProgramError(
            f"Layer {part.name!r} has shape {part.shape} and type {part.type}, but inside {operation.name!r} it must "
            f"have {shape} and {operation.accumulator}."
        )


def _sums(operation: Dense | Conv2D | DepthwiseConv2D) -> None:
    """Weights of as many axes as the operation has, one bias for each output."""
    axes = {Dense: 2, DepthwiseConv2D: 3, Conv2D: 4}[type(operation)]
    weights, bias = operation.weights.mantissa.shape, operation.bias.mantissa.shape
    if len(weights) != axes:
        raise ProgramError(f"Layer {operation.name!r} has weights of shape {weights}; they must have {axes} axes.")
    if bias != weights[-1:]:
        raise ProgramError(f"Layer {operation.name!r} has {weights[-1]} outputs, but a bias of shape {bias}.")


def _whole_table(operation: BitLookup, source: Fixed) -> None:
    """An entry for every value of the input."""
    found = operation.table.mantissa.shape
    if len(found) != 1 or found[0].bit_length() <= source.width:
        raise ProgramError(
            f"Layer {operation.name!r} has a table of shape {found}, but its input {source} asks for "
            f"2^{source.width} entries."
        )


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
