"""Choose accumulators and results from proven ranges, so that no bit is lost but where a quantizer says so.

Program -> Program, in order: each operation is run over intervals with types so wide that nothing is lost in them;
what was cast to each of them says which bits are ever used, and the narrowest type that holds those is chosen. Types
in `fixed` (a quantizer of the model, a type the user set) stay as they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from trigger_nn.passes.intervals import ALL, Interval, Intervals, full_range, hull
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import MAX_WIDTH, Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import AveragePool2D, Constant, Operation, Reshape, Softmax
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.operations.transformer import TransformerNode
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import apply, pooling

CHOSEN = ("accumulator", "type")  # the fields of an operation that hold a type of ours to choose
PROBABILITY = Fixed(False, 17, 1, Rounding.RND, Overflow.SAT)  # 1 must fit; 2^-16 is finer than softmax's tables
FLOAT32_BITS = 24
QUICK = 61  # bits: wide types up to here stay in int64


Slot = tuple[str, str]
"""An operation's name and the field of it that holds a type."""


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

    @property
    def saved(self) -> int:
        """Bits of result and accumulator that the choice saves (negative where exactness takes more)."""
        saved = self.before.width - self.after.width
        if self.accumulator_before is not None and self.accumulator_after is not None:
            saved += self.accumulator_before.width - self.accumulator_after.width
        return saved


class _Needs(Intervals):
    """Intervals that remember what was cast to each of some wide types, known by identity."""

    def __init__(self, wide: Collection[Fixed]) -> None:
        super().__init__()
        self.seen: dict[int, list[Interval]] = {id(kind): [] for kind in wide}
        self.lossless = True

    def cast(self, value: Interval, fraction: int, target: Fixed) -> Interval:
        """Cast; a wide target must lose nothing."""
        result = super().cast(value, fraction, target)
        if id(target) in self.seen:
            self.seen[id(target)].append(result)
            low, high = result.bounds
            wrapped = low == target.minimum or high == target.maximum
            self.lossless = self.lossless and not wrapped and fraction - target.fraction <= value.zeros
        return result


def choose_exact_types(program: Program, fixed: Collection[Slot]) -> tuple[Program, tuple[Choice, ...]]:
    """The same program with exact types; `fixed` are those that are not ours to choose."""
    tensors = {port.name: full_range(port.type, port.shape) for port in program.inputs}
    domain, choices = Intervals(), []
    for before in program.operations:
        values = [tensors[name] for name in before.inputs]
        after = _exact(before, program, domain, values, fixed)
        program = replace(program, operations=tuple(after if op is before else op for op in program.operations))
        tensors[after.name] = apply(after, domain, program, values)
        choices.append(_choice(before, after, tensors[after.name]))
    return program, tuple(choices)


def needs_double(program: Program) -> bool:
    """Whether a sum of the program takes more than the 24 bits that float32 carries exactly."""
    kinds = [getattr(operation, field, operation.type) for operation in program.operations for field in CHOSEN]
    return any(kind.width > FLOAT32_BITS for kind in kinds)


@dataclass(frozen=True)
class Shortfall:
    """A type that can't hold what its operation yields: the field, what it is, what would lose nothing."""

    layer: str
    field: str
    found: Fixed
    needed: Fixed


def shortfalls(program: Program, slots: Collection[Slot]) -> tuple[Shortfall, ...]:
    """Which of the types in `slots` lose bits that the operation could yield."""
    tensors = prove_ranges(program)
    found = []
    for operation in program.operations:
        names = [name for layer, name in slots if layer == operation.name and not isinstance(operation, Softmax)]
        if not names:
            continue
        names = sorted(names) if "/" not in operation.name else []  # a repeated layer is told of once
        exact = _exact(operation, program, Intervals(), [tensors[name] for name in operation.inputs], ())
        for name in names:
            kind, needed = getattr(operation, name), getattr(exact, name)
            if not kind.holds(needed):
                found.append(Shortfall(operation.name, name, kind, needed))
    return tuple(found)


def _exact(
    operation: Operation, program: Program, domain: Intervals, values: list[Interval], fixed: Collection[Slot]
) -> Operation:
    """`operation` with the types it needs."""
    keep = (operation.name, "type") in fixed
    source = program.type_of(operation.inputs[0])
    match operation:
        case Reshape():  # the firmware only renames the array, type and all
            return replace(operation, type=source)
        case AveragePool2D():
            shape = program.shape_of(operation.inputs[0])
            accumulator = _pool_sum(operation, domain, values[0], source, shape)
            accumulator = operation.accumulator if (operation.name, "accumulator") in fixed else accumulator
            return replace(operation, accumulator=accumulator, type=operation.type if keep else accumulator)
        case Softmax():
            return operation if keep else replace(operation, type=PROBABILITY)
        case RecurrentNode() | TransformerNode():  # tables in a loop: hls4ml's own choice is kept
            return operation
        case _:
            return _narrowest(operation, program, values, fixed)


def _narrowest(operation: Operation, program: Program, values: list[Interval], fixed: Collection[Slot]) -> Operation:
    """`operation` with the narrowest types that lose nothing; as it is where no width would do (a division)."""
    names = [name for name in CHOSEN if hasattr(operation, name) and (operation.name, name) not in fixed]
    for kind in _wide_types(operation, program):
        wide = {name: replace(kind) for name in names}  # equal values, but objects of their own
        widened = _with(operation, wide)
        needs = _Needs(wide.values())
        apply(widened, needs, replace(program, operations=(*program.operations, widened)), values)
        if needs.lossless:
            found = {name: _covering(needs.seen[id(kind)], kind) for name, kind in wide.items()}
            return _with(operation, found)
    return operation


def _with(operation: Operation, kinds: Mapping[str, Any]) -> Operation:
    """`operation` with other types."""
    return replace(operation, **kinds)


def _wide_types(operation: Operation, program: Program) -> list[Fixed]:
    """Types that should lose nothing: first one that fits in int64, if any, then a very wide one."""
    kinds = [program.type_of(name) for name in operation.inputs]
    constants = [getattr(operation, field.name) for field in fields(operation)]
    kinds += [constant.type for constant in constants if isinstance(constant, Constant)]
    fraction = sum(max(kind.fraction, 0) for kind in kinds)
    quick = [Fixed(True, QUICK, QUICK - fraction)] if fraction < QUICK else []
    return [*quick, Fixed(True, MAX_WIDTH, MAX_WIDTH // 2)]


def _covering(seen: list[Interval], wide: Fixed) -> Fixed:
    """The narrowest type for all that was cast to `wide`."""
    low, high = hull(seen)
    zeros = min(interval.zeros for interval in seen)
    if zeros >= ALL:  # nothing but zeros
        return Fixed(False, 1, 1)
    return covering(low >> zeros, high >> zeros, wide.fraction - zeros)


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


def _choice(before: Operation, after: Operation, result: Interval) -> Choice:
    low, high = result.bounds
    accumulators = (getattr(before, "accumulator", None), getattr(after, "accumulator", None))
    return Choice(after.name, low, high, before.type, after.type, *accumulators)
