"""The event image of trigger towers: one phi column of towers a clock, summed into cells, pedestals taken off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.events.detector.grid import SECTIONS, TowerGrid
from trigger_nn.events.inputs import mantissas_for
from trigger_nn.events.units import Units
from trigger_nn.events.views.image import tower_image
from trigger_nn.events.views.values import EventImage
from trigger_nn.handoff.builders import source
from trigger_nn.handoff.builders.padding import checked_wrap, wrap_facts
from trigger_nn.handoff.builders.record import Recorded
from trigger_nn.handoff.builders.spreading import Intervals, sections_of
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.program import Port
from trigger_nn.program.semantics.domain import Domain, V

NAMES = ("electromagnetic_towers", "hadronic_towers")
USED = {"total": (True, True), "electromagnetic": (True, False), "hadronic": (False, True)}
LARGEST_PEDESTAL = 1 << 30


@dataclass(frozen=True)
class TowerImageBuilder:
    """Sums `rings` x `columns` towers of `tower_bits` into the cells of `view`, less pedestals, clipped, phi wrapped.

    Only sections that a channel of the view sums have a port: `electromagnetic_towers`, `hadronic_towers`, shape
    (columns, rings), phi column after phi column.
    """

    view: EventImage
    found: Recorded
    rings: int
    columns: int
    tower_bits: int

    @property
    def kind(self) -> str:
        """The view's kind."""
        return self.view.kind

    @property
    def sections(self) -> tuple[int, ...]:
        """The sections that are summed: 0 electromagnetic, 1 hadronic."""
        return tuple(s for s in range(SECTIONS) if any(USED[name][s] for name in self.view.channels))

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """Towers in counts, (columns, rings), a port for each section that is summed."""
        shape = (self.columns, self.rings)
        return tuple(source.raw_port(NAMES[section], shape, self.tower_bits) for section in self.sections)

    @property
    def wrap(self) -> int:
        """Columns of cells repeated at each phi edge."""
        return (self.found.port.shape[1] - self.view.phi_bins) // 2

    @property
    def block(self) -> tuple[int, int]:
        """Towers of a cell in eta and in phi."""
        return self.rings // self.view.eta_bins, self.columns // self.view.phi_bins

    @cached_property
    def pedestals(self) -> np.ndarray:
        """Counts taken off each cell, (channels, eta_bins); 0 without subtraction."""
        shape = (len(self.view.channels), self.view.eta_bins)
        return np.array(self.view.pedestals, np.int64) if self.view.subtract else np.zeros(shape, np.int64)

    @property
    def capacity(self) -> int:
        """Most counts that one section's towers of a cell hold."""
        return self.block[0] * self.block[1] * ((1 << self.tower_bits) - 1)

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, *its shape).

        Raises:
            EventsError: a port is missing, of another shape, or has a value that its type can't hold.
        """
        given = source.checked(self.ports, inputs)
        towers = np.zeros((len(given[0]), SECTIONS, self.rings, self.columns), np.int64)
        for section, values in zip(self.sections, given, strict=True):
            towers[:, section] = values.transpose(0, 2, 1)
        return mantissas_for(tower_image(towers, self.view), self.found.column, self.found.port)

    def logic(self, domain: Domain[V], raw: Sequence[V]) -> V:
        """A tree of adders a cell, a subtraction, a cut at both ends; all towers of an event at once."""
        held = Fixed(False, self.view.bits, self.view.bits, Rounding.TRN, Overflow.SAT)
        channels = []
        for name, pedestals in zip(self.view.channels, self.pedestals, strict=True):
            used = [raw[place] for place, section in enumerate(self.sections) if USED[name][section]]
            towers = domain.concatenate([domain.gather(values, self._towers_of_cells, 0) for values in used], 3)
            above = domain.subtract(domain.sum(towers), domain.constant(pedestals[:, None]))
            channels.append(domain.cast(above, 0, held))
        cells = domain.concatenate(channels, 1)  # channel after channel, each (eta_bins, phi_bins)
        return domain.gather(cells, self._places_of_cells, 0)

    @property
    def _towers_of_cells(self) -> np.ndarray:
        """Flat place, in a section's port, of each tower of each cell: (eta_bins, phi_bins, towers of a cell)."""
        high, wide = self.block
        place = np.arange(self.columns * self.rings).reshape(self.view.phi_bins, wide, self.view.eta_bins, high)
        return place.transpose(2, 0, 1, 3).reshape(self.view.eta_bins, self.view.phi_bins, wide * high)

    @property
    def _places_of_cells(self) -> np.ndarray:
        """Flat place, channel after channel, of each number of the network's input, columns repeated at the edges."""
        count, phi = len(self.view.channels), self.view.phi_bins
        place = np.arange(count * self.view.eta_bins * phi).reshape(count, self.view.eta_bins, phi)
        columns = np.arange(-self.wrap, phi + self.wrap) % phi
        return place[:, :, columns].transpose(1, 2, 0).reshape(self.found.port.shape)

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """Towers whose image is `mantissas`, the counts of a cell shared out evenly.

        A cell of value 0 gets as much as its pedestal, a full one as little as fills it. Where no towers do (repeated
        columns that contradict those inside, channels that contradict each other, more than the towers hold), the
        columns inside count, each section is kept to its own channel, and towers to their largest value.
        """
        cells = mantissas[:, :, self.wrap : self.wrap + self.view.phi_bins]
        sums = sections_of(self.view.channels, self._intervals(cells), self.capacity, self.sections)
        return {NAMES[section]: self._towers(sums[section]) for section in self.sections}

    def _intervals(self, cells: np.ndarray) -> Intervals:
        """Which sums make each cell's value: lowest, highest, preferred; (events, eta, phi, channels)."""
        pedestal = self.pedestals.T[:, None, :]
        most, exact = len(self.sections) * self.capacity, cells + pedestal
        low = np.where(cells <= 0, 0, exact)
        high = np.where(cells >= (1 << self.view.bits) - 1, most, exact)
        return Intervals(*(np.clip(values, 0, most) for values in (low, high, exact)))

    def _towers(self, sums: np.ndarray) -> np.ndarray:
        """(events, eta_bins, phi_bins) -> (events, columns, rings): the first towers of a cell get one more."""
        high, wide = self.block
        place = np.arange(wide * high).reshape(1, 1, wide, 1, high)
        turned = sums.transpose(0, 2, 1)[:, :, None, :, None]  # (events, phi cell, in it, eta cell, in it)
        each, rest = np.divmod(turned, wide * high)
        return (each + (place < rest)).reshape(len(sums), self.columns, self.rings)

    def source(self, namespace: str) -> str:
        """C++ header of `build`: the ports, then the network's input."""
        total = len(self.sections) * self.capacity
        low, high = int(self.pedestals.min()), int(self.pedestals.max())
        return source.render(
            "tower_image.h.j2", namespace, self.ports, self.found.port, view=self.view, rings=self.rings,
            columns=self.columns, block=self.block, wrap=self.wrap, pedestals=self.pedestals.tolist(),
            uses=[[USED[name][section] for section in self.sections] for name in self.view.channels],
            sum_bits=source.unsigned_bits(total), difference_bits=source.signed_bits(-high, total - low),
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Constants of the image and of its ports."""
        lsb, view = self.found.column.quantities[0].lsb, self.view
        grid = TowerGrid(self.rings, self.columns, view.eta_max or TowerGrid.eta_max)
        return {
            "kind": self.kind,
            "source": view.source,
            "channels": list(view.channels),
            "order": "eta, phi, channel; row-major; eta rises from -eta_max, phi from -pi",
            "eta_edges": [float(edge) for edge in np.linspace(-grid.eta_max, grid.eta_max, view.eta_bins + 1)],
            "phi_edges_rad": [float(edge) for edge in np.linspace(-np.pi, np.pi, view.phi_bins + 1)],
            "lsb_gev": lsb,
            "cell_bits": view.bits,
            "subtract": view.subtract,
            "pedestals_counts": self.pedestals.tolist(),
            "pedestals_gev": (self.pedestals * lsb).tolist(),
            "clipped_counts": [0, (1 << view.bits) - 1],
            "padding": wrap_facts(view.phi_bins, self.wrap),
            "towers": {
                "rings": self.rings,
                "columns": self.columns,
                "bits": self.tower_bits,
                "per_cell": list(self.block),
                "sections": [NAMES[section] for section in self.sections],
                "order": "phi column after phi column from -pi; in a column the rings from -eta_max",
                "eta_max": grid.eta_max,
            },
            "interface": {port.name: source.word_interface(port, self.columns) for port in self.ports},
            "pipeline": source.dataflow(self.columns),
        }


def tower_image_builder(found: Recorded, view: EventImage) -> TowerImageBuilder:
    """The builder of an image of towers.

    Raises:
        HandoffError: the towers are not known, can't be shared out among the cells, or don't fit the input.
        UnsupportedLayerError: the image has more cells than HLS has registers for.
    """
    rings, columns = _grid(found, view)
    if view.subtract and np.shape(view.pedestals) != (len(view.channels), view.eta_bins):
        raise HandoffError(
            f"The view of program {found.program!r} subtracts pedestals, but {len(view.channels)} x {view.eta_bins} of "
            f"them are not recorded; compile it again with the sample's own view."
        )
    if view.subtract and np.abs(np.array(view.pedestals)).max() > LARGEST_PEDESTAL:
        raise HandoffError(
            f"The view of program {found.program!r} has a pedestal beyond {LARGEST_PEDESTAL} counts; mend the recipe."
        )
    checked_wrap(found, view)
    source.check_registers(found.port.shape, found.program)
    return TowerImageBuilder(view, found, rings, columns, _tower_bits(found))


def _grid(found: Recorded, view: EventImage) -> tuple[int, int]:
    if found.towers is None:
        raise HandoffError(
            f"Program {found.program!r} has a view of towers, but does not record how many there are; give rings and "
            "columns of the sample's table [detector.towers] as builder_for(program, towers=(rings, columns))."
        )
    rings, columns = found.towers
    if min(rings, columns) < 1 or rings % view.eta_bins or columns % view.phi_bins:
        raise HandoffError(
            f"An image of {view.eta_bins} x {view.phi_bins} cells can't be made of {rings} x {columns} towers, as they "
            f"are given for program {found.program!r}; give the towers that its sample was made with."
        )
    return rings, columns


def _tower_bits(found: Recorded) -> int:
    """Units that make a count finer than stated make towers as many bits wider."""
    units, lsb = found.units or Units(), found.column.quantities[0].lsb
    finer = log2(units.tower_lsb / lsb)
    if finer < 0 or not finer.is_integer():
        raise HandoffError(
            f"Program {found.program!r} counts in {lsb:g} GeV, the towers in {units.tower_lsb:g} GeV; give the "
            "sample's table [units] as builder_for(program, units=Units(...))."
        )
    return units.tower_bits + int(finer)
