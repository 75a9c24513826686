"""What changed between two programs: ports, topology, types, weights; on given events, values and decisions."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed, to_float, widen
from trigger_nn.program.operations import Constant, Node, Operation
from trigger_nn.program.program import Port, Program
from trigger_nn.studies.divergence import Decision


@dataclass(frozen=True)
class Change:
    """One thing that differs: where (the program, a port or an operation), what of it, and how it was and is."""

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
class Firing:
    """One integer threshold of an element of the first output: fire when its mantissa is above `mantissa`."""

    name: str
    element: int
    mantissa: int


@dataclass(frozen=True)
class FiringChange:
    """A trigger of both on the same events: those that fire after and did not before, and the other way round.

    `rate_before` and `rate_after` are the Hz that the firing events stand for; None where events have no rate.
    """

    name: str
    threshold_before: float
    threshold_after: float
    events: int
    gained: int
    lost: int
    rate_before: float | None
    rate_after: float | None


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two programs of digests `before` and `after`; none if these agree."""

    before: str
    after: str
    changes: tuple[Change, ...]
    outputs: tuple[OutputChange, ...] = ()
    firings: tuple[FiringChange, ...] = ()


def difference(before: Program, after: Program) -> Difference:
    """Compare name, ports, topology, types and constants of two programs; `provenance` is not compared."""
    digests = before.digest, after.digest
    if digests[0] == digests[1]:
        return Difference(*digests, ())
    changes = [*_names(before, after), *_ports(before, after), *_topology(before, after), *_order(before, after)]
    old = {op.name: op for op in before.operations}
    for operation in after.operations:
        if operation.name in old:
            changes += _fields(operation.name, "", old[operation.name], operation)
    if not changes:  # what Python takes as equal, such as 1 and 1.0
        changes.append(Change("program", "digest", *digests))
    return Difference(*digests, tuple(changes))


def output_changes(
    before: Program, after: Program, inputs: Mapping[str, np.ndarray], decision: Decision | None = None
) -> tuple[OutputChange, ...]:
    """Run both on the same mantissas and compare their outputs in order, as numbers.

    Raises:
        EventsError: their ports differ, so that the same events can't be given to both.
    """
    decision = decision or Decision()
    results = []
    old_values, new_values = _both(before, after, inputs)
    for old, new in zip(before.outputs, after.outputs, strict=False):
        if old.shape != new.shape:
            continue
        one, two = to_float(old_values[old.name], old.type), to_float(new_values[new.name], new.type)
        differing, largest = _gap(old_values[old.name], old.type, new_values[new.name], new.type)
        results.append(OutputChange(new.name, len(one), differing, largest, int(decision.differs(one, two).sum())))
    return tuple(results)


def firing_changes(
    before: Program,
    after: Program,
    inputs: Mapping[str, np.ndarray],
    firings: tuple[Sequence[Firing], Sequence[Firing]],
    rates: np.ndarray | None = None,
) -> tuple[FiringChange, ...]:
    """Triggers that both have, by name, on the same mantissas: `firings` of each, `rates` the Hz of each event.

    Raises:
        EventsError: the programs' ports differ, so that the same events can't be given to both.
    """
    wanted = {firing.name: firing for firing in firings[1]}
    pairs = [(old, wanted[old.name]) for old in firings[0] if old.name in wanted]
    if not pairs:
        return ()
    values = _both(before, after, inputs)
    changes = []
    for pair in pairs:
        ports = before.outputs[0], after.outputs[0]
        old, new = (
            side[port.name].reshape(len(side[port.name]), -1)[:, one.element] > one.mantissa
            for side, port, one in zip(values, ports, pair, strict=True)
        )
        thresholds = [math.ldexp(one.mantissa, -port.type.fraction) for one, port in zip(pair, ports, strict=True)]
        hz = [None if rates is None else float(rates[fired].sum(dtype=np.float64)) for fired in (old, new)]
        gained, lost = int((new & ~old).sum()), int((old & ~new).sum())
        changes.append(
            FiringChange(
                pair[0].name, thresholds[0], thresholds[1], len(old), gained, lost, rate_before=hz[0], rate_after=hz[1]
            )
        )
    return tuple(changes)


def _both(
    before: Program, after: Program, inputs: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mantissas of the outputs of both."""
    if [(p.shape, p.type) for p in before.inputs] != [(p.shape, p.type) for p in after.inputs]:
        raise EventsError("The two programs have different input ports, so the same events can't be given to both.")
    renamed = {new.name: inputs[old.name] for old, new in zip(before.inputs, after.inputs, strict=True)}
    engine = NativeEngine()
    return engine(before, inputs, before.output_names), engine(after, renamed, after.output_names)


def _names(before: Program, after: Program) -> Iterator[Change]:
    if before.name != after.name:
        yield Change("program", "name", before.name, after.name)


def _ports(before: Program, after: Program) -> Iterator[Change]:
    for side, old, new in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        for i in range(max(len(old), len(new))):
            texts = [_port_text(ports[i]) if i < len(ports) else "none" for ports in (old, new)]
            if texts[0] != texts[1]:
                yield Change(f"{side} {i}", "port", *texts)


def _port_text(port: Port) -> str:
    return f"{port.name} {port.shape} {port.type}{', declared as a whole number' if port.whole else ''}"


def _topology(before: Program, after: Program) -> Iterator[Change]:
    old, new = {op.name for op in before.operations}, {op.name for op in after.operations}
    for program, others, there in ((before, new, True), (after, old, False)):
        for operation in program.operations:
            if operation.name not in others:
                kind = type(operation).__name__
                yield Change(operation.name, "operation", kind if there else "none", "none" if there else kind)


def _order(before: Program, after: Program) -> Iterator[Change]:
    """Operations of both that run in another order, from the first to the last that stands elsewhere."""
    new_names = {op.name for op in after.operations}
    old = [op.name for op in before.operations if op.name in new_names]
    new = [op.name for op in after.operations if op.name in set(old)]
    moved = [i for i, (one, two) in enumerate(zip(old, new, strict=True)) if one != two]
    if moved:
        part = slice(moved[0], moved[-1] + 1)
        yield Change("program", "order of operations", ", ".join(old[part]), ", ".join(new[part]))


def _fields(where: str, prefix: str, old: Operation | Node, new: Operation | Node) -> Iterator[Change]:
    if type(old) is not type(new):
        yield Change(where, f"{prefix}kind", type(old).__name__, type(new).__name__)
        return
    for field in fields(new):
        one, two = getattr(old, field.name), getattr(new, field.name)
        name = f"{prefix}{field.name}"
        if one == two:
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
    count, largest = _gap(old.mantissa, old.type, new.mantissa, new.type)
    if count:
        yield Change(where, name, f"{count} of {old.mantissa.size} values differ", f"by up to {largest:.6g}")


def _gap(old: np.ndarray, old_type: Fixed, new: np.ndarray, new_type: Fixed) -> tuple[int, float]:
    """How many numbers differ, and the largest difference, from mantissas: exact, as float64 holds but 53 bits."""
    fraction = max(old_type.fraction, new_type.fraction)
    one, two = (
        widen(mantissa, fraction - kind.fraction + 1) << (fraction - kind.fraction)
        for mantissa, kind in ((old, old_type), (new, new_type))
    )
    gap = abs(one - two)
    return int(np.count_nonzero(gap)), math.ldexp(int(gap.max(initial=0)), -fraction)


def _text(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type) and "__str__" not in type(value).__dict__:
        return ", ".join(f"{field.name} {getattr(value, field.name)}" for field in fields(value))
    return str(value)
