"""Run a program on events beside its unbounded twin: which type lost what, where first, and whether it mattered.

Program, events -> facts. Every cast of `program.semantics` is observed; a type is told by the operation's field that
holds it. Casts that the semantics provably merge are one here too: with a wrapping accumulator that keeps every bit
behind the point, a sum of products is cast once at its end, so wraps on the way that the next terms undo (harmless by
modular arithmetic) are not counted. A cast of constants (a bias) counts once, not once an event. Only casts are
counted; what else loses bits (a division, the step of a table) shows in the distance from the twin.

The twin is the same program on float64 numbers that no type bounds or rounds: exact as long as 53 bits hold them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.passes.addresses import ObservingEmbedding
from trigger_nn.passes.observing import Loss, Observing, TypeUse, door, merged
from trigger_nn.passes.proving import proven_bounds
from trigger_nn.passes.sites import ADDRESS, INTERNAL, fresh, sites_of
from trigger_nn.passes.unbounded import Real, Reals
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Embedding, Operation
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import apply

Progress = Callable[[str, int, int], None]
BLOCK = 256  # events; bounds the memory, as in the reference engine


@dataclass(frozen=True)
class Drift:
    """How far a layer's result is at most from the unbounded twin's, in LSB of its type.

    `own` is the part this layer alone is guilty of: its twin given the inputs that it has. `event` is the first whose
    difference is over the bound asked for, None if none is.
    """

    layer: str
    type: Fixed
    lsb: float
    own: float
    event: int | None

    @property
    def number(self) -> float:
        """The largest difference as a number."""
        return _scaled(self.lsb, -self.type.fraction)


@dataclass(frozen=True)
class Sanitized:
    """What `sanitize` found: one entry a type that values were cast to, in order, and one a layer."""

    program: str
    digest: str
    events: int
    types: tuple[TypeUse, ...]
    layers: tuple[Drift, ...]

    def count(self, loss: Loss) -> int:
        """How many values suffered `loss`."""
        return sum(int(getattr(use, loss)) for use in self.types)


def sanitize(
    program: Program,
    events: np.ndarray | Mapping[str, np.ndarray],
    difference: float | None = None,
    keep: int = 3,
    progress: Progress | None = None,
) -> Sanitized:
    """Run `program` on `events`, numbers as `Emulator.predict` takes them, and tell what its types did to them.

    `difference` is the distance from the twin (a number) beyond which a layer's first event is told; by default half
    the span of the layer's type, which only an overflow reaches. Of each loss the first `keep` offences are kept.

    Raises:
        EventsError: an input is missing, of another shape, not finite, or there are no events.
    """
    given, own = _given(program, events), fresh(program)
    count = len(next(iter(given.values())))
    uses: dict[tuple[str, str, Fixed], TypeUse] = {}
    drifts: dict[str, Drift] = {}
    for start in range(0, count, BLOCK):
        block = {name: _finite(name, x[start : start + BLOCK], start) for name, x in given.items()}
        with np.errstate(over="ignore", invalid="ignore"):  # what is beyond float64 is infinitely far
            found_uses, found_drifts = _run(own, block, start, difference, keep)
        for use in found_uses:
            key = (use.layer, use.field, use.type)
            uses[key] = merged(uses[key], use, keep) if key in uses else use
        for drift in found_drifts:
            drifts[drift.layer] = _farther(drifts.get(drift.layer, drift), drift)
        if progress:
            progress("events checked", min(start + BLOCK, count), count)
    proven, listed = proven_bounds(own), [use for use in uses.values() if _listed(use)]
    types = tuple(replace(u, proven=proven[u.layer, u.field, u.type]) for u in listed)
    return Sanitized(program.name, program.digest, count, types, tuple(drifts.values()))


def _listed(use: TypeUse) -> bool:
    return use.field not in (ADDRESS, INTERNAL) or bool(use.wrapped or use.saturated or use.rounded)


def _given(program: Program, events: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    given = events if isinstance(events, Mapping) else {program.inputs[0].name: events}
    arrays: dict[str, np.ndarray] = {}
    for port in program.inputs:
        if port.name not in given:
            raise EventsError(f"Input {port.name!r} is missing; give a mapping with it, found {sorted(given)}.")
        arrays[port.name] = _array(port.name, given[port.name])
        x = arrays[port.name]
        if x.shape[1:] != port.shape or not len(x) or x.dtype.kind not in "iufbO":
            raise EventsError(
                f"Input {port.name!r} takes numbers of shape {('events', *port.shape)}, at least one event; found "
                f"{x.dtype} of shape {x.shape}: reshape or convert the events."
            )
    lengths = {name: len(x) for name, x in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise EventsError(f"Inputs have different numbers of events ({lengths}); give each the same events.")
    return arrays


def _array(name: str, values: object, kind: type | None = None) -> np.ndarray:
    """Values as an array, of their own dtype or of `kind`."""
    try:
        return np.asarray(values, kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise EventsError(f"Input {name!r} is no array of numbers ({error}); convert the events.") from None


def _finite(name: str, values: np.ndarray, start: int) -> np.ndarray:
    """A block as float64."""
    numbers = _array(name, values, np.float64)
    if not np.all(np.isfinite(numbers)):
        event = start + int(np.argwhere(~np.isfinite(numbers))[0][0])
        raise EventsError(f"Input {name!r} is not finite at event {event}; remove or mend that event.")
    return numbers


def _run(
    program: Program, block: Mapping[str, np.ndarray], start: int, difference: float | None, keep: int
) -> tuple[list[TypeUse], list[Drift]]:
    """What a block's casts did, in order, and how far each layer's result is from its twin's."""
    count = len(next(iter(block.values())))
    uses = [door(port, block[port.name], start, keep) for port in program.inputs]
    drifts: list[Drift] = []
    # A lone event runs twice, so that an array with a first axis of 1 is a constant for certain.
    numbers = {name: np.repeat(x, 2, axis=0) if count == 1 else x for name, x in block.items()}
    bounded = {port.name: port.cast(numbers[port.name]) for port in program.inputs}
    twin = {p.name: Real(np.ldexp(numbers[p.name], p.type.fraction), p.type) for p in program.inputs}
    for operation in program.operations:
        sites = sites_of(operation, program)
        observer = ObservingEmbedding if isinstance(operation, Embedding) else Observing
        observing = observer(operation.name, sites, range(start, start + count), keep)
        result = apply(operation, observing, program, [bounded[name] for name in operation.inputs])
        uses += observing.uses
        alone = [Real(bounded[name].astype(np.float64), program.type_of(name)) for name in operation.inputs]
        far = apply(operation, Reals(sites), program, [twin[name] for name in operation.inputs])
        near = apply(operation, Reals(sites), program, alone)
        drifts.append(_drift(operation, start, difference, *(_apart(result, x)[:count] for x in (far, near))))
        bounded[operation.name], twin[operation.name] = result, Real(far.value, operation.type)
    return uses, drifts


def _apart(bounded: np.ndarray, twin: Real) -> np.ndarray:
    """Largest difference in each event, in LSB."""
    distance = np.abs(bounded.astype(np.float64) - twin.value)
    return np.nan_to_num(distance, nan=math.inf, posinf=math.inf).reshape(len(bounded), -1).max(axis=1)


def _drift(operation: Operation, start: int, difference: float | None, apart: np.ndarray, own: np.ndarray) -> Drift:
    kind = operation.type
    bound = math.ldexp(0.5, kind.width) if difference is None else _scaled(difference, kind.fraction)
    over = np.flatnonzero(apart > bound)
    first = start + int(over[0]) if over.size else None
    return Drift(operation.name, kind, float(apart.max()), float(own.max()), first)


def _scaled(number: float, bits: int) -> float:
    """A number times 2^bits; infinite where float64 ends."""
    try:
        return math.ldexp(number, bits)
    except OverflowError:
        return math.copysign(math.inf, number)


def _farther(left: Drift, right: Drift) -> Drift:
    """Both blocks' drift, `left` being the earlier."""
    event = right.event if left.event is None else left.event
    return replace(left, lsb=max(left.lsb, right.lsb), own=max(left.own, right.own), event=event)
