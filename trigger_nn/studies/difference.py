"""What changed between two programs: ports, topology, types, weights; on given events, values and decisions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import to_float
from trigger_nn.program.operations import Constant, Node, Operation
from trigger_nn.program.program import Program
from trigger_nn.studies.divergence import Decision


@dataclass(frozen=True)
class Change:
    """One thing that differs: where (a port or operation), what of it, and how it was and is."""

    where: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class OutputChange:
    """An output on the same events: values, how many differ, the largest difference, and decisions that differ."""

    output: str
    events: int
    differing: int
    largest: float
    decisions: int


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two programs; equal programs have no changes."""

    before: str
    after: str
    changes: tuple[Change, ...]
    outputs: tuple[OutputChange, ...] = ()


def difference(before: Program, after: Program) -> Difference:
    """Compare ports, topology, types and constants of two programs."""
    changes = [*_ports(before, after), *_topology(before, after)]
    old = {op.name: op for op in before.operations}
    for operation in after.operations:
        if operation.name in old:
            changes += _fields(operation.name, "", old[operation.name], operation)
    return Difference(before.digest, after.digest, tuple(changes))


def output_changes(
    before: Program, after: Program, inputs: Mapping[str, np.ndarray], decision: Decision | None = None
) -> tuple[OutputChange, ...]:
    """Run both on the same mantissas and compare their outputs in order, as numbers.

    Raises:
        EventsError: their ports differ, so that the same events can't be given to both.
    """
    decision = decision or Decision()
    if [(p.shape, p.type) for p in before.inputs] != [(p.shape, p.type) for p in after.inputs]:
        raise EventsError("The two programs have different input ports, so the same events can't be given to both.")
    results = []
    renamed = {new.name: inputs[old.name] for old, new in zip(before.inputs, after.inputs, strict=True)}
    old_values = run_reference(before, inputs, before.output_names)
    new_values = run_reference(after, renamed, after.output_names)
    for old, new in zip(before.outputs, after.outputs, strict=False):
        if old.shape != new.shape:
            continue
        one, two = to_float(old_values[old.name], old.type), to_float(new_values[new.name], new.type)
        gap = np.abs(one - two)
        decisions = int((decision(one) != decision(two)).sum())
        results.append(OutputChange(new.name, len(one), int((gap > 0).sum()), float(gap.max(initial=0)), decisions))
    return tuple(results)


def _ports(before: Program, after: Program) -> Iterator[Change]:
    for side, old, new in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        for i in range(max(len(old), len(new))):
            texts = [f"{p[i].name} {p[i].shape} {p[i].type}" if i < len(p) else "none" for p in (old, new)]
            if texts[0] != texts[1]:
                yield Change(f"{side} {i}", "port", *texts)


def _topology(before: Program, after: Program) -> Iterator[Change]:
    old, new = {op.name for op in before.operations}, {op.name for op in after.operations}
    for program, others, there in ((before, new, True), (after, old, False)):
        for operation in program.operations:
            if operation.name not in others:
                kind = type(operation).__name__
                yield Change(operation.name, "operation", kind if there else "none", "none" if there else kind)


def _fields(where: str, prefix: str, old: Operation | Node, new: Operation | Node) -> Iterator[Change]:
    if type(old) is not type(new):
        yield Change(where, f"{prefix}kind", type(old).__name__, type(new).__name__)
        return
    for field in fields(new):
        one, two = getattr(old, field.name), getattr(new, field.name)
        name = f"{prefix}{field.name}"
        if one == two or field.name == "name":
            continue
        if isinstance(one, Constant) and isinstance(two, Constant):
            yield from _constants(where, name, one, two)
        elif isinstance(one, Node) and isinstance(two, Node):
            yield from _fields(where, f"{name}.", one, two)
        else:
            yield Change(where, name, _text(one), _text(two))


def _constants(where: str, name: str, old: Constant, new: Constant) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(where, f"{name} type", str(old.type), str(new.type))
    if old.mantissa.shape != new.mantissa.shape:
        yield Change(where, f"{name} shape", str(old.mantissa.shape), str(new.mantissa.shape))
        return
    gap = np.abs(old.values() - new.values())
    if np.any(gap):
        count = int((gap > 0).sum())
        yield Change(where, name, f"{count} of {gap.size} values differ", f"by up to {float(gap.max()):.6g}")


def _text(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type) and "__str__" not in type(value).__dict__:
        return ", ".join(f"{field.name} {getattr(value, field.name)}" for field in fields(value))
    return str(value)
