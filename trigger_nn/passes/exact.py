"""Choose accumulators and results from proven ranges, so that no bit is lost but where a quantizer says so.

Program -> Program, in order: each operation's exact result is bounded from what its inputs were proven to be, and the
narrowest type that holds every bit of it is chosen. Types in `fixed` (a quantizer of the model, a port the user set)
stay as they are.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from trigger_nn.passes.intervals import Interval, Intervals, full_range
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import (
    AveragePool2D,
    Cast,
    Concatenate,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Relu,
    Reshape,
    Scale,
    Softmax,
)
from trigger_nn.program.operations.merging import MergingNode
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.operations.transformer import TransformerNode
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import apply, convolutions, pooling, products


@dataclass(frozen=True)
class Choice:
    """What was chosen for one operation: the range proven for its result, and the types before and after."""

    layer: str
    low: int
    high: int
    before: Fixed
    after: Fixed
    accumulator_before: Fixed | None = None
    accumulator_after: Fixed | None = None


def choose_exact_types(program: Program, fixed: Collection[str]) -> tuple[Program, tuple[Choice, ...]]:
    """The same program with exact types; `fixed` names the tensors whose type is not ours to choose."""
    tensors = {port.name: full_range(port.type, port.shape) for port in program.inputs}
    domain, choices = Intervals(), []
    for before in program.operations:
        values = [tensors[name] for name in before.inputs]
        after = _exact(before, program, domain, values, before.name in fixed)
        program = replace(program, operations=tuple(after if op is before else op for op in program.operations))
        tensors[after.name] = apply(after, domain, program, values)
        choices.append(_choice(before, after, tensors[after.name]))
    return program, tuple(choices)


def _exact(operation: Operation, program: Program, domain: Intervals, values: list[Interval], keep: bool) -> Operation:
    """`operation` with the types it needs."""
    source = program.type_of(operation.inputs[0])
    shape = program.shape_of(operation.inputs[0])
    match operation:
        case Dense() | Conv2D():
            operand = values[0]
            if isinstance(operation, Conv2D):
                operand = convolutions.contracted(operation, domain, operand, shape)
            accumulator = _cover(*products.exact_sum(operation, domain, operand, source))
            return replace(operation, accumulator=accumulator, type=operation.type if keep else accumulator)
        case Scale():
            kind = _cover(*products.scaled(operation, domain, values[0], source))
            return operation if keep else replace(operation, type=kind)
        case MaxPool2D():
            return replace(operation, accumulator=_plain(source), type=operation.type if keep else _plain(source))
        case AveragePool2D():
            accumulator = _pool_sum(operation, domain, values[0], source, shape)
            return replace(operation, accumulator=accumulator, type=operation.type if keep else accumulator)
        case Relu():
            positive = Interval(values[0].low.clip(min=0), values[0].high.clip(min=0))
            return operation if keep else replace(operation, type=_cover(positive, source.fraction))
        case Reshape():  # the firmware only renames the array, type and all
            return replace(operation, type=source)
        case Cast():
            return operation if keep else replace(operation, type=_plain(source))
        case Concatenate():
            return (
                operation if keep else replace(operation, type=_common([program.type_of(n) for n in operation.inputs]))
            )
        case Lookup():
            return operation if keep else replace(operation, type=_plain(operation.table.type))
        case MergingNode() | RecurrentNode() | TransformerNode():
            return operation
        case Softmax():  # a probability: 1 must fit, 2^-16 is finer than the tables
            return operation if keep else replace(operation, type=Fixed(False, 17, 1, Rounding.RND, Overflow.SAT))


def _pool_sum(operation: AveragePool2D, domain: Intervals, x: Interval, source: Fixed, shape: tuple[int, ...]) -> Fixed:
    """Holds the sum of any window, with bits behind the point for a division by a power of two to be exact."""
    index = pooling.pool_index(operation.window, shape, operation.shape)
    total = domain.gather(x, index[..., 0], 0)
    low, high = total.bounds
    for k in range(1, index.shape[-1]):
        total = domain.add(total, domain.gather(x, index[..., k], 0))
        low, high = min(low, total.bounds[0]), max(high, total.bounds[1])
    extra = max(_factors_of_two(int(count)) for count in set(pooling.pool_counts(operation, index).ravel().tolist()))
    return covering(low << extra, high << extra, source.fraction + extra)


def _factors_of_two(number: int) -> int:
    return (number & -number).bit_length() - 1


def _cover(interval: Interval, fraction: int) -> Fixed:
    low, high = interval.bounds
    return covering(low, high, fraction)


def _plain(kind: Fixed) -> Fixed:
    """The type without its modes: nothing is rounded or overflows in a copy."""
    return Fixed(kind.signed, kind.width, kind.integer)


def _common(kinds: list[Fixed]) -> Fixed:
    """Narrowest type that holds every value of all `kinds`."""
    fraction = max(kind.fraction for kind in kinds)
    low = min(kind.minimum << (fraction - kind.fraction) for kind in kinds)
    high = max(kind.maximum << (fraction - kind.fraction) for kind in kinds)
    return covering(low, high, fraction)


def _choice(before: Operation, after: Operation, result: Interval) -> Choice:
    low, high = result.bounds
    accumulators = (getattr(before, "accumulator", None), getattr(after, "accumulator", None))
    return Choice(after.name, low, high, before.type, after.type, *accumulators)
