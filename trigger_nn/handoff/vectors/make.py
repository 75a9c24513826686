"""Choose the events of a design's vectors, and let the emulator say what must come out."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from trigger_nn.engines.checks import check_ranges, check_shapes
from trigger_nn.errors import EventsError
from trigger_nn.handoff.design import Builder, Design
from trigger_nn.handoff.vectors.cases import Cases, Space, corner_cases, distinct, random_cases, sparse_cases
from trigger_nn.handoff.vectors.driving import driven_cases
from trigger_nn.handoff.vectors.values import RANDOM, REAL, SPARSE, BlockVectors, Group, Vectors
from trigger_nn.recipe import HandoffSpec

MOST_KNOWN = 1000  # real events from which driving begins
MOST_RAW = 1_000_000  # elements of raw data in a group of events: towers are many, and what they make is tested apart


def make_vectors(
    design: Design, real: Mapping[str, np.ndarray], spec: HandoffSpec | None = None, seed: int | None = None
) -> Vectors:
    """Corner cases, random events and `real` ones, mantissas (events, *shape) by input port of the network.

    `seed` decides the random ones; by default the design's digest does.

    Raises:
        EventsError: there is no real event, or one does not fit the network's ports.
    """
    spec = spec or HandoffSpec()
    space, events = Space(design.program.inputs), _real(design, real)
    rng = np.random.default_rng(int(design.identity.digest[:16], 16) if seed is None else seed)
    corners = corner_cases(space)
    driven = driven_cases(design, np.concatenate([x for _, x in corners] + [events[:MOST_KNOWN]]), rng)
    cases = [*distinct([*corners, *driven]), *_drawn(space, spec.random_vectors, rng), (REAL, events)]
    innermost = _block(_innermost(design), space, cases)
    layers = design.emulator.trace_mantissas(innermost.inputs) if spec.layers else {}
    if design.builder is None:
        return Vectors(innermost, None, layers)
    raw = Space(design.builder.ports)
    most = max(MOST_RAW // raw.size, 1)
    undone = [(name, _undone(design.builder, space, raw, x[:most])) for name, x in [*driven, (REAL, events)]]
    drawn = _drawn(raw, min(spec.random_vectors, most), rng)
    return Vectors(
        _block(design, raw, [*distinct([*corner_cases(raw), *undone[:-1]]), *drawn, undone[-1]]), innermost, layers
    )


def _innermost(design: Design) -> Design:
    """The block whose inputs are the network's: the network alone where a builder stands in front of it."""
    return replace(design, builder=None, decisions=()) if design.builder else design


def _real(design: Design, real: Mapping[str, np.ndarray]) -> np.ndarray:
    """Real events, flat, if they fit."""
    ports = design.program.inputs
    arrays = {port.name: np.asarray(real[port.name]) for port in ports if port.name in real}
    check_shapes(design.program, arrays)
    if not all(len(x) for x in arrays.values()):
        raise EventsError("Vectors without a real event say nothing of what will come; give at least one event.")
    for port in ports:
        if arrays[port.name].dtype.kind not in "iuO":
            raise EventsError(
                f"Input {port.name!r} takes integer mantissas here, found {arrays[port.name].dtype}; cast the events."
            )
        check_ranges(port, arrays[port.name])
    return Space(ports).join(arrays)


def _drawn(space: Space, count: int, rng: np.random.Generator) -> Cases:
    """Random events, `count` in all, a third of them mostly zero."""
    sparse = count // 3
    cases = [(RANDOM, random_cases(space, count - sparse, rng)), (SPARSE, sparse_cases(space, sparse, rng))]
    return [(name, events) for name, events in cases if len(events)]


def _undone(builder: Builder, space: Space, raw: Space, events: np.ndarray) -> np.ndarray:
    """Raw data, flat, of which the builder makes the network's `events`, as far as there are such."""
    (mantissas,) = space.split(events).values()
    return raw.clip(raw.join(builder.undo(mantissas)))


def _block(design: Design, space: Space, cases: Cases) -> BlockVectors:
    """Vectors of a block; the expected values come from the emulator."""
    inputs = space.split(np.concatenate([events for _, events in cases]))
    groups, first = [], 0
    for name, events in cases:
        groups.append(Group(name, first, len(events)))
        first += len(events)
    return BlockVectors(inputs, design.run(inputs), tuple(groups))
