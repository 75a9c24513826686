"""The event image of candidates or of jets: one a clock, its bin found by comparisons with edges."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.events.inputs import mantissas_for
from trigger_nn.events.records import Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views.image import candidate_image
from trigger_nn.events.views.values import EventImage
from trigger_nn.handoff.builders import source
from trigger_nn.handoff.builders.binning import (
    KIND_BITS,
    Binning,
    Channel,
    binned_facts,
    channels_of,
    edges_of,
    filled,
    flat,
    shared,
    single,
)
from trigger_nn.handoff.builders.padding import checked_wrap, wrap_facts
from trigger_nn.handoff.builders.record import Recorded
from trigger_nn.program.program import Port

JET_BITS = 2  # that a jet's pT has more than a candidate's
ZERO = np.zeros(1, np.int64)


@dataclass(frozen=True)
class CandidateImageBuilder:
    """Adds up candidates, or jets that were clustered elsewhere, in the bins of `view`; one a clock, saturated last.

    Ports `pt`, `eta`, `phi` and, for candidates, `kind`, `binning.count` of each; unused places have pT 0. Events with
    more candidates than that are not what the network was trained on: choose the number so that they are rare.
    """

    view: EventImage
    found: Recorded
    units: Units
    binning: Binning

    @property
    def kind(self) -> str:
        """The view's kind."""
        return self.view.kind

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """In counts: pT, eta, phi, kind (`events.records.Kind`), each (count,)."""
        jets = self.view.source == "jets"
        pt_bits = self.units.candidate_bits + JET_BITS if jets else self.units.candidate_bits
        return self.binning.ports(pt_bits, self.units.angle_bits, kinds=not jets)

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, *its shape).

        Raises:
            EventsError: a port is missing, of another shape, or has a value that its type can't hold.
        """
        image = candidate_image(flat(self.ports, inputs), self.view, self.units)
        return mantissas_for(image, self.found.column, self.found.port)

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """A candidate in the middle of each bin that is not 0 (several where pT has too few bits), falling in pT.

        Where no candidates do (repeated columns or channels that contradict each other, more bins than candidates, bins
        that no count falls into), the columns inside count, each channel gets at least its own, the hardest are kept.
        """
        wrap = self.binning.wrap
        cells = mantissas[:, :, wrap : wrap + self.view.phi_bins].astype(np.int64)
        sums = _sums_of_kinds(cells, self.binning.channels)
        most = self.ports[0].type.maximum
        parts = [part for kind, total in sums.items() for part in shared(total, kind, most)]
        made = self.binning.candidates(parts, len(cells))
        return filled(self.ports, made, self.binning.count)

    def source(self, namespace: str) -> str:
        """C++ header of `build`: the ports, then the network's input."""
        return self.binning.source(namespace, self.ports, self.found.port)

    def facts(self) -> dict[str, Any]:
        """Constants of the image and of its ports."""
        return {
            "kind": self.kind,
            "source": self.view.source,
            "channels": list(self.view.channels),
            "order": "eta, phi, channel; row-major",
            "lsb_gev": self.found.column.quantities[0].lsb,
            **binned_facts(self.binning, self.ports, self.units.angle),
            "padding": wrap_facts(self.view.phi_bins, self.binning.wrap),
            "note": "Jets are clustered outside of this block." if self.view.source == "jets" else
            f"Events of more than {self.binning.count} candidates lose some; training saw all.",
        }  # fmt: skip


def candidate_image_builder(found: Recorded, view: EventImage, count: int) -> CandidateImageBuilder:
    """The builder of an image of `count` candidates or jets.

    Raises:
        HandoffError: the units are not known or not those of the view, or the image does not fit the input.
        UnsupportedLayerError: the image has more bins than HLS has registers for.
    """
    units = found.known_units()
    lsb = found.column.quantities[0].lsb
    if lsb != units.candidate_lsb:
        raise HandoffError(
            f"Program {found.program!r} counts pT in {lsb:g} GeV, its units say {units.candidate_lsb:g} GeV; give the "
            "sample's table [units] as builder_for(program, units=Units(...))."
        )
    if view.eta_max is not None and view.eta_max < units.angle:
        raise HandoffError(
            f"The view of program {found.program!r} reaches to {view.eta_max:g} in eta, less than a count of "
            f"{units.angle:g}; mend the recipe."
        )
    wrap = checked_wrap(found, view)
    source.check_registers(found.port.shape, found.program)
    edges = _edges(view, units)
    binning = Binning(*edges, units.phi_steps, _channels(view, units), view.bits, wrap, count)
    return CandidateImageBuilder(view, found, units, binning)


def _edges(view: EventImage, units: Units) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Edges in eta within what a count can be, and in phi from minus half a turn."""
    half = 1 << (units.angle_bits - 1)
    start, kind = -(units.phi_steps // 2), np.array([Kind.NEUTRAL_HADRON])
    all_of = {"channels": ("all",), "source": "candidates", "bits": 1}
    eta, phi = np.arange(-half, half), np.arange(start, start + units.phi_steps)
    rows = candidate_image(single(1, eta, ZERO, kind), view.model_copy(update=all_of | {"phi_bins": 1}), units)
    columns = candidate_image(single(1, ZERO, phi, kind), view.model_copy(update=all_of | {"eta_bins": 1}), units)
    return edges_of(rows[:, :, 0] > 0, -half), edges_of(columns[:, 0] > 0, start)


def _channels(view: EventImage, units: Units) -> tuple[Channel, ...]:
    kinds = np.arange(1 << KIND_BITS)
    small = view.model_copy(update={"eta_bins": 1, "phi_bins": 1, "bits": 2})
    added = (
        candidate_image(single(pt, ZERO, ZERO, kinds), small, units).reshape(len(kinds), len(view.channels))
        for pt in (1, 2)
    )
    return channels_of(*added)


def _sums_of_kinds(cells: np.ndarray, channels: tuple[Channel, ...]) -> dict[Kind, np.ndarray]:
    """Sums of each kind, (events, eta, phi), that make the channels of `cells`.

    Of two channels one holds the other, or they have no kind in common; the smaller ones are settled first, and what a
    larger one has beyond them goes to a kind that is theirs not, if there is one.
    """
    sums = {kind: np.zeros(cells.shape[:-1], np.int64) for kind in Kind}
    settled: set[Kind] = set()
    for place in sorted(range(len(channels)), key=lambda place: len(channels[place].kinds)):
        kinds = channels[place].kinds
        free = [kind for kind in kinds if kind not in settled]
        if free:
            sums[free[-1]] = np.maximum(cells[..., place] - sum(sums[kind] for kind in kinds), 0)
        settled.update(kinds)
    return sums
