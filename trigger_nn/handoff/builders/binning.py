"""Candidates into bins of two angles by comparisons with edges: what images of candidates and of jets share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.events.records import Candidates, Kind, padded
from trigger_nn.handoff.builders import source
from trigger_nn.program.program import Port

KIND_BITS = 3
Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # event, eta bin, phi bin, kind, pT
NO_PART: Part = (np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True)
class Channel:
    """What fills a channel: kinds of candidates (bit k of `mask` for kind k), by pT (`weighted`) or by number."""

    mask: int
    weighted: bool = True

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that count."""
        return tuple(kind for kind in Kind if self.mask >> kind & 1)


@dataclass(frozen=True)
class Binning:
    """Bins of eta and of phi, by lower edges in counts and the upper edge of the last; phi modulo `turn`, 0 for not so.

    A bin holds sums of `count` candidates, saturated at `bits` bits. `wrap` columns are repeated at each phi edge.
    """

    eta_edges: tuple[int, ...]
    phi_edges: tuple[int, ...]
    turn: int
    channels: tuple[Channel, ...]
    bits: int
    wrap: int
    count: int

    def ports(self, pt_bits: int, angle_bits: int, kinds: bool) -> tuple[Port, ...]:
        """pT, eta, phi and, with `kinds`, the kind of each candidate."""
        shape = (self.count,)
        kind = (source.raw_port("kind", shape, KIND_BITS),) if kinds else ()
        angles = (source.raw_port(name, shape, angle_bits, signed=True) for name in ("eta", "phi"))
        return (source.raw_port("pt", shape, pt_bits), *angles, *kind)

    def source(self, namespace: str, ports: Sequence[Port], output: Port) -> str:
        """C++ header of `build`."""
        pt, _, phi = ports[:3]
        return source.render(
            "binned_image.h.j2", namespace, ports, output, binning=self, angle_bits=phi.type.width + 2,
            kinds=len(ports) > 3, kind_bits=KIND_BITS, turns=self._turns(phi.type.minimum, phi.type.maximum),
            sum_bits=source.unsigned_bits(self.count * pt.type.maximum),
        )  # fmt: skip

    def _turns(self, low: int, high: int) -> tuple[int, int]:
        """Turns to be added to the lowest phi and taken off the highest one."""
        if not self.turn:
            return 0, 0
        below, above = max(self.phi_edges[0] - low, 0), max(high - self.phi_edges[-1] + 1, 0)
        return -(-below // self.turn), -(-above // self.turn)

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """A count in the middle of each bin of eta and of phi; meaningless for bins that no count falls into."""
        eta, phi = (np.array(edges) for edges in (self.eta_edges, self.phi_edges))
        return (eta[:-1] + eta[1:]) // 2, (phi[:-1] + phi[1:]) // 2

    def candidates(self, parts: Iterable[Part], events: int) -> Candidates:
        """Candidates of `events` events in the middle of their bins, event after event; none where a bin is empty."""
        columns = [np.concatenate([[], *column]).astype(np.int64) for column in zip(NO_PART, *parts, strict=True)]
        event, eta, phi, kind, pt = columns
        holds = np.diff(self.eta_edges)[eta] * np.diff(self.phi_edges)[phi] > 0
        order = np.flatnonzero(holds)[np.argsort(event[holds], kind="stable")]
        offsets = np.searchsorted(event[order], np.arange(events + 1))
        eta_centres, phi_centres = self.centres()
        at_eta, at_phi = eta_centres[eta[order]], phi_centres[phi[order]]
        return Candidates(offsets, pt[order], at_eta, at_phi, kind[order], np.zeros(len(order), np.int64))


def shared(total: np.ndarray, kind: Kind, most: int) -> Iterator[Part]:
    """As few candidates of `kind` as have `total` pT together, (events, eta, phi), each at most `most`."""
    for number in range(-(-int(total.max(initial=0)) // most)):
        at = np.nonzero(total > number * most)
        pt = np.clip(total[at] - number * most, 0, most)
        yield at[0], at[1], at[2], np.full(len(pt), int(kind)), pt


def binned_facts(binning: Binning, ports: Sequence[Port], angle: float) -> dict[str, Any]:
    """Edges, channels, and how the candidates come in; `angle` in rad, that of one count."""
    return {
        "eta_edges_counts": list(binning.eta_edges),
        "phi_edges_counts": list(binning.phi_edges),
        "eta_edges": [edge * angle for edge in binning.eta_edges],
        "phi_edges_rad": [edge * angle for edge in binning.phi_edges],
        "bin_rule": "lower edge <= count < upper edge, in integers",
        "phi_turn_counts": binning.turn,
        "angle_lsb_rad": angle,
        "sums": [
            {"kinds": [kind.name.lower() for kind in channel.kinds], "of": "pt" if channel.weighted else "number"}
            for channel in binning.channels
        ],
        "cell_bits": binning.bits,
        "clipped_counts": [0, (1 << binning.bits) - 1],
        "candidates": binning.count,
        "kind_codes": {kind.name.lower(): int(kind) for kind in Kind},
        "interface": {port.name: source.word_interface(port, binning.count) for port in ports},
        "pipeline": source.dataflow(binning.count),
    }


def filled(ports: Sequence[Port], candidates: Candidates, count: int) -> dict[str, np.ndarray]:
    """The `count` hardest of `candidates` of each event at `ports`, zero-padded."""
    table = padded(candidates, count)
    return {port.name: getattr(table, port.name) for port in ports}


def flat(ports: Sequence[Port], inputs: Mapping[str, np.ndarray]) -> Candidates:
    """What came in at `ports` as candidates; without a port for kinds all are neutral hadrons.

    Raises:
        EventsError: a port is missing, of another shape, or has a value that its type can't hold.
    """
    given = dict(zip((port.name for port in ports), source.checked(ports, inputs), strict=True))
    events, count = given["pt"].shape
    every = {name: values.ravel() for name, values in given.items()}
    nothing = np.zeros(events * count, np.int64)
    kind = every.get("kind", nothing + Kind.NEUTRAL_HADRON)
    return Candidates(np.arange(events + 1) * count, every["pt"], every["eta"], every["phi"], kind, nothing)


# --- asked of the views themselves ------------------------------------------------------------------------------


def single(pt: int, eta: np.ndarray, phi: np.ndarray, kind: np.ndarray) -> Candidates:
    """Events of one candidate each."""
    count = max(len(eta), len(phi), len(kind))
    eta, phi, kind = (np.broadcast_to(values, count) for values in (eta, phi, kind))
    return Candidates(np.arange(count + 1), np.full(count, pt), eta, phi, kind, np.zeros(count, np.int64))


def edges_of(hit: np.ndarray, first: int) -> tuple[int, ...]:
    """Edges of bins, from the bin that a candidate falls into at counts `first`, `first` + 1, ...: (counts, bins) bool.

    One count at least falls into a bin.
    """
    inside, where = hit.any(axis=1), hit.argmax(axis=1)
    start = first + int(inside.argmax())
    return tuple(start + int(np.count_nonzero(where[inside] < place)) for place in range(hit.shape[1] + 1))


def channels_of(one: np.ndarray, two: np.ndarray) -> tuple[Channel, ...]:
    """Channels from what candidates of 1 and of 2 counts, one of each kind a row, add to them: (kinds, channels)."""
    masks = [sum(1 << kind for kind in np.flatnonzero(column).tolist()) for column in one.T]
    return tuple(Channel(mask, bool((more > 1).any())) for mask, more in zip(masks, two.T, strict=True))
