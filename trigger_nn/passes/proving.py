"""Bounds of everything that a program casts, whatever the event: the range pass, written down cast by cast."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from trigger_nn.passes.addresses import address_type
from trigger_nn.passes.intervals import Interval, Intervals, full_range
from trigger_nn.passes.observing import Range, exact_number, hull
from trigger_nn.passes.sites import ADDRESS, PORT, field_of, sites_of
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Embedding
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import apply


class Proving(Intervals):
    """The domain of the range pass, which writes down the bounds of what is cast."""

    def __init__(self, sites: Mapping[int, str]) -> None:
        """Observe one operation; `sites` as `sites.sites_of` gives them."""
        super().__init__()
        self.bounds: list[tuple[str, Fixed, Range]] = []
        self._sites = sites

    def cast(self, value: Interval, fraction: int, target: Fixed) -> Interval:
        """The range pass's own cast."""
        low, high = (exact_number(end, fraction) for end in value.bounds)
        self.bounds.append((field_of(self._sites, target), target, (low, high)))
        return super().cast(value, fraction, target)


class ProvingEmbedding(Proving):
    """Writes down the bounds of an embedding's addresses too; see `addresses.ObservingEmbedding`."""

    _address: Interval

    def maximum(self, left: Interval, right: Interval) -> Interval:
        """The first half of clipping; `left` are the addresses as they were."""
        self._address = left
        return super().maximum(left, right)

    def lookup(self, index: Interval, table: np.ndarray) -> Interval:
        """Extremes of the table."""
        low, high = self._address.bounds
        self.bounds.append((ADDRESS, address_type(len(table)), (Fraction(low), Fraction(high))))
        return super().lookup(index, table)


def proven_bounds(program: Program) -> dict[tuple[str, str, Fixed], Range]:
    """Bounds of what is cast to each type, whatever the event."""
    tensors = {port.name: full_range(port.type, port.shape) for port in program.inputs}
    found = {
        (port.name, PORT, port.type): (
            exact_number(port.type.minimum, port.type.fraction), exact_number(port.type.maximum, port.type.fraction)
        )
        for port in program.inputs
    }  # fmt: skip
    for operation in program.operations:
        prover = ProvingEmbedding if isinstance(operation, Embedding) else Proving
        domain = prover(sites_of(operation, program))
        tensors[operation.name] = apply(operation, domain, program, [tensors[name] for name in operation.inputs])
        for field, kind, bounds in domain.bounds:
            key = (operation.name, field, kind)
            found[key] = hull(found.get(key, bounds), bounds)
    return found
