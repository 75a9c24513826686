"""From a program to the builder of its view."""

from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.events.units import Units
from trigger_nn.events.views import values as v
from trigger_nn.handoff.builders.candidate_image import candidate_image_builder
from trigger_nn.handoff.builders.constituents import constituents_builder
from trigger_nn.handoff.builders.jet_features import jet_features_builder
from trigger_nn.handoff.builders.jet_image import jet_image_builder
from trigger_nn.handoff.builders.record import recorded
from trigger_nn.handoff.builders.tower_image import tower_image_builder
from trigger_nn.handoff.design import Builder
from trigger_nn.program.program import Program

CANDIDATES = 128  # that come in, unless the caller says otherwise


def builder_for(
    program: Program,
    *,
    towers: tuple[int, int] | None = None,
    units: Units | None = None,
    candidates: int = CANDIDATES,
) -> Builder:
    """The builder of the view that `program` was trained on.

    Args:
        program: its provenance records the view, and with `raw_record` the towers and units as well.
        towers: rings in eta and columns in phi of the towers, where the program does not record them.
        units: what a count is worth, and the bits of towers and candidates, where the program does not record them;
            for an image of towers those that a recipe has which says nothing.
        candidates: number of candidates, jets or constituents that come in with each event.

    Raises:
        HandoffError: the view, the towers or the units are not known, or don't fit the program's input.
        UnsupportedLayerError: the view can't be built in firmware.
    """
    if candidates < 1:
        raise HandoffError(f"{candidates} candidates can't come in with an event; give 1 at least.")
    found = recorded(program, towers, units)
    match found.view:
        case v.EventImage(source="towers"):
            return tower_image_builder(found, found.view)
        case v.EventImage():
            return candidate_image_builder(found, found.view, candidates)
        case v.JetImage():
            return jet_image_builder(found, found.view, candidates)
        case v.JetFeatures():
            return jet_features_builder(found, found.view)
        case v.Constituents():
            return constituents_builder(found, found.view, candidates)
        case v.Waveform():
            raise UnsupportedLayerError(
                f"Program {program.name!r} takes the samples as they come, so there is nothing to build; hand over the "
                "network alone."
            )
        case _:
            raise UnsupportedLayerError(
                f"Program {program.name!r} takes what the view of kind {found.view.kind!r} makes, which is a trigger "
                "algorithm of its own; hand over the network alone and connect it to that algorithm."
            )
