"""The image of a jet that is put into pixels as it is; other steps need quotients or the jet twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.events.records import Candidates, Jets, Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views.constituents import RELATIVE_BITS
from trigger_nn.events.views.jet_image import jet_image
from trigger_nn.events.views.values import JetImage
from trigger_nn.handoff.builders import source
from trigger_nn.handoff.builders.binning import (
    KIND_BITS,
    Binning,
    Channel,
    Part,
    binned_facts,
    channels_of,
    edges_of,
    filled,
    flat,
    shared,
    single,
)
from trigger_nn.handoff.builders.record import Recorded
from trigger_nn.program.program import Port

WHY = {
    "centre": "divides by the jet's pT",
    "rotate": "divides by the jet's pT and searches the largest of 128 moments",
    "flip": "needs the whole jet before its first pixel",
    "normalise": "divides by the jet's pT",
}


@dataclass(frozen=True)
class JetImageBuilder:
    """Adds up a jet's constituents, angles relative to its axis, in the pixels of `view`; one a clock, saturated last.

    Ports `pt`, `eta`, `phi`, `kind`, `binning.count` of each; unused places have pT 0 and kind 0.
    """

    view: JetImage
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
        return self.binning.ports(self.units.candidate_bits, _angle_bits(self.binning.eta_edges), kinds=True)

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, *its shape).

        Raises:
            EventsError: a port is missing, of another shape, or has a value that its type can't hold.
        """
        return jet_image(_jets(flat(self.ports, inputs)), self.view, self.units)

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """Constituents in the middle of pixels: as many tracks and muons as wanted, the first track with all its pT.

        Where no constituents do (a track's pT without a track, muons that are no tracks, more than come in or than a
        count of pT holds, pixels that no count falls into), numbers of tracks rise to what is needed, the hardest stay.
        """
        image = np.asarray(mantissas, np.int64)
        neutral = shared(self._channel(image, "neutral_pt"), Kind.NEUTRAL_HADRON, self.ports[0].type.maximum)
        made = self.binning.candidates([*neutral, *self._tracks(image)], len(image))
        return filled(self.ports, made, self.binning.count)

    def _tracks(self, image: np.ndarray) -> Iterator[Part]:
        """Muons first; at least as many tracks as hold the pT."""
        pt, muons, most = self._channel(image, "track_pt"), self._channel(image, "muons"), self.ports[0].type.maximum
        tracks = np.maximum(self._channel(image, "tracks"), np.maximum(muons, -(-pt // most)))
        for number in range(min(int(tracks.max(initial=0)), self.binning.count)):
            at = np.nonzero(tracks > number)
            kinds = np.where(muons[at] > number, Kind.MUON, Kind.CHARGED_HADRON)
            yield at[0], at[1], at[2], kinds, np.clip(pt[at] - number * most, 0, most)

    def _channel(self, image: np.ndarray, name: str) -> np.ndarray:
        """One channel, (jets, pixels, pixels); zeros if there is none."""
        names = [str(channel) for channel in self.view.channels]
        return image[..., names.index(name)] if name in names else np.zeros(image.shape[:-1], np.int64)

    def source(self, namespace: str) -> str:
        """C++ header of `build`: the ports, then the network's input."""
        return self.binning.source(namespace, self.ports, self.found.port)

    def facts(self) -> dict[str, Any]:
        """Constants of the image and of its ports."""
        return {
            "kind": self.kind,
            "channels": list(self.view.channels),
            "order": "eta, phi, channel; row-major",
            "pt_lsb_gev": self.units.candidate_lsb,
            **binned_facts(self.binning, self.ports, self.units.angle),
            "note": f"Angles are relative to the jet's axis; constituents beyond {self.binning.count} are lost.",
        }


def jet_image_builder(found: Recorded, view: JetImage, count: int) -> JetImageBuilder:
    """The builder of an image of `count` constituents.

    Raises:
        HandoffError: the units are not known, or the image does not fit the input.
        UnsupportedLayerError: the view has a step that is no firmware, or more pixels than HLS has registers for.
    """
    for step in view.steps:
        if step in WHY:
            raise UnsupportedLayerError(
                f"The view of program {found.program!r} has the step {step!r}, which {WHY[step]}: no builder for it; "
                'train on a view with steps = ["pixelate"], or hand over the network alone.'
            )
    wanted = (view.pixels, view.pixels, len(view.channels))
    if found.port.shape != wanted:
        raise HandoffError(
            f"Input {found.port.name!r} of program {found.program!r} has shape {found.port.shape}, where the view's "
            f"image is {wanted}; compile the program with the view's own shape."
        )
    source.check_registers(wanted, found.program)
    units = found.known_units()
    edges = _edges(view, units)
    binning = Binning(edges, edges, 0, _channels(view, units), view.bits, 0, count)
    return JetImageBuilder(view, found, units, binning)


def _edges(view: JetImage, units: Units) -> tuple[int, ...]:
    """Edges of pixels, the same in eta and in phi; looked for within twice the view's width."""
    reach = round(view.width / units.angle) + view.pixels
    counts, zero, kind = np.arange(-reach, reach + 1), np.zeros(1, np.int64), np.array([Kind.CHARGED_HADRON])
    small = view.model_copy(update={"channels": ("tracks",), "bits": 1})
    image = jet_image(_jets(single(1, counts, zero, kind)), small, units)
    return edges_of(np.asarray(image[..., 0].any(axis=2)), -reach)


def _channels(view: JetImage, units: Units) -> tuple[Channel, ...]:
    kinds, zero = np.arange(1 << KIND_BITS), np.zeros(1, np.int64)
    view = view.model_copy(update={"bits": 2})
    added = (jet_image(_jets(single(pt, zero, zero, kinds)), view, units).max(axis=(1, 2)) for pt in (1, 2))
    return channels_of(*added)


def _angle_bits(edges: tuple[int, ...]) -> int:
    """As wide as relative angles are elsewhere, or as the image is."""
    return max(RELATIVE_BITS, source.signed_bits(edges[0] - 1, edges[-1]))


def _jets(constituents: Candidates) -> Jets:
    """Jets of which the constituents alone matter."""
    nothing = np.zeros(len(constituents), np.int64)
    return Jets(nothing, nothing, nothing, constituents, nothing)
