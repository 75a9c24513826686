"""Program -> stages: what becomes machine code, and which operations are left to the reference engine, and why."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from trigger_nn.engines.native.compiled import Compiled, compile_stage
from trigger_nn.engines.native.steps.carriers import TooWideError, choose_carriers
from trigger_nn.engines.native.steps.folds import Unbounded
from trigger_nn.engines.native.steps.making import Traced
from trigger_nn.engines.native.steps.nodes import ordered
from trigger_nn.engines.native.steps.trace import Tracer
from trigger_nn.engines.native.target import Target
from trigger_nn.passes.intervals import Interval, Intervals, full_range
from trigger_nn.program.operations import Operation
from trigger_nn.program.program import Port, Program
from trigger_nn.program.semantics import apply

MOST_STEPS = 20_000  # of one operation; compiling more takes longer than the reference engine for a million events

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """Operations that run in one go, as a program of their own; `code` is None for the reference engine."""

    program: Program
    code: Compiled | None


@dataclass(frozen=True)
class Trace:
    """Every tensor of a program as steps of machine code, and why some operations have none."""

    tensors: Mapping[str, Traced]
    left: Mapping[str, str]


def traced(program: Program, bounds: Mapping[str, Interval] | None = None) -> Trace:
    """All operations traced; `bounds` narrows inputs, which take every value of their types otherwise."""
    tracer = Tracer()
    given = {port.name: full_range(port.type, port.shape) for port in program.inputs} | dict(bounds or {})
    tensors = {port.name: tracer.given(port.name, port.shape, given[port.name]) for port in program.inputs}
    left: dict[str, str] = {}
    for operation in program.operations:
        values = [tensors[name] for name in operation.inputs]
        try:
            result = apply(operation, tracer, program, values)
            _check(result, values)
        except (TooWideError, Unbounded) as reason:
            left[operation.name] = str(reason)
            bound = apply(operation, Intervals(), program, [value.interval for value in values])
            result = tracer.given(operation.name, operation.shape, bound)
        tensors[operation.name] = result
    return Trace(tensors, left)


def compiled_stages(program: Program, keep: tuple[str, ...], target: Target) -> tuple[Stage, ...]:
    """The program cut where the reference engine must take over; made once for programs of one digest."""
    return _compiled(_Known(program.digest, program), keep, target)


@dataclass(frozen=True)
class _Known:
    """A program, the same as others of its digest."""

    digest: str
    program: Program = field(compare=False)


@lru_cache(maxsize=64)
def _compiled(known: _Known, keep: tuple[str, ...], target: Target) -> tuple[Stage, ...]:
    program = known.program
    trace = traced(program)
    for name, reason in trace.left.items():
        log.warning("%s of program %s runs in the reference engine: %s", name, program.name, reason)
    if not trace.left:
        return (Stage(program, _code(program, trace, keep, target)),)
    groups = [list(group) for _, group in groupby(program.operations, lambda op: op.name in trace.left)]
    return tuple(_stage(program, group, _after(groups, i, keep), trace, target) for i, group in enumerate(groups))


def _check(result: Traced, values: list[Traced]) -> None:
    """Every step has a carrier, and there are not too many."""
    known = {value.node for value in values}
    choose_carriers([result.node], known)
    steps = len(ordered([result.node], known))
    if steps > MOST_STEPS:
        raise Unbounded(f"it takes {steps} steps, too many to be worth compiling")


def _after(groups: list[list[Operation]], place: int, keep: tuple[str, ...]) -> set[str]:
    """Tensors that are read after a group, or kept."""
    return set(keep) | {name for group in groups[place + 1 :] for op in group for name in op.inputs}


def _stage(program: Program, group: list[Operation], wanted: set[str], trace: Trace, target: Target) -> Stage:
    own = [operation.name for operation in group]
    outside = dict.fromkeys(name for op in group for name in op.inputs if name not in own)
    ports = tuple(Port(name, program.shape_of(name), program.type_of(name)) for name in outside)
    part = Program(program.name, ports, tuple(group), tuple(name for name in own if name in wanted))
    if group[0].name in trace.left:
        return Stage(part, None)
    fresh = traced(part, {name: trace.tensors[name].interval for name in outside})
    return Stage(part, _code(part, fresh, part.output_names, target))


def _code(program: Program, trace: Trace, keep: tuple[str, ...], target: Target) -> Compiled:
    made = {name: (trace.tensors[name], Port(name, program.shape_of(name), program.type_of(name))) for name in keep}
    return compile_stage({port.name: port for port in program.inputs}, made, target)
