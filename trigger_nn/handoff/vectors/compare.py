"""What was captured against what was expected: event, port, element, bit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import carried, digits
from trigger_nn.handoff.vectors.decimal_text import exact_decimal
from trigger_nn.program.program import Port


@dataclass(frozen=True)
class Difference:
    """One value that differs. `event` counts expected events; `bits` are the lowest and highest bit that differ."""

    event: int
    port: Port
    element: tuple[int, ...]
    bits: tuple[int, int]
    expected: int
    found: int

    def pattern(self, mantissa: int) -> str:
        """A mantissa's bits in hexadecimal."""
        width = self.port.type.width
        return f"{mantissa & ((1 << width) - 1):0{digits(width)}x}"

    def number(self, mantissa: int) -> str:
        """The number that a mantissa stands for, exact."""
        return exact_decimal(mantissa, self.port.type.fraction)

    def __str__(self) -> str:
        """A sentence."""
        low, high = self.bits
        bits = f"bit {low}" if low == high else f"bits {low} to {high}"
        return (
            f"event {self.event}, port {self.port.name}, element {_place(self.element)}: {bits} "
            f"differ{'s' if low == high else ''}; expected {self.pattern(self.expected)} = "
            f"{self.number(self.expected)}, found {self.pattern(self.found)} = {self.number(self.found)}"
        )


@dataclass(frozen=True)
class Comparison:
    """`events` compared, with `values` in all, of which `differing` differ, in `differing_events` events.

    Event e of the capture was compared with expected event e + `offset`. `missing` are expected events that were not
    captured, `extra` captured ones that are not expected, by their own count. `first` are the first differences.
    """

    events: int
    values: int
    differing: int
    differing_events: int
    offset: int
    missing: tuple[int, ...]
    extra: tuple[int, ...]
    first: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether events were compared, and no value and no event is there that was not expected."""
        return self.events > 0 and not self.differing and not self.extra

    @property
    def equal(self) -> bool:
        """Whether nothing differs and nothing is missing."""
        return self.agrees and not self.missing and not self.offset

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be said, the summary first."""
        told = [
            f"{self.events} events, {self.values} values compared, {self.differing} differ"
            + (f" in {self.differing_events} events" if self.differing else "")
        ]
        if self.offset:
            way = "later" if self.offset > 0 else "earlier"
            told.append(
                f"the capture starts {abs(self.offset)} events {way}: its event e is the expected event "
                f"e {'+' if self.offset > 0 else '-'} {abs(self.offset)}, both counted from 0 in their files"
            )
        if self.missing:
            told.append(f"{len(self.missing)} expected events are missing: {_spans(self.missing)}")
        if self.extra:
            told.append(f"{len(self.extra)} captured events are not expected: {_spans(self.extra)} of the capture")
        return (*told, *map(str, self.first))


def compare_vectors(
    ports: Sequence[Port],
    expected: Mapping[str, np.ndarray],
    found: Mapping[str, np.ndarray],
    keep: int = 10,
) -> Comparison:
    """Compare mantissas (events, *shape) of `ports`; of the differences the first `keep` are told.

    A capture that starts some events later or earlier is compared as it lies, if that explains nine tenths of what
    differs otherwise.

    Raises:
        HandoffError: a port was not captured, or not all ports for as many events.
    """
    wanted, seen = (_flat(ports, values, what) for values, what in ((expected, "expected"), (found, "captured")))
    theirs, ours = len(next(iter(seen.values()))), len(next(iter(wanted.values())))
    offset = _offset(_rows(wanted), _rows(seen))
    low, high = max(0, offset), min(ours, theirs + offset)
    count = max(0, high - low)
    unequal = {
        p.name: np.asarray(wanted[p.name][low : low + count] != seen[p.name][low - offset : low - offset + count], bool)
        for p in ports
    }
    events = np.any(np.concatenate(list(unequal.values()), axis=1), axis=1)
    return Comparison(
        events=count,
        values=sum(differs.size for differs in unequal.values()),
        differing=sum(int(differs.sum()) for differs in unequal.values()),
        differing_events=int(events.sum()),
        offset=offset,
        missing=tuple(event for event in range(ours) if not low <= event < low + count),
        extra=tuple(event for event in range(theirs) if not low <= event + offset < low + count),
        first=_first(ports, wanted, seen, unequal, low, offset, keep),
    )


def _flat(ports: Sequence[Port], values: Mapping[str, np.ndarray], what: str) -> dict[str, np.ndarray]:
    for port in ports:
        if port.name not in values:
            raise HandoffError(f"Port {port.name!r} is not among the {what} ones, {sorted(values)}; name another.")
    counts = {port.name: len(values[port.name]) for port in ports}
    if len(set(counts.values())) != 1:
        raise HandoffError(f"The {what} ports have different numbers of events ({counts}); give the same for each.")
    return {port.name: carried(port, values[port.name]) for port in ports}


def _rows(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """A number for each event, the same for the same content."""
    tables = [array.tolist() for array in values.values()]
    return np.array([hash(str(parts)) for parts in zip(*tables, strict=True)], np.int64)


def _offset(expected: np.ndarray, found: np.ndarray) -> int:
    """By how many events the capture starts later: 0 unless another offset explains much more, and more events."""

    def agreement(offset: int) -> tuple[int, int]:
        low, high = max(0, offset), min(len(expected), len(found) + offset)
        same = int(np.sum(expected[low:high] == found[low - offset : high - offset])) if high > low else 0
        return same, max(0, high - low) - same

    same, differing = agreement(0)
    if not differing:
        return 0
    shortest = min(len(expected), len(found))
    shifts = [s for s in range(1 - len(found), len(expected)) if s]
    tried = {s: agreement(s) for s in shifts}
    better = [s for s in shifts if tried[s][0] > same and 10 * tried[s][1] <= differing and 2 * tried[s][0] >= shortest]
    return max(better, key=lambda s: (tried[s][0], -abs(s), s), default=0)


def _first(
    ports: Sequence[Port],
    expected: Mapping[str, np.ndarray],
    found: Mapping[str, np.ndarray],
    unequal: Mapping[str, np.ndarray],
    low: int,
    offset: int,
    keep: int,
) -> tuple[Difference, ...]:
    places = [
        (int(event), number, int(element))
        for number, port in enumerate(ports)
        for event, element in np.argwhere(unequal[port.name])[:keep]
    ]
    told = []
    for event, number, element in sorted(places)[:keep]:
        port, at = ports[number], low + event
        values = int(expected[port.name][at, element]), int(found[port.name][at - offset, element])
        place = tuple(int(i) for i in np.unravel_index(element, port.shape)) if port.shape else ()
        told.append(Difference(at, port, place, _bits(*values, port.type.width), *values))
    return tuple(told)


def _bits(left: int, right: int, width: int) -> tuple[int, int]:
    """The lowest and the highest bit that differ."""
    apart = (left ^ right) & ((1 << width) - 1)
    return (apart & -apart).bit_length() - 1, apart.bit_length() - 1


def _place(element: tuple[int, ...]) -> str:
    return str(element[0]) if len(element) == 1 else str(element)


def _spans(events: Sequence[int]) -> str:
    """`0-4, 9` for a sorted sequence."""
    spans: list[list[int]] = []
    for event in events:
        if spans and event == spans[-1][-1] + 1:
            spans[-1][1:] = [event]
        else:
            spans.append([event])
    return ", ".join("-".join(map(str, span)) for span in spans)
