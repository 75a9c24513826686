"""The hardest constituents or candidates in falling pT: sorted by insertion, one a clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.events.quantities import Quantity
from trigger_nn.events.records import Candidates, Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views.constituents import constituents
from trigger_nn.events.views.values import Constituents
from trigger_nn.handoff.builders import source
from trigger_nn.handoff.builders.record import Recorded
from trigger_nn.program.program import Port

FIELDS = {"pt": "pt", "eta": "eta", "phi": "phi", "type": "kind", "charge": "charge"}  # of `Candidates`, by feature


@dataclass(frozen=True)
class ConstituentsBuilder:
    """Keeps the `view.count` hardest of `count` candidates, falling in pT, equal ones in the order they came in.

    A port for each feature of the view, and `pt` first, each (count,); unused places hold zeros everywhere.
    """

    view: Constituents
    found: Recorded
    pt_bits: int
    count: int

    @property
    def kind(self) -> str:
        """The view's kind."""
        return self.view.kind

    @property
    def names(self) -> tuple[str, ...]:
        """Features that come in: those of the view, once each, after pT."""
        return tuple(dict.fromkeys(("pt", *self.view.features)))

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """In counts, as wide as the view's numbers."""
        return tuple(self._port(name) for name in self.names)

    def _port(self, name: str) -> Port:
        kind = self._quantities[name].type if name in self._quantities else None
        width, signed = (kind.width, kind.signed) if kind else (self.pt_bits, False)
        return source.raw_port(name, (self.count,), width, signed)

    @property
    def _quantities(self) -> dict[str, Quantity]:
        numbers = self.found.column.quantities
        each = numbers * len(self.view.features) if len(numbers) == 1 else numbers
        return {str(name): quantity for name, quantity in zip(self.view.features, each, strict=True)}

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, *its shape).

        Raises:
            EventsError: a port is missing, of another shape, or has a value that its type can't hold.
        """
        given = dict(zip(self.names, source.checked(self.ports, inputs), strict=True))
        events = len(given["pt"])
        nothing = np.zeros((events, self.count), np.int64)
        fields = {field: given.get(name, nothing).ravel() for name, field in FIELDS.items()}
        return constituents(Candidates(np.arange(events + 1) * self.count, **fields), self.view)

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """The table itself, zeros behind it; without pT among its features all have a pT of 1.

        Rows that do not fall in pT are sorted by `build`, as no events give them. Numbers beyond a port are clipped.
        """
        table = np.asarray(mantissas, np.int64)
        raw = {}
        for port in self.ports:
            values = np.zeros((len(table), self.count), np.int64)
            known = port.name in self.view.features
            first = table[..., self.view.features.index(port.name)] if known else np.int64(1)
            values[:, : self.view.count] = np.clip(first, port.type.minimum, port.type.maximum)
            raw[port.name] = values
        return raw

    def source(self, namespace: str) -> str:
        """C++ header of `build`: the ports, then the network's input."""
        places = [self.names.index(name) for name in self.view.features]
        return source.render(
            "constituents.h.j2", namespace, self.ports, self.found.port, kept=self.view.count, count=self.count,
            places=places,
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Constants of the table and of its ports."""
        return {
            "kind": self.kind,
            "features": list(self.view.features),
            "order": "constituent, feature; row-major; falling in pT, equal ones as they came in",
            "padding": "zeros behind the last constituent",
            "constituents": self.view.count,
            "candidates": self.count,
            "lsb": {name: quantity.lsb for name, quantity in self._quantities.items()},
            "type_codes": {kind.name.lower(): int(kind) for kind in Kind},
            "interface": {port.name: source.word_interface(port, self.count) for port in self.ports},
            "pipeline": source.dataflow(self.count),
        }


def constituents_builder(found: Recorded, view: Constituents, count: int) -> ConstituentsBuilder:
    """The builder of a table of the hardest of `count` candidates.

    Raises:
        HandoffError: the table does not fit the input, or is longer than the candidates that come in.
        UnsupportedLayerError: the table has more numbers than HLS has registers for.
    """
    wanted = (view.count, len(view.features))
    if found.port.shape != wanted:
        raise HandoffError(
            f"Input {found.port.name!r} of program {found.program!r} has shape {found.port.shape}, where the view's "
            f"table is {wanted}; compile the program with the view's own shape."
        )
    if count < view.count:
        raise HandoffError(
            f"Program {found.program!r} takes {view.count} constituents, {count} come in; give at least "
            f"builder_for(program, candidates={view.count})."
        )
    source.check_registers(wanted, found.program)
    return ConstituentsBuilder(view, found, (found.units or Units()).candidate_bits, count)
