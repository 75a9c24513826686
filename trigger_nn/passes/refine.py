"""More bits at an output: the same program whose last cast keeps some of the bits that it drops now.

It answers what a score's least significant bit costs. All that an output's layer drops or clips when it casts to its
type comes back, as far as the wider type holds it; nothing before that cast changes, so no weight is touched and
nothing is trained again. What a program computes there without loss, `finest` of it, says all at once: its scores
cast to any narrower type, by `program.fixed.requantize`, are those of the program refined to that type.

Scores of the wider type, cast to the old one, are the old scores if the wider type holds all bits or the cast
truncates. Where it rounds to the nearest, a type in between rounds first, and twice rounded can be one count off.
"""

from dataclasses import replace
from typing import Any

from trigger_nn.errors import PrecisionError
from trigger_nn.passes.exact import shortfalls
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, Operation, Reshape, Scale
from trigger_nn.program.operations.activations import ActivationNode
from trigger_nn.program.program import Program
from trigger_nn.program.rules import check

SUMS = (Dense, Conv2D, DepthwiseConv2D)
CASTING = (*SUMS, Scale, ActivationNode)  # whose last act is one cast to their type


def refined(program: Program, output: str | int, kind: Fixed) -> Program:
    """`program` with the output port `output` (its name or number) of type `kind`; itself if it is that already.

    The port widens as a whole, whatever its shape. The new program's provenance says what was done.

    Raises:
        PrecisionError: the output's layer does not end in a cast that loses bits, another layer reads it, or `kind` is
            no wider type of the same sign, rounding and overflow, or has bits that nothing would fill.
    """
    name = _port(program, output)
    before = program.type_of(name)
    if kind == before:
        return program
    limit = finest(program, name)
    _refuse(name, before, kind, limit)
    widened = set(_chain(program, name))
    operations = tuple(_with(op, kind) if op.name in widened else op for op in program.operations)
    return check(replace(program, operations=operations, provenance=_provenance(program, name, before, kind)))


def finest(program: Program, output: str | int) -> Fixed:
    """The narrowest type of the output port `output` that loses nothing more than its layer's operand has lost.

    It has the sign, rounding and overflow of the port's own type, and never fewer bits on either side of the point.

    Raises:
        PrecisionError: the port loses nothing already, or can't be widened: see `refined`.
    """
    name = _port(program, output)
    layer, kind = program.operation(_chain(program, name)[-1]), program.type_of(name)
    operand = _operand(program, layer)
    fraction, integer = max(kind.fraction, operand.fraction), max(kind.integer, _integer(operand, kind))
    if (fraction, integer) == (kind.fraction, kind.integer):
        raise PrecisionError(
            f"Output {name!r} has type {kind}, and layer {layer.name!r} computes nothing finer; widen what it is "
            "computed from, in the model."
        )
    return replace(kind, width=fraction + integer, integer=integer)


def _port(program: Program, output: str | int) -> str:
    names = program.output_names
    if isinstance(output, int) and 0 <= output < len(names):
        return names[output]
    if output in names:
        return str(output)
    raise PrecisionError(f"Program {program.name!r} has no output {output!r}; it has: {', '.join(names)}.")


def _chain(program: Program, name: str) -> tuple[str, ...]:
    """The output and what it only renames, back to the layer that casts."""
    found = [name]
    while isinstance(operation := program.operation(found[-1]), Reshape) and not _is_input(program, operation):
        found.append(operation.inputs[0])
    for tensor in found:
        readers = [op.name for op in program.operations if tensor in op.inputs and op.name not in found]
        readers += [other for other in program.output_names if other in found and other != name]
        if readers:
            raise PrecisionError(
                f"Output {name!r} can't be widened, as layer {readers[0]!r} takes its numbers, too; cast them for the "
                "output alone, in the model."
            )
    return tuple(found)


def _is_input(program: Program, operation: Operation) -> bool:
    return operation.inputs[0] in {port.name for port in program.inputs}


def _operand(program: Program, layer: Operation) -> Fixed:
    """A type that holds all that `layer` casts to its own type."""
    if isinstance(layer, SUMS):
        return layer.accumulator
    if not isinstance(layer, CASTING):
        raise PrecisionError(
            f"Layer {layer.name!r} ({type(layer).__name__}) has an output of type {layer.type} that can't be widened, "
            "because it does not end in one cast; compile the model with a wider type for it."
        )
    return next((short.needed for short in shortfalls(program, {(layer.name, "type")})), layer.type)


def _integer(operand: Fixed, kind: Fixed) -> int:
    """Bits before the point for what `operand` holds, in a type of the sign of `kind`; it clips what is negative."""
    return operand.integer - operand.signed + kind.signed


def _refuse(name: str, before: Fixed, kind: Fixed, limit: Fixed) -> None:
    """Only more bits, of the same sign and modes, and none that stay empty."""
    alike = kind == replace(before, width=kind.width, integer=kind.integer)
    if not alike or kind.fraction < before.fraction or kind.integer < before.integer:
        raise PrecisionError(
            f"Output {name!r} has type {before}, which {kind} does not widen; give more bits before or behind the "
            "point, and the same sign, rounding and overflow."
        )
    if kind.fraction > limit.fraction or kind.integer > limit.integer:
        raise PrecisionError(
            f"Output {name!r} has type {before}, and its layer computes no more than {limit} holds; ask for less than "
            f"{kind}."
        )


def _with(operation: Operation, kind: Fixed) -> Operation:
    return replace(operation, type=kind)


def _provenance(program: Program, name: str, before: Fixed, kind: Fixed) -> dict[str, Any]:
    origin = {"program": program.digest, "output": name, "from": str(before), "to": str(kind)}
    return {**program.provenance, "refined": origin}
