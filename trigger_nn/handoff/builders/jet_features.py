"""The jet features' last step: offset taken off, shifted, saturated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.events.views.jet_features import FEATURES, normalise
from trigger_nn.events.views.values import JetFeatures
from trigger_nn.handoff.builders import source
from trigger_nn.handoff.builders.record import Recorded
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.program import Port
from trigger_nn.program.semantics.domain import Domain, V

RAW_BITS = 32  # raw features saturate at 2^31 - 1
NOTE = (
    "The 16 raw features come in, computed outside of this block: their sums over triples of constituents and their "
    "quotients are no firmware. What is built is (raw - offset) >> shift, saturated; a negative shift is to the left."
)


@dataclass(frozen=True)
class JetFeaturesBuilder:
    """Normalises the 16 raw integer features, port `features`, as `events.views.jet_features.normalise` does.

    The raw features themselves (sums over triples of constituents, quotients) are no firmware: they come in.
    """

    view: JetFeatures
    found: Recorded

    @property
    def kind(self) -> str:
        """The view's kind."""
        return self.view.kind

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """Raw features, (16,), signed."""
        return (source.raw_port("features", (len(FEATURES),), RAW_BITS, signed=True),)

    @property
    def limit(self) -> int:
        """First mantissa above the range."""
        return 1 << (self.view.bits - 1)

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, 16).

        Raises:
            EventsError: the port is missing, of another shape, or has a value that its type can't hold.
        """
        (raw,) = source.checked(self.ports, inputs)
        return normalise(raw, self.view.offsets, self.view.shifts, self.view.bits)

    def logic(self, domain: Domain[V], raw: Sequence[V]) -> V:
        """A subtraction each, a choice of bits, saturation."""
        held = Fixed(True, self.view.bits, self.view.bits, Rounding.TRN, Overflow.SAT)
        offsets = domain.constant(np.array(self.view.offsets, np.int64))
        centred = domain.subtract(raw[0], offsets)
        each = (domain.gather(centred, np.array([place]), 0) for place in range(len(FEATURES)))
        return domain.concatenate([domain.cast(v, s, held) for v, s in zip(each, self.view.shifts, strict=True)], 1)

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """The lowest raw features that give `mantissas`, the highest for the lowest mantissa.

        Where none does (a shift to the left leaves gaps, the port ends), the nearest below.
        """
        offsets, shifts = (np.array(values, np.int64) for values in (self.view.offsets, self.view.shifts))
        right, left = np.maximum(shifts, 0), np.maximum(-shifts, 0)
        exact = np.asarray(mantissas, np.int64)
        above = np.where(exact == self.limit - 1, -(-exact >> left), exact >> left)  # a left shift saturates on the way
        raw = np.where(exact == -self.limit, ((exact + 1 << right) - 1) >> left, above << right) + offsets
        held = self.ports[0].type
        return {"features": np.clip(raw, held.minimum, held.maximum)}

    def source(self, namespace: str) -> str:
        """C++ header of `build`: the raw features, then the network's input."""
        offsets, held = self.view.offsets, self.ports[0].type
        left = max(0, *(-shift for shift in self.view.shifts))
        centred = source.signed_bits(held.minimum - max(offsets), held.maximum - min(offsets))
        return source.render(
            "jet_features.h.j2", namespace, self.ports, self.found.port, offsets=offsets, shifts=self.view.shifts,
            limit=self.limit, bits=self.view.bits, centred_bits=max(centred, self.view.bits + 1 + left),
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Constants of the normalisation, in the order of the features."""
        return {
            "kind": self.kind,
            "note": NOTE,
            "order": list(FEATURES),
            "offsets": list(self.view.offsets),
            "shifts": list(self.view.shifts),
            "saturated_at": [-self.limit, self.limit - 1],
            "raw_bits": RAW_BITS,
            "constituents": self.view.constituents,
            "interface": {port.name: source.register_interface(port) for port in self.ports},
            "pipeline": {"clocks_per_event": 1, "top": "#pragma HLS PIPELINE II=1", "note": "Wires, adders, no loop."},
        }


def jet_features_builder(found: Recorded, view: JetFeatures) -> JetFeaturesBuilder:
    """The builder of normalised jet features.

    Raises:
        HandoffError: offsets or shifts are not recorded or beyond 32 bits, or the input has another shape.
    """
    if not len(view.offsets) == len(view.shifts) == len(FEATURES) or found.port.shape != (len(FEATURES),):
        raise HandoffError(
            f"Program {found.program!r} has an input of shape {found.port.shape} with {len(view.offsets)} offsets and "
            f"{len(view.shifts)} shifts, where {len(FEATURES)} of each are needed; compile it again with the sample's "
            "own view."
        )
    if max(map(abs, view.shifts)) >= RAW_BITS or max(map(abs, view.offsets)) >> (RAW_BITS - 1):
        raise HandoffError(
            f"The view of program {found.program!r} has an offset or shift beyond {RAW_BITS} bits, more than raw "
            "features have; measure them again on the training split."
        )
    return JetFeaturesBuilder(view, found)
